"""Pictures of every kind, as strips: the result shows what the source showed."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from rvm_addon.engine.pictures.tensors import Picture
from tests import tiny
from tests.host.timeline import Timeline

WIDTH, HEIGHT = tiny.SIZE


def see_through(picture: Picture) -> NDArray[np.uint8]:
    """Return an RGBA picture whose alpha falls from left to right, from opaque to nothing."""
    alpha = np.broadcast_to(np.linspace(255, 0, WIDTH, dtype=np.uint8), (HEIGHT, WIDTH))
    return np.dstack([picture[..., ::-1], alpha])


def write_rgba(path: Path, picture: Picture) -> None:
    """Write 8 bits with alpha."""
    Image.fromarray(see_through(picture)).save(path)


def write_deep(path: Path, picture: Picture) -> None:
    """Write 16 bits, the lower ones of them noise."""
    noise = np.random.default_rng(7).integers(0, 256, picture.shape, np.uint16)
    cv2.imwrite(str(path), picture.astype(np.uint16) * 256 + noise)


def write_deep_rgba(path: Path, picture: Picture) -> None:
    """Write 16 bits with alpha."""
    cv2.imwrite(str(path), cv2.cvtColor(see_through(picture), cv2.COLOR_RGBA2BGRA).astype(np.uint16) * 257)


def write_grey(path: Path, picture: Picture) -> None:
    """Write one channel."""
    Image.fromarray(picture[..., 0]).save(path)


def write_grey_with_alpha(path: Path, picture: Picture) -> None:
    """Write two channels."""
    rgba = see_through(picture)
    Image.merge("LA", [Image.fromarray(rgba[..., 0]), Image.fromarray(rgba[..., 3])]).save(path)


def write_palette(path: Path, picture: Picture) -> None:
    """Write 16 colours."""
    Image.fromarray(picture[..., ::-1]).quantize(16).save(path)


def write_palette_with_a_hole(path: Path, picture: Picture) -> None:
    """Write 16 colours, one of them transparent."""
    Image.fromarray(picture[..., ::-1]).quantize(16).save(path, transparency=0)


def write_turned(path: Path, picture: Picture) -> None:
    """Write a picture whose metadata asks for a quarter turn, which Blender leaves undone."""
    about = Image.Exif()
    about[0x0112] = 6
    Image.fromarray(picture[..., ::-1]).save(path, exif=about, quality=95, subsampling=0)


def write_grey_with_a_hole(path: Path, picture: Picture) -> None:
    """Write one channel, a value of which stands for nothing."""
    Image.fromarray(picture[..., 0]).save(path, transparency=int(picture[-1, 40, 0]))


def write_few_greys_with_a_hole(path: Path, picture: Picture) -> None:
    """Write one channel of four bits, the third of its values standing for nothing; Pillow writes none such."""
    few = picture[..., 0] >> 4
    rows = b"".join(b"\0" + (row[::2] << 4 | row[1::2]).tobytes() for row in few)
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 4, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"tRNS", b"\0\2"), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    written = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(written))


KINDS: dict[str, tuple[Callable[[Path, Picture], None], str]] = {
    "alpha": (write_rgba, ".png"),
    "16 bit": (write_deep, ".png"),
    "16 bit with alpha": (write_deep_rgba, ".png"),
    "grey": (write_grey, ".png"),
    "grey with alpha": (write_grey_with_alpha, ".png"),
    "grey with a hole": (write_grey_with_a_hole, ".png"),
    "few greys with a hole": (write_few_greys_with_a_hole, ".png"),
    "palette": (write_palette, ".png"),
    "palette with a hole": (write_palette_with_a_hole, ".png"),
    "turned JPEG": (write_turned, ".jpg"),
    "turned PNG": (write_turned, ".png"),
    "WebP": (write_rgba, ".webp"),
}


def differences(timeline: Timeline, strip: Any) -> list[int]:
    """Return the largest difference between source and result at each frame."""
    result = timeline.result_of(strip)
    found = []
    for frame in range(*timeline.addon.versions.handles(strip)):
        strip.mute, result.mute = False, True
        source = timeline.render(frame)
        strip.mute, result.mute = True, False
        found.append(int(np.abs(seen(source) - seen(timeline.render(frame))).max()))
    return found


def seen(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return what shows of a BGRA picture: its colours as far as they are opaque, and its alpha."""
    alpha = picture[..., 3:] / 255
    return np.round(np.dstack([picture[..., :3] * alpha, picture[..., 3:]]))


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_of_every_kind_show_alike(timeline: Timeline, tmp_path: Path, kind: str) -> None:
    """Depth, palette, grey, alpha and orientation: equal to the bit, or to the rounding of 16 bits and of alpha."""
    write, suffix = KINDS[kind]
    paths = [tmp_path / f"{number:03d}{suffix}" for number in (5, 130)]
    for path in paths:
        write(path, tiny.barcode(int(path.stem)))
    strip = timeline.pictures(paths)
    timeline.press_button(strip)
    assert max(differences(timeline, strip)) <= (1 if "alpha" in kind or kind in {"16 bit", "WebP"} else 0)


def test_alpha_can_be_ignored(timeline: Timeline, tmp_path: Path) -> None:
    """By choice, what was transparent is matted as if it were not."""
    write_rgba(tmp_path / "shot.png", tiny.barcode(170))
    strip = timeline.pictures([tmp_path / "shot.png"])
    timeline.scene.rvm_matting.ignore_alpha = True
    timeline.press_button(strip)
    (job,) = timeline.addon.runner.current().queue.jobs
    written = cv2.imread(str(job.output / "shot.png"), cv2.IMREAD_UNCHANGED)
    assert (written[..., 3] == 255).all()
    assert (written[..., :3] == tiny.barcode(170)).all()


def test_a_picture_of_another_size_is_named(timeline: Timeline, tmp_path: Path) -> None:
    """The first one that differs ends the job in words; the frames before it are kept."""
    paths = []
    for number, size in ((1, (128, 64)), (2, (128, 64)), (3, (64, 32)), (4, (101, 51))):
        paths.append(tmp_path / f"{number}.png")
        cv2.imwrite(str(paths[-1]), tiny.barcode(number, size))
    (job,), _ = timeline.submit(timeline.pictures(paths))
    timeline.finish()
    assert job.state.name == "FAILED"
    assert "3.png" in job.error and "64 × 32 instead of 128 × 64 pixels" in job.error and "Scale it" in job.remedy
    assert sorted(path.name for path in job.output.iterdir()) == ["1.png", "2.png"]


def test_a_rendered_picture_of_another_size_is_named(timeline: Timeline, tmp_path: Path) -> None:
    """Floating-point pictures, which another Blender renders, are looked at before it begins."""
    paths = []
    for number, size in ((1, (128, 64)), (2, (64, 32))):
        image = bpy.data.images.new("float", *size, float_buffer=True)
        paths.append(tmp_path / f"{number}.exr")
        image.filepath_raw, image.file_format = str(paths[-1]), "OPEN_EXR"
        image.save()
        bpy.data.images.remove(image)
    (job,), _ = timeline.submit(timeline.pictures(paths))
    timeline.finish()
    assert job.state.name == "FAILED"
    assert "2.exr" in job.error and "64 × 32 instead of 128 × 64 pixels" in job.error


@pytest.mark.parametrize("suffix", [".ppm", ".gif"])
def test_a_picture_that_blender_cannot_read_is_named(timeline: Timeline, tmp_path: Path, suffix: str) -> None:
    """Its strip shows nothing; so nothing is matted, also where OpenCV could read it."""
    path = tmp_path / f"strange{suffix}"
    Image.fromarray(tiny.barcode(170)).save(path)
    jobs, said = timeline.submit(timeline.pictures([path]))
    assert jobs == []
    assert len(said) == 1 and "shows a file that Blender cannot read" in said[0] and path.name in said[0]


@pytest.mark.parametrize("suffix", [".ppm", ".gif"])
def test_a_strip_that_has_got_such_a_picture_is_refused(timeline: Timeline, tmp_path: Path, suffix: str) -> None:
    """It remembers the size of the picture before; what Blender would render is black."""
    (before,) = tiny.barcode_pictures(tmp_path, [170])
    strip, path = timeline.pictures([before]), tmp_path / f"strange{suffix}"
    Image.fromarray(tiny.barcode(170)).save(path)
    strip.elements[0].filename = path.name
    jobs, said = timeline.submit(strip)
    assert jobs == []
    assert len(said) == 1 and "shows a file that Blender cannot read" in said[0] and path.name in said[0]


def test_a_picture_that_another_blender_cannot_read_is_named(timeline: Timeline, tmp_path: Path) -> None:
    """Where it is not the first of its sequence, that Blender looks before it renders."""
    paths = []
    for number in (1, 2):
        image = bpy.data.images.new("float", 64, 32, float_buffer=True)
        paths.append(tmp_path / f"{number}.exr")
        image.filepath_raw, image.file_format = str(paths[-1]), "OPEN_EXR"
        image.save()
        bpy.data.images.remove(image)
    paths[1].write_bytes(paths[1].read_bytes()[:100])
    (job,), _ = timeline.submit(timeline.pictures(paths))
    timeline.addon.runner.current().run_to_end(lambda _: None)
    assert job.state.name == "FAILED"
    assert "2.exr" in job.error and "cannot be read" in job.error
