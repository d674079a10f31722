"""The command line, interrupted: the same command goes on where it stopped, and any other begins anew."""

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from rvm_addon.engine.contract import locks
from tests import movies, tiny
from tests.host.terminal import contents, matte, started, written
from tests.waiting import PATIENCE_SECONDS, wait

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kill -9 and Ctrl-C are POSIX affairs")

FRAMES = 140
SIZE = (640, 320)
ENOUGH = 55
"""Frames after which the plug is pulled: what the model remembers was kept twice by then."""
PICTURES = 200
MOVIE = ["--result", "colour", "--format", "png", "--movie"]
LOSSLESS = ["--movie-format", "ffv1"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each frame adds 1 / 255 to the alpha: a memory that is lost or doubled is seen at once.

    And it takes its time, so that whoever pulls the plug on a busy machine comes before the last frame.
    """
    return tiny.counting_model(tmp_path_factory.mktemp("model") / "counting.onnx", step=1 / 255, window=5)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A movie with sound, large enough to be interrupted."""
    return movies.talkie(tmp_path_factory.mktemp("clip") / "talk.mov", FRAMES, size=SIZE)


Whole = Callable[..., Path]


@pytest.fixture(scope="module")
def whole(clip: Path, model: Path, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """Returns the output folder of a run with these options that nobody has interrupted."""
    made: dict[tuple[str, ...], Path] = {}

    def of(*options: str) -> Path:
        if options not in made:
            made[options] = tmp_path_factory.mktemp("whole")
            assert matte(clip, "--output", made[options], "--model", model, *options)[0] == 0
        return made[options]

    return of


def interrupt(*arguments: object, how: int = signal.SIGKILL, frames: int = ENOUGH, name: str = "talk") -> str:
    """Start a command into `--output`, end it after so many frames, and return what it said."""
    output = Path(str(arguments[arguments.index("--output") + 1]))
    process = started(*arguments)
    wait(lambda: len(written(output / name)) >= frames)
    process.send_signal(how)
    _, said = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == (130 if how == signal.SIGINT else -how), said
    free(output / ".rvm_matting" / name)
    return said


def free(folder: Path) -> None:
    """Wait until nothing works in a job's folder any more."""
    wait(lambda: not locks.is_held(folder))


@pytest.mark.parametrize(
    ("how", "options"), [(signal.SIGKILL, []), (signal.SIGKILL, MOVIE), (signal.SIGINT, []), (signal.SIGINT, LOSSLESS)]
)
def test_the_same_command_goes_on(
    clip: Path, model: Path, whole: Whole, tmp_path: Path, how: signal.Signals, options: list[str]
) -> None:
    """No frame that stands is written again, all are those of one run, and so is the movie, with its sound."""
    command = [clip, "--output", tmp_path, "--model", model, *options]
    said = interrupt(*command, how=how)
    assert ("the same command goes on from there" in said) is (how is signal.SIGINT)
    before = written(tmp_path / "talk")
    assert ENOUGH <= len(before) < FRAMES
    status, (told,), said = matte(*command)
    assert (status, told["frames"]) == (0, FRAMES)
    missing = next(number for number in range(1, FRAMES) if f"talk_{number:06d}.png" not in before)
    assert f"going on at frame {missing};" in said
    assert before.items() <= written(tmp_path / "talk").items()
    assert contents(tmp_path / "talk") == contents(whole(*options) / "talk")
    files = [path.name for path in tmp_path.iterdir() if path.is_file()]
    assert files == [path.name for path in whole(*options).iterdir() if path.is_file()]
    for name in files:
        one, two = (movies.decoded(folder / name) for folder in (tmp_path, whole(*options)))
        assert len(one) == FRAMES and all(map(np.array_equal, one, two))
        assert np.array_equal(*(movies.samples(folder / name) for folder in (tmp_path, whole(*options))))
        assert told["movie"] == str(tmp_path / name)


def test_it_is_stopped_again_and_again(clip: Path, model: Path, whole: Whole, tmp_path: Path) -> None:
    """Every run goes on from the one before, also from one that had only begun to."""
    command = [clip, "--output", tmp_path, "--model", model]
    for frames in (30, 31, 60, 100):
        interrupt(*command, frames=frames)
    before = written(tmp_path / "talk")
    assert matte(*command)[0] == 0
    assert before.items() <= written(tmp_path / "talk").items()
    assert contents(tmp_path / "talk") == contents(whole() / "talk")


@pytest.mark.parametrize("options", [[], LOSSLESS])
def test_what_is_done_is_not_done_again(
    clip: Path, model: Path, whole: Whole, tmp_path: Path, options: list[str]
) -> None:
    """Of several inputs, the frames and the movie of those that had come to their end; a frame taken away is made."""
    (tmp_path / "in").mkdir()
    other = movies.talkie(tmp_path / "in" / "other.mov", 30)
    command = [other, clip, "--output", tmp_path / "out", "--model", model, *options]
    interrupt(*command)
    done = {**written(tmp_path / "out" / "other"), **written(tmp_path / "out", "*.mkv")}
    assert len(done) == 30 + bool(options)
    status, told, said = matte(*command)
    assert (status, [one["frames"] for one in told]) == (0, [30, FRAMES])
    assert "other.mov: 30 frames, matted before" in said and "talk.mov" in said
    assert done.items() <= {**written(tmp_path / "out" / "other"), **written(tmp_path / "out", "*.mkv")}.items()
    assert [bool(one.get("movie")) for one in told] == [bool(options)] * 2
    taken = tmp_path / "out" / "other" / "other_000012.png"
    before = contents(taken.parent)
    taken.unlink()
    assert matte(*command)[0] == 0
    assert contents(taken.parent) == before
    assert contents(tmp_path / "out" / "talk") == contents(whole(*options) / "talk")


def other_footage(clip: Path, _model: Path) -> list[str]:
    """Let the clip be another one."""
    os.utime(clip, ns=(0, clip.stat().st_mtime_ns + 1))
    return []


def other_model(_clip: Path, model: Path) -> list[str]:
    """Let the model be another one."""
    tiny.passthrough_model(model)
    return []


@pytest.mark.parametrize(
    "change", [lambda *_: ["--overwrite"], other_footage, other_model, lambda *_: ["--overwrite", "--grow", "2"]]
)
def test_any_other_command_begins_anew(
    clip: Path, model: Path, tmp_path: Path, change: Callable[[Path, Path], list[str]]
) -> None:
    """All frames are made by it: with --overwrite, of other footage, by another model, with other settings."""
    own_clip, own_model = (shutil.copy(path, tmp_path) for path in (clip, model))
    command = [own_clip, "--output", tmp_path / "out", "--model", own_model]
    interrupt(*command)
    before = written(tmp_path / "out" / "talk")
    status, _, said = matte(*command, *change(Path(own_clip), Path(own_model)))
    after = written(tmp_path / "out" / "talk")
    assert (status, len(after)) == (0, FRAMES) and "going on" not in said
    assert min(after.values()) > max(before.values())


def test_a_file_that_no_run_made_is_not_taken_for_one_of_its_frames(clip: Path, model: Path, tmp_path: Path) -> None:
    """Far behind the last that was made: it is named, and nothing is touched."""
    command = [clip, "--output", tmp_path, "--model", model]
    interrupt(*command)
    foreign = tmp_path / "talk" / "talk_000900.png"
    foreign.write_bytes(b"the user's")
    before = written(tmp_path / "talk")
    status, (told,), _ = matte(*command)
    assert status == 1 and "talk_000900.png" in told["error"] and "no run is known to have made it" in told["error"]
    assert written(tmp_path / "talk") == before and foreign.read_bytes() == b"the user's"
    foreign.unlink()
    assert matte(*command)[0] == 0


def test_frames_of_other_settings_are_never_taken_for_ones_own(
    clip: Path, model: Path, whole: Whole, tmp_path: Path
) -> None:
    """A command that was to replace them came to nothing, by itself or killed: their own goes on from all of them."""
    command = [clip, "--output", tmp_path, "--model", model]
    interrupt(*command)
    before = written(tmp_path / "talk")
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "counting.onnx").write_bytes(b"no model")
    other = [clip, "--output", tmp_path, "--grow", "2", "--overwrite", "--model"]
    assert matte(*other, tmp_path / "none" / "counting.onnx")[0] == 1
    assert written(tmp_path / "talk") == before
    process = started(*other, model)
    apart = tmp_path / ".rvm_matting" / "talk" / "earlier"
    wait(lambda: apart.is_dir() and any(apart.glob("*.png")))
    process.kill()
    process.communicate(timeout=PATIENCE_SECONDS)
    free(apart.parent)
    assert len(written(tmp_path / "talk")) < len(before), "it was killed in the middle"
    status, (told,), _ = matte(*other[:-2], "--model", model)
    assert status == 1 and "was made with other settings" in told["error"]
    assert written(tmp_path / "talk").items() <= before.items()
    status, _, said = matte(*command)
    assert status == 0 and "going on at frame" in said
    assert before.items() <= written(tmp_path / "talk").items()
    assert contents(tmp_path / "talk") == contents(whole() / "talk")


def test_what_the_model_remembers_is_the_commands_own(clip: Path, model: Path, whole: Whole, tmp_path: Path) -> None:
    """Another command in the same folder, whose frames have other names, was interrupted later than this one."""
    command = [clip, "--output", tmp_path, "--model", model]
    interrupt(*command)
    (tmp_path / "other").mkdir()
    other = tiny.counting_model(tmp_path / "other" / model.name, step=2 / 255)
    interrupt(*command[:-1], other, "--format", "webp", frames=len(written(tmp_path / "talk")) + ENOUGH)
    status, _, said = matte(*command)
    assert status == 0 and "going on at frame" in said
    made = {name: told for name, told in contents(tmp_path / "talk").items() if name.endswith(".png")}
    assert made == contents(whole() / "talk")


def test_a_movie_of_other_settings_is_not_kept(clip: Path, model: Path, whole: Whole, tmp_path: Path) -> None:
    """It stands until the command that replaces it has its own, which may take that several runs."""
    command = [clip, "--output", tmp_path, "--model", model, *LOSSLESS]
    assert matte(*command, "--ratio", "0.5")[0] == 0  # so that the model has to run again, and takes its time
    before = (tmp_path / "talk.mkv").read_bytes()
    newest = max(written(tmp_path / "talk").values())
    process = started(*command, "--overwrite")
    wait(lambda: sum(moment > newest for moment in written(tmp_path / "talk").values()) >= ENOUGH)
    process.kill()
    process.communicate(timeout=PATIENCE_SECONDS)
    free(tmp_path / ".rvm_matting" / "talk")
    assert (tmp_path / "talk.mkv").read_bytes() == before
    status, _, said = matte(*command)
    assert status == 0 and "going on at frame" in said
    pairs = zip(*(movies.decoded(folder / "talk.mkv") for folder in (tmp_path, whole(*LOSSLESS))), strict=True)
    assert all(np.array_equal(one, two) for one, two in pairs)


def test_two_commands_do_not_meet_in_one_folder(clip: Path, model: Path, whole: Whole, tmp_path: Path) -> None:
    """The second is refused, however long the first takes, and spoils nothing."""
    command = [clip, "--output", tmp_path, "--model", model, *LOSSLESS]
    interrupt(*command, frames=10)
    before = len(written(tmp_path / "talk"))
    first = started(*command)
    wait(lambda: len(written(tmp_path / "talk")) > before)
    first.send_signal(signal.SIGSTOP)
    status, (refused,), _ = matte(*command)
    first.send_signal(signal.SIGCONT)
    told = json.loads(first.communicate(timeout=PATIENCE_SECONDS)[0])
    assert status == 1 and "Another Blender works on" in refused["error"]
    assert (first.returncode, told["frames"]) == (0, FRAMES)
    assert contents(tmp_path / "talk") == contents(whole(*LOSSLESS) / "talk")
    assert len(movies.decoded(tmp_path / "talk.mkv")) == FRAMES


@pytest.mark.parametrize("numbered", [True, False])
def test_a_folder_of_pictures_goes_on(model: Path, tmp_path: Path, numbered: bool) -> None:
    """One clip, or pictures of which each stands for itself."""
    (tmp_path / "in").mkdir()
    for number in range(PICTURES):
        name = f"f_{number}.png" if numbered else f"{chr(97 + number % 26)}_{number}.png"
        cv2.imwrite(str(tmp_path / "in" / name), tiny.barcode(number, SIZE))
    command = [tmp_path / "in", "--model", model, "--output"]
    interrupt(*command, tmp_path / "out", frames=30, name="in")
    before = written(tmp_path / "out" / "in")
    status, (told,), said = matte(*command, tmp_path / "out")
    assert len(before) < PICTURES
    assert (status, told["frames"]) == (0, PICTURES) and "going on at frame" in said
    assert before.items() <= written(tmp_path / "out" / "in").items()
    assert matte(*command, tmp_path / "whole")[0] == 0
    assert contents(tmp_path / "out" / "in") == contents(tmp_path / "whole" / "in")


def test_a_numbered_folder_with_thumbnails_goes_on(model: Path, tmp_path: Path) -> None:
    """They are left out, and no frame behind them is a stranger's when the same command comes again."""
    (tmp_path / "in").mkdir()
    for number in range(24):
        picture = tiny.barcode(number, SIZE)
        cv2.imwrite(str(tmp_path / "in" / f"f_{number:02}.png"), picture[:2, :2] if 3 <= number < 15 else picture)
    command = [tmp_path / "in", "--model", model, "--output", tmp_path / "out"]
    status, (told,), _ = matte(*command)
    before = written(tmp_path / "out" / "in")
    assert status == 1 and "f_03.png" in told["error"] and len(before) == 12
    status, (told,), _ = matte(*command)
    assert status == 1 and "f_03.png" in told["error"] and written(tmp_path / "out" / "in") == before


def test_a_picture_that_cannot_be_read_stops_no_other(model: Path, tmp_path: Path) -> None:
    """Of photos that are no clip the others are made, and stay when the same command comes again."""
    (tmp_path / "in").mkdir()
    names = [f"{chr(97 + number)}_{number}.png" for number in range(14)]
    bad = names[1:12]
    for name in names:
        cv2.imwrite(str(tmp_path / "in" / name), tiny.barcode(1, SIZE))
    for name in bad:
        (tmp_path / "in" / name).write_bytes(b"no picture")
    command = [tmp_path / "in", "--model", model, "--output", tmp_path / "out"]
    status, (told,), _ = matte(*command)
    before = written(tmp_path / "out" / "in")
    assert status == 1 and bad[0] in told["error"] and "the first of 11" in told["error"]
    assert sorted(before) == sorted(set(names) - set(bad)) and told["frames"] == 3
    status, (told,), _ = matte(*command)
    assert status == 1 and written(tmp_path / "out" / "in") == before
    cv2.imwrite(str(tmp_path / "in" / bad[0]), tiny.barcode(1, SIZE))
    status, (told,), _ = matte(*command)
    assert status == 1 and sorted(written(tmp_path / "out" / "in")) == sorted({*before, bad[0]})


def test_pictures_of_other_settings_are_not_kept(model: Path, tmp_path: Path) -> None:
    """They have the same names: what a killed command has not come to is not its own."""
    pictures = [tiny.barcode(number, SIZE) for number in range(PICTURES)]
    (tmp_path / "in").mkdir()
    for number, picture in enumerate(pictures):
        cv2.imwrite(str(tmp_path / "in" / f"f_{number}.png"), picture)
    command = [tmp_path / "in", "--model", model, "--output"]
    assert matte(*command, tmp_path / "out", "--white", "0.5")[0] == 0
    newest = max(written(tmp_path / "out" / "in").values())
    process = started(*command, tmp_path / "out", "--overwrite")
    wait(lambda: sum(moment > newest for moment in written(tmp_path / "out" / "in").values()) >= 20)
    process.kill()
    process.communicate(timeout=PATIENCE_SECONDS)
    free(tmp_path / "out" / ".rvm_matting" / "in")
    status, _, said = matte(*command, tmp_path / "out")
    assert status == 0 and "going on at frame" in said
    assert matte(*command, tmp_path / "whole")[0] == 0
    assert contents(tmp_path / "out" / "in") == contents(tmp_path / "whole" / "in")


def test_a_frame_that_a_power_cut_has_emptied_is_made_again(
    clip: Path, model: Path, whole: Whole, tmp_path: Path
) -> None:
    """And comes into the movie whole."""
    command = [clip, "--output", tmp_path, "--model", model, *LOSSLESS]
    interrupt(*command)
    (tmp_path / "talk" / "talk_000041.png").write_bytes(bytes(300))
    assert matte(*command)[0] == 0
    assert contents(tmp_path / "talk") == contents(whole(*LOSSLESS) / "talk")
    pairs = zip(*(movies.decoded(folder / "talk.mkv") for folder in (tmp_path, whole(*LOSSLESS))), strict=True)
    assert all(np.array_equal(one, two) for one, two in pairs)


def test_a_damaged_frame_is_gone_before_a_movie_is_begun(addon: SimpleNamespace, model: Path, tmp_path: Path) -> None:
    """Whoever writes that looks only whether the file is there, and may come to it before the worker does."""
    spec, earlier = addon.spec, addon.earlier
    source = spec.Source(spec.SourceKind.MOVIE, (str(tmp_path / "c.mov"),), tuple(range(5)), 24.0)
    job = addon.job.Job(tmp_path / "job", spec.JobSpec("c", source, "../c", "c", str(model)))
    job.write()
    pictures = tiny.barcode_pictures(tmp_path / "c", range(5))
    paths = tuple(path.rename(path.with_name(f"c_{number:06d}.png")) for number, path in enumerate(pictures, 1))
    paths[2].write_bytes(b"")
    frames = earlier.Target("c/c_%06d.png", earlier.Origin("c.mov", "usual", "run"), paths)
    earlier.EarlierFrames.begin(job, lambda: [frames], goes_on=True)
    assert [path.exists() for path in paths] == [True, True, False, True, True]


def test_what_a_killed_command_leaves_is_cleared_away(clip: Path, model: Path, tmp_path: Path) -> None:
    """Half a movie of its own; nothing that looks like one. Also where no movie is wanted any more."""
    command = [clip, "--output", tmp_path, "--model", model]
    process = started(*command, *LOSSLESS)
    left: Path = wait(lambda: next(tmp_path.glob("*_movie.mkv.part"), None))
    process.kill()
    process.communicate(timeout=PATIENCE_SECONDS)
    free(tmp_path / ".rvm_matting" / "talk")
    foreign = [tmp_path / name for name in ("1_movie.mkv.part", f"{left.name}.part", "download.part")]
    for path in foreign:
        path.write_bytes(b"the user's")
    assert matte(*command)[0] == 0
    assert not left.exists()
    assert sorted(tmp_path.glob("*.part")) == sorted(foreign)
    assert not list((tmp_path / ".rvm_matting" / "talk").glob("*.part"))
