import io
import zlib

import cv2
import numpy as np
import PIL.Image
import pytest

from rvm_addon.engine.pictures import png
from rvm_addon.engine.pictures.tensors import Placed


@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (33, 17, 3), (1, 9, 4), (64, 48, 4), (1080, 1920, 4)])
@pytest.mark.parametrize("kind", ["noise", "flat", "ramp"])
def test_what_is_written_is_what_is_read(shape: tuple[int, ...], kind: str) -> None:
    """OpenCV and Pillow read back every byte, whatever the picture holds."""
    if kind == "noise":
        picture = np.random.default_rng(3).integers(0, 256, shape, np.uint8)
    elif kind == "flat":
        picture = np.full(shape, 201, np.uint8)
    else:
        picture = (np.arange(np.prod(shape)) % 251).astype(np.uint8).reshape(shape)
    data = png.encode(Placed.whole(picture))
    assert np.array_equal(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED), picture)
    other = PIL.Image.open(io.BytesIO(data))
    other.load()
    rgb = np.asarray(other)
    swapped = rgb if rgb.ndim == 2 else rgb[..., [2, 1, 0, 3][: rgb.shape[2]]]
    assert np.array_equal(swapped, picture)


@pytest.mark.parametrize("shape", [(7, 5), (33, 17, 3), (64, 48, 4)])
def test_sixteen_bits_come_back_whole(shape: tuple[int, ...]) -> None:
    """Every value of a deep picture, by OpenCV; Pillow agrees where it knows the kind."""
    picture = np.random.default_rng(5).integers(0, 65536, shape, np.uint16)
    data = png.encode(Placed.whole(picture))
    assert np.array_equal(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED), picture)
    if picture.ndim == 2:
        assert np.array_equal(np.asarray(PIL.Image.open(io.BytesIO(data))), picture)


def test_the_file_is_a_valid_png() -> None:
    """Every chunk's checksum is right, and the data is one zlib stream of the right length."""
    picture = np.random.default_rng(4).integers(0, 256, (20, 30, 4), np.uint8)
    data = png.encode(Placed.whole(picture))
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    kinds, at, pixels = [], 8, b""
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        kind, content = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        assert int.from_bytes(data[at + 8 + length : at + 12 + length], "big") == zlib.crc32(kind + content)
        kinds.append(kind)
        pixels += content if kind == b"IDAT" else b""
        at += 12 + length
    assert kinds == [b"IHDR", b"IDAT", b"IEND"]
    assert len(zlib.decompress(pixels)) == 20 * (30 * 4 + 1)
