import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest

from rvm_addon.engine.contract.errors import SpecError
from rvm_addon.engine.contract.outputs import EdgeColour, Edges, Fit, FrameFormat, Look, Result, parse_colour
from rvm_addon.engine.contract.spec import FORMAT, JOB_FILE, JobSpec, Source, SourceKind, holds_job
from tests.unprivileged import as_anybody, closed

ROOT = Path(Path.cwd().anchor)
MOVIE = JobSpec(
    name="clip",
    source=Source(SourceKind.MOVIE, (str(ROOT / "a" / "clip.mp4"),), (0, 3, 4), 29.97),
    output="frames",
    stem="clip",
    model=str(ROOT / "m.onnx"),
)
PICTURES = replace(
    MOVIE, source=Source(SourceKind.IMAGES, tuple(str(ROOT / name) for name in ("a.jpg", "A.png", "ü 人.png")))
)


@pytest.mark.parametrize(
    "spec",
    [
        MOVIE,
        PICTURES,
        replace(MOVIE, look=Look(Result.COLOUR, (1, 2, 3)), ratio=1.0),
        replace(MOVIE, look=Look(Result.BACKDROP, backdrop=str(ROOT / "b.png"), fit=Fit.FIT, format=FrameFormat.EXR)),
        replace(MOVIE, look=Look(edges=Edges(EdgeColour.SOURCE, 0.1, 0.9, -2, 1.5, 1.0)), raw_limit=9, raws=("/a",)),
    ],
)
def test_a_job_survives_its_file(spec: JobSpec) -> None:
    """What is written to job.json is what the worker reads."""
    assert JobSpec.from_json(spec.to_json()) == spec


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"ratio": 0.0}, "ratio"),
        ({"ratio": 1.01}, "ratio"),
        ({"working_side": 8}, "working size"),
        ({"look": Look(background=(0, 256, 0))}, "background"),
        ({"look": Look(format=FrameFormat.JPEG)}, "JPEG"),
        ({"look": Look(Result.BACKDROP)}, "backdrop"),
        ({"look": Look(blur=0.0)}, "blur"),
        ({"look": Look(edges=Edges(black=0.5, white=0.5))}, "black and white"),
        ({"look": Look(edges=Edges(grow=101))}, "grow"),
        ({"look": Look(edges=Edges(feather=-1.0))}, "feather"),
        ({"look": Look(edges=Edges(despill=1.5))}, "despill"),
        ({"model": "relative.onnx"}, "absolute"),
        ({"source": replace(MOVIE.source, frames=())}, "no frames"),
        ({"source": replace(MOVIE.source, frames=(3, 2))}, "ascending"),
        ({"source": replace(MOVIE.source, frames=(-1, 2))}, "negative"),
        ({"source": replace(MOVIE.source, paths=())}, "nothing"),
        ({"source": replace(PICTURES.source, frames=(3,))}, "beyond"),
    ],
)
def test_nonsense_is_refused_in_words(change: dict[str, object], word: str) -> None:
    """A job that makes no sense names the setting and what is wrong."""
    with pytest.raises(SpecError, match=word):
        replace(MOVIE, **change).validate()


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"format_version": 99}', MOVIE.to_json().replace('"movie"', '"tape"')]
)
def test_a_strange_job_file_is_refused(text: str) -> None:
    """A file that is no job of this version raises one error, whatever is wrong with it."""
    with pytest.raises(SpecError):
        JobSpec.from_json(text)


def test_frames_are_named_by_their_source_frame() -> None:
    """A movie's frame 0 is file 1; a picture keeps its name, told apart from one that differs by suffix only."""
    assert MOVIE.file_name(0) == "clip_000001.png"
    assert [PICTURES.file_name(i) for i in range(3)] == ["a_jpg.png", "A_png.png", "ü 人.png"]
    single = replace(PICTURES, source=replace(PICTURES.source, paths=PICTURES.source.paths[:1]), stem="portrait_2")
    assert single.file_name(0) == "portrait_2.png"


def test_no_two_pictures_share_a_file() -> None:
    """Whatever the names are."""
    paths = tuple(str(ROOT / name) for name in ("a.jpg", "a.png", "a_jpg.png", "A.JPG", "a_png.tif", "b.png"))
    spec = replace(PICTURES, source=Source(SourceKind.IMAGES, paths))
    assert len({spec.file_name(i).casefold() for i in range(len(paths))}) == len(paths)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_accents_are_written_in_one_way(form: str) -> None:
    """A drive may tell them apart from their letters, or take both ways for one name; also then no two share a file."""
    assert replace(MOVIE, stem=unicodedata.normalize(form, "Vidéo")).file_name(0) == "Vid\u00e9o_000001.png"
    names = (f"{unicodedata.normalize(form, 'é')}.png", "é.jpg", "ô.png")
    spec = replace(PICTURES, source=Source(SourceKind.IMAGES, tuple(str(ROOT / name) for name in names)))
    assert [spec.file_name(i) for i in range(3)] == ["\u00e9_png.png", "\u00e9_jpg.png", "\u00f4.png"]


def test_colours_are_read_as_on_the_web() -> None:
    """#rrggbb or #rgb, with or without its hash sign."""
    assert parse_colour("#0080ff") == parse_colour("0080FF") == (0, 128, 255)
    assert parse_colour("#f08") == parse_colour("F08") == (255, 0, 136)
    for text in ("green", "#12345", "#1234567", "#12", "red", ""):
        with pytest.raises(SpecError, match="background"):
            parse_colour(text)


def test_a_jobs_folder_is_told_from_another_programs(tmp_path: Path) -> None:
    """Whatever the version of the extension, for all of them leave frames; and it is seen when a file is another."""
    path = tmp_path / JOB_FILE
    assert not holds_job(tmp_path)
    path.write_text(MOVIE.to_json())
    assert holds_job(tmp_path)
    for other in ("", "{", "7", "[]", '{"name": "shot_010", "frames": [1, 200]}', "[" * 100_000, "\xff"):
        path.write_text(other, encoding="latin-1")
        assert not holds_job(tmp_path)
    path.write_text(MOVIE.to_json().replace(f'"format_version": {FORMAT}', f'"format_version": {FORMAT + 1}'))
    assert holds_job(tmp_path)
    path.unlink()
    path.mkdir()
    assert not holds_job(tmp_path) and not holds_job(tmp_path / "no\0name")


def test_a_job_that_cannot_be_read_for_a_moment_is_one_afterwards(tmp_path: Path) -> None:
    """What is remembered is what it says, not that the drive was away."""
    (tmp_path / "job").mkdir()
    path = tmp_path / "job" / JOB_FILE
    path.write_text(MOVIE.to_json())
    path.chmod(0)
    with closed(tmp_path / "other"), as_anybody():
        assert not holds_job(tmp_path / "job") and not holds_job(tmp_path / "other")
    path.chmod(0o600)
    assert holds_job(tmp_path / "job")
