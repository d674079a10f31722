from dataclasses import replace

import cv2
import numpy as np
import pytest

from rvm_addon.engine.contract.outputs import MOST_GROWTH, USUAL, EdgeColour, Edges
from rvm_addon.engine.drawing.refine import _BAND_ROWS, Cutout, cut_out, refined
from rvm_addon.engine.network.matte import PlainMatte
from rvm_addon.engine.pictures.tensors import Picture, to_bytes, to_tensor

PLAIN = Edges()
"""As the model says."""


@pytest.fixture
def matte() -> PlainMatte:
    """A random source, a random foreground, and a matte that holds every 8-bit value, nought and one included."""
    random = np.random.default_rng(7)
    fgr = random.random((1, 3, 16, 64), np.float32)
    pha = (np.arange(1024, dtype=np.float32).reshape(1, 1, 16, 64) // 4) / 255
    return PlainMatte(random.integers(0, 256, (16, 64, 3), np.uint8), fgr, pha)


def cut(matte: PlainMatte, edges: Edges = PLAIN, *, deep: bool = False) -> Cutout:
    """Cut out a frame whose source carries no alpha."""
    return cut_out(matte, edges, None, deep=deep)


def foreground(matte: PlainMatte) -> Picture:
    """The model's colours as a BGR picture."""
    return to_bytes(matte.fgr[0].transpose(1, 2, 0)[..., ::-1].reshape(16, -1)).reshape(16, 64, 3)


def test_tensors_are_rgb_from_nought_to_one() -> None:
    """OpenCV's blue comes last in the tensor, and 255 is 1."""
    picture = np.zeros((2, 3, 3), np.uint8)
    picture[..., 0], picture[..., 2] = 255, 51
    tensor = to_tensor(picture)
    assert tensor.shape == (1, 3, 2, 3) and tensor.dtype == np.float32
    assert np.allclose(tensor[0, :, 0, 0], [0.2, 0.0, 1.0])


def test_bytes_are_rounded_and_clipped() -> None:
    """A plane becomes the nearest of 256 values."""
    assert to_bytes(np.array([[0.0, 0.4 / 255, 0.6 / 255, 1.0, 1.5]], np.float32)).tolist() == [[0, 0, 1, 255, 255]]


def test_a_cutout_has_straight_alpha(matte: PlainMatte) -> None:
    """The matte is the alpha; colour is not multiplied by it, and is gone where no filter can reach it."""
    matte.pha[..., :8, :32] = 0.0
    cutout = cut(matte, Edges(EdgeColour.MODEL))
    assert np.array_equal(cutout.alpha, np.rint(matte.pha[0, 0] * 255))
    shown = cutout.alpha > 0
    assert np.array_equal(cutout.colours[shown], foreground(matte)[shown])
    assert not cutout.colours[:6, :30].any()
    assert np.array_equal(cutout.colours[7, 5], foreground(matte)[7, 5]), "one pixel beyond the matte keeps its colour"


@pytest.mark.parametrize("colour", EdgeColour)
def test_colours_come_from_where_they_should(matte: PlainMatte, colour: EdgeColour) -> None:
    """Mixed: the source's own pixels where alpha is full, to the bit, and the model's at soft edges."""
    cutout = cut(matte, Edges(colour))
    full, soft = cutout.alpha == 255, (cutout.alpha > 0) & (cutout.alpha < 255)
    assert full.any() and soft.any()
    wanted = {EdgeColour.MODEL: (foreground(matte),) * 2, EdgeColour.SOURCE: (matte.picture,) * 2}
    wanted[EdgeColour.MIXED] = (matte.picture, foreground(matte))
    for where, picture in zip((full, soft), wanted[colour], strict=True):
        assert np.array_equal(cutout.colours[where], picture[where])


def test_sixteen_bits_hold_the_model_s_own_alpha(matte: PlainMatte) -> None:
    """A deep matte is finer than 8 bits can say."""
    deep = replace(matte, pha=matte.pha * np.float32(0.7))
    alpha = cut(deep, deep=True).alpha
    assert alpha.dtype == np.uint16
    assert np.abs(alpha - deep.pha[0, 0] * 65535).max() <= 0.51


def test_the_alpha_that_the_source_carries_stays(matte: PlainMatte) -> None:
    """The matte is multiplied by it, in 8 and in 16 bits."""
    carried = np.full((16, 64), 51, np.uint8)
    for deep, most in ((False, 255), (True, 65535)):
        alpha = cut_out(matte, Edges(), carried, deep=deep).alpha
        assert np.abs(alpha - matte.pha[0, 0] * most / 5).max() <= 0.61


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_black_and_white_point_stretch_the_matte(kind: type) -> None:
    """What is at or below black is gone, from white on it is full, between it rises evenly."""
    most = np.iinfo(kind).max
    alpha = np.array([[0, most * 0.2, most * 0.5, most * 0.8, most]]).round().astype(kind)
    result = refined(alpha, Edges(black=0.2, white=0.8))
    assert np.abs(result / most - [[0, 0, 0.5, 1, 1]]).max() < 0.004


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("grow", [3, -3])
def test_growing_moves_the_edge_by_as_many_pixels(kind: type, grow: int) -> None:
    """In every direction, outwards or inwards."""
    alpha = np.zeros((60, 60), kind)
    alpha[20:40, 20:40] = np.iinfo(kind).max
    result = refined(alpha, Edges(grow=grow))
    rows, columns = np.flatnonzero(result.any(axis=1)), np.flatnonzero(result.any(axis=0))
    assert (rows[0], rows[-1], columns[0], columns[-1]) == (20 - grow, 39 + grow, 20 - grow, 39 + grow)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("grow", [1, 2, 7, 12, MOST_GROWTH, -1, -30])
def test_growth_by_any_radius_takes_the_most_of_a_disc(kind: type, grow: int) -> None:
    """To the bit as OpenCV's morphology does, in frames that are taller than a band, or smaller than the disc."""
    noise = np.random.default_rng(5).integers(0, np.iinfo(kind).max, (_BAND_ROWS + 70, 90)).astype(kind)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * abs(grow) + 1, 2 * abs(grow) + 1))
    wanted = (cv2.dilate if grow > 0 else cv2.erode)(noise, disc)
    assert np.array_equal(refined(noise, Edges(grow=grow)), wanted)


def test_feathering_softens_as_a_gaussian() -> None:
    """A straight edge becomes the Gaussian's integral."""
    alpha = np.zeros((40, 200), np.uint16)
    alpha[:, 100:] = 65535
    row = refined(alpha, Edges(feather=5.0))[20] / 65535
    assert row[99] + row[100] == pytest.approx(1.0, abs=0.01)
    assert row[104] == pytest.approx(0.816, abs=0.02), "the normal distribution's value at 4.5 of 5"
    assert row[60] < 0.001


def test_a_grown_matte_has_colours() -> None:
    """No black rim: what the matte grows into has the source's or the model's colour."""
    source = np.full((40, 40, 3), 90, np.uint8)
    pha = np.zeros((1, 1, 40, 40), np.float32)
    pha[..., 15:25, 15:25] = 1.0
    cutout = cut(PlainMatte(source, np.full((1, 3, 40, 40), 0.5, np.float32), pha), Edges(grow=4))
    assert cutout.alpha[12, 20] == 255
    assert (cutout.colours[cutout.alpha > 0] > 80).all()


def test_despill_takes_the_old_background_out() -> None:
    """A grey person before green: where edges are soft the source is greenish; despilled it is not."""
    ramp = np.clip((np.arange(120, dtype=np.float32) - 40) / 40, 0, 1)
    pha = np.tile(ramp, (60, 1))
    true, green = np.array([120, 120, 120]), np.array([40, 220, 40])
    source = (true * pha[..., None] + green * (1 - pha[..., None])).round().astype(np.uint8)
    matte = PlainMatte(source, to_tensor(source), pha[None, None])
    half = cut(matte).alpha[0].searchsorted(128)
    spilled = cut(matte, Edges(EdgeColour.SOURCE)).colours[30, half]
    clean = cut(matte, Edges(EdgeColour.SOURCE, despill=1.0)).colours[30, half]
    assert spilled[1] > 160
    assert np.abs(clean.astype(int) - true).max() <= 8
    between = cut(matte, Edges(EdgeColour.SOURCE, despill=0.5)).colours[30, half]
    assert abs(int(between[1]) - (int(spilled[1]) + int(clean[1])) / 2) <= 2


def despilled_edge(true: tuple[int, int, int], share: float, said: float) -> np.ndarray:
    """Return the colour at the edge of a person (120, 150, 200) before green, whose edge is of a `true` colour.

    The foreground's `share` is what the picture has of it there, and `said` what the matte says.
    """
    picture = np.full((60, 120, 3), (40, 220, 40), np.uint8)
    picture[:, 60:] = (120, 150, 200)
    picture[:, 58:60] = (np.array(true) * share + np.array([40, 220, 40]) * (1 - share)).round()
    pha = np.zeros((1, 1, 60, 120), np.float32)
    pha[..., 58:60], pha[..., 60:] = said, 1.0
    cutout = cut(PlainMatte(picture, to_tensor(picture), pha), Edges(despill=1.0))
    return cutout.colours[30, 58].astype(int)


def test_despill_takes_out_what_the_matte_overlooks() -> None:
    """The matte is often a little wide: it says nine tenths where a fifth is background, which leaves a green rim."""
    assert np.abs(despilled_edge((120, 150, 200), share=0.8, said=0.9) - (120, 150, 200)).max() <= 6


def test_despill_of_dark_skin_makes_no_magenta() -> None:
    """Skin in shadow has as little blue and red as the green wall: less of these is no reason for less green."""
    blue, green, red = despilled_edge((40, 50, 67), share=0.7, said=0.7)
    assert blue < green < red
    assert red < 130


@pytest.mark.parametrize("said", [0.7, 0.9])
def test_despill_leaves_a_dark_edge_before_a_dark_wall(said: float) -> None:
    """Hair beside a white shirt looks like the wall behind it, and is no mixture of that and the shirt."""
    picture = np.full((60, 120, 3), 15, np.uint8)
    picture[:, 60:] = 235
    picture[:, 52:60] = round(25 * said + 15 * (1 - said))
    pha = np.zeros((1, 1, 60, 120), np.float32)
    pha[..., 52:60], pha[..., 60:] = said, 1.0
    cutout = cut(PlainMatte(picture, to_tensor(picture), pha), USUAL)
    assert cutout.colours[30, 52:60].max() <= 35


def test_despill_is_the_same_upside_down() -> None:
    """The rows that tell of the colours nearby lie evenly: no side of a person is cleaner than the other."""
    down, across = np.mgrid[:256, :256] - 127.5
    share = np.clip((90 - np.hypot(down, across)) / 6 + 0.5, 0, 1).astype(np.float32)
    green, person = (np.ones((256, 256, 3)) * colour for colour in ((40, 220, 40), (120, 150, 200)))
    picture = (person * share[..., None] + green * (1 - share[..., None])).round().astype(np.uint8)
    upright, turned = (
        cut(PlainMatte(source, to_tensor(source), matte[None, None]), USUAL).colours.astype(int)
        for source, matte in ((picture, share), (picture[::-1].copy(), share[::-1].copy()))
    )
    assert np.abs(upright - turned[::-1]).max() <= 3


@pytest.mark.parametrize("edges", [Edges(feather=4.0, despill=1.0), Edges(feather=4.0), Edges(grow=-3, feather=2.0)])
def test_a_feathered_matte_leaves_the_colours_inside(edges: Edges) -> None:
    """What it lets shine through is still the person: nothing of a background is in there to be taken out."""
    picture = np.full((60, 120, 3), (40, 220, 40), np.uint8)
    picture[:, 60:] = (120, 130, 140)
    pha = np.zeros((1, 1, 60, 120), np.float32)
    pha[..., 60:] = 1.0
    cutout = cut(PlainMatte(picture, np.full((1, 3, 60, 120), 0.2, np.float32), pha), edges)
    assert 0 < cutout.alpha[30, 61] < 255
    assert (cutout.colours[30, 60:] == (120, 130, 140)).all(axis=-1)[cutout.alpha[30, 60:] > 0].all()


def test_a_grown_matte_shows_no_background() -> None:
    """Beyond the model's own matte the source is green, and full alpha does not make it the person's."""
    picture = np.full((60, 120, 3), (40, 220, 40), np.uint8)
    picture[:, 60:] = (120, 130, 140)
    pha = np.zeros((1, 1, 60, 120), np.float32)
    pha[..., 60:] = 1.0
    guess = np.empty((1, 3, 60, 120), np.float32)
    guess[:] = np.array([140, 130, 120], np.float32).reshape(1, 3, 1, 1) / 255
    for despill in (0.0, 1.0):
        cutout = cut(PlainMatte(picture, guess, pha), Edges(grow=3, despill=despill))
        assert cutout.alpha[30, 57] == 255
        assert np.abs(cutout.colours[30, 57:].astype(int) - (120, 130, 140)).max() <= 1


def test_despill_of_a_grown_matte_makes_no_speckles() -> None:
    """Of a pixel that has little of the person, a grey level is a twentieth of noise: grown, it would be seen."""
    noise = np.random.default_rng(7).integers(-6, 7, (60, 120, 3))
    share = np.full((60, 120), 0.1, np.float32)
    share[:, 60:] = 1.0
    share[:, :57] = 0.0
    true, green = np.array([120, 130, 140]), np.array([40, 220, 40])
    picture = (true * share[..., None] + green * (1 - share[..., None]) + noise).round().clip(0, 255).astype(np.uint8)
    guess = np.empty((1, 3, 60, 120), np.float32)
    guess[:] = np.array([140, 130, 120], np.float32).reshape(1, 3, 1, 1) / 255
    cutout = cut(PlainMatte(picture, guess, share[None, None]), Edges(grow=3, despill=1.0))
    assert (cutout.alpha[10:50, 57:60] == 255).all()
    assert np.abs(cutout.colours[10:50, 57:60].astype(int) - true).max() <= 20


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    "edges", [Edges(grow=6), Edges(grow=-6), Edges(feather=0.4), Edges(feather=7.3), Edges(black=0.2, feather=2.5)]
)
@pytest.mark.parametrize("place", [(0, 0), (30, 44), (70, 12), (2, 78), (78, 78)])
def test_edges_are_those_of_the_whole_frame(kind: type, edges: Edges, place: tuple[int, int]) -> None:
    """To the bit, wherever in the frame somebody is, also at its borders: what is left out is nought anyway."""
    most = np.iinfo(kind).max
    alpha = np.zeros((100, 100), kind)
    alpha[place[0] : place[0] + 22, place[1] : place[1] + 22] = np.random.default_rng(9).integers(0, most, (22, 22))
    alpha[place[0] + 4 : place[0] + 20, place[1] + 4 : place[1] + 20] = most
    wanted = alpha if edges.black == 0 else refined(alpha, replace(edges, feather=0.0))
    if edges.grow:
        around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (13, 13))
        wanted = (cv2.dilate if edges.grow > 0 else cv2.erode)(wanted, around)
    if edges.feather:
        wanted = cv2.GaussianBlur(wanted, (0, 0), edges.feather, borderType=cv2.BORDER_REPLICATE)
    assert np.array_equal(refined(alpha, edges), wanted)
