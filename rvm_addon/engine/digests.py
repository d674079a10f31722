"""Which rendered pictures look as they did in an earlier job, told by digests of their files. Standard library only.

A strip that is rendered first has no file whose time would tell whether it still shows the same, and Python does not
see all that a scene, a mask or a retimed strip depends on. So the pictures tell: the other Blender notes the digest of
each beside the raw mattes, and a later job takes the raw matte of the picture that has the same.
"""

import hashlib
import struct
from collections.abc import Iterator
from pathlib import Path

from .chunks import chunks

DIGESTS_FILE = "pictures.txt"
"""Beside the raw mattes: a line for each picture, its frame and its digest; the last one of a frame counts."""
_TARGA_END = struct.Struct("<II18s")
"""The last of a Targa file: where what is told of the picture begins, two places, and a signature."""
_TARGA_SIGNATURE = b"TRUEVISION-XFILE.\0"
_DECISIVE = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT"})
"""The kinds of chunk that decide the pixels. Others tell, for example, when and from which file it was rendered."""


def note(folder: Path, frame: int, picture: Path) -> None:
    """Note in `folder`, which is made where it is missing, the digest of the picture that was rendered for a frame.

    Raises:
        OSError: the picture cannot be read, or the folder refuses.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / DIGESTS_FILE).open("a", encoding="ascii") as stream:
        stream.write(f"{frame} {digest(picture.read_bytes())}\n")


def noted(folder: Path) -> dict[int, str]:
    """Return the digests that were noted in a folder, by frame; without a line that a crash left half written."""
    try:
        lines = (folder / DIGESTS_FILE).read_text(encoding="ascii", errors="replace").split("\n")[:-1]
    except OSError:
        return {}
    pairs = (line.split() for line in lines)
    return {int(pair[0]): pair[1] for pair in pairs if len(pair) == 2 and pair[0].isdecimal()}


def digest(data: bytes) -> str:
    """Return the digest of the pixels of a PNG or Targa, in hexadecimal: of what decides them, as the file has it.

    The same pixels written by another encoder have another digest.
    """
    told = hashlib.blake2b(digest_size=16)
    for part in _decisive(memoryview(data)):
        told.update(part)
    return told.hexdigest()


def _decisive(data: memoryview) -> Iterator[bytes | memoryview]:
    """Yield the parts of a file that decide its pixels."""
    if len(data) > _TARGA_END.size:
        told, _, signature = _TARGA_END.unpack_from(data, len(data) - _TARGA_END.size)
        if signature == _TARGA_SIGNATURE:
            yield data[:told] if told else data
            return
    for kind, content in chunks(data):
        if kind in _DECISIVE:
            yield kind
            yield content
