"""A run that was stopped goes on: what stands is left alone, what was missing comes out as in one run."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from rvm_addon.engine import pipeline
from rvm_addon.engine.contract.errors import ModelChanged, SourceMissing
from rvm_addon.engine.contract.events import Event, Finished, FrameDone, Started
from rvm_addon.engine.contract.files import stamps
from rvm_addon.engine.contract.resume import MEMORY_FILE, remembered_frame, rest
from rvm_addon.engine.contract.spec import JobSpec, Source, SourceKind
from rvm_addon.engine.contract.weights import identity
from rvm_addon.engine.kept.shelf import WARM_UP_FRAMES
from rvm_addon.engine.network.memory import EVERY_FRAMES, Memory
from rvm_addon.engine.stages import LOOKS_AHEAD
from tests import tiny

FRAMES = 80
STOPPED_AT = 60
"""The last frame that an interrupted run tells; memory was kept at 24 and at 49."""


COUNTED = list(range(LOOKS_AHEAD, LOOKS_AHEAD + FRAMES))
"""What the model has counted to at each frame of one run: it has looked at some before the first."""


class PlugPulled(BaseException):
    """The end of a run that nothing in it catches."""


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> JobSpec:
    """A job in which each frame adds 1 / 255 to the alpha: a memory that is lost or doubled is seen at once."""
    folder = tmp_path_factory.mktemp("resume")
    model = tiny.counting_model(folder / "counting.onnx", step=1 / 255)
    paths = (str(tiny.barcode_movie(folder / "clip.avi", FRAMES, fourcc="MJPG")),)
    source = Source(SourceKind.MOVIE, paths, tuple(range(FRAMES)), 24.0, stamps=stamps(paths))
    return JobSpec("clip", source, "frames", "clip", str(model))


def run(spec: JobSpec, folder: Path, until: Callable[[Event], bool] = lambda _: False) -> list[Event]:
    """Run a job in this process, and stop it dead after the event that `until` is for; return what it said."""
    events: list[Event] = []

    def emit(event: Event) -> None:
        events.append(event)
        if until(event):
            raise PlugPulled

    try:
        pipeline.run(spec, folder, emit)
    except PlugPulled:
        assert not isinstance(events[-1], Finished)
    return events


@pytest.fixture
def stopped(spec: JobSpec, tmp_path: Path) -> Path:
    """The folder of a job that was stopped."""
    run(spec, tmp_path, lambda event: event == FrameDone(STOPPED_AT, getattr(event, "seconds", 0.0)))
    assert remembered_frame(tmp_path) == 2 * EVERY_FRAMES - 1
    assert STOPPED_AT < len(list((tmp_path / "frames").iterdir())) < FRAMES
    return tmp_path


def alphas(folder: Path) -> list[int]:
    """Return what the model had counted to at each frame; only whole pictures have one value."""
    pictures = [cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in sorted((folder / "frames").iterdir())]
    assert all(np.ptp(picture[..., 3]) == 0 for picture in pictures)
    return [int(picture[0, 0, 3]) for picture in pictures]


def written(folder: Path) -> dict[str, int]:
    """Return when each frame was written."""
    return {path.name: path.stat().st_mtime_ns for path in (folder / "frames").iterdir()}


def test_it_goes_on_where_it_was_stopped(spec: JobSpec, stopped: Path) -> None:
    """Nothing that stands is written again; it says how many those are; the model has lost nothing."""
    before = written(stopped)
    events = run(spec, stopped)
    after = written(stopped)
    assert before.items() <= after.items()
    (started,) = [event for event in events if isinstance(event, Started)]
    assert (started.frames, started.made) == (FRAMES, len(before))
    told = [event.frame for event in events if isinstance(event, FrameDone)]
    assert told == list(range(len(before), FRAMES))
    assert events[-1] == Finished(FRAMES, getattr(events[-1], "seconds", 0.0))
    assert alphas(stopped) == COUNTED
    assert not (stopped / MEMORY_FILE).exists()


@pytest.mark.parametrize("remembers", [True, False])
def test_all_of_a_movie_goes_on_too(spec: JobSpec, tmp_path: Path, remembers: bool) -> None:
    """Where nobody has said how many frames it has, and whether or not what the model remembered is there."""
    all_of_it = replace(spec, source=replace(spec.source, frames=None, fps=0.0))
    run(all_of_it, tmp_path, lambda event: isinstance(event, FrameDone) and event.frame == STOPPED_AT)
    if not remembers:
        (tmp_path / MEMORY_FILE).unlink()
    (tmp_path / "frames" / "other_000100.png").write_bytes(b"nobody's frame")
    (tmp_path / "frames" / "clip_000000.png").write_bytes(b"nor this")
    before = written(tmp_path)
    assert rest(all_of_it, tmp_path).since == (2 * EVERY_FRAMES if remembers else 0)
    events = run(all_of_it, tmp_path)
    (started,) = [event for event in events if isinstance(event, Started)]
    made = len(before) - 2
    assert (started.frames, started.made) == (FRAMES, made)
    assert [event.frame for event in events if isinstance(event, FrameDone)] == list(range(made, FRAMES))
    assert getattr(events[-1], "frames", 0) == FRAMES
    assert before.items() <= written(tmp_path).items()
    for name in ("other_000100.png", "clip_000000.png"):
        (tmp_path / "frames" / name).unlink()
    assert alphas(tmp_path) == COUNTED
    assert [event for event in run(all_of_it, tmp_path) if isinstance(event, FrameDone)] == []


def test_it_is_stopped_again_and_again(spec: JobSpec, tmp_path: Path) -> None:
    """Every run goes on from the one before."""
    for last in (10, 30, 55, 70):
        run(spec, tmp_path, lambda event, last=last: isinstance(event, FrameDone) and event.frame >= last)
    run(spec, tmp_path)
    assert alphas(tmp_path) == COUNTED


@pytest.mark.parametrize("memory", [b"", b"{}", b"not JSON\n", None, "short", "nought"])
def test_a_memory_that_is_not_whole_is_made_again(spec: JobSpec, stopped: Path, memory: bytes | str | None) -> None:
    """Then the model looks from the beginning; the frames come out the same."""
    path = stopped / MEMORY_FILE
    kept = path.read_bytes()
    if memory is None:
        path.unlink()
    elif isinstance(memory, bytes):
        path.write_bytes(memory)
    else:
        path.write_bytes(kept[:-4] if memory == "short" else kept[:-400] + bytes(400))
    left = rest(spec, stopped)
    assert left.frames == spec.source.frames and not left.recalls
    before = written(stopped)
    run(spec, stopped)
    assert before.items() <= written(stopped).items()
    assert alphas(stopped) == COUNTED


@pytest.mark.parametrize("damage", [b"", bytes(300)])
def test_frames_that_a_power_cut_emptied_are_made_again(spec: JobSpec, stopped: Path, damage: bytes) -> None:
    """Also ones from before what the model remembers, and one that somebody has taken away."""
    frames = sorted((stopped / "frames").iterdir())
    frames[3].write_bytes(damage)
    frames[57].write_bytes(damage)
    frames[30].unlink()
    run(spec, stopped)
    assert alphas(stopped) == COUNTED


def test_other_footage_under_the_name_begins_anew(spec: JobSpec, stopped: Path) -> None:
    """What was made from the old file is not taken for the new one's."""
    clip = Path(spec.source.paths[0])
    copy = stopped / "other.avi"
    copy.write_bytes(clip.read_bytes())
    other = replace(spec, source=replace(spec.source, paths=(str(copy),)))  # the stamps are still the first file's
    before = written(stopped)
    run(other, stopped)
    assert not before.items() & written(stopped).items()


def test_another_model_under_the_name_makes_no_frames(spec: JobSpec, tmp_path: Path) -> None:
    """It is named, what stands is left alone, and with the former file back all comes out as in one run."""
    model = tmp_path / "mine.onnx"
    former = Path(spec.model).read_bytes()
    model.write_bytes(former)
    own = replace(spec, model=str(model), model_stamp=identity(model))
    moment = model.stat().st_mtime_ns
    run(own, tmp_path, lambda event: isinstance(event, FrameDone) and event.frame == STOPPED_AT)
    before = written(tmp_path)
    tiny.passthrough_model(model)
    with pytest.raises(ModelChanged, match=r"mine\.onnx"):
        run(own, tmp_path)
    assert written(tmp_path) == before
    model.write_bytes(former)
    os.utime(model, ns=(moment, moment))
    run(own, tmp_path)
    assert alphas(tmp_path) == COUNTED


@pytest.mark.parametrize("gone", [True, False])
def test_what_needs_no_model_does_not_ask_for_it(spec: JobSpec, tmp_path: Path, gone: bool) -> None:
    """A result is changed also where the model is gone, or another one has its name."""
    model = tmp_path / "mine.onnx"
    model.write_bytes(Path(spec.model).read_bytes())
    own = replace(spec, model=str(model), model_stamp=identity(model), raw_limit=10**9)
    run(own, tmp_path / "first")
    model.unlink() if gone else tiny.passthrough_model(model)
    run(replace(own, raws=(str(tmp_path / "first" / "raw"),)), tmp_path / "second")
    assert alphas(tmp_path / "second") == COUNTED


@pytest.mark.parametrize("gone", [False, True])
def test_where_nothing_is_missing_no_model_is_opened(spec: JobSpec, tmp_path: Path, *, gone: bool) -> None:
    """A job that was stopped just before its last word is done at once; its source, if it is there, need only open."""
    run(spec, tmp_path)
    before = written(tmp_path)
    paths = (str(tmp_path / "gone.avi"),) if gone else spec.source.paths
    unstamped = replace(spec, source=replace(spec.source, stamps=(), paths=paths), model="/gone.onnx")
    *begun, finished = run(unstamped, tmp_path)
    told = [(event.frames, event.made) for event in begun if isinstance(event, Started)]
    assert told == ([] if gone else [(FRAMES, FRAMES)])
    assert finished == Finished(FRAMES, pytest.approx(0.0, abs=5.0))
    assert written(tmp_path) == before


def test_pictures_of_one_use_are_read_from_there_on(spec: JobSpec, tmp_path: Path) -> None:
    """What was rendered for the job and read is gone: only pictures that the model has still to see need be there."""
    pictures = tiny.barcode_pictures(tmp_path / "in", range(FRAMES))
    paths = tuple(map(str, pictures))
    source = Source(SourceKind.IMAGES, paths, tuple(range(FRAMES)), disposable=True)
    rendered = replace(spec, source=source)
    run(rendered, tmp_path, lambda event: isinstance(event, FrameDone) and event.frame == STOPPED_AT)
    with pytest.raises(SourceMissing):
        run(rendered, tmp_path)
    wanted = rest(rendered, tmp_path).frames
    assert wanted == tuple(range(2 * EVERY_FRAMES, FRAMES))
    tiny.barcode_pictures(tmp_path / "in", wanted)
    run(rendered, tmp_path)
    assert alphas(tmp_path) == COUNTED


def test_known_mattes_serve_as_before(spec: JobSpec, tmp_path: Path) -> None:
    """A run that had raw mattes of an earlier job goes on with them, and with the model where there are none."""
    whole = replace(spec, raw_limit=10**9)
    run(whole, tmp_path / "first")
    for path in sorted((tmp_path / "first" / "raw").glob("*.raw"))[30:40]:
        path.unlink()
    helped = replace(spec, raws=(str(tmp_path / "first" / "raw"),))
    run(helped, tmp_path / "one run")
    run(helped, tmp_path / "two", lambda event: isinstance(event, FrameDone) and event.frame == 33)
    run(helped, tmp_path / "two")
    assert alphas(tmp_path / "two") == alphas(tmp_path / "one run")


@pytest.mark.parametrize("known", [1, 40, 79])
def test_new_frames_follow_known_ones(spec: JobSpec, tmp_path: Path, known: int) -> None:
    """A job over more frames than an earlier one has seen goes on with what the model remembered then, to the bit.

    That is as in one run, but where the earlier one had fewer frames than the model looks at before the first.
    """
    begun = replace(spec, source=replace(spec.source, frames=tuple(range(known))), raw_limit=10**9)
    run(begun, tmp_path / "first")
    helped = replace(spec, raws=(str(tmp_path / "first" / "raw"),), raw_limit=10**9)
    run(helped, tmp_path / "second")
    first = min(LOOKS_AHEAD, known - 1)
    assert alphas(tmp_path / "second") == list(range(first, first + FRAMES))
    assert remembered_frame(tmp_path / "second" / "raw") == FRAMES - 1


def test_without_that_memory_some_frames_are_looked_at_again(spec: JobSpec, tmp_path: Path) -> None:
    """Fifteen known ones, so that the model is not quite without a memory."""
    begun = replace(spec, source=replace(spec.source, frames=tuple(range(40))), raw_limit=10**9)
    run(begun, tmp_path / "first")
    (tmp_path / "first" / "raw" / MEMORY_FILE).unlink()
    run(replace(spec, raws=(str(tmp_path / "first" / "raw"),)), tmp_path / "second")
    assert alphas(tmp_path / "second") == [
        *COUNTED[:40],
        *range(WARM_UP_FRAMES + LOOKS_AHEAD, WARM_UP_FRAMES + LOOKS_AHEAD + 40),
    ]


def test_memory_is_kept_whole(tmp_path: Path) -> None:
    """Size and states come back as they were."""
    states: tuple[NDArray[np.float32], ...] = tuple(
        np.random.default_rng(level).random((1, 4, 8 // level, 6), np.float32) for level in (1, 2)
    )
    Memory((12, 16), states).write(tmp_path, 7)
    memory = Memory.read(tmp_path)
    assert memory is not None and memory.size == (12, 16) and remembered_frame(tmp_path) == 7
    assert all(np.array_equal(*pair) for pair in zip(memory.states, states, strict=True))
