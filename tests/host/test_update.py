"""A result is changed afterwards: by its raw mattes, in its place, with what it remembers."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from tests import tiny
from tests.host import rendered_strips
from tests.host.timeline import Timeline
from tests.host.updating import alpha, frames_of, raws_of, shown_alone, update

pytestmark = pytest.mark.usefixtures("with_green")


def test_edges_change_without_the_model(timeline: Timeline, source: Any) -> None:
    """The new black point is applied to the raw mattes; the strip stays where it is."""
    result = timeline.result_of(source)
    before = alpha(timeline, result, 3)
    result.channel, result.transform.offset_x = 7, 0
    raws = {path.name for path in timeline.addon.runner.current().queue.jobs[0].folder.joinpath("raw").glob("*.raw")}
    assert len(raws) == 6
    timeline.scene.rvm_matting.black = 0.5
    job = update(timeline, result)
    assert job.spec.raws
    after = alpha(timeline, result, 3)
    assert result.channel == 7, "the strip is the same one, where the user has put it"
    wanted = np.clip((before / 255 - 0.5) / 0.5, 0, 1) * 255
    assert np.abs(after - wanted).max() <= 2
    assert after.max() > 200 and (after == 0).sum() > (before == 0).sum()


def test_the_result_of_a_rendered_strip_whose_trim_slid(timeline: Timeline, tmp_path: Path) -> None:
    """It has as many pictures as before, which are numbered from one, but they belong elsewhere."""
    source = timeline.movie(tiny.barcode_movie(tmp_path / "clip.avi", 40, fourcc="MJPG"), channel=2)
    source.use_deinterlace = True
    timeline.scene.rvm_matting.edge_colour = "SOURCE"
    timeline.addon.versions.set_right_handle(source, 11)
    timeline.press_button(source)
    timeline.addon.versions.set_right_handle(source, 16)
    timeline.addon.versions.set_left_handle(source, 6)
    update(timeline, timeline.result_of(source))
    result = timeline.result_of(source)
    assert timeline.addon.versions.handles(result) == (6, 16)
    for frame in (6, 11, 15):
        numbers = [tiny.read_barcode(shown_alone(timeline, strip, frame)) for strip in (source, result)]
        assert numbers == [frame - 1] * 2


def test_a_format_changes_the_files_names(timeline: Timeline, source: Any) -> None:
    """The elements follow."""
    result = timeline.result_of(source)
    timeline.scene.rvm_matting.format = "WEBP"
    update(timeline, result)
    assert all(element.filename.endswith(".webp") for element in result.elements)
    assert alpha(timeline, result, 3).max() > 200


def test_what_was_light_is_shown_in_the_screens_colours_again(timeline: Timeline, tmp_path: Path) -> None:
    """Also where the strip is rendered first, whose own colour space is not the pictures'."""
    name = rendered_strips.meta(timeline, tiny.barcode_movie(tmp_path / "clip.avi", 12, fourcc="FFV1")).name
    chosen = timeline.scene.rvm_matting
    chosen.edge_colour = "SOURCE"
    timeline.press_button(timeline.strips[name])
    result = timeline.result_of(timeline.strips[name])
    before = shown_alone(timeline, result, 5)
    for chosen.format in ("EXR", "PNG"):
        update(timeline, result)
    assert np.array_equal(shown_alone(timeline, result, 5), before)


def test_a_longer_trim_mattes_the_new_frames_only(timeline: Timeline, source: Any) -> None:
    """The result grows with its source; what was known is read, not matted again."""
    timeline.addon.versions.set_right_handle(source, 11)
    job = update(timeline, timeline.result_of(source))
    assert timeline.addon.versions.handles(timeline.result_of(source)) == (1, 11)
    assert job.spec.raws and len(job.spec.source.frames) == 10
    assert [s.name for s in timeline.strips if s.type == "IMAGE"] == [f"{source.name} matte"]


def test_a_cutout_becomes_a_mask_and_back(timeline: Timeline, source: Any) -> None:
    """What the earlier kind did to the source is taken back."""
    timeline.scene.rvm_matting.result = "MASK"
    update(timeline, timeline.result_of(source))
    assert not source.mute and len(source.modifiers) == 1
    timeline.scene.rvm_matting.result = "CUTOUT"
    timeline.scene.rvm_matting.black = 0.1
    update(timeline, timeline.result_of(source))
    assert source.mute and not source.modifiers
    assert not timeline.result_of(source).mute


def _reframed(source: Any) -> None:
    source.transform.offset_x, source.transform.scale_x, source.crop.min_x = 30, 0.5, 9


def _moved(source: Any) -> None:
    setattr(source, "content_start" if bpy.app.version >= (5, 2, 0) else "frame_start", 4)


@pytest.mark.parametrize("change", [_reframed, _moved])
def test_a_mask_follows_its_source(timeline: Timeline, source: Any, change: Callable[[Any], None]) -> None:
    """Which is what the user sees, and moves; one that still lies on it is the same strip, with what was done to it."""
    timeline.scene.rvm_matting.result = "MASK"
    update(timeline, timeline.result_of(source))
    mask = timeline.result_of(source)
    mask.channel = 7
    mask.modifiers.new("softer", "BRIGHT_CONTRAST")
    timeline.scene.rvm_matting.black = 0.1
    update(timeline, mask)
    assert mask.channel == 7 and len(mask.modifiers) == 1
    change(source)
    timeline.scene.rvm_matting.black = 0.0
    update(timeline, mask)
    mask, handles = timeline.result_of(source), timeline.addon.versions.handles
    assert source.modifiers[0].input_mask_strip == mask and mask.mute and mask.channel == 7
    assert handles(mask) == handles(source) and mask.crop.min_x == source.crop.min_x
    assert {strip.name for strip in timeline.strips} == {mask.name, source.name}
    shown = timeline.render(handles(source)[0] + 2)
    timeline.scene.rvm_matting.result = "CUTOUT"
    update(timeline, mask)
    differs = np.abs(timeline.render(handles(source)[0] + 2).astype(int) - shown) > 2
    assert differs.mean() < 0.03, "soft edges are scaled by Blender in another order"


def test_a_recipe_is_remembered_and_copied_back(timeline: Timeline, source: Any, tmp_path: Path) -> None:
    """Through a saved file: the settings come back as they were when the strip was made."""
    chosen = timeline.scene.rvm_matting
    chosen.result, chosen.grow, chosen.quality, chosen.opaque_format = "BLUR", 3, "FINE", "JPEG"
    update(timeline, timeline.result_of(source))
    chosen.result, chosen.grow, chosen.quality, chosen.opaque_format = "CUTOUT", 0, "DRAFT", "PNG"
    path = tmp_path / "saved.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True)
    with bpy.data.libraries.load(str(path)) as (there, wanted):
        wanted.scenes = [name for name in there.scenes if name == timeline.scene.name]
    (loaded,) = wanted.scenes
    strips = timeline.addon.versions.all_strips(loaded.sequence_editor)
    assert "BLUR" in strips[f"{source.name} matte"]["rvm_matting"].upper()
    bpy.data.scenes.remove(loaded)
    timeline.editor.active_strip = timeline.result_of(source)
    with timeline.shown():
        assert bpy.ops.rvm.use_recipe() == {"FINISHED"}
    assert (chosen.result, chosen.grow, chosen.quality, chosen.opaque_format) == ("BLUR", 3, "FINE", "JPEG")


def test_a_recipe_reads_as_the_panel_shows_it(timeline: Timeline, source: Any) -> None:
    """Blender's numbers have 32 bits: 0.1 would be 0.10000000149011612."""
    chosen = timeline.scene.rvm_matting
    chosen.edge_colour, chosen.black, chosen.grow, chosen.feather = "MODEL", 0.1, -2, 1.3
    chosen.quality, chosen.format = "DRAFT", "PNG16"
    result = timeline.result_of(source)
    update(timeline, result)
    recipe = timeline.addon.recipes.read(result)
    told = timeline.addon.words.recipe(recipe)
    assert told[1].endswith(" · PNG, 16 Bit")
    assert told[2].endswith(" · Draft")
    assert told[3:] == ["Colour: Model", "Black Point: 0.1", "Grow: -2", "Feather: 1.3"]
    for model in ("/home/me/my.net.onnx", r"C:\Users\me\my.net.onnx"):  # a project may come from another system
        assert timeline.addon.words.recipe(replace(recipe, model=model))[2] == "my.net · Draft"


@pytest.mark.parametrize(("black", "white"), [(0.0, 0.01), (0.99, 0.01), (0.99, 0.5), (0.5, 0.5)])
def test_a_black_point_gives_way_to_the_white_one(timeline: Timeline, source: Any, black: float, white: float) -> None:
    """Whatever the sliders say, the button works: what the model is surer of than the white point is opaque."""
    timeline.scene.rvm_matting.black, timeline.scene.rvm_matting.white = black, white
    result = timeline.result_of(source)
    before = alpha(timeline, result, 3)
    update(timeline, result)
    after = alpha(timeline, result, 3)
    assert (after[before <= 255 * (white - 0.02)] == 0).all() and (after[before > 255 * white] == 255).all()
    assert after[before == 0].max() == 0


def test_a_longer_still_has_a_longer_result(timeline: Timeline) -> None:
    """And a shorter one a shorter; where the source is as it was, the result stays as the user has trimmed it."""
    versions = timeline.addon.versions
    still = timeline.pictures(tiny.barcode_pictures(timeline.folder / "in", [9]), start=5)
    versions.set_right_handle(still, 20)
    timeline.press_button(still)
    for end in (40, 15):
        versions.set_right_handle(still, end)
        update(timeline, timeline.result_of(still))
        assert versions.handles(timeline.result_of(still)) == (5, end) and still.mute
    result = timeline.result_of(still)
    versions.set_right_handle(result, 12)
    timeline.scene.rvm_matting.black = 0.5
    update(timeline, result)
    assert versions.handles(result) == (5, 12)
    assert len(timeline.strips) == 2


def test_two_results_of_one_source_become_what_was_made_before(timeline: Timeline, source: Any) -> None:
    """Each of them, with the frames that a third has: both are selected."""
    chosen, folders = timeline.scene.rvm_matting, []
    for chosen.black in (0.5, 0.3):
        timeline.press_button(source)
        folders.append(timeline.addon.runner.current().queue.jobs[-1].output)
    first, *others = sorted((strip for strip in timeline.strips if strip.type == "IMAGE"), key=lambda one: one.channel)
    assert [frames_of(one) for one in others] == folders
    chosen.black = 0.0
    timeline.select(others)
    with timeline.shown():
        assert bpy.ops.rvm.update_result() == {"FINISHED"}
    assert {one.directory for one in others} == {first.directory}


def test_a_result_that_is_matted_anew_and_updated_is_one(timeline: Timeline, source: Any) -> None:
    """Both buttons were pressed, and one job serves them: its frames are not laid over themselves."""
    result = timeline.result_of(source)
    timeline.scene.rvm_matting.black = 0.5
    (job,), _ = timeline.submit(source)
    timeline.select([result])
    with timeline.shown():
        assert timeline.addon.result_operators.update_selected(bpy.context) == ([job], [])
    timeline.finish()
    assert [strip.name for strip in timeline.strips if strip.type == "IMAGE"] == [result.name]
    assert frames_of(result) == job.output


@pytest.mark.parametrize("make", [rendered_strips.retimed, rendered_strips.meta], ids=lambda make: make.__name__)
def test_what_is_rendered_again_needs_the_model_where_it_looks_different(
    timeline: Timeline, tmp_path: Path, make: Callable[[Timeline, Path], Any]
) -> None:
    """Edges change without the model, also under other frame numbers; other footage in the strip is matted."""
    clip = tiny.barcode_movie(tmp_path / "clip.avi", 30, fourcc="MJPG")
    strip = make(timeline, clip)
    timeline.scene.rvm_matting.edge_colour = "SOURCE"
    name, versions = strip.name, timeline.addon.versions
    timeline.press_button(strip)
    first = timeline.addon.runner.current().queue.jobs[-1]
    length = len(first.spec.source.frames)
    assert raws_of(first) == length
    timeline.scene.rvm_matting.black = 0.5
    job = update(timeline, timeline.result_of(timeline.strips[name]))
    assert job.spec.raws and raws_of(job) == 0
    strip = timeline.strips[name]
    versions.set_left_handle(strip, versions.handles(strip)[0] + 2)
    timeline.scene.rvm_matting.black = 0.3
    job = update(timeline, timeline.result_of(strip))
    assert len(job.spec.source.frames) == length - 2 and raws_of(job) == 0
    strip = timeline.strips[name]
    (strip if strip.type == "MOVIE" else versions.children(strip)[0]).filepath = str(
        tiny.barcode_movie(tmp_path / "other.avi", 30, fourcc="FFV1")
    )
    job = update(timeline, timeline.result_of(strip))
    assert raws_of(job) == length - 2


@pytest.mark.parametrize(
    "change",
    [
        *(lambda _, told=told: told for told in ([], {}, None, 7, "text", True)),
        *(lambda told, name=name: {k: v for k, v in told.items() if k != name} for name in ("strip", "look", "ratio")),
        *(lambda told, name=name: told | {name: []} for name in ("strip", "model", "first", "ratio", "look", "frames")),
        lambda told: told | {"movie": "flip book"},
        lambda told: told | {"flavour": "vanilla"},
        lambda told: told | {"look": told["look"] | {"blur": "much"}},
        lambda told: told | {"look": told["look"] | {"edges": []}},
    ],
)
def test_what_is_no_recipe_is_none(timeline: Timeline, tmp_path: Path, change: Any) -> None:
    """A project may come from anybody: no content of the property makes the panel fail."""
    clip = tiny.barcode_movie(tmp_path / "clip.avi", 3, fourcc="MJPG")
    recipes, strip = timeline.addon.recipes, timeline.movie(clip)
    timeline.press_button(strip)
    result = timeline.result_of(strip)
    told = json.loads(result[recipes.PROPERTY])
    assert recipes.read(result) is not None
    result[recipes.PROPERTY] = json.dumps(change(told))
    assert recipes.read(result) is None


@pytest.mark.parametrize("space", ["AgX Log", "Non-Color"])
def test_a_result_that_is_rendered_from_now_on_is_shown_as_rendered(
    timeline: Timeline, tmp_path: Path, space: str
) -> None:
    """Its files were in its source's colour space before; rendered pictures never are."""
    source = timeline.movie(tiny.barcode_movie(tmp_path / "clip.avi", 12, fourcc="MJPG"))
    source.colorspace_settings.name = space
    timeline.press_button(source)
    assert timeline.result_of(source).colorspace_settings.name == space
    source.use_deinterlace = True
    update(timeline, timeline.result_of(source))
    assert timeline.result_of(source).colorspace_settings.name == "sRGB"
