import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest

from rvm_addon.engine.pictures import exr, png
from rvm_addon.engine.pictures.tensors import Box, Placed, Plane

BOXES: list[Box] = [
    (slice(5, 41), slice(3, 20)),
    (slice(0, 16), slice(0, 1)),
    (slice(130, 131), slice(69, 70)),
    (slice(60, 131), slice(0, 70)),
    (slice(0, 0), slice(0, 0)),
]
"""In a frame of 131 x 70: across bands and blocks, at their borders, at the frame's, and none at all."""


def some(channels: tuple[int, ...], kind: type, box: Box) -> Placed:
    """Random values in a box, a third of them nought and a third full."""
    random = np.random.default_rng(31)
    most = np.iinfo(kind).max
    shape = (box[0].stop - box[0].start, box[1].stop - box[1].start, *channels)
    values = random.integers(0, most, shape, kind, endpoint=True)
    values[random.random(shape) < 0.33] = 0
    values[random.random(shape) < 0.33] = most
    return replace(Placed.whole(values), box=box, size=(131, 70))


def rows_of(data: bytes, channels: int) -> np.ndarray:
    """Return what an EXR file holds (H x channels x W, 16-bit floats), read as the format's documents say."""
    at = data.index(b"screenWindowWidth") + len("screenWindowWidth\0float\0") + 8 + 1
    blocks = -(-131 // 16)
    rows = []
    for begin in struct.unpack_from(f"<{blocks}Q", data, at):
        top, length = struct.unpack_from("<ii", data, begin)
        size = min(16, 131 - top) * channels * 70 * 2
        packed = data[begin + 8 : begin + 8 + length]
        if length == size:
            raw = packed
        else:
            steps = np.frombuffer(zlib.decompress(packed), np.uint8).astype(int)
            steps[1:] -= 128
            raw = np.cumsum(steps).astype(np.uint8).reshape(2, -1).T.tobytes()
        rows.append(np.frombuffer(raw, np.float16).reshape(-1, channels, 70))
    return np.concatenate(rows)


def linear(encoded: np.ndarray) -> np.ndarray:
    """IEC 61966-2-1, 0..1."""
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


@pytest.mark.parametrize("box", BOXES)
@pytest.mark.parametrize("channels", [(), (3,), (4,)])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_colours_are_linear_and_premultiplied(channels: tuple[int, ...], kind: type, box: Box) -> None:
    """Every value of every row, wherever the picture lies in its frame; grey and alpha stay shares."""
    picture = some(channels, kind, box)
    shown = picture.drawn() / np.iinfo(kind).max
    if channels == ():
        wanted = shown[:, None]
    else:
        colours = linear(shown[..., :3])
        layers = [colours] if channels == (3,) else [shown[..., 3:], colours * shown[..., 3:]]
        wanted = np.concatenate(layers, axis=2).transpose(0, 2, 1)
    told = rows_of(exr.encode(picture), picture.channels).astype(float)
    assert np.allclose(told, wanted, rtol=2**-10, atol=1e-7)


@pytest.mark.parametrize("box", BOXES)
def test_colours_of_8_bits_are_as_deep_as_their_alpha(box: Box) -> None:
    """PNG and EXR: as if they had been multiplied by 257 before."""
    colours, alpha = some((3,), np.uint8, box), some((), np.uint16, box)
    picture = replace(colours, alpha=alpha.inner)
    deepened = Placed(colours.inner * np.uint16(257), box, (131, 70), alpha.inner)
    assert picture.is_deep and np.array_equal(picture.drawn(), deepened.drawn())
    for form in (png, exr):
        assert form.encode(picture) == form.encode(deepened)


@pytest.mark.parametrize("box", BOXES)
@pytest.mark.parametrize("channels", [(), (3,), (4,)])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_a_placed_picture_is_written_as_the_whole_one(channels: tuple[int, ...], kind: type, box: Box) -> None:
    """PNG and EXR: to look at the box alone changes no byte."""
    picture = some(channels, kind, box)
    whole: Plane = np.zeros((131, 70, *channels), kind)
    whole[box] = picture.inner if picture.alpha is None else np.dstack([picture.inner, picture.alpha])
    assert np.array_equal(picture.drawn(), whole)
    for form in (png, exr):
        assert form.encode(picture) == form.encode(Placed.whole(whole))
