"""Which rendered pictures look as they did in an earlier job, by digests of their files. Standard library only.

A strip that is rendered first has no file whose stamp would show a change, and Python does not see all that a scene, a
mask or a retimed strip depends on. So the pictures themselves are compared: the background Blender notes the digest of
each beside the raw mattes, and a later job takes the raw matte of the picture with the same digest.
"""

import hashlib
import struct
from collections.abc import Iterator
from pathlib import Path

from .chunks import chunks

DIGESTS_FILE = "pictures.txt"
"""Beside the raw mattes: a line for each picture, its frame and its digest; a frame's last line counts."""
_TARGA_END = struct.Struct("<II18s")
"""The footer of a Targa file: offsets of the extension area (metadata) and of the developer area, and a signature."""
_TARGA_SIGNATURE = b"TRUEVISION-XFILE.\0"
_DECISIVE = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT"})
"""The kinds of PNG chunks that decide the pixels. Others hold, for example, the time and the file of the rendering."""


def note(folder: Path, frame: int, picture: Path) -> None:
    """Note a rendered frame's digest in `folder`, which is made if it is missing.

    Raises:
        OSError: the picture cannot be read, or the folder refuses.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / DIGESTS_FILE).open("a", encoding="ascii") as stream:
        stream.write(f"{frame} {digest(picture.read_bytes())}\n")


def noted(folder: Path) -> dict[int, str]:
    """Return the digests noted in a folder, by frame; a last line that a crash left half written is ignored."""
    try:
        lines = (folder / DIGESTS_FILE).read_text(encoding="ascii", errors="replace").split("\n")[:-1]
    except OSError:
        return {}
    pairs = (line.split() for line in lines)
    return {int(pair[0]): pair[1] for pair in pairs if len(pair) == 2 and pair[0].isdecimal()}


def digest(data: bytes) -> str:
    """Return the digest, in hexadecimal, of the encoded bytes that decide the pixels of a PNG or Targa.

    The same pixels from another encoder have another digest.
    """
    hashed = hashlib.blake2b(digest_size=16)
    for part in _decisive(memoryview(data)):
        hashed.update(part)
    return hashed.hexdigest()


def _decisive(data: memoryview) -> Iterator[bytes | memoryview]:
    """Yield the parts of a file that decide its pixels."""
    if len(data) > _TARGA_END.size:
        extension, _, signature = _TARGA_END.unpack_from(data, len(data) - _TARGA_END.size)
        if signature == _TARGA_SIGNATURE:
            yield data[:extension] if extension else data
            return
    for kind, content in chunks(data):
        if kind in _DECISIVE:
            yield kind
            yield content
