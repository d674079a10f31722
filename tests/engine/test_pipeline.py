import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from rvm_addon.engine import pipeline
from rvm_addon.engine.contract.errors import ModelMissing, OutputFailed, RawUnreadable, SourceUnreadable
from rvm_addon.engine.contract.events import Event, Failed, Finished, FrameDone, Started, Warned, last_event
from rvm_addon.engine.contract.outputs import Edges, Fit, Foreground, Look, Result
from rvm_addon.engine.contract.spec import JOB_FILE, JobSpec, Source, SourceKind
from rvm_addon.engine.drawing.viewing import Viewer
from rvm_addon.engine.footage.backdrop import open_backdrop
from rvm_addon.engine.kept import raw
from rvm_addon.engine.kept.shelf import Shelf
from rvm_addon.engine.pictures.tensors import Placed
from rvm_addon.engine.stages import LOOKS_AHEAD, Reader, Writer
from tests import movies, tiny
from tests.fakes import DictSink, EchoModel, ListSource
from tests.unprivileged import as_anybody, closed

SPEC = JobSpec("x", Source(SourceKind.MOVIE, ("/x.mp4",)), "frames", "x", "/m.onnx")
ROOT = Path(__file__).resolve().parents[2]
PICTURES = [tiny.barcode(number) for number in range(12)]


def matting(source: ListSource, sink: DictSink, spec: JobSpec = SPEC, model: EchoModel | None = None) -> Iterator[int]:
    """Run the loop; yields the frames in the order they are told."""
    model = model or EchoModel()
    reader = Reader(spec, source, model, None, Shelf((), None))
    writer = Writer(spec, sink, None, Viewer(Path("nobody looks"), None))
    return pipeline.matte_frames(reader, model, writer, lambda *_: None)


def test_frames_are_told_in_order_and_written_right() -> None:
    """Each frame is told once, after it was written, and holds its own picture."""
    sink = DictSink()
    told = []
    for frame in matting(ListSource(PICTURES), sink):
        assert frame in sink.pictures
        told.append(frame)
    assert told == list(range(12))
    assert all(np.array_equal(sink.pictures[i][..., :3], PICTURES[i]) for i in range(12))


def test_behind_an_anamorphic_clip_a_picture_is_narrower(tmp_path: Path) -> None:
    """So it has its own shape where the clip is shown as wide as it is meant."""
    clip = movies.write(tmp_path / "talk.mp4", "libx264", "yuv444p", frames=2, pixel_aspect=Fraction(2, 1))
    wall = tmp_path / "wall.png"
    cv2.imwrite(str(wall), cv2.circle(np.zeros((120, 120, 3), np.uint8), (60, 60), 50, (255, 255, 255), -1))
    look = Look(Result.BACKDROP, backdrop=str(wall), fit=Fit.FIT)
    spec = replace(SPEC, source=Source(SourceKind.MOVIE, (str(clip),)), look=look)
    with closing(pipeline.open_source(spec, lambda _: None)) as source:
        reads = Reader(spec, source, EchoModel(), open_backdrop(spec), Shelf((), None)).frames()
        read = next(read for read in reads if not read.early)
    assert read.behind is not None and read.behind.shape == read.picture.shape
    _, _, wide, tall = cv2.boundingRect((read.behind[..., 0] > 127).view(np.uint8))
    assert abs(2 * wide - tall) <= 2


def test_frames_before_a_failure_are_kept() -> None:
    """Where the source breaks off, what came before is written and told, and then the error comes."""
    sink: DictSink = DictSink()
    told: list[int] = []
    source = ListSource(PICTURES[:5], SourceUnreadable("x.mp4"))
    frames = matting(source, sink)
    with pytest.raises(SourceUnreadable):
        told.extend(frames)
    assert told == sorted(sink.pictures) == [0, 1, 2, 3, 4]


def test_a_refused_frame_ends_the_run() -> None:
    """No hole stays silent: the frame that cannot be written raises."""
    with pytest.raises(OutputFailed):
        list(matting(ListSource(PICTURES), DictSink(3, OutputFailed("x_000004.png"))))


def test_of_several_refused_frames_the_first_is_named() -> None:
    """On a full disk, those behind it fail, too."""

    class FullSink(DictSink):
        def write(self, frame: int, picture: Placed) -> None:
            if frame >= 3:
                raise OutputFailed(f"x_{frame + 1:06d}.png")
            super().write(frame, picture)

    for _ in range(5):
        with pytest.raises(OutputFailed, match="x_000004"):
            list(matting(ListSource(PICTURES), FullSink()))


@pytest.mark.parametrize(
    ("cores", "with_model", "writers"),
    [(1, True, 2), (2, True, 2), (8, True, 4), (64, True, 4), (1, False, 2), (3, False, 3), (64, False, 4)],
)
def test_as_many_frames_are_written_at_once_as_there_are_cores_for(cores: int, with_model: bool, writers: int) -> None:
    """Half of the cores are the network's; two at least, for one waits for the disk, and not many, for memory."""
    assert pipeline.writers_for(cores, with_model=with_model) == writers


class MeetingSink(DictSink):
    """Writes no frame but the first before so many are to be written at the same time."""

    def __init__(self, writers: int) -> None:
        super().__init__()
        self._meeting = threading.Barrier(writers, timeout=20)

    def write(self, frame: int, picture: Placed) -> None:
        if frame:
            self._meeting.wait()
        super().write(frame, picture)


def test_eight_threads_let_four_frames_be_written_at_once() -> None:
    """The job's own number of threads counts."""
    sink = MeetingSink(4)
    assert list(matting(ListSource(PICTURES[:9]), sink, replace(SPEC, threads=8))) == list(range(9))


def test_the_first_frame_has_the_processor_to_itself() -> None:
    """The model goes on when it is written: whoever waits to see it would wait longer."""
    seen = {}

    class SlowSink(DictSink):
        def write(self, frame: int, picture: Placed) -> None:
            threading.Event().wait(0.2)  # time enough for the model to go on
            seen[frame] = model.asked
            super().write(frame, picture)

    model = EchoModel()
    assert list(matting(ListSource(PICTURES), SlowSink(), model=model)) == list(range(12))
    assert seen[0] == LOOKS_AHEAD + 1 < seen[1] - 1


def test_decoding_runs_ahead_by_a_few_frames_only() -> None:
    """Memory does not grow with the clip: the source is not read faster than the network asks."""
    read = 0
    release = threading.Event()

    def items() -> Iterator[int]:
        nonlocal read
        for number in range(1000):
            read += 1
            yield number

    with ThreadPoolExecutor(1) as executor:
        frames = pipeline.ahead(items(), executor)
        for wanted in range(5):
            assert next(frames) == wanted
        release.wait(0.2)  # time enough to run away in
        assert read <= 5 + 3


def run(spec: JobSpec, folder: Path) -> list[Event]:
    """Run a whole job in this process and return what it said."""
    events: list[Event] = []
    pipeline.run(spec, folder, events.append)
    return events


def test_a_movie_becomes_a_folder_of_cutouts(tmp_path: Path, passthrough: Path) -> None:
    """Frames 3 to 5 of a movie become files 4 to 6, and the events tell the story."""
    clip = tiny.barcode_movie(tmp_path / "clip.mp4", 9)
    source = Source(SourceKind.MOVIE, (str(clip),), (3, 4, 5), 24.0)
    events = run(replace(SPEC, source=source, model=str(passthrough), stem="clip"), tmp_path)
    events = [event for event in events if not isinstance(event, Warned)]  # a tiny model runs whole, with a word
    assert isinstance(events[0], Started) and (events[0].frames, events[0].width, events[0].height) == (3, 128, 64)
    assert [event.frame for event in events if isinstance(event, FrameDone)] == [3, 4, 5]
    assert isinstance(events[-1], Finished) and events[-1].frames == 3
    names = sorted(path.name for path in (tmp_path / "frames").iterdir())
    assert names == ["clip_000004.png", "clip_000005.png", "clip_000006.png"]
    pictures = [cv2.imread(str(tmp_path / "frames" / name), cv2.IMREAD_UNCHANGED) for name in names]
    assert [tiny.read_barcode(picture) for picture in pictures] == [3, 4, 5]
    assert all((picture[..., 3] == 255).all() for picture in pictures)


def test_the_matte_follows_the_carried_state(tmp_path: Path, counting: Path) -> None:
    """Through the whole pipeline: no state was lost or mixed up, and each frame adds a tenth.

    Before the first, the model has seen the three that follow it.
    """
    paths = tuple(str(path) for path in tiny.barcode_pictures(tmp_path / "in", range(6)))
    run(replace(SPEC, source=Source(SourceKind.IMAGES, paths), model=str(counting)), tmp_path)
    files = sorted((tmp_path / "frames").iterdir())
    alphas = [int(cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., 3].max()) for path in files]
    assert alphas == [76, 102, 128, 153, 179, 204]


def test_what_cannot_be_cleared_up_fails_no_job(tmp_path: Path, passthrough: Path) -> None:
    """All frames stand: neither a folder beside the job's that may not be entered counts, nor a memory that stays."""
    paths = tuple(map(str, tiny.barcode_pictures(tmp_path / "in", range(2))))
    source, folder = Source(SourceKind.IMAGES, paths), tmp_path / "matte" / "job"
    (folder / "memory.bin" / "in the way").mkdir(parents=True)
    with closed(tmp_path / "matte" / "lost+found"), as_anybody():
        events = run(replace(SPEC, source=source, model=str(passthrough), raw_limit=1 << 20), folder)
    assert isinstance(events[-1], Finished) and events[-1].frames == 2


def test_a_state_that_cannot_be_saved_ends_no_job(tmp_path: Path, counting: Path) -> None:
    """The frames stand, as on a disk that has room for them only."""
    paths = tuple(map(str, tiny.barcode_pictures(tmp_path / "in", range(27))))
    (tmp_path / "job" / "memory.bin" / "in the way").mkdir(parents=True)
    events = run(replace(SPEC, source=Source(SourceKind.IMAGES, paths), model=str(counting)), tmp_path / "job")
    assert isinstance(events[-1], Finished) and events[-1].frames == 27


@pytest.mark.parametrize(
    ("names", "alphas"),
    [
        (("anna", "bert", "carl"), [0, 0, 0]),
        (("a_1", "b_2", "c_3"), [0, 0, 0]),
        (("a_1", "a_2", "a"), [0, 0, 0]),
        (("a_1", "a_01", "a_2"), [0, 0, 0]),
        (("a_1", "a_2", "a_10"), [51, 76, 102]),
        (("take2_08", "take2_09", "take2_11"), [51, 76, 102]),
    ],
)
@pytest.mark.parametrize("sequence", [False, True])
def test_pictures_that_are_no_clip_know_nothing_of_each_other(
    tmp_path: Path, counting: Path, names: tuple[str, ...], alphas: list[int], sequence: bool
) -> None:
    """The state goes on only where the names are one stem and a number, or the job says that it is a sequence."""
    paths = []
    for number, name in enumerate(names):
        paths.append(tmp_path / f"{name}.png")
        cv2.imwrite(str(paths[-1]), tiny.barcode(number))
    source = Source(SourceKind.IMAGES, tuple(map(str, paths)), sequence=sequence)
    run(replace(SPEC, source=source, model=str(counting)), tmp_path)
    written = [cv2.imread(str(tmp_path / "frames" / path.name), cv2.IMREAD_UNCHANGED) for path in paths]
    assert [int(picture[..., 3].max()) for picture in written] == ([51, 76, 102] if sequence else alphas)


def test_over_colour_is_opaque(tmp_path: Path, counting: Path) -> None:
    """Where the matte is nought, the frame is the background; there is no alpha channel."""
    (path,) = tiny.barcode_pictures(tmp_path / "in", [200])
    spec = replace(
        SPEC, source=Source(SourceKind.IMAGES, (str(path),)), model=str(counting), look=Look(Result.COLOUR, (1, 2, 3))
    )
    run(spec, tmp_path)
    picture = cv2.imread(str(tmp_path / "frames" / "x.png"), cv2.IMREAD_UNCHANGED)
    assert picture.shape == (64, 128, 3)
    assert (picture == (3, 2, 1)).all()


def alphas(folder: Path) -> list[int]:
    """Return the greatest alpha of each frame that a run has made."""
    files = sorted((folder / "frames").iterdir())
    return [int(cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., 3].max()) for path in files]


@pytest.mark.parametrize(
    ("frames", "tenths"),
    [
        ([3], [0]),
        ([3, 4, 5], [2, 3, 4]),
        ([0, 1, 2, 3, 4, 5], [3, 4, 5, 6, 7, 8]),
        ([5, 6, 10, 12], [3, 4, 5, 6]),
        ([0, 1, 30, 31, 32, 33], [1, 2, 3, 4, 5, 6]),
        ([0, 30], [0, 0]),
    ],
)
def test_the_model_looks_ahead_before_it_begins(
    tmp_path: Path, counting: Path, frames: list[int], tenths: list[int]
) -> None:
    """At up to three frames, and at none beyond a cut, behind which it begins anew; each appears once, in its order."""
    clip = tiny.barcode_movie(tmp_path / "clip.avi", 40, fourcc="MJPG")
    source = Source(SourceKind.MOVIE, (str(clip),), tuple(frames), 24.0)
    events = run(replace(SPEC, source=source, model=str(counting)), tmp_path)
    assert [event.frame for event in events if isinstance(event, FrameDone)] == frames
    pictures = [cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in sorted((tmp_path / "frames").iterdir())]
    assert [round(int(picture[..., 3].max()) / 25.5) for picture in pictures] == tenths
    assert [tiny.read_barcode(picture) for picture in pictures if picture[..., 3].max()] == [
        frame for frame, tenth in zip(frames, tenths, strict=True) if tenth
    ]


@pytest.mark.parametrize("names", [("anna", "dot", "zoe"), ("shot_1", "shot_2", "shot_3")])
def test_a_picture_too_small_for_the_model_stops_no_other(
    tmp_path: Path, counting: Path, names: tuple[str, ...]
) -> None:
    """The others are made, and it is named: also among numbered ones, for no frame of a clip is as small as that."""
    paths = [tmp_path / f"{name}.png" for name in names]
    for path in paths:
        cv2.imwrite(str(path), tiny.barcode(1)[:3, :2] if path is paths[1] else tiny.barcode(1))
    spec = replace(SPEC, source=Source(SourceKind.IMAGES, tuple(map(str, paths)), (0, 1, 2)), model=str(counting))
    with pytest.raises(SourceUnreadable, match=rf"{names[1]}\.png.*leaves nothing to see of 2 x 3 pixels"):
        run(spec, tmp_path)
    assert sorted(path.name for path in (tmp_path / "frames").iterdir()) == [spec.file_name(0), spec.file_name(2)]


def test_known_frames_need_no_model(tmp_path: Path, counting: Path, green: Path) -> None:
    """With raw mattes of an earlier job another model makes no difference; new frames follow those before them."""
    paths = tuple(str(path) for path in tiny.barcode_pictures(tmp_path / "in", range(8)))
    source = Source(SourceKind.IMAGES, paths, tuple(range(6)))
    first = replace(SPEC, source=source, model=str(counting), raw_limit=10**9)
    run(first, tmp_path / "first")
    known = alphas(tmp_path / "first")
    assert known == pytest.approx([76, 102, 128, 153, 179, 204], abs=1)
    later = replace(first, raws=(str(tmp_path / "first" / "raw"),))
    os.utime(tmp_path / "first" / "raw", (1, 1))
    run(replace(later, model=str(green)), tmp_path / "again")
    assert (tmp_path / "first" / "raw").stat().st_mtime > 1, "what was used does not give way first"
    assert alphas(tmp_path / "again") == pytest.approx(known, abs=1), "rounded twice: to 16 bits, then to 8"
    assert not list((tmp_path / "again" / "raw").glob("*.raw")), "what is known is kept once"
    run(replace(later, source=replace(source, frames=tuple(range(8)))), tmp_path / "longer")
    assert alphas(tmp_path / "longer") == pytest.approx([*known, 230, 255], abs=1)
    assert len(list((tmp_path / "longer" / "raw").glob("*.raw"))) == 2


@pytest.mark.parametrize("transparent", [False, True])
def test_a_run_keeps_the_edge_that_it_despills(tmp_path: Path, counting: Path, transparent: bool) -> None:
    """An update needs no more of a raw matte, so its file may be torn. Of a transparent source, it is not all seen."""
    pictures = [np.dstack([picture, np.full_like(picture[..., 0], 128)]) for picture in PICTURES[:4]]
    (tmp_path / "in").mkdir()
    paths = tuple(str(tmp_path / "in" / f"{number}.png") for number in range(4))
    for path, picture in zip(paths, pictures, strict=True):
        cv2.imwrite(path, picture if transparent else picture[..., :3])
    spec = replace(SPEC, source=Source(SourceKind.IMAGES, paths, tuple(range(4))), model=str(counting), raw_limit=10**9)
    run(spec, tmp_path / "first")
    for file, picture in zip(sorted((tmp_path / "first" / "raw").glob("*.raw")), PICTURES, strict=False):
        file.write_bytes(file.read_bytes()[:-5])
        edge = raw.decode(file.read_bytes(), picture[..., :3], Foreground.EDGE).edge
        assert (edge is None) is transparent
    later = replace(spec, raws=(str(tmp_path / "first" / "raw"),))
    run(later, tmp_path / "again")
    for number in range(4):
        once, again = (tmp_path / job / "frames" / spec.file_name(number) for job in ("first", "again"))
        assert once.read_bytes() == again.read_bytes()
    with pytest.raises(RawUnreadable, match="not whole"):
        run(replace(later, look=replace(spec.look, edges=Edges())), tmp_path / "the model's colours")


@pytest.mark.parametrize(
    ("module", "said", "remedy"),
    [
        ("onnxruntime", "ONNX Runtime cannot be loaded (", "Visual C++ Redistributable"),
        ("cv2", "OpenCV cannot be loaded (", "Media Feature Pack"),
        ("isal", "ISA-L cannot be loaded (", "Visual C++ Redistributable"),
        ("numpy", "NumPy cannot be loaded (", "Visual C++ Redistributable"),
        ("rvm_addon.engine.drawing.compose", "The worker stopped unexpectedly (", "Send the log"),
    ],
)
def test_a_library_that_the_system_refuses_is_told_with_what_to_install(
    tmp_path: Path, counting: Path, module: str, said: str, remedy: str
) -> None:
    """On Windows, ONNX Runtime asks for a runtime that Blender does not bring along; that is no bug of anybody's.

    OpenCV asks for the media libraries, which Windows N lacks.
    """
    (picture,) = tiny.barcode_pictures(tmp_path / "in", [1])
    spec = replace(SPEC, source=Source(SourceKind.IMAGES, (str(picture),)), model=str(counting))
    (tmp_path / JOB_FILE).write_text(spec.to_json(), encoding="utf-8")
    code = f"import sys; sys.modules[{module!r}] = None; from rvm_addon.engine.__main__ import main; sys.exit(main())"
    done = subprocess.run([sys.executable, "-c", code, tmp_path], cwd=ROOT, check=False)
    last = last_event(tmp_path)
    assert done.returncode == 1 and isinstance(last, Failed)
    assert last.message.startswith(said) and remedy in last.remedy


def test_where_all_is_known_neither_weights_nor_onnx_runtime_are_touched(tmp_path: Path, counting: Path) -> None:
    """A result is changed also where the model is gone, and does not wait for a library that it does not need."""
    paths = tuple(str(path) for path in tiny.barcode_pictures(tmp_path / "in", range(3)))
    source = Source(SourceKind.IMAGES, paths, (0, 1, 2))
    run(replace(SPEC, source=source, model=str(counting), raw_limit=10**9), tmp_path / "first")
    raws = (str(tmp_path / "first" / "raw"),)
    again = replace(SPEC, source=source, model=str(tmp_path / "gone.onnx"), raws=raws, look=Look(Result.MATTE))
    (tmp_path / "again").mkdir()
    (tmp_path / "again" / JOB_FILE).write_text(again.to_json(), encoding="utf-8")
    code = "import sys; sys.modules['onnxruntime'] = None; from rvm_addon.engine.__main__ import main; sys.exit(main())"
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "again"], cwd=ROOT, check=False)
    assert done.returncode == 0
    mattes = [cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in sorted((tmp_path / "again" / "frames").iterdir())]
    assert [int(matte.max()) for matte in mattes] == pytest.approx([51, 76, 102], abs=1)
    with pytest.raises(ModelMissing):
        run(replace(again, source=replace(source, frames=(0, 1)), raws=()), tmp_path / "else")
