"""A movie is written while its frames are still being made: each is waited for, and half a movie is never left."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rvm_addon.engine.contract.errors import CONTINUE
from tests import movies, tiny
from tests.waiting import wait

FRAMES = 12


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A clip with sound."""
    return movies.talkie(tmp_path / "talk.mov", FRAMES)


@pytest.fixture
def job(addon: SimpleNamespace, clip: Path, passthrough: Path, tmp_path: Path) -> Any:
    """A job that lies ready in its folder, and that nobody works on: the test makes its frames."""
    spec = addon.spec
    source = spec.Source(spec.SourceKind.MOVIE, (str(clip),), tuple(range(FRAMES)), 24.0)
    look = addon.outputs.Look(result=addon.outputs.Result.COLOUR)
    job = addon.job.Job(tmp_path / "job", spec.JobSpec("talk", source, "frames", "talk", str(passthrough), look=look))
    job.write()
    job.output.mkdir()
    started = addon.events.Started(FRAMES, *tiny.SIZE, provider="", ratio=1.0, runtime="")
    (job.folder / addon.events.EVENTS_FILE).write_text(addon.events.encode(started), encoding="utf-8")
    return job


@pytest.fixture
def movie(addon: SimpleNamespace, job: Any, clip: Path, tmp_path: Path) -> Iterator[Any]:
    """Its movie, begun before there is a frame."""
    target = tmp_path / "talk.mkv"
    with closing(addon.alongside.MovieAlongside(job, clip, addon.encoders.MovieFormat.FFV1, target)) as movie:
        yield movie


def make(job: Any, numbers: range) -> None:
    """Let frames of a job stand, each whole at once."""
    for number in numbers:
        (made,) = tiny.barcode_pictures(job.folder / "making", range(number, number + 1))
        made.rename(job.output / job.spec.file_name(number))


def said(job: Any) -> str:
    """Return what the other Blender has told so far."""
    told = job.folder / "movie.jsonl"
    return told.read_text(encoding="utf-8") if told.is_file() else ""


def until(job: Any, number: int) -> None:
    """Wait until so many frames are in the movie."""
    wait(lambda: f'"frame": {number},' in said(job), about=lambda: said(job))


def test_each_frame_is_waited_for(job: Any, movie: Any) -> None:
    """Frames that stand are encoded at once; the movie appears when the last one does, in order, with its sound."""
    make(job, range(5))
    until(job, 5)
    assert not movie.target.exists()
    make(job, range(5, FRAMES))
    told: list[int] = []
    written = movie.finish(told.append)
    assert Path(written.path) == movie.target
    assert told[-1] == FRAMES
    assert [tiny.read_barcode(frame) for frame in movies.decoded(movie.target)] == list(range(FRAMES))
    if written.has_sound:
        assert movies.lag(movies.samples(movie.target), movies.noise(FRAMES / 24)) == 0


def test_no_frame_is_drawn_before_it_stands(addon: SimpleNamespace, tmp_path: Path) -> None:
    """Each is made only when it is asked for: one that is not waited for would be missing in the movie."""
    frames = [tmp_path / "frames" / f"talk_{number:06d}.png" for number in range(FRAMES)]
    frames[0].parent.mkdir()
    asked: list[Path] = []

    def ready(frame: Path) -> None:
        if frame not in asked:
            (made,) = tiny.barcode_pictures(tmp_path / "making", [frames.index(frame)])
            made.rename(frame)
            asked.append(frame)

    look = addon.outputs.Look(result=addon.outputs.Result.COLOUR)
    movie, kind = tmp_path / "talk.mkv", addon.encoders.MovieFormat.FFV1
    addon.movies.write_movie(movie, kind, addon.movies.Pictures(frames, look, 24.0), None, lambda _: None, ready)
    assert asked == frames
    assert [tiny.read_barcode(frame) for frame in movies.decoded(movie)] == list(range(FRAMES))


def test_a_movie_whose_frames_never_come_leaves_nothing(job: Any, movie: Any) -> None:
    """Where matting failed or was cancelled, the process is gone at once, and so is what it had written."""
    make(job, range(3))
    until(job, 3)
    assert list(movie.target.parent.glob("*.part"))
    movie.close()
    assert movie._process.poll()[1] is not None
    assert not movie.target.exists()
    assert not list(movie.target.parent.glob("*.part"))
    assert len(list(job.output.iterdir())) == 3


def test_what_goes_wrong_is_told_with_the_movies_name(job: Any, movie: Any) -> None:
    """A folder has that name: the frames stay, and the error names it."""
    movie.target.mkdir()
    make(job, range(FRAMES))
    with pytest.raises(Exception, match=r"talk\.mkv” could not be written"):
        movie.finish(lambda _: None)
    assert len(list(job.output.iterdir())) == FRAMES


def test_of_a_blender_that_is_gone_its_log_is_named(addon: SimpleNamespace, movie: Any) -> None:
    """It tells of nothing, and nothing hints at the disk: to free some space would be no remedy."""
    movie._process.kill()
    with pytest.raises(addon.alongside.MovieNotWritten, match=r"talk\.mkv.*stopped unexpectedly; its log is") as failed:
        movie.finish(lambda _: None)
    assert failed.value.remedy == f"To try again, {CONTINUE}; the frames are kept."


def test_of_a_blender_that_a_full_disk_ended_that_is_told(addon: SimpleNamespace, movie: Any) -> None:
    """In the system's words, and with space as the remedy."""
    movie._process.kill()
    with movies.files_up_to(0), pytest.raises(addon.errors.MovieCutShort, match="File too large") as failed:
        movie.finish(lambda _: None)
    assert failed.value.remedy.startswith("Free some space")


def test_a_frame_that_was_taken_away_is_not_waited_for(addon: SimpleNamespace, job: Any, movie: Any) -> None:
    """Once the worker has told that all stand, one that does not is named."""
    make(job, range(3))
    until(job, 3)
    finished = addon.events.encode(addon.events.Finished(FRAMES, 1.0))
    (job.folder / addon.events.EVENTS_FILE).write_text(finished, encoding="utf-8")
    with pytest.raises(Exception, match=r"talk\.mkv” could not be written.*_000004\.png” is gone"):
        movie.finish(lambda _: None)
