"""Results look like their sources at every frame: modifiers, animation, channels."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from tests import tiny
from tests.host.timeline import Timeline
from tests.host.updating import update

FRAMES = (1, 4, 8, 12)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A movie of 12 frames."""
    return tiny.barcode_movie(tmp_path_factory.mktemp("clip") / "clip.avi", 12, fourcc="MJPG")


def looks(timeline: Timeline, strip: Any, *, tolerance: int = 4) -> list[Any]:
    """Render source and result at each frame, assert that they are equal, and return the source's pictures."""
    result = timeline.result_of(strip)
    pictures = []
    for frame in FRAMES:
        strip.mute, result.mute = False, True
        source = timeline.render(frame)
        strip.mute, result.mute = True, False
        assert np.abs(source.astype(int) - timeline.render(frame)).max() <= tolerance, f"frame {frame}"
        pictures.append(source)
    return pictures


def animate(strip: Any, path: str, *values: float) -> None:
    """Give a property one key per value, from frame 1 to the last, with different ways between them."""
    *owner, name = path.rpartition(".")
    thing = strip.path_resolve(owner[0]) if owner[0] else strip
    for index, value in enumerate(values):
        setattr(thing, name, value)
        thing.keyframe_insert(name, frame=1 + 11 * index / (len(values) - 1))


def curve_of(timeline: Timeline, path: str) -> Any:
    """Return the F-curve whose path ends so."""
    return next(c for c in timeline.addon.versions.strip_curves(timeline.scene) if c.data_path.endswith(path))


def test_animation_is_carried_over(timeline: Timeline, clip: Path) -> None:
    """Opacity, place, size, rotation and crop move as the source's do, whatever lies between the keys."""
    strip = timeline.movie(clip, name='clip "one"')
    animate(strip, "blend_alpha", 0.2, 1.0, 0.5)
    animate(strip, "transform.offset_x", -20, 30)
    animate(strip, "transform.scale_y", 0.5, 1.5)
    animate(strip, "transform.rotation", 0.0, 0.8)
    animate(strip, "crop.min_x", 0, 30)
    for point, kind in zip(curve_of(timeline, "blend_alpha").keyframe_points, ("LINEAR", "BACK"), strict=False):
        point.interpolation = kind
    curve_of(timeline, "scale_y").modifiers.new("NOISE").strength = 0.7
    timeline.press_button(strip)
    pictures = looks(timeline, strip)
    assert all(np.abs(a.astype(int) - b).max() > 30 for a, b in pairwise(pictures))


def baked(curve: Any) -> None:
    """A curve of samples, as sound makes one."""
    curve.convert_to_samples(1, 13)


def in_an_envelope(curve: Any) -> None:
    """A curve between two others, which come from points."""
    envelope = curve.modifiers.new("ENVELOPE")
    for frame, low, high in ((1, -0.5, 0.5), (10, 0.0, 0.1)):
        point = envelope.control_points.add(frame)
        point.min, point.max = low, high


@pytest.mark.parametrize("shape", [baked, in_an_envelope])
def test_a_curve_is_carried_over_whatever_it_is_made_of(
    timeline: Timeline, clip: Path, shape: Callable[[Any], None]
) -> None:
    """The result's opacity follows the source's at every frame."""
    strip = timeline.movie(clip)
    animate(strip, "blend_alpha", 0.2, 0.9, 0.4)
    shape(curve_of(timeline, '["clip.avi"].blend_alpha'))
    timeline.press_button(strip)
    one, other = (curve_of(timeline, f'["{name}"].blend_alpha') for name in ("clip.avi", "clip.avi matte"))
    values = [one.evaluate(frame) for frame in range(-5, 20)]
    assert max(values) - min(values) > 0.1
    assert [other.evaluate(frame) for frame in range(-5, 20)] == pytest.approx(values)


@pytest.mark.skipif(bpy.app.version < (4, 4, 0), reason="actions have no slots")
def test_animation_that_moves_nothing_is_left(timeline: Timeline, clip: Path) -> None:
    """Where the user has unlinked the slot of the scene's action, its curves neither move the result nor stop it."""
    strip = timeline.movie(clip)
    animate(strip, "blend_alpha", 0.2, 0.4)
    timeline.scene.animation_data.action_slot = None
    strip.blend_alpha = 0.8
    timeline.press_button(strip)
    assert timeline.result_of(strip).blend_alpha == pytest.approx(0.8) and strip.mute


def test_a_driver_is_carried_over(timeline: Timeline, clip: Path) -> None:
    """An expression that moves the source moves the result."""
    strip = timeline.movie(clip)
    strip.driver_add("blend_alpha").driver.expression = "frame / 12"
    timeline.press_button(strip)
    pictures = looks(timeline, strip)
    assert pictures[0][..., 3].max() < pictures[-1][..., 3].max()


def test_strobe_in_motion_is_not_carried_over(timeline: Timeline, clip: Path) -> None:
    """What is in the frames already must not be done to them once more."""
    strip = timeline.movie(clip)
    strip.strobe = 3
    strip.keyframe_insert("strobe", frame=1)
    timeline.press_button(strip)
    assert [(source == result) for _, source, result in timeline.compare(strip)] == [True] * 12


def curves(_timeline: Timeline, strip: Any) -> None:
    """Bend all colours through a third point."""
    mapping = strip.modifiers.new("Curves", "CURVES").curve_mapping
    mapping.curves[3].points.new(0.3, 0.8)
    mapping.update()


def on_light(timeline: Timeline, strip: Any) -> None:
    """The same on light, not on the screen's values."""
    if not hasattr(strip, "use_linear_modifiers"):
        pytest.skip("this version has no such choice")
    strip.use_float = strip.use_linear_modifiers = True
    curves(timeline, strip)


def hue(_timeline: Timeline, strip: Any) -> None:
    """Make every hue brighter."""
    for point in strip.modifiers.new("Hue", "HUE_CORRECT").curve_mapping.curves[2].points:
        point.location = (point.location[0], 0.8)


def balance(_timeline: Timeline, strip: Any) -> None:
    """Colour balance in its second manner, and brightness that moves."""
    balance = strip.modifiers.new("Balance", "COLOR_BALANCE").color_balance
    balance.correction_method = "OFFSET_POWER_SLOPE"
    balance.slope = (0.5, 1.2, 0.9)
    bright = strip.modifiers.new("Bright", "BRIGHT_CONTRAST")
    bright.bright = -0.2
    bright.keyframe_insert("bright", frame=1)
    bright.bright = 0.4
    bright.keyframe_insert("bright", frame=12)


def white(_timeline: Timeline, strip: Any) -> None:
    """White balance and tone map, one of them off."""
    strip.modifiers.new("White", "WHITE_BALANCE").white_value = (0.8, 0.9, 0.6)
    strip.modifiers.new("Tone", "TONEMAP").mute = True


def masked(timeline: Timeline, strip: Any) -> None:
    """Masked by another strip's picture."""
    colour = timeline.addon.versions.new_colour_strip(timeline.strips, "half", 5, 1, 13)
    colour.color, colour.mute = (0.5, 0.5, 0.5), True
    colour.transform.offset_x = 40
    modifier = strip.modifiers.new("Mask", "MASK")
    modifier.input_mask_type, modifier.input_mask_strip = "STRIP", colour


def faded(_timeline: Timeline, strip: Any) -> None:
    """A look of the user's, faded blacks, that is called like the modifier of masks."""
    strip.modifiers.new("Matte", "BRIGHT_CONTRAST").bright = 40.0


@pytest.mark.parametrize("modify", [curves, on_light, hue, balance, white, masked, faded])
def test_modifiers_are_carried_over(timeline: Timeline, clip: Path, modify: Callable[[Timeline, Any], None]) -> None:
    """Each kind of modifier, with its values, its curves and the strip that masks it."""
    strip = timeline.movie(clip)
    plain = timeline.render(1)
    modify(timeline, strip)
    timeline.press_button(strip)
    result = timeline.result_of(strip)
    assert [(m.name, m.type, m.mute) for m in result.modifiers] == [(m.name, m.type, m.mute) for m in strip.modifiers]
    # The modifiers make more of the difference between Blender's decoder and OpenCV's.
    assert np.abs(looks(timeline, strip, tolerance=12)[0].astype(int) - plain).max() > 20


def test_a_mask_beside_a_modifier_of_its_name(timeline: Timeline, clip: Path) -> None:
    """It gets another name, by which an update finds it: it is removed where the result is a mask no more."""
    strip = timeline.movie(clip)
    faded(timeline, strip)
    timeline.scene.rvm_matting.result = "MASK"
    timeline.press_button(strip)
    assert [modifier.type for modifier in strip.modifiers] == ["BRIGHT_CONTRAST", "MASK"]
    timeline.scene.rvm_matting.result = "CUTOUT"
    update(timeline, timeline.result_of(strip))
    assert [modifier.type for modifier in strip.modifiers] == ["BRIGHT_CONTRAST"]


def test_colour_space_and_proxies(timeline: Timeline, tmp_path: Path) -> None:
    """Pictures declared to be in another colour space show alike, to the bit; the result has no proxy."""
    strip = timeline.pictures(tiny.barcode_pictures(tmp_path / "in", range(12)))
    strip.colorspace_settings.name = "Linear Rec.709"
    strip.use_proxy = True
    timeline.press_button(strip)
    assert not timeline.result_of(strip).use_proxy
    looks(timeline, strip, tolerance=0)


def test_light_is_light_in_any_colour_space(timeline: Timeline, tmp_path: Path) -> None:
    """OpenEXR holds light: pictures declared to be linear show in it as they do in their strip."""
    strip = timeline.pictures(tiny.barcode_pictures(tmp_path / "in", range(12)))
    as_srgb = timeline.render(1)
    strip.colorspace_settings.name = "Linear Rec.709"
    timeline.scene.rvm_matting.format = "EXR"
    timeline.press_button(strip)
    assert timeline.result_of(strip).elements[0].filename.endswith(".exr")
    assert np.abs(looks(timeline, strip, tolerance=1)[0].astype(int) - as_srgb).max() > 20


def test_without_a_channel_above_nothing_is_begun(timeline: Timeline, clip: Path) -> None:
    """On the topmost channel, or below locked ones only, the user reads so before any work."""
    topmost, below = timeline.movie(clip, channel=128), timeline.movie(clip, channel=127, start=30)
    timeline.editor.channels[128].lock = True
    jobs, problems = timeline.submit(topmost, below)
    assert jobs == []
    assert all("no free channel" in text and "unlock" in text for text in problems) and len(problems) == 2
    timeline.editor.channels[128].lock = False
    bpy.context.view_layer.update()
    jobs, _ = timeline.submit(below)
    assert len(jobs) == 1


def test_a_strip_that_is_muted_now_and_then(timeline: Timeline, clip: Path) -> None:
    """Its result is, and the strip itself stays hidden, until another result leaves it visible."""
    strip = timeline.movie(clip)
    strip.keyframe_insert("mute", frame=1)
    strip.mute = True
    strip.keyframe_insert("mute", frame=6)
    timeline.scene.frame_set(1)
    timeline.press_button(strip)
    result = timeline.result_of(strip)
    muted = []
    for frame in (1, 8, 3):
        timeline.scene.frame_set(frame)
        muted.append((strip.mute, result.mute))
    assert muted == [(True, False), (True, True), (True, False)]
    timeline.select([result])
    timeline.scene.rvm_matting.result = "MASK"
    with timeline.shown():
        assert bpy.ops.rvm.update_result() == {"FINISHED"}
    muted = []
    for frame in (1, 8, 3):
        timeline.scene.frame_set(frame)
        muted.append((strip.mute, timeline.result_of(strip).mute))
    assert muted == [(False, True), (True, True), (False, True)]
