import struct
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import PIL.PngImagePlugin
import pytest

from rvm_addon.engine.contract import digests
from rvm_addon.engine.kept.raw import drawn
from rvm_addon.engine.kept.shelf import RawSink, Shelf
from rvm_addon.engine.network.matte import PlainMatte
from rvm_addon.engine.network.memory import Memory

PIXELS = np.random.default_rng(5).integers(0, 256, (20, 30, 4), np.uint8)


def rendered(path: Path, pixels: np.ndarray, date: str = "") -> Path:
    """Write a PNG with a text chunk, as Blender tells the date of rendering."""
    told = PIL.PngImagePlugin.PngInfo()
    told.add_text("Date", date)
    PIL.Image.fromarray(pixels).save(path, pnginfo=told)
    return path


def unpacked(path: Path, pixels: np.ndarray, date: str = "") -> Path:
    """Write a Targa picture that tells when it was rendered, as Blender does: behind the pixels."""
    PIL.Image.fromarray(pixels).save(path, "TGA")
    plain = path.read_bytes()
    told = struct.pack("<H41s324s128x", 495, b"somebody", date.encode())
    body = plain[: 18 + pixels.size]
    path.write_bytes(body + told + struct.pack("<II18s", len(body), 0, b"TRUEVISION-XFILE.\0"))
    return path


@pytest.mark.parametrize("write", [rendered, unpacked])
def test_a_digest_tells_pixels_and_not_when_they_were_rendered(
    tmp_path: Path, write: Callable[[Path, np.ndarray, str], Path]
) -> None:
    """Another date is the same picture; one value of one pixel, or another shape of as many, is not."""
    first, later = (write(tmp_path / f"{date}.png", PIXELS, date) for date in ("2026-11-26", "2027-01-01 08:00"))
    assert first.read_bytes() != later.read_bytes()
    changed = PIXELS.copy()
    changed[3, 4, 1] ^= 1
    others = [write(tmp_path / "other.png", changed, ""), write(tmp_path / "tall.png", PIXELS.reshape(30, 20, 4), "")]
    told = [digests.digest(path.read_bytes()) for path in (first, later, *others)]
    assert told[0] == told[1] and len(set(told)) == 3


def test_notes_outlast_a_crash(tmp_path: Path) -> None:
    """What was rendered again counts; a line that was half written does not, nor does a folder that is not there."""
    assert digests.noted(tmp_path / "raw") == {}
    picture = rendered(tmp_path / "a.png", PIXELS)
    other = rendered(tmp_path / "b.png", PIXELS[::-1].copy())
    for frame, path in ((0, other), (1, picture), (0, picture)):
        digests.note(tmp_path / "raw", frame, path)
    with (tmp_path / "raw" / digests.DIGESTS_FILE).open("a") as stream:
        stream.write("2 0123456")
    assert digests.noted(tmp_path / "raw") == dict.fromkeys((0, 1), digests.digest(picture.read_bytes()))


def kept(folder: Path, alphas: dict[int, float], told: dict[int, str]) -> str:
    """Keep raw mattes of these alphas, and digests, in a job's folder; return where."""
    sink = RawSink(folder, 10**9)
    picture = np.zeros((20, 30, 3), np.uint8)
    for frame, alpha in alphas.items():
        matte = PlainMatte(picture, np.zeros((1, 3, 20, 30), np.float32), np.full((1, 1, 20, 30), alpha, np.float32))
        sink.write(frame, drawn(matte))
    sink.keep(max(alphas), Memory((30, 20), (np.full((1, 1, 2, 2), max(alphas), np.float32),) * 4))
    (folder / "raw" / digests.DIGESTS_FILE).write_text("".join(f"{frame} {one}\n" for frame, one in told.items()))
    return str(folder / "raw")


def test_raw_mattes_are_found_by_what_pictures_show(tmp_path: Path) -> None:
    """Whatever their frame is now; what was noted without a raw matte is not known, and memory follows its picture."""
    folder = kept(tmp_path / "job", {0: 0.2, 1: 0.4, 2: 0.6}, {0: "a", 1: "b", 2: "c", 3: "d"})
    shelf = Shelf([folder], {0: "b", 1: "c", 2: "d", 3: "e", 4: "a"})
    picture = np.zeros((20, 30, 3), np.uint8)
    assert {
        frame: round(shelf.read(frame, picture).matte.max() / 65535, 1) for frame in range(5) if frame in shelf
    } == {
        0: 0.4,
        1: 0.6,
        4: 0.2,
    }
    assert shelf.needs_model(range(5)) == {2, 3}, "they follow a picture after which the memory is kept"
    memory = shelf.memory_after(1)
    assert memory is not None and memory.states[0].max() == 2
    assert shelf.memory_after(0) is None
    assert Shelf([folder], {}).needs_model(range(2)) == {0, 1}


@pytest.mark.parametrize(("frame", "alpha"), [(0, 0.2), (1, 0.4), (7, 0.2)])
def test_of_pictures_that_look_alike_the_newest_of_the_same_frame_serves(
    tmp_path: Path, frame: int, alpha: float
) -> None:
    """So a still strip that is updated gets the very mattes that it had."""
    folders = [
        kept(tmp_path / "old", {0: 0.9, 1: 0.9, 7: 0.9}, dict.fromkeys((0, 1, 7), "a")),
        kept(tmp_path / "new", {0: 0.2, 1: 0.4}, {0: "a", 1: "a"}),
    ]
    found = Shelf(folders, {frame: "a"}).read(frame, np.zeros((20, 30, 3), np.uint8))
    assert round(found.matte.max() / 65535, 1) == alpha


def test_opencv_reads_what_was_digested(tmp_path: Path) -> None:
    """Pictures of one digest are one picture to the model."""
    first, later = (rendered(tmp_path / f"{date}.png", PIXELS, date) for date in ("a", "b"))
    assert np.array_equal(*(cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in (first, later)))
