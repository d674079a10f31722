"""The command line, through its own door: a process with arguments, an exit status, and text on standard output."""

import json
import ntpath
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import av
import bpy
import cv2
import numpy as np
import pytest

from rvm_addon.engine.contract import locks
from rvm_addon.engine.contract.errors import SpecError
from rvm_addon.host.command_line import cli, inputs, options
from tests import movies, tiny
from tests.host.terminal import command, digest, environment, matte, started, written
from tests.unprivileged import closed
from tests.waiting import wait


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A movie of 20 frames, 30.12 a second, of odd height."""
    return tiny.barcode_movie(tmp_path_factory.mktemp("clip") / "clip 人.avi", 20, 30.12, "MJPG", (128, 66))


def test_a_movie_becomes_numbered_frames(clip: Path, passthrough: Path, tmp_path: Path) -> None:
    """DIR/<stem>/<stem>_000001.png …, frame i the source's frame i; and the object tells all of it."""
    status, (told,), _ = matte(clip, "--output", tmp_path, "--model", passthrough)
    assert status == 0
    files = sorted((tmp_path / "clip 人").iterdir())
    assert [path.name for path in files] == [f"clip 人_{n:06d}.png" for n in range(1, 21)]
    shown = [tiny.read_barcode(cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)) for path in files]
    assert shown == list(range(20))
    assert told["input"] == str(clip) and told["folder"] == str(tmp_path / "clip 人")
    assert (told["result"], told["frames"], told["provider"]) == ("cutout", 20, "CPUExecutionProvider")
    assert told["seconds"] > 0 and "error" not in told


@pytest.mark.parametrize(("transfer", "is_told"), [(1, False), (movies.HLG, True)])
def test_of_hdr_it_is_said_that_colours_change(passthrough: Path, tmp_path: Path, transfer: int, is_told: bool) -> None:
    """Where they come out otherwise than on a timeline."""
    clip = movies.hdr(tmp_path / "phone.mov", transfer)
    status, _, said = matte(clip, "--output", tmp_path / "out", "--model", passthrough)
    assert (status, "this movie is HDR" in said) == (0, is_told)


def test_an_interlaced_movie_is_refused_in_words(passthrough: Path, tmp_path: Path) -> None:
    """OpenCV would show it black; the sentence says where it can be matted."""
    clip = movies.interlaced(tmp_path / "camcorder.mts")
    status, (told,), said = matte(clip, "--output", tmp_path / "out", "--model", passthrough)
    assert status == 1
    assert "it is interlaced; put it on a timeline" in told["error"] and "camcorder.mts" in said


@pytest.mark.parametrize(("result", "suffix", "channels"), [("cutout", ".png", 4), ("colour", ".jpg", 3)])
def test_pictures_keep_their_names(counting: Path, tmp_path: Path, result: str, suffix: str, channels: int) -> None:
    """A picture goes to DIR/<stem>, a folder of pictures to DIR/<folder>/<stem>: PNG with alpha, JPEG over a colour."""
    (one, *_) = tiny.barcode_pictures(tmp_path / "in", [5, 6])
    options = ["--output", tmp_path / "out", "--model", counting, "--result", result]
    options += ["--background", "#0000ff"] if result == "colour" else []
    status, told, _ = matte(one, tmp_path / "in", *options)
    assert (status, [entry["frames"] for entry in told]) == (0, [1, 2])
    made = [path for path in (tmp_path / "out").rglob("*") if path.suffix == suffix]
    names = {str(path.relative_to(tmp_path / "out").with_suffix("")) for path in made}
    assert names == {"shot_0005", str(Path("in", "shot_0005")), str(Path("in", "shot_0006"))}
    for path in made:
        picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert picture.shape[2] == channels
    if result == "colour":
        first = cv2.imread(str(tmp_path / "out" / "shot_0005.jpg"))
        assert np.abs(first.astype(int) - (255, 0, 0)).max() <= 3, "the matte is nought: all is background"


def test_a_folder_is_one_clip_where_its_names_are_numbered(counting: Path, tmp_path: Path) -> None:
    """Frame 2 comes before frame 10, seen when the model has looked at the other two; portraits know of no other."""
    folders = {"shot": ("f_2", "f_10", "f_9"), "portraits": ("anna", "bert")}
    for folder, names in folders.items():
        (tmp_path / folder).mkdir()
        for name in names:
            cv2.imwrite(str(tmp_path / folder / f"{name}.png"), tiny.barcode(1))
            (tmp_path / folder / f"._{name}.png").write_bytes(b"\0\5\x16\7")  # as macOS does on foreign drives
    status, _, _ = matte(*(tmp_path / name for name in folders), "--output", tmp_path / "out", "--model", counting)
    assert status == 0
    shown = {path.stem: cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in (tmp_path / "out").rglob("*.png")}
    alphas = {name: int(picture[..., 3].max()) for name, picture in shown.items()}
    assert alphas == {"f_2": 51, "f_9": 76, "f_10": 102, "anna": 0, "bert": 0}


def test_one_bad_input_does_not_stop_the_others(clip: Path, passthrough: Path, tmp_path: Path) -> None:
    """The exit status is 1, the bad inputs have an error in words, the good one its frames."""
    (tmp_path / "bad.mp4").write_bytes(b"not a movie")
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / "empty").mkdir()
    bad = [tmp_path / name for name in ("gone.mov", "bad.mp4", "notes.txt", "empty")]
    status, told, said = matte(*bad, clip, "--output", tmp_path / "out", "--model", passthrough)
    assert status == 1
    assert [bool(entry.get("error")) for entry in told] == [True, True, True, True, False]
    for path, entry in zip(bad, told, strict=False):
        assert path.name in entry["error"] and path.name in said
    assert told[-1]["frames"] == 20
    assert "or choose it where it is now, then run the command again." in said and "press" not in said


def test_a_link_that_leads_nowhere_is_no_silent_hole(passthrough: Path, tmp_path: Path) -> None:
    """Of a folder's clip, nothing is made before the picture is back; of portraits, the others are."""
    for name in ("shot/f_1", "shot/f_3", "portraits/anna"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / f"{name}.png"), tiny.barcode(1))
    folders = [tmp_path / "shot", tmp_path / "portraits"]
    links = [folders[0] / "f_2.png", folders[1] / "bert.png"]
    for link in links:
        link.symlink_to(tmp_path / "a drive that is away" / link.name)
    (folders[1] / "folder.png").mkdir()
    status, told, said = matte(*folders, "--output", tmp_path / "out", "--model", passthrough)
    assert status == 1 and [entry["frames"] for entry in told] == [0, 1]
    for link, entry in zip(links, told, strict=True):
        assert link.name in entry["error"] and link.name in said


def test_one_input_that_may_not_be_looked_at_does_not_stop_the_others(
    clip: Path, passthrough: Path, tmp_path: Path
) -> None:
    """A file in another's folder, that folder, a file that is another's, and a link that leads in a circle."""
    circle, shut = tmp_path / "circle.mp4", tmp_path / "shut.mp4"
    circle.symlink_to(circle)
    shut.touch(mode=0)
    with closed(tmp_path / "closed") as folder:
        bad = [folder / "x.mp4", folder, shut, circle]
        status, told, said = matte(*bad, clip, "--output", tmp_path / "out", "--model", passthrough)
    assert status == 1
    whys = ("Permission denied", "Permission denied", "Permission denied", "symbolic links", None)
    for path, entry, why in zip((*bad, clip), told, whys, strict=True):
        assert (why is None and "error" not in entry) or (why in entry["error"] and path.name in entry["error"]), entry
    assert "Make sure that its drive is there" in said and told[-1]["frames"] == 20


def test_a_folder_that_cannot_be_is_told_as_such(clip: Path, passthrough: Path, tmp_path: Path) -> None:
    """A file's name, by a roundabout way: the path is told straight, and nobody is sent to free some space."""
    taken = tmp_path / "talk.mp4"
    taken.write_bytes(b"a movie")
    (tmp_path / "edit").mkdir()
    status, (told,), said = matte(clip, "--output", tmp_path / "edit" / ".." / "talk.mp4", "--model", passthrough)
    assert status == 1
    assert str(taken) in told["error"] and ".." not in told["error"]
    assert "Choose another output folder" in said and "space" not in said


def test_two_inputs_of_one_name_get_two_folders(clip: Path, passthrough: Path, tmp_path: Path) -> None:
    """Nothing is written over."""
    other = tiny.barcode_movie(tmp_path / clip.name, 5, fourcc="MJPG")
    status, told, _ = matte(clip, other, "--output", tmp_path / "out", "--model", passthrough)
    assert status == 0
    assert [Path(entry["folder"]).name for entry in told] == ["clip 人", "clip 人_2"]
    assert [len(list(Path(entry["folder"]).iterdir())) for entry in told] == [20, 5]


@pytest.mark.parametrize(("options", "alpha"), [([], 100), (["--ignore-alpha"], 255)])
def test_a_pictures_own_alpha_counts_unless_ignored(
    passthrough: Path, tmp_path: Path, options: list[str], alpha: int
) -> None:
    """What was half transparent stays so, or is matted as if it were not."""
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), np.dstack([tiny.barcode(5), np.full(tiny.SIZE[::-1], 100, np.uint8)]))
    status, _, _ = matte(path, "--output", tmp_path / "out", "--model", passthrough, *options)
    assert status == 0
    assert (cv2.imread(str(tmp_path / "out" / "a.png"), cv2.IMREAD_UNCHANGED)[..., 3] == alpha).all()


@pytest.mark.parametrize(
    "wrong",
    [
        ["--movie"],
        ["--ratio", "2"],
        ["--background", "green"],
        ["--result", "hologram"],
        ["--what"],
    ],
)
def test_wrong_options_are_refused(clip: Path, tmp_path: Path, wrong: list[str]) -> None:
    """Status 2 and a sentence, before anything is written."""
    status, told, said = matte(clip, "--output", tmp_path / "out", *wrong)
    assert (status, told) == (2, [])
    assert "usage:" in said and wrong[0] in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (["--ratio", "0"], "must be a number above 0 and at most 1, not “0”"),
        (["--ratio", "abc"], "must be a number above 0 and at most 1, not “abc”"),
        (["--black", "2"], "must be a number from 0 to 1, not “2”"),
        (["--feather", "nan"], "must be a number from 0 to 100, not “nan”"),
        (["--grow", "1.5"], "must be a whole number from -100 to 100, not “1.5”"),
        (["--result", "mask"], "argument --result: “mask” is none of cutout, colour, matte, blur, backdrop"),
        (["--movie-format", "mp4"], "argument --movie-format: “mp4” is none of h264, ffv1, qtrle, "),
        (["--edge-colour", "own"], "argument --edge-colour: “own” is none of mixed, model, source"),
        (["--format", "tiff"], "argument --format: “tiff” is none of png, png16, exr, webp, jpeg"),
        (["--fit", "stretch"], "argument --fit: “stretch” is none of fill, fit"),
        (["--background", "green"], "“green” is not a colour like #00ff00"),
        (["--blur", "20"], "argument --blur: has no effect with --result cutout, only with blur"),
        (["--result", "blur", "--background", "#00ff00"], "--background: has no effect with --result blur, only with"),
        (["--result", "colour", "--fit", "fill"], "--fit: has no effect with --result colour, only with backdrop"),
        (["--despill", "0", "--result", "matte"], "no effect with --result matte, only with cutout, colour, blur, bac"),
        (["--edge-colour", "model", "--result", "matte"], "argument --edge-colour: has no effect with --result matte"),
    ],
)
def test_a_refusal_says_what_would_do(clip: Path, tmp_path: Path, wrong: list[str], told: str) -> None:
    """In a sentence that can be read."""
    assert told in matte(clip, "--output", tmp_path / "out", *wrong)[2]


def test_the_help_is_a_manual_of_edges() -> None:
    """What the words of --edge-colour mean; of each number its meaning, range and default."""
    ended = subprocess.run(
        command("--help"), capture_output=True, text=True, env=environment(), timeout=120, check=True
    )
    said = " ".join(ended.stdout.partition("\nedges:")[2].split())
    for told in (
        "mixed: the source's own pixels where nothing shines through",
        *("model: the model's guess everywhere", "source: the source's pixels everywhere", "(default: mixed)"),
        "--black A alpha up to here becomes 0: removes haze and remnants; 0 to 1, below --white (default: 0)",
        "--white A alpha from here on becomes 1: closes holes; 0 to 1, above --black (default: 1)",
        "or inwards below 0; -100 to 100 (default: 0)",
        "to each side; 0 to 100 (default: 0)",
        "out of soft edges; 0 to 1 (default: 1 with --edge-",
    ):
        assert told in said


@pytest.mark.usefixtures("addon")
@pytest.mark.parametrize(
    ("said", "despill"),
    [([], 1.0), (["--edge-colour", "source"], 0.0), (["--edge-colour", "model", "--despill", "0.5"], 0.5)],
)
def test_who_asks_for_the_sources_or_the_models_colours_gets_them(said: list[str], despill: float) -> None:
    """Soft edges are despilled by default only where the colours are mixed anyway."""
    assert options.look_of(options.parse("rvm", ["in.mp4", "--output", "out", *said])).edges.despill == despill


def test_nothing_of_the_users_is_written_over(counting: Path, tmp_path: Path) -> None:
    """Results beside their sources: where the names would meet, the input fails and every file stays as it was."""
    (picture, *_) = tiny.barcode_pictures(tmp_path, [7])
    tiny.barcode_pictures(tmp_path / "shots", [1, 2])
    clip = tiny.barcode_movie(tmp_path / "talk.mp4", 5)
    original = tiny.barcode_pictures(tmp_path / "take", [1])[0].rename(tmp_path / "take" / "take_000001.png")
    take = tiny.barcode_movie(tmp_path / "take.mp4", 5)
    before = digest(tmp_path)
    options = ["--output", tmp_path, "--model", counting]
    status, told, _ = matte(picture, tmp_path / "shots", take, *options)
    assert status == 1 and all("choose another folder" in entry["error"] for entry in told)
    status, (told,), _ = matte(clip, *options, "--result", "colour", "--movie")
    assert status == 1 and "talk.mp4" in told["error"]
    assert digest(tmp_path) == before
    assert original.is_file()


def test_the_only_picture_of_a_folder_keeps_its_name(passthrough: Path, tmp_path: Path) -> None:
    """As several do."""
    (tmp_path / "in").mkdir()
    cv2.imwrite(str(tmp_path / "in" / "anna.png"), tiny.barcode(1))
    assert matte(tmp_path / "in", "--output", tmp_path / "out", "--model", passthrough)[0] == 0
    assert [path.name for path in (tmp_path / "out" / "in").iterdir()] == ["anna.png"]


@pytest.mark.parametrize("linked", [False, True])
def test_results_do_not_go_among_their_sources(counting: Path, tmp_path: Path, linked: bool) -> None:
    """DIR/<folder> is the folder itself: JPEGs of PNGs would be the next run's sources."""
    tiny.barcode_pictures(tmp_path / "in" / "shots", [1, 2])
    output = tmp_path / "in"
    if linked:
        output = tmp_path / "out"
        output.mkdir()
        (output / "shots").symlink_to(tmp_path / "in" / "shots")
    before = digest(tmp_path)
    options = ["--output", output, "--model", counting, "--result", "colour", "--format", "jpeg"]
    status, (told,), _ = matte(tmp_path / "in" / "shots", *options)
    assert status == 1 and "choose another folder" in told["error"]
    assert digest(tmp_path) == before


def test_what_no_run_of_the_input_made_is_not_written_over(counting: Path, tmp_path: Path) -> None:
    """A picture, one in a folder and a movie that happen to have a result's name; what a run made is made anew."""
    (picture, *_) = tiny.barcode_pictures(tmp_path / "in", [1, 2])
    clip = tiny.barcode_movie(tmp_path / "in" / "talk.mov", 5)
    for name in ("shot_0001.png", "in/shot_0002.png", "talk.mp4"):
        path = tmp_path / "out" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"the user's")
    before = digest(tmp_path / "out")
    options = ["--output", tmp_path / "out", "--model", counting]
    film = [clip, *options, "--result", "colour", "--movie"]
    status, told, _ = matte(picture, tmp_path / "in", *options)
    assert status == 1 and all("choose another folder" in entry["error"] for entry in told)
    assert matte(*film)[0] == 1
    assert digest(tmp_path / "out") == before
    for path in before:
        (tmp_path / "out" / path).unlink()
    for _ in "once", "again":
        assert matte(picture, tmp_path / "in", *options)[0] == 0
        assert matte(*film)[0] == 0


def test_what_a_run_did_not_make_is_not_written_over(counting: Path, tmp_path: Path) -> None:
    """Its model was none: what the user then puts where its results would have gone stays his own."""
    (picture, _) = tiny.barcode_pictures(tmp_path / "in", [1, 2])
    clip = tiny.barcode_movie(tmp_path / "in" / "talk.mov", 5)
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"no model")
    options = ["--output", tmp_path / "out", "--result", "colour", "--format", "png", "--movie"]
    assert matte(picture, clip, *options, "--model", bad)[0] == 1
    for source, name in ((picture, "shot_0001.png"), (clip, "talk/talk_000007.png"), (clip, "talk.mp4")):
        path = tmp_path / "out" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"the user's")
        status, (told,), _ = matte(source, *options, "--model", counting)
        assert status == 1 and "choose another folder" in told["error"]
        assert path.read_bytes() == b"the user's"
        path.unlink()


def test_a_second_run_leaves_nothing_of_the_first(passthrough: Path, tmp_path: Path) -> None:
    """A shorter movie of the same name has its own frames only."""
    clip = tmp_path / "in" / "c.avi"
    clip.parent.mkdir()
    for frames in (12, 5):
        tiny.barcode_movie(clip, frames, fourcc="MJPG")
        status, (told,), _ = matte(clip, "--output", tmp_path / "out", "--model", passthrough)
        assert (status, told["frames"], len(list((tmp_path / "out" / "c").iterdir()))) == (0, frames, frames)


@pytest.fixture
def companions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the disk be of a foreign format, on a Mac: what lies beside a file as `._…` is moved and deleted with it."""
    unlink, replace = Path.unlink, Path.replace

    def unlink_both(path: Path, missing_ok: bool = False) -> None:  # as the standard library
        unlink(path, missing_ok)
        unlink(path.with_name(f"._{path.name}"), missing_ok=True)

    def replace_both(path: Path, target: Path) -> None:
        replace(path, target)
        beside = path.with_name(f"._{path.name}")
        if beside.exists():
            replace(beside, target.with_name(f"._{target.name}"))

    monkeypatch.setattr(Path, "unlink", unlink_both)
    monkeypatch.setattr(Path, "replace", replace_both)


@pytest.mark.usefixtures("companions")
@pytest.mark.parametrize("has_frames", [True, False])
def test_what_macos_lays_beside_frames_goes_with_them(addon: SimpleNamespace, tmp_path: Path, has_frames: bool) -> None:
    """Frames of an earlier run give way, or come back, together with that."""
    frames = [tmp_path / f"c_{number:06d}.png" for number in (1, 2)]
    beside = [path.with_name(f"._{path.name}") for path in frames]
    for path in (*beside, *frames):
        path.touch()
    source = addon.spec.Source(addon.spec.SourceKind.MOVIE, (str(tmp_path / "c.mp4"),))
    job = addon.job.Job(tmp_path / "job", addon.spec.JobSpec("c", source, str(tmp_path), "c", "/m.onnx"))
    job.folder.mkdir()
    made = addon.earlier.Target("c_%06d.png", addon.earlier.Origin("c.mp4", "usual", "run"), tuple(frames))
    earlier = addon.earlier.EarlierFrames.begin(job, lambda: [made], goes_on=False)
    assert not any(path.exists() for path in (*frames, *beside))
    if has_frames:
        job.apply(addon.events.FrameDone(0, 0.1))
    earlier.close()
    assert [path.exists() for path in (*frames, *beside)] == [not has_frames] * 4


@pytest.mark.parametrize("looks_on", [False, True])
def test_who_looks_at_an_earlier_frame_does_not_end_the_job(
    addon: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, looks_on: bool
) -> None:
    """Windows renames no folder meanwhile. Whoever still looks at the job's end is told of it."""
    old, rename = tmp_path / "c_000001.png", Path.rename
    old.touch()
    looked_at = {tmp_path / "job" / "earlier"}

    def refusing(path: Path, target: Path) -> Path:
        if path in looked_at:
            raise PermissionError(13, "Access is denied", str(path))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refusing)
    source = addon.spec.Source(addon.spec.SourceKind.MOVIE, (str(tmp_path / "c.mp4"),))
    job = addon.job.Job(tmp_path / "job", addon.spec.JobSpec("c", source, str(tmp_path), "c", "/m.onnx"))
    job.folder.mkdir()
    made = addon.earlier.Target("c_%06d.png", addon.earlier.Origin("c.mp4", "usual", "run"), (old,))
    earlier = addon.earlier.EarlierFrames.begin(job, lambda: [made], goes_on=False)
    job.apply(addon.events.FrameDone(0, 0.1))
    old.write_bytes(b"new")
    earlier.give_way()
    if not looks_on:
        looked_at.clear()
    with pytest.raises(PermissionError) if looks_on else nullcontext():
        earlier.close()
    assert old.read_bytes() == b"new" and (job.folder / "earlier").is_dir() is looks_on


@pytest.fixture
def matted(passthrough: Path, tmp_path: Path) -> dict[str, str]:
    """What lies in `tmp_path / "out"`, a clip of 12 frames matted."""
    (tmp_path / "in").mkdir()
    clip = tiny.barcode_movie(tmp_path / "in" / "c.mp4", 12)
    status, _, _ = matte(clip, "--output", tmp_path / "out", "--model", passthrough)
    assert status == 0
    return frames_in(tmp_path / "out")


def frames_in(output: Path) -> dict[str, str]:
    """Return the frames in a folder of results, by their sha256."""
    return {name: content for name, content in digest(output).items() if name.endswith(".png")}


@pytest.mark.parametrize("other", [["--result", "matte"], ["--grow", "2"], ["--ratio", "0.5"]])
def test_other_settings_leave_the_frames_unless_told(
    matted: dict[str, str], passthrough: Path, tmp_path: Path, other: list[str]
) -> None:
    """What was made with them is replaced with --overwrite only; the same settings once more need no leave."""
    options = [tmp_path / "in" / "c.mp4", "--output", tmp_path / "out", "--model", passthrough]
    status, (told,), _ = matte(*options, *other)
    assert status == 1 and "was made with other settings" in told["error"] and "--overwrite" in told["error"]
    assert frames_in(tmp_path / "out") == matted
    for given in ([], [*other, "--overwrite"], other):
        assert matte(*options, *given)[0] == 0
    assert matte(*options)[0] == 1


def test_a_note_without_settings_still_serves(matted: dict[str, str], passthrough: Path, tmp_path: Path) -> None:
    """It is of an earlier version: what it names is made anew, as it was then."""
    note = tmp_path / "out" / ".rvm_matting" / "c" / "made.json"
    note.write_text(json.dumps({name: source for name, (source, *_) in json.loads(note.read_text()).items()}))
    status, _, _ = matte(tmp_path / "in" / "c.mp4", "--output", tmp_path / "out", "--model", passthrough, "--grow", "9")
    assert status == 0 and frames_in(tmp_path / "out").keys() == matted.keys()


def test_another_clip_of_the_same_name_leaves_the_frames_of_the_first(
    matted: dict[str, str], passthrough: Path, tmp_path: Path
) -> None:
    """Cameras call every first clip the same. Also after a run of the other in another format, whose names are free."""
    (tmp_path / "other").mkdir()
    other = tiny.barcode_movie(tmp_path / "other" / "c.mp4", 5)
    options = [other, "--output", tmp_path / "out", "--model", passthrough]
    found = f"“{tmp_path / 'out' / 'c' / 'c_000001.png'}” is there already"
    refusal = f"output: {found}, and no run is known to have made it of this input; choose another folder"
    for suffix, ends in (([], (1, refusal)), (["--format", "webp"], (0, None)), ([], (1, refusal))):
        status, (told,), _ = matte(*options, *suffix)
        assert (status, told.get("error")) == ends
        assert frames_in(tmp_path / "out") == matted


@pytest.mark.parametrize("is_refused", [True, False])
def test_frames_that_differ_in_capitals_only_are_left(
    clip: Path, passthrough: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_refused: bool
) -> None:
    """Where the drive takes both for the same, as those of Windows and macOS do; also if all is to be made anew.

    Elsewhere, and where the name only looks like a frame's, they are somebody's own.
    """
    other = tmp_path / "Clip.avi"
    shutil.copy(clip, other)
    (tmp_path / "out" / "Clip").mkdir(parents=True)
    for name in ("clip_000003.png", "clip_3.png", "clap_000001.png", "notes.txt"):
        (tmp_path / "out" / "Clip" / name).touch()
    told = str.casefold if is_refused else str
    monkeypatch.setattr(os.path, "samefile", lambda one, two: told(str(one)) == told(str(two)))
    given = [str(other), "--output", str(tmp_path / "out"), "--model", str(passthrough), "--overwrite"]
    request = options.request_of(options.parse(cli.COMMAND, given))
    (one,) = inputs.distinct(request.inputs)
    with pytest.raises(SpecError, match=r"clip_000003\.png.* is there already") if is_refused else nullcontext():
        inputs.job_of(one, request)


@pytest.mark.parametrize("keeps", [True, False])
def test_where_the_shell_keeps_wildcards_they_are_looked_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keeps: bool
) -> None:
    """Windows hands them to the program; a bracket is a letter like others, and what fits nothing stays to be told."""
    for name in ("[a]_2.jpg", "[a]_1.jpg", "b.jpg", "[a]_1.png"):
        (tmp_path / name).touch()
    monkeypatch.setattr(options, "_SHELL_KEEPS_WILDCARDS", keeps)
    given = [str(tmp_path / name) for name in ("[a]_*.jpg", "b.jpg", "c?.jpg")]
    found = [path.name for path in options.parse(cli.COMMAND, [*given, "--output", str(tmp_path)]).inputs]
    assert found == (["[a]_1.jpg", "[a]_2.jpg"] if keeps else ["[a]_*.jpg"]) + ["b.jpg", "c?.jpg"]


def test_no_result_has_a_name_that_windows_changes(tmp_path: Path) -> None:
    """It makes a folder without the blanks and dots at its end, and then finds none of that name to write into."""
    given = [tmp_path / name for name in ("talk .mp4", "talk..mp4", "talk.mp4", "no. 5. .mov", "...mp4")]
    assert [one.name for one in inputs.distinct(given)] == ["talk", "talk_2", "talk_3", "no. 5", "input"]


def test_a_drive_is_the_same_by_a_small_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows' working directory has the letter that was typed; a server's name stays as it is."""
    given = [r"d:\clips\a.mp4", r"D:\clips\a.mp4", r"\\nas\clips\a.mp4"]
    with monkeypatch.context() as windows:
        windows.setattr(os.path, "splitdrive", ntpath.splitdrive)
        found = [inputs.on_its_drive(path) for path in given]
    told = [str(path) for path in found]
    assert told == [r"D:\clips\a.mp4", r"D:\clips\a.mp4", r"\\nas\clips\a.mp4"]


def test_a_run_that_makes_nothing_leaves_the_frames_of_the_one_before(
    matted: dict[str, str], passthrough: Path, tmp_path: Path
) -> None:
    """A model that is none, a clip that is damaged, a folder in which another process works."""
    clip = tmp_path / "in" / "c.mp4"
    content = clip.read_bytes()
    options = [clip, "--output", tmp_path / "out", "--model"]
    (tmp_path / "none.onnx").write_bytes(b"no model")
    assert matte(*options, tmp_path / "none.onnx")[0] == 1
    assert frames_in(tmp_path / "out") == matted
    clip.write_bytes(b"no movie")
    assert matte(*options, passthrough)[0] == 1
    assert frames_in(tmp_path / "out") == matted
    clip.write_bytes(content)
    assert locks.hold(tmp_path / "out" / ".rvm_matting" / "c"), "as its worker does"
    status, (told,), _ = matte(*options, passthrough)
    assert status == 1 and "Another Blender" in told["error"]
    assert frames_in(tmp_path / "out") == matted


def test_a_movie_that_would_replace_its_clip_deletes_no_frames(passthrough: Path, tmp_path: Path) -> None:
    """All is looked at before anything is touched."""
    clip = tiny.barcode_movie(tmp_path / "c.mp4", 5)
    options = [clip, "--output", tmp_path, "--model", passthrough, "--result", "colour", "--format", "png"]
    assert matte(*options)[0] == 0
    before = frames_in(tmp_path)
    assert matte(*options, "--movie")[0] == 1
    assert len(before) == 5 and frames_in(tmp_path) == before


def test_two_pictures_of_one_name_get_two_files(passthrough: Path, tmp_path: Path) -> None:
    """a.png and a.jpg from two places."""
    one = tiny.barcode_pictures(tmp_path / "one", [5])[0]
    two = tiny.barcode_pictures(tmp_path / "two", [5], ".jpg")[0]
    status, _, _ = matte(one, two, "--output", tmp_path / "out", "--model", passthrough)
    assert status == 0
    assert sorted(path.name for path in (tmp_path / "out").glob("*.png")) == ["shot_0005.png", "shot_0005_2.png"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, file names are always text")
def test_a_name_that_is_no_text_is_matted_too(passthrough: Path, tmp_path: Path) -> None:
    """Old disks hold such names; the inputs after it go on."""
    odd = tmp_path / os.fsdecode(b"shot_\xff.png")
    tiny.barcode_pictures(tmp_path, [5])[0].rename(odd)
    fine = tiny.barcode_pictures(tmp_path, [6])[0]
    status, told, _ = matte(odd, fine, "--output", tmp_path / "out", "--model", passthrough)
    assert (status, [entry["frames"] for entry in told]) == (0, [1, 1])


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, names are always text")
def test_a_movie_whose_name_is_no_text_stops_no_other(clip: Path, passthrough: Path, tmp_path: Path) -> None:
    """OpenCV and Blender do not get the name; the user learns what to do."""
    bad = Path(os.fsdecode(os.fsencode(tmp_path) + b"/a\xfe.avi"))
    shutil.copy(clip, bad)
    options = ["--output", tmp_path / "out", "--model", passthrough, "--result", "matte"]
    for more in ([], ["--movie"]):
        status, told, said = matte(bad, clip, *options, *more)
        assert status == 1 and "its name is not valid text; rename it" in told[0]["error"]
        assert told[1]["frames"] == 20 and "Traceback" not in said


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, names are always text")
def test_a_movie_into_a_folder_whose_name_is_no_text_is_refused(clip: Path, passthrough: Path, tmp_path: Path) -> None:
    """Before any frame is made, for Blender cannot write it there; the frames alone can be."""
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/out\xff")
    options = [clip, "--output", odd, "--model", passthrough, "--result", "colour"]
    status, (told,), _ = matte(*options, "--movie")
    assert (status, told["frames"]) == (1, 0)
    assert "is not valid text; choose another folder" in told["error"] and not Path(odd).exists()
    status, (told,), _ = matte(*options)
    assert (status, told["frames"]) == (0, 20)


def test_quiet_still_tells_what_went_wrong(tmp_path: Path) -> None:
    """No progress, but a missing input is named."""
    line = command(tmp_path / "gone.mp4", "--output", tmp_path, "--quiet")
    ended = subprocess.run(line, capture_output=True, text=True, env=environment(), timeout=120, check=False)
    assert ended.returncode == 1
    assert "gone.mp4" in ended.stderr


def test_quiet_says_nothing(clip: Path, passthrough: Path, tmp_path: Path) -> None:
    """Neither progress nor anything else."""
    line = command(clip, "--output", tmp_path, "--model", passthrough, "--quiet")
    ended = subprocess.run(line, capture_output=True, text=True, env=environment(), timeout=120, check=True)
    assert ended.stdout == ""
    assert "frames" not in ended.stderr


def test_a_movie_over_colour_comes_with_its_sound(addon: SimpleNamespace, passthrough: Path, tmp_path: Path) -> None:
    """DIR/<stem>.mp4 has the clip's frames, rate and sound."""
    frames = tiny.barcode_pictures(tmp_path / "frames", range(30))
    source = tmp_path / "talk.mp4"
    sounding = movies.by_blender(addon, frames, 30.0, tiny.tone(tmp_path / "t.wav", 1.0), source)
    status, (told,), said = matte(
        source, "--output", tmp_path / "out", "--model", passthrough, "--result", "colour", "--movie"
    )
    assert status == 0
    movie = tmp_path / "out" / "talk.mp4"
    assert told["movie"] == str(movie)
    capture = cv2.VideoCapture(str(movie))
    numbers = []
    while (shot := capture.read())[0]:
        numbers.append(tiny.read_barcode(shot[1]))
    assert numbers == list(range(30))
    assert capture.get(cv2.CAP_PROP_FPS) == 30
    assert b"mp4a" in movie.read_bytes() if sounding else "without sound" in said


def test_a_movie_ends_with_the_clips_last_picture(passthrough: Path, tmp_path: Path) -> None:
    """Where the sound goes on, it is cut there, and the last picture is not held; the same command finds all made."""
    clip = movies.talkie(tmp_path / "talk.mkv", 30, "flac", seconds=3.0)
    options = ["--model", passthrough, "--result", "colour", "--movie-format", "ffv1"]
    shown: set[int] = set()
    for _ in range(2):
        status, (told,), said = matte(clip, "--output", tmp_path / "out", *options)
        assert (status, told["frames"], len(list((tmp_path / "out" / "talk").iterdir()))) == (0, 30, 30), said
        made = Path(told["movie"])
        assert [tiny.read_barcode(frame) for frame in movies.decoded(made)] == list(range(30))
        assert len(movies.samples(made)) < 1.5 * movies.SOUND_RATE  # encoders fill their last blocks
        shown.add(made.stat().st_mtime_ns)
    assert len(shown) == 1 and "going on" not in said


@pytest.mark.parametrize("name", ["h264", "ffv1", "qtrle", "prores", "webm"])
def test_a_movie_of_any_format(addon: SimpleNamespace, green: Path, tmp_path: Path, name: str) -> None:
    """DIR/<stem> with the format's suffix: the frames in their places, transparent but for H.264, with the sound."""
    kind = addon.encoders.MovieFormat(name)
    if kind not in addon.encoders.available():
        pytest.skip(f"this Blender writes no {name}")
    source = movies.talkie(tmp_path / "talk {x} #2.mov", 24)
    result = "colour" if name == "h264" else "cutout"
    options = ["--output", tmp_path / "out", "--model", green, "--result", result, "--movie-format", name]
    status, (told,), said = matte(source, *options)
    assert status == 0
    movie = tmp_path / "out" / f"{source.stem}{addon.encoders.ENCODERS[kind].suffix}"
    assert told["movie"] == str(movie)
    frames = movies.decoded(movie)
    assert [tiny.read_barcode(frame) for frame in frames] == list(range(24))
    assert any((frame[..., 3] < 255).any() for frame in frames) is (name != "h264")
    assert sorted(path.suffix for path in movie.parent.iterdir() if path.is_file()) == [movie.suffix]
    if not bpy.app.build_options.audaspace:
        assert "without sound" in said
    elif name in ("ffv1", "qtrle", "prores"):
        assert np.array_equal(movies.samples(movie)[10:47000], movies.noise(1.0)[10:47000])
    else:
        assert movies.lag(movies.samples(movie), movies.noise(1.0)) == 0


@pytest.mark.parametrize(
    ("size", "kind", "told"),
    [
        ((129, 65), "h264", "without the last column and the first row of its frames, for H.264 (MP4) has even sides"),
        ((128, 65), "h264", "without the first row of its frames"),
        ((129, 64), "prores", "without the last column of its frames, for ProRes 4444 has"),
        ((129, 65), "ffv1", ""),
        ((128, 64), "h264", ""),
    ],
)
def test_a_movie_that_lacks_something_of_its_frames_is_told_of(
    addon: SimpleNamespace, passthrough: Path, tmp_path: Path, size: tuple[int, int], kind: str, told: str
) -> None:
    """Where the encoder takes no odd side; others have all of them."""
    if addon.encoders.MovieFormat(kind) not in addon.encoders.available():
        pytest.skip(f"this Blender writes no {kind}")
    clip = movies.write(tmp_path / "odd.mkv", "ffv1", "bgr0", size=size, frames=3)
    options = ["--output", tmp_path / "out", "--model", passthrough, "--result", "colour", "--movie-format", kind]
    status, (one,), said = matte(clip, *options)
    assert status == 0
    assert (told in said and "has even sides only" in said) if told else "even sides" not in said
    wanted = tuple(side // 2 * 2 if told else side for side in size)
    assert movies.decoded(Path(one["movie"]))[0].shape[:2] == wanted[::-1]


def test_an_odd_rate_and_a_silent_clip_make_a_movie(clip: Path, passthrough: Path, tmp_path: Path) -> None:
    """30.12 frames a second stay so; a clip without sound is said to have none."""
    status, (told,), said = matte(clip, "--output", tmp_path, "--model", passthrough, "--result", "colour", "--movie")
    assert status == 0
    capture = cv2.VideoCapture(told["movie"])
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(30.12, abs=0.005)
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 20
    assert "without sound" in said


def test_a_movie_of_a_clip_without_a_rate_is_refused_before_any_frame(passthrough: Path, tmp_path: Path) -> None:
    """OpenCV reads a raw stream, Blender does not; without the movie, its frames are made."""
    clip = movies.write(tmp_path / "raw.m2v", "mpeg2video", "yuv420p", frames=5, clock=Fraction(1, 24))
    options = ["--output", tmp_path / "out", "--model", passthrough, "--result", "colour"]
    status, (told,), said = matte(clip, *options, "--movie")
    assert (status, told["frames"]) == (1, 0)
    assert "Blender finds no frame rate in it" in told["error"] and "convert it to H.264" in said
    status, (told,), _ = matte(clip, *options)
    assert (status, told["frames"]) == (0, 5)


def test_only_the_command_writes_to_standard_output() -> None:
    """A library that does, even as the process ends, would spoil what a program reads there."""
    code = (
        "import os; from rvm_addon.host.command_line import cli; output = cli.claimed_output();"
        "os.write(1, b'a library'); print('the command', file=output, flush=True); print('Python')"
    )
    ended = subprocess.run(
        [sys.executable, "-P", "-c", code], env=environment(), capture_output=True, text=True, timeout=60, check=True
    )
    assert ended.stdout == "the command\n"
    assert "a library" in ended.stderr and "Python" in ended.stderr


def test_interrupting_keeps_the_frames(passthrough: Path, tmp_path: Path) -> None:
    """Ctrl-C ends the worker, keeps the frames made, and is told by status 130, and by the input's object."""
    if sys.platform == "win32":
        pytest.skip("sending Ctrl-C to one process is a POSIX affair")
    clip = tiny.barcode_movie(tmp_path / "long.mp4", 255, size=(2560, 1440))
    options = [clip, "--output", tmp_path / "out", "--model", passthrough]
    process = started(*options)
    wait(lambda: len(written(tmp_path / "out" / "long")) >= 3)
    process.send_signal(signal.SIGINT)
    printed, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "kept, and the same command goes on from there" in said
    kept = list((tmp_path / "out" / "long").iterdir())
    told = json.loads(printed)
    assert (told["input"], told["error"]) == (str(clip), "stopped")
    assert told["frames"] <= len(kept)
    assert 3 <= len(kept) < 255
    assert all(path.suffix == ".png" for path in kept)
    newest = max(path.stat().st_mtime_ns for path in kept)
    tiny.barcode_movie(clip, 2)
    assert matte(*options)[0] == 0
    anew = list((tmp_path / "out" / "long").iterdir())
    assert len(anew) == 2 and all(path.stat().st_mtime_ns > newest for path in anew)


@pytest.mark.parametrize("more", [[], ["--overwrite"]])
def test_stopping_before_a_worker_begins_is_told_in_words(
    clip: Path,
    passthrough: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    more: list[str],
) -> None:
    """From a checkout, too, where no extension is enabled whose folder would tell of pending results.

    Nobody is told of frames, for there are none, or to leave --overwrite out: those of other settings still stand.
    """

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.EarlierFrames, "begin", interrupted)
    status = cli.main([str(clip), "--output", str(tmp_path / "out"), "--model", str(passthrough), "--json", *more])
    printed, said = capsys.readouterr()
    assert (status, json.loads(printed)["error"]) == (130, "stopped")
    assert "Stopped before a new frame was made\n" in said and "kept" not in said


def test_what_failed_before_a_frame_was_made_is_to_be_overwritten_again(
    matted: dict[str, str], counting: Path, tmp_path: Path
) -> None:
    """Without --overwrite, other settings are refused as long as the earlier frames stand."""
    clip = tmp_path / "in" / "c.mp4"
    options = ["--output", tmp_path / "out", "--result", "matte", "--overwrite", "--model"]
    clip.unlink()
    status, _, said = matte(clip, *options, counting)
    assert status == 1 and frames_in(tmp_path / "out") == matted
    assert "Put the file back and run the command again; or" in said


def test_a_folder_that_refuses_stops_no_other_input(clip: Path, passthrough: Path, tmp_path: Path) -> None:
    """Frames that may not be moved aside, before the worker begins."""
    other = tiny.barcode_movie(tmp_path / "other.avi", 3, fourcc="MJPG")
    options = ["--output", tmp_path / "out", "--model", passthrough]
    assert matte(clip, *options)[0] == 0
    (tmp_path / "out" / clip.stem).chmod(0o500)
    status, told, said = matte(clip, other, *options, "--result", "matte", "--overwrite")
    (tmp_path / "out" / clip.stem).chmod(0o700)
    assert status == 1 and "Traceback" not in said
    assert "Permission denied" in told[0]["error"] and told[1]["frames"] == 3


@pytest.mark.parametrize("is_shut", [Path.is_dir, Path.exists])
def test_a_folder_that_has_become_read_only_is_told_as_such(
    clip: Path, passthrough: Path, tmp_path: Path, is_shut: Callable[[Path], bool]
) -> None:
    """Its folders alone, or its files, too, as on a disk that is mounted read-only: what to do is told as well."""
    options = [clip, "--output", tmp_path / "out", "--model", passthrough]
    assert matte(*options)[0] == 0
    shut = [path for path in (tmp_path / "out", *(tmp_path / "out").rglob("*")) if is_shut(path)]
    modes = {path: path.stat().st_mode for path in shut}
    for path in shut:
        path.chmod(0o500)
    status, (told,), said = matte(*options, "--result", "matte", "--overwrite")
    for path, mode in modes.items():
        path.chmod(mode)
    assert status == 1 and told["error"].endswith("could not be written: Permission denied")
    assert "Choose another output folder, or let this one be written to" in said


def test_blender_offers_the_command(addon: SimpleNamespace, capfd: pytest.CaptureFixture[str]) -> None:
    """`blender --command rvm_matting` is taken once the extension is enabled: Blender says so to a second taker."""
    second = bpy.utils.register_cli_command(addon.cli.COMMAND, lambda _: 0)
    try:
        assert 'duplicate command "rvm_matting"' in "".join(capfd.readouterr())
    finally:
        bpy.utils.unregister_cli_command(second)


@pytest.mark.parametrize(("error", "status"), [("ZeroDivisionError('odd')", 1), ("KeyboardInterrupt", 130)])
def test_whatever_ends_the_command_line_is_its_own_end(error: str, status: int) -> None:
    """Python's orderly one can hang in the bpy module: also where something came that nobody has foreseen."""
    code = f"""
import atexit, runpy
from rvm_addon.host.command_line import cli

def main(arguments):
    print("begun")
    raise {error}

atexit.register(print, "an orderly end")
cli.main = main
runpy.run_module("rvm_addon.host", run_name="__main__")
"""
    ended = subprocess.run(
        [sys.executable, "-P", "-c", code], env=environment(), capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (status, "begun\n")
    assert ("ZeroDivisionError: odd" in ended.stderr) is (status == 1)


@pytest.mark.parametrize("turned", [False, True])
def test_a_movie_is_shown_as_wide_as_its_source(passthrough: Path, tmp_path: Path, *, turned: bool) -> None:
    """Anamorphic pixels (HDV's are 4:3) stay as wide; those of a movie that lies on its side are as high instead.

    So they do where a command was killed when all frames stood, and only the movie is left to make.
    """
    aspect = Fraction(4, 3)
    clip = movies.write(tmp_path / "talk.mp4", "libx264", "yuv444p", frames=5, pixel_aspect=aspect)
    if turned:
        movies.turn(clip, tiny.SIZE[1])
    options = ["--model", passthrough, "--result", "colour", "--movie", "--movie-format", "ffv1"]
    for _ in range(2):
        status, (told,), said = matte(clip, "--output", tmp_path / "out", *options)
        assert status == 0, said
        made = Path(told["movie"])
        with av.open(str(made)) as movie:
            stream = movie.streams.video[0]
            assert stream.sample_aspect_ratio == (1 / aspect if turned else aspect)
            assert (stream.width, stream.height) == (tiny.SIZE[::-1] if turned else tiny.SIZE)
        upright = (np.rot90(frame) if turned else frame for frame in movies.decoded(made))
        assert [tiny.read_barcode(frame) for frame in upright] == list(range(5))
        made.unlink()
