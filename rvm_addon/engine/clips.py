"""Whether pictures are the frames of one clip, as far as their names tell. Standard library only."""

import re
from collections.abc import Sequence
from pathlib import PurePath

from .spec import Source, SourceKind

_NUMBERED = re.compile(r"(.*?)(\d+)", re.DOTALL)


def frame_numbers(paths: Sequence[str]) -> list[int] | None:
    """Return the number of each picture where the names are one stem, a number and one suffix; None where they are not.

    So are the photos of a camera: of those nothing but what they show could tell.
    """
    names = [PurePath(path) for path in paths]
    found = [_NUMBERED.fullmatch(name.stem) for name in names]
    kinds = {(match[1], name.suffix.lower()) for match, name in zip(found, names, strict=True) if match}
    numbers = [int(match[2]) for match in found if match]
    return numbers if len(kinds) == 1 and len(set(numbers)) == len(names) else None


def is_clip(source: Source) -> bool:
    """Return whether each frame follows the one before, so that what the model remembers is of use."""
    return source.kind is SourceKind.MOVIE or source.sequence or frame_numbers(source.paths) is not None
