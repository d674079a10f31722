"""What is written, read by Blender: every format, straight and premultiplied, through the worker."""

from dataclasses import replace
from pathlib import Path

import bpy
import cv2
import numpy as np
import pytest

from rvm_addon.engine.contract.outputs import FrameFormat, Look
from rvm_addon.engine.contract.spec import JobSpec, Source, SourceKind
from rvm_addon.engine.footage import media
from rvm_addon.engine.pictures.tensors import Placed, Tensor

SPEC = JobSpec("x", Source(SourceKind.MOVIE, ("/x.mp4",)), ".", "x", "/m.onnx")
WITH_ALPHA = [form for form in FrameFormat if form.holds_alpha]


def written(form: FrameFormat, picture: np.ndarray, folder: Path) -> Path:
    """Write one frame as the worker does, and return its file."""
    spec = replace(SPEC, look=Look(format=form))
    media.FolderSink(spec, folder).write(0, Placed.whole(picture))
    return folder / spec.file_name(0)


def as_blender_reads(path: Path) -> Tensor:
    """Return the file's pixels (H x W x 4, RGBA, top row first) as the file has them, read by Blender."""
    image = bpy.data.images.load(str(path))
    image.colorspace_settings.name = "Non-Color"
    image.alpha_mode = "CHANNEL_PACKED"
    try:
        width, height = image.size
        pixels = np.empty(width * height * 4, np.float32)
        image.pixels.foreach_get(pixels)
        return pixels.reshape(height, width, 4)[::-1]
    finally:
        bpy.data.images.remove(image)


def ramp(deep: bool) -> np.ndarray:
    """Return a straight BGRA picture: all alphas from left to right, a colour ramp from top to bottom."""
    most = 65535 if deep else 255
    picture = np.zeros((33, 256, 4), np.uint16 if deep else np.uint8)
    picture[..., 3] = np.linspace(0, most, 256).round()[None]
    for channel, factor in enumerate((1.0, 0.5, 0.25)):
        picture[..., channel] = np.linspace(0, most * factor, 33).round()[:, None]
    return picture


@pytest.mark.parametrize("form", WITH_ALPHA)
def test_blender_reads_straight_colours_and_alpha(form: FrameFormat, tmp_path: Path) -> None:
    """Where there is alpha, colours come back; in OpenEXR as linear light multiplied by it."""
    picture = ramp(form.is_deep)
    most = np.iinfo(picture.dtype).max
    read = as_blender_reads(written(form, picture, tmp_path))
    values = picture.astype(np.float32)[..., [2, 1, 0, 3]] / most
    if form is FrameFormat.EXR:
        linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
        values = np.concatenate([linear[..., :3] * values[..., 3:], values[..., 3:]], axis=2)
    shown = values[..., 3] > 0.02
    assert np.abs(read - values)[shown].max() < (0.6 / 255 if form is FrameFormat.EXR else 1e-4)


@pytest.mark.parametrize("form", FrameFormat)
def test_a_grey_matte_is_read_as_it_is(form: FrameFormat, tmp_path: Path) -> None:
    """A mask's values are shares, not light: no curve is applied to them."""
    picture = ramp(form.is_deep)[..., 3].copy()
    read = as_blender_reads(written(form, picture, tmp_path))
    apart = np.abs(read[..., 0] - picture / np.iinfo(picture.dtype).max)
    assert apart.max() < (4 / 255 if form is FrameFormat.JPEG else 1 / 1000)
    assert (read[..., 3] == 1).all()


def test_lossless_webp_keeps_colours_beside_the_matte(tmp_path: Path) -> None:
    """Also where alpha is nought: a viewer that scales the picture mixes them in."""
    picture = ramp(deep=False)
    path = written(FrameFormat.WEBP, picture, tmp_path)
    assert np.array_equal(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), picture)
