"""Pictures of the newest frame: drawn only while somebody looks, as they want it, and at next to no cost."""

import contextlib
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from rvm_addon.engine import pipeline
from rvm_addon.engine.contract.events import Event, FrameDone
from rvm_addon.engine.contract.spec import JobSpec, Source, SourceKind
from rvm_addon.engine.contract.view import PICTURE_FILE, Arrangement, Behind, View
from rvm_addon.engine.drawing import viewing
from rvm_addon.engine.drawing.refine import Cutout
from tests import tiny


@pytest.fixture
def cutout() -> Cutout:
    """A frame of 96 x 64 whose left half is opaque and red."""
    alpha = np.zeros((64, 96), np.uint8)
    alpha[:, :48] = 255
    colours = np.zeros((64, 96, 3), np.uint8)
    colours[:, :48] = (0, 0, 200)
    return Cutout.of(colours, alpha)


SOURCE = np.full((64, 96, 3), 50, np.uint8)


def test_over_a_colour(cutout: Cutout) -> None:
    """The person keeps its colour, the rest has the chosen one."""
    picture = viewing.drawn(View(Behind.COLOUR, (10, 20, 30), Arrangement.RESULT), SOURCE, cutout)
    assert picture.shape == (64, 96, 3)
    assert (picture[:, :48] == (0, 0, 200)).all() and (picture[:, 48:] == (30, 20, 10)).all()


def test_over_a_checkerboard(cutout: Cutout) -> None:
    """Two greys where the matte is nought."""
    picture = viewing.drawn(View(arrangement=Arrangement.RESULT), SOURCE, cutout)
    assert len(np.unique(picture[:, 48:])) == 2
    assert (picture[:, :48] == (0, 0, 200)).all()


def test_as_a_matte(cutout: Cutout) -> None:
    """White and black."""
    picture = viewing.drawn(View(Behind.MATTE, arrangement=Arrangement.RESULT), SOURCE, cutout)
    assert (picture[:, :48] == 255).all() and (picture[:, 48:] == 0).all()


@pytest.mark.parametrize("wipe", [0.0, 0.25, 1.0])
def test_wiped(cutout: Cutout, wipe: float) -> None:
    """The source left of the line, the result right of it, also at both ends."""
    picture = viewing.drawn(View(Behind.MATTE, arrangement=Arrangement.WIPE, wipe=wipe), SOURCE, cutout)
    line = round(wipe * 96)
    assert (picture[:, : max(line - 1, 0)] == 50).all()
    assert (picture[:, line + 1 : 48] == 255).all() and (picture[:, max(line + 1, 48) :] == 0).all()


def test_source_and_result_make_a_squarish_picture(cutout: Cutout) -> None:
    """Wide ones lie one below the other, high ones side by side."""
    assert viewing.drawn(View(), SOURCE, cutout).shape == (64 * 2 + 6, 96, 3)
    turned = Cutout.of(np.ascontiguousarray(cutout.colours.swapaxes(0, 1)), np.ascontiguousarray(cutout.alpha.T))
    assert viewing.drawn(View(), np.full((96, 64, 3), 50, np.uint8), turned).shape == (96, 64 * 2 + 6, 3)


def test_a_view_survives_its_file(tmp_path: Path) -> None:
    """What is written is what is read; no file is nobody, and half a file is an error."""
    view = View(Behind.COLOUR, (1, 2, 3), Arrangement.WIPE, 0.25)
    assert View.read(tmp_path) is None
    view.write(tmp_path)
    assert View.read(tmp_path) == view
    for text in ('{"behind"', "[]", '{"behind": "sky"}'):
        (tmp_path / "view.json").write_text(text)
        with pytest.raises(ValueError, match=r"Expecting|not a view|sky"):
            View.read(tmp_path)


Run = Callable[..., list[Event]]


@pytest.fixture
def run(passthrough: Path, tmp_path: Path) -> Run:
    """A function that mattes a movie of so many frames in `tmp_path / "job"`, and calls `watch` after each event."""

    def run(frames: int, watch: Callable[[], None] = lambda: None) -> list[Event]:
        clip = tiny.barcode_movie(tmp_path / "clip.avi", frames, fourcc="MJPG", size=(320, 180))
        source = Source(SourceKind.MOVIE, (str(clip),), tuple(range(frames)))
        spec = JobSpec("clip", source, "frames", "clip", str(passthrough))
        (tmp_path / "job").mkdir(exist_ok=True)
        events: list[Event] = []

        def emit(event: Event) -> None:
            events.append(event)
            watch()

        pipeline.run(replace(spec, ratio=1.0), tmp_path / "job", emit)
        return events

    return run


def test_nothing_is_drawn_while_nobody_looks(run: Run, tmp_path: Path) -> None:
    """Without a view a run leaves frames only."""
    run(5)
    assert [path.name for path in (tmp_path / "job").iterdir()] == ["frames"]


def test_the_last_frame_is_always_drawn(run: Run, tmp_path: Path) -> None:
    """However short the run: it is what a trial is about. And it can be drawn another way afterwards."""
    job = tmp_path / "job"
    job.mkdir()
    View(arrangement=Arrangement.RESULT).write(job)
    run(6)
    picture = cv2.imread(str(job / PICTURE_FILE))
    assert picture is not None
    assert tiny.read_barcode(picture) == 5
    View(Behind.MATTE, arrangement=Arrangement.WIPE, wipe=0.0).write(job)
    environment = {"PYTHONPATH": str(Path(viewing.__file__).parents[2])}
    subprocess.run([sys.executable, "-m", "engine", str(job), "--redraw"], check=True, env=environment)
    again = cv2.imread(str(job / PICTURE_FILE))
    assert again is not None and (again[:, 2:] == 255).all()
    assert not list(job.glob("*.part"))


def test_a_picture_a_second(run: Run, tmp_path: Path) -> None:
    """However fast the frames come, there are few pictures: of the first, one a second, and of the last."""
    (tmp_path / "job").mkdir()
    View().write(tmp_path / "job")
    seen = set()

    def watch() -> None:
        with contextlib.suppress(FileNotFoundError):
            seen.add((tmp_path / "job" / PICTURE_FILE).stat().st_mtime_ns)

    events = run(120, watch)
    seconds = max(event.seconds for event in events if isinstance(event, FrameDone))
    assert 2 <= len(seen) <= 3 + seconds


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_a_person_before_its_own_colour_has_no_seam(tmp_path: Path, kind: type) -> None:
    """Of a frame four times as large as the picture, what is black beyond the person does not darken its edge."""
    alpha = np.zeros((400, 3840), kind)
    cv2.circle(alpha, (1001, 199), 150, int(np.iinfo(kind).max), cv2.FILLED, cv2.LINE_AA)
    colours = np.zeros((400, 3840, 3), np.uint8)
    colours[alpha > 0] = 255
    View(Behind.COLOUR, (255, 255, 255), Arrangement.RESULT).write(tmp_path)
    viewing.Viewer(tmp_path, 0).show(0, colours, Cutout.of(colours, alpha))
    picture = cv2.imread(str(tmp_path / PICTURE_FILE))
    assert picture is not None and picture.shape == (100, 960, 3)
    assert picture.min() >= 254


def test_an_earlier_frame_never_replaces_a_later_one(cutout: Cutout, tmp_path: Path) -> None:
    """Two threads write frames: which one is drawn first is chance, which one stays is not."""
    viewer = viewing.Viewer(tmp_path, 7)
    View().write(tmp_path)
    viewer.show(7, SOURCE, cutout)
    drawn = (tmp_path / PICTURE_FILE).read_bytes()
    viewer._next = 0.0
    viewer.show(6, SOURCE // 2, cutout)
    assert (tmp_path / PICTURE_FILE).read_bytes() == drawn


def test_an_unreadable_view_costs_no_frame(run: Run, tmp_path: Path) -> None:
    """The job goes on."""
    (tmp_path / "job").mkdir()
    (tmp_path / "job" / "view.json").write_text("{")
    events = run(5)
    assert sum(isinstance(event, FrameDone) for event in events) == 5
