"""Every kind of result in every format, made by the button and rendered by Blender: the colours that were meant."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests import movies, tiny
from tests.host.timeline import Timeline

GROUND = np.array([255, 102, 0])
"""The strip below, BGR."""
LOSSLESS = ("PNG", "PNG16", "EXR", "WEBP")


@pytest.fixture
def source(timeline: Timeline, tmp_path: Path) -> Any:
    """A picture strip over a coloured one; the model's matte is its green channel."""
    below = timeline.addon.versions.new_colour_strip(timeline.strips, "below", 1, 1, 7)
    below.color = tuple(GROUND[::-1] / 255)
    return timeline.pictures(tiny.barcode_pictures(tmp_path / "in", [170, 85, 255]), channel=2)


def over(picture: NDArray[np.uint8], behind: NDArray[Any]) -> NDArray[np.float64]:
    """Return what a picture (BGR) with its green channel as alpha looks like over another."""
    alpha = picture[..., 1:2] / 255
    return picture * alpha + behind * (1 - alpha)


def made(timeline: Timeline, source: Any, result: str, form: str = "PNG", **settings: Any) -> NDArray[np.float64]:
    """Press the button with these settings, and return what Blender then shows at frame 2 (BGR)."""
    chosen = timeline.scene.rvm_matting
    chosen.result = result
    chosen.format = form if form in LOSSLESS else "PNG"
    chosen.opaque_format = form
    chosen.edge_colour = "SOURCE"
    for name, value in settings.items():
        setattr(chosen, name, value)
    assert timeline.press_button(source) == {"FINISHED"}
    (job,) = timeline.addon.runner.current().queue.jobs
    assert (job.state.name, job.error) == ("DONE", "")
    return timeline.render(2)[..., :3].astype(float)


def test_an_interlaced_backdrop_is_refused(timeline: Timeline, tmp_path: Path) -> None:
    """OpenCV would show it black."""
    settings = timeline.scene.rvm_matting
    settings.result, settings.backdrop = "BACKDROP", str(movies.interlaced(tmp_path / "camcorder.mts"))
    jobs, said = timeline.submit(timeline.pictures(tiny.barcode_pictures(tmp_path / "in", [1])))
    assert (jobs, len(said)) == ([], 1)
    assert "backdrop: it is interlaced" in said[0]


@pytest.mark.usefixtures("with_green")
@pytest.mark.parametrize("form", LOSSLESS)
def test_a_cutout_over_a_strip_is_right_to_a_unit(timeline: Timeline, source: Any, form: str) -> None:
    """Half-transparent pixels composed by Blender are F·a + B·(1 - a), straight or premultiplied in the file."""
    shown = made(timeline, source, "CUTOUT", form)
    wanted = over(tiny.barcode(85), GROUND)
    assert np.abs(shown - wanted).max() <= 1.0


@pytest.mark.parametrize("form", [*LOSSLESS, "JPEG"])
@pytest.mark.parametrize("result", ["CUTOUT", "COLOUR", "BLUR"])
def test_where_alpha_is_full_the_source_shows(timeline: Timeline, source: Any, result: str, form: str) -> None:
    """No difference in lossless formats of 8 bits; rounding in half floats; JPEG loses a little."""
    if result == "CUTOUT" and form == "JPEG":
        pytest.skip("JPEG has no alpha")
    shown = made(timeline, source, result, form)
    apart = np.abs(shown - tiny.barcode(85))
    if form == "JPEG":
        assert apart.mean() <= 2.0
    else:
        assert apart.max() <= (1 if form == "EXR" else 0)


@pytest.mark.usefixtures("with_green")
@pytest.mark.parametrize("form", LOSSLESS)
def test_over_a_colour_nothing_below_shows(timeline: Timeline, source: Any, form: str) -> None:
    """The colour as it was chosen, mixed as Blender mixes."""
    shown = made(timeline, source, "COLOUR", form, background=(10 / 255, 200 / 255, 30 / 255))
    assert np.abs(shown - over(tiny.barcode(85), np.array([30, 200, 10]))).max() <= 1.0


@pytest.mark.usefixtures("with_green")
@pytest.mark.parametrize("form", [*LOSSLESS, "JPEG"])
def test_a_matte_is_shown_as_it_is(timeline: Timeline, source: Any, form: str) -> None:
    """Grey, the same values whatever the format."""
    shown = made(timeline, source, "MATTE", form)
    apart = np.abs(shown - tiny.barcode(85)[..., 1:2])
    assert apart.max() <= (30 if form == "JPEG" else 1)
    assert apart.mean() <= (3 if form == "JPEG" else 0.5)


@pytest.mark.usefixtures("with_green")
@pytest.mark.parametrize("fit", ["FILL", "FIT"])
def test_over_a_picture(timeline: Timeline, source: Any, fit: str, tmp_path: Path) -> None:
    """A backdrop of another shape fills the frame, or stands whole between black bars."""
    backdrop = tmp_path / "in" / "wall ü.png"
    cv2.imencode(".png", np.full((50, 50, 3), (200, 10, 60), np.uint8))[1].tofile(backdrop)
    shown = made(timeline, source, "BACKDROP", backdrop=str(backdrop), fit=fit)
    behind = np.full((64, 128, 3), (200, 10, 60))
    if fit == "FIT":
        behind[:, :32] = behind[:, 96:] = 0
    assert np.abs(shown - over(tiny.barcode(85), behind)).max() <= 1.0


@pytest.mark.usefixtures("with_green")
def test_over_a_movie_that_plays_along_and_begins_anew(timeline: Timeline, source: Any, tmp_path: Path) -> None:
    """Behind the third picture of three is the third of the movie, or the first again where it has but two."""
    for count, last in ((5, 2), (2, 0)):
        movie = tmp_path / f"{count}.avi"
        writer = cv2.VideoWriter(str(movie), cv2.VideoWriter.fourcc(*"MJPG"), 24, tiny.SIZE)
        for number in range(count):
            writer.write(np.full((64, 128, 3), 60 * number + 10, np.uint8))
        writer.release()
        timeline.addon.runner.current().queue.jobs.clear()
        made(timeline, source, "BACKDROP", backdrop=str(movie))
        shown = timeline.render(3)[..., :3].astype(float)
        assert np.abs(shown - over(tiny.barcode(255), np.array([60 * last + 10] * 3))).max() <= 3.0
        timeline.strips.remove(timeline.result_of(source))
        source.mute = False


@pytest.mark.usefixtures("with_green")
def test_a_mask_cuts_out_the_original(timeline: Timeline, source: Any) -> None:
    """Rendered, the masked source is what the cut-out would be, and the source strip is the one that shows."""
    shown = made(timeline, source, "MASK", "EXR")
    assert all(path.suffix == ".png" for path in timeline.addon.runner.current().queue.jobs[0].output.iterdir())
    assert np.abs(shown - over(tiny.barcode(85), GROUND)).max() <= 1.0
    matte = timeline.result_of(source)
    assert not source.mute and matte.mute
    assert source.modifiers[0].input_mask_strip == matte


@pytest.mark.usefixtures("with_green")
def test_a_mask_leaves_the_alpha_that_the_original_has(timeline: Timeline, source: Any, tmp_path: Path) -> None:
    """It is half transparent where its pictures are, not a quarter: mask and cut-out give the same picture."""
    for path in (tmp_path / "in").iterdir():
        picture = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2BGRA)
        picture[:, :64, 3] = 128
        cv2.imwrite(str(path), picture)
    source.alpha_mode = "STRAIGHT"
    cutout = made(timeline, source, "CUTOUT")
    timeline.strips.remove(timeline.result_of(source))
    source.mute = False
    timeline.addon.runner.current().queue.jobs.clear()
    masked = made(timeline, source, "MASK")
    assert np.abs(cutout - masked).max() <= 1.0
    assert np.abs(cutout[:, :64] - GROUND).max() > 20, "half of what the model sees is there"


PLACES = {
    "moved": {"transform.offset_x": 9, "transform.offset_y": -5},
    "scaled": {"transform.scale_x": 0.7, "transform.scale_y": 1.2},
    "turned": {"transform.rotation": 0.4},
    "cropped": {"crop.min_x": 12, "crop.max_y": 7},
    "mirrored": {"use_flip_x": True},
    "half opaque": {"blend_alpha": 0.6},
}


@pytest.mark.usefixtures("with_green")
@pytest.mark.parametrize("places", [*PLACES, "all"])
def test_a_mask_lies_where_its_source_lies(timeline: Timeline, source: Any, places: str, tmp_path: Path) -> None:
    """However the source lies on the canvas, mask and cut-out give the same picture."""
    for path in (tmp_path / "in").iterdir():  # without hard edges, which no two ways of sampling show alike
        cv2.imwrite(str(path), cv2.GaussianBlur(cv2.imread(str(path)), (0, 0), 6))
    chosen = PLACES.values() if places == "all" else [PLACES[places]]
    for path, value in [item for place in chosen for item in place.items()]:
        owner, _, name = path.rpartition(".")
        setattr(getattr(source, owner) if owner else source, name, value)
    cutout = made(timeline, source, "CUTOUT")
    timeline.strips.remove(timeline.result_of(source))
    source.mute = False
    timeline.addon.runner.current().queue.jobs.clear()
    masked = made(timeline, source, "MASK")
    # From 5.0 on a mask is brought back to the picture's own place, and the masked picture to the canvas: where the
    # picture is scaled or turned, edges come out a little softer.
    resampled = timeline.addon.versions.MASKS_BEFORE_MIRRORING and places in ("scaled", "turned", "all")
    apart = np.abs(cutout - masked).max(axis=2)
    assert np.quantile(apart, 0.95) <= (4.0 if resampled else 1.0)
    assert apart.mean() <= (1.5 if resampled else 0.2)


@pytest.mark.usefixtures("with_green")
def test_a_mask_made_again_takes_the_place_of_the_first(timeline: Timeline, source: Any) -> None:
    """The source is cut out once, by the newer matte."""
    made(timeline, source, "MASK")
    timeline.addon.runner.current().queue.jobs.clear()
    made(timeline, source, "MASK", black=0.5)
    (modifier,) = source.modifiers
    assert modifier.input_mask_strip.name == f"{source.name} matte 2"
