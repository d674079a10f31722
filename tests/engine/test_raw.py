import os
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from rvm_addon.engine.contract.errors import RawUnreadable
from rvm_addon.engine.contract.outputs import USUAL, EdgeColour, Edges, Foreground, FrameFormat, Look, Result
from rvm_addon.engine.contract.spec import JobSpec, Source, SourceKind
from rvm_addon.engine.drawing.refine import cut_out
from rvm_addon.engine.drawing.viewing import Viewer
from rvm_addon.engine.kept.raw import decode, drawn, encode
from rvm_addon.engine.kept.shelf import RawSink, Shelf
from rvm_addon.engine.network.guided import Grid, GuidedMatte
from rvm_addon.engine.network.matte import Edge, PlainMatte
from rvm_addon.engine.stages import Read, Writer
from tests.fakes import DictSink


@pytest.fixture
def matte() -> PlainMatte:
    """A soft blob in random colours, away from the frame's edge."""
    random = np.random.default_rng(11)
    pha = np.zeros((90, 160), np.float32)
    cv2.ellipse(pha, (70, 50), (30, 20), 20, 0, 360, 1.0, -1)
    pha = cv2.GaussianBlur(pha, (0, 0), 3)
    pha[pha < 0.01] = 0
    picture = random.integers(0, 256, (90, 160, 3), np.uint8)
    return PlainMatte(picture, random.random((1, 3, 90, 160), np.float32), pha[None, None])


@pytest.fixture
def guided(matte: PlainMatte) -> GuidedMatte:
    """A matte whose foreground is made from small maps, as random as the other."""
    random = np.random.default_rng(12)
    slope, offset = (random.normal(0, 0.4, (1, 4, 30, 50)).astype(np.float32) for _ in range(2))
    slope[0, 3] = 0
    offset[0, 3] = cv2.resize(matte.pha[0, 0], (50, 30), interpolation=cv2.INTER_AREA)
    return GuidedMatte(matte.picture, slope, offset, Grid(90, 160, 30, 50))


@pytest.mark.parametrize("edges", [Edges(), Edges(EdgeColour.MODEL, grow=3), Edges(feather=2.0, despill=0.5)])
@pytest.mark.parametrize("deep", [False, True])
def test_kept_maps_give_the_same_cutout(guided: GuidedMatte, edges: Edges, deep: bool) -> None:
    """A run that keeps maps shows what an update will, to the bit; 16-bit maps are within 1/255 of the model's."""
    kept = drawn(guided)
    model, now, later = (
        cut_out(one, edges, None, deep=deep) for one in (guided, kept, decode(encode(kept), kept.picture))
    )
    assert np.array_equal(now.alpha, later.alpha)
    assert np.array_equal(now.colours, later.colours)
    shown = (now.alpha > 0) & (model.alpha > 0)
    assert np.abs(now.colours[shown].astype(int) - model.colours[shown]).max() <= 1


@pytest.mark.parametrize("edges", [Edges(), Edges(EdgeColour.MODEL, grow=3), Edges(feather=2.0, despill=0.5)])
@pytest.mark.parametrize("deep", [False, True])
def test_a_kept_matte_gives_the_same_cutout(matte: PlainMatte, edges: Edges, deep: bool) -> None:
    """Through its file, with any edges: the same alpha, and where it is above nought the same colours."""
    kept = decode(encode(drawn(matte)), matte.picture)
    now, later = (cut_out(one, edges, None, deep=deep) for one in (matte, kept))
    assert np.abs(now.alpha.astype(int) - later.alpha).max() <= (0 if deep else 1)
    shown = (now.alpha > 0) & (later.alpha > 0) & ((now.alpha == now.alpha.max()) == (later.alpha == later.alpha.max()))
    assert np.array_equal(now.colours[shown], later.colours[shown])


@pytest.mark.parametrize(
    ("edges", "form"),
    [
        pytest.param(USUAL, FrameFormat.PNG, id="usual"),
        pytest.param(replace(USUAL, black=0.2), FrameFormat.PNG, id="black"),
        pytest.param(replace(USUAL, white=0.7), FrameFormat.PNG, id="white"),
        pytest.param(Edges(EdgeColour.SOURCE, despill=1.0), FrameFormat.PNG, id="source"),
        pytest.param(USUAL, FrameFormat.PNG16, id="usual, deep"),
    ],
)
@pytest.mark.parametrize("deep_before", [False, True])
def test_the_colours_of_an_edge_serve_whatever_keeps_it(
    guided: GuidedMatte, edges: Edges, form: FrameFormat, deep_before: bool
) -> None:
    """The cut-out is that without it, to the bit; whoever shows the model's colours reads their maps, damaged here."""
    kept = drawn(guided)
    first = cut_out(kept, USUAL, None, deep=deep_before)
    data = encode(replace(kept, edge=Edge.of(first.inner, first.alpha, first.box)))
    assert Look(edges=edges, format=form).foreground is Foreground.EDGE
    later = decode(data[:-50], kept.picture, Foreground.EDGE)
    assert later.edge is not None
    now, again = (cut_out(one, edges, None, deep=form.is_deep) for one in (kept, later))
    assert np.array_equal(now.alpha, again.alpha) and np.array_equal(now.colours, again.colours)
    with pytest.raises(ValueError, match="not whole"):
        decode(data[:-50], kept.picture, Foreground.ALL)
    wide = replace(USUAL, grow=4)
    now, again = (
        cut_out(one, wide, None, deep=False) for one in (kept, decode(data, kept.picture, Look(edges=wide).foreground))
    )
    assert np.array_equal(now.colours, again.colours)


@pytest.mark.parametrize(
    ("look", "foreground"),
    [
        (Look(), Foreground.EDGE),
        (Look(Result.BLUR, edges=replace(USUAL, black=0.1)), Foreground.EDGE),
        (Look(edges=replace(USUAL, grow=3)), Foreground.NONE),
        (Look(edges=replace(USUAL, feather=1.0)), Foreground.NONE),
        (Look(edges=Edges(EdgeColour.SOURCE, despill=0.5)), Foreground.NONE),
        (Look(edges=Edges(EdgeColour.MODEL, despill=1.0)), Foreground.ALL),
        (Look(edges=Edges()), Foreground.ALL),
        (Look(edges=Edges(black=0.1, despill=0.5)), Foreground.ALL),
        (Look(Result.MATTE), Foreground.NONE),
        (Look(edges=Edges(EdgeColour.SOURCE, grow=2)), Foreground.NONE),
        (Look(edges=Edges(EdgeColour.MODEL)), Foreground.ALL),
        (Look(format=FrameFormat.EXR), Foreground.EDGE),
        (Look(format=FrameFormat.PNG16, edges=replace(USUAL, black=0.1)), Foreground.NONE),
    ],
)
def test_a_look_tells_how_much_of_the_foreground_it_shows(look: Look, foreground: Foreground) -> None:
    """Beyond the edge nothing is read that does not show, and what shows is read."""
    assert look.foreground is foreground


@pytest.mark.parametrize("few", [False, True], ids=["in tiles", "one by one"])
def test_a_far_feather_shows_no_seam(guided: GuidedMatte, few: bool) -> None:
    """Beyond what is kept of the maps, the foreground goes on as at their border, and not as the source."""
    smooth = np.full_like(guided.picture, 128)
    kept = replace(drawn(guided), picture=smooth)
    half = np.full_like(kept.foreground.halves, 0.5)  # type: ignore[union-attr]  # they are maps
    kept = replace(kept, foreground=replace(kept.foreground, halves=half))  # type: ignore[type-var]
    where = np.zeros(smooth.shape[:2], np.uint8)
    where[:: 40 if few else 1] = 1
    painted = smooth.copy()
    kept.paint(painted, where, (slice(0, 90), slice(0, 160)))
    assert (painted[where == 1] == painted[40, 70]).all() and painted[40, 70, 0] != 128


@pytest.mark.parametrize("value", [0.0, 1.0])
@pytest.mark.parametrize("deep", [False, True])
def test_an_empty_and_a_full_matte_survive(value: float, deep: bool) -> None:
    """A frame without a person, and one that is all person, whatever the depth of the result that was made first."""
    picture = np.random.default_rng(1).integers(0, 256, (20, 30, 3), np.uint8)
    matte = PlainMatte(picture, np.zeros((1, 3, 20, 30), np.float32), np.full((1, 1, 20, 30), value, np.float32))
    raw = drawn(matte)
    kept = decode(encode(raw), picture)
    assert (kept.alpha(deep=True) == round(value * 65535)).all()
    cutout = cut_out(raw, USUAL, None, deep=deep)
    kept = decode(encode(replace(raw, edge=Edge.of(cutout.inner, cutout.alpha, cutout.box))), picture, Foreground.EDGE)
    assert np.array_equal(cut_out(kept, USUAL, None, deep=deep).colours, cutout.colours)


@pytest.mark.parametrize("kind", ["guided", "matte"])
@pytest.mark.parametrize(
    "edges",
    [Edges(grow=12), Edges(feather=10.0), Edges(EdgeColour.MODEL, grow=30), Edges(EdgeColour.MODEL, feather=5.0)],
    ids=["grown", "feathered", "grown, model's colours", "feathered, model's colours"],
)
def test_far_colours_are_the_same_whether_or_not_a_matte_is_kept(
    kind: str, edges: Edges, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Where the room for raw mattes has run out, on the command line, which keeps none, and in an update."""
    drawn_one: GuidedMatte | PlainMatte = request.getfixturevalue(kind)
    look = Look(edges=edges)
    spec = JobSpec("x", Source(SourceKind.MOVIE, ("/x.mp4",)), "frames", "x", "/m.onnx", look=look)
    sink = DictSink()
    full = RawSink(tmp_path / "full", 1)
    full.room = 0
    for frame, raws in enumerate([RawSink(tmp_path, 10**9), full, None]):
        writer = Writer(spec, sink, raws, Viewer(tmp_path / "nobody looks", None))
        writer.write(Read(frame, drawn_one.picture, None, None, None, looked_at=True), drawn_one)
    known = Shelf([str(tmp_path / "raw")], None).read(0, drawn_one.picture, look.foreground)
    again = Writer(spec, sink, None, Viewer(tmp_path / "nobody looks", None))
    again.write(Read(3, drawn_one.picture, None, known, None, looked_at=False), known)
    assert all(np.array_equal(sink.pictures[0], sink.pictures[frame]) for frame in (1, 2, 3))


def test_a_shelf_reads_what_a_sink_keeps(matte: PlainMatte, tmp_path: Path) -> None:
    """By frame number; a torn file is told by name."""
    sink = RawSink(tmp_path, 10**9)
    for frame in (3, 4):
        sink.write(frame, drawn(matte))
    shelf = Shelf([str(tmp_path / "raw")], None)
    assert [frame in shelf for frame in (2, 3, 4)] == [False, True, True]
    assert np.array_equal(shelf.read(3, matte.picture).matte, drawn(matte).matte)
    file = tmp_path / "raw" / "000004.raw"
    file.write_bytes(file.read_bytes()[:-50])
    with pytest.raises(RawUnreadable, match=r"000004\.raw"):
        shelf.read(4, matte.picture)
    file.unlink()
    with pytest.raises(RawUnreadable, match=r"000004\.raw"):
        shelf.read(4, matte.picture)
    assert not list(tmp_path.glob("*.part"))


def test_what_macos_lays_beside_raw_mattes_is_none(matte: PlainMatte, tmp_path: Path) -> None:
    """On a drive of a foreign format it keeps what it knows of a file in another one, whose name begins with `._`."""
    RawSink(tmp_path, 10**9).write(3, drawn(matte))
    (tmp_path / "raw" / "._000003.raw").write_bytes(b"\0\5\x16\7")
    shelf = Shelf([str(tmp_path / "raw")], None)
    assert np.array_equal(shelf.read(3, matte.picture).matte, drawn(matte).matte)


def test_nothing_is_kept_beyond_the_limit(matte: PlainMatte, tmp_path: Path) -> None:
    """The sink stops when its room is used up."""
    size = len(encode(drawn(matte)))
    sink = RawSink(tmp_path, size * 2 + 10)
    for frame in range(5):
        sink.write(frame, drawn(matte))
    assert len(list((tmp_path / "raw").iterdir())) == 2
    assert sink.room < 0


@pytest.mark.parametrize(
    ("known", "wanted", "looked_at"),
    [
        ((), range(5), set(range(5))),
        (range(5), range(5), set()),
        (range(20, 40), range(10, 40), set(range(10, 20))),
        (range(40), range(42), set(range(25, 42))),
        ((0, 1, 3), (0, 1, 2, 3), {0, 1, 2}),
    ],
)
def test_the_model_looks_at_new_frames_and_some_before(
    known: tuple[int, ...], wanted: tuple[int, ...], looked_at: set[int], tmp_path: Path
) -> None:
    """What follows known frames is preceded by 15 of them, to warm the memory; what is known before stays so."""
    for frame in known:
        (tmp_path / f"{frame:06d}.raw").touch()
    assert Shelf([str(tmp_path)], None).needs_model(tuple(wanted)) == looked_at


def test_what_is_used_is_young(tmp_path: Path) -> None:
    """To look what is there is no use; only the job says that it takes it."""
    folders = [tmp_path / "here", tmp_path / "gone"]
    folders[0].mkdir()
    os.utime(folders[0], (1, 1))
    shelf = Shelf([str(folder) for folder in folders], None)
    assert folders[0].stat().st_mtime == 1
    shelf.touch()
    assert folders[0].stat().st_mtime > 1


@pytest.mark.parametrize("kind", ["guided", "matte"])
def test_what_shows_no_foreground_leaves_it_in_the_file(kind: str, request: pytest.FixtureRequest) -> None:
    """The same alpha and the source's colours, though the foreground's are damaged; who asks for those is refused."""
    kept = drawn(request.getfixturevalue(kind))
    bare = decode(encode(kept)[:-50], kept.picture, Foreground.NONE)
    edges = Edges(EdgeColour.SOURCE, grow=2, despill=0.5)
    now, later = (cut_out(one, edges, None, deep=True) for one in (kept, bare))
    assert np.array_equal(now.alpha, later.alpha) and np.array_equal(now.colours, later.colours)
    with pytest.raises(ValueError, match="were not read"):
        cut_out(bare, Edges(), None, deep=False)
    with pytest.raises(ValueError, match="cannot be kept"):
        encode(bare)
