"""Whether pictures are the frames of one clip, judged by their names. Standard library only."""

import re
from collections.abc import Sequence
from pathlib import PurePath

from .spec import Source, SourceKind

_NUMBERED = re.compile(r"(.*?)(\d+)", re.DOTALL)


def frame_numbers(paths: Sequence[str]) -> list[int] | None:
    """Return each picture's number if all names are one stem, distinct numbers and one suffix; else None.

    A camera's photos have such names, too; only their content could tell them from a clip.
    """
    names = [PurePath(path) for path in paths]
    found = [_NUMBERED.fullmatch(name.stem) for name in names]
    kinds = {(match[1], name.suffix.lower()) for match, name in zip(found, names, strict=True) if match}
    numbers = [int(match[2]) for match in found if match]
    return numbers if len(kinds) == 1 and len(set(numbers)) == len(names) else None


def is_clip(source: Source) -> bool:
    """Return whether each frame follows the one before, so that the model's recurrent state is of use."""
    return source.kind is SourceKind.MOVIE or source.sequence or frame_numbers(source.paths) is not None
