"""How a result gets the look of its source: the properties that both kinds of strip share are copied."""

import re
from typing import Any

import bpy

from ...engine.contract.outputs import FrameFormat, Look
from ..blender import versions
from ..blender.animation import copy_animation, remove_animation
from ..blender.values import copy_values
from . import hiding

_LOOK = (
    "blend_alpha",
    "use_flip_x",
    "use_flip_y",
    "color_multiply",
    "color_saturation",
    "color_tag",
    "multiply_alpha",
    "use_float",
    *versions.LINEAR_MODIFIERS,
)
_PLAIN = {
    "blend_type": "REPLACE",
    "blend_alpha": 1.0,
    "use_flip_x": False,
    "use_flip_y": False,
    "color_multiply": 1.0,
    "color_saturation": 1.0,
    "multiply_alpha": False,
}
"""The values with which a strip shows its picture unchanged."""
_UNMOVED = {"offset_x": 0.0, "offset_y": 0.0, "scale_x": 1.0, "scale_y": 1.0, "rotation": 0.0}
_TRANSFORM = ("offset_x", "offset_y", "scale_x", "scale_y", "rotation", "origin", "filter")
_CROP = ("min_x", "max_x", "min_y", "max_y")
COVERING = frozenset({"REPLACE", "CROSS"})
"""Blend types that hide what lies below, which a cut-out is there to show."""
_ANIMATED = frozenset({*_LOOK, "transform", "crop", "modifiers", "mute"})
"""The properties whose animation is copied; that of others, such as strobe, is in the frames already."""
_MAKES_IT_PLAIN = frozenset({*_ANIMATED, *_PLAIN})
"""The properties whose animation is removed from a plain strip; animation of its content (a text's size) stays."""
_FLIPS = () if versions.MASKS_BEFORE_MIRRORING else ("use_flip_x", "use_flip_y")
"""The flips that a mask shares with its source."""
_POSITION = (*_FLIPS, "color_tag")
"""What a mask shares with its source, besides transform and crop."""
LINEAR = "Linear Rec.709"
"""Blender's name for the colour space of OpenEXR results."""
MASK_MODIFIER = "Matte"
"""The name of the modifier that applies a matte to its source as a mask."""
_CALLED_SO = re.compile(rf"{MASK_MODIFIER}(\.\d{{3}})?")
"""That name, also where a modifier of the user's has it."""


def copy_look(scene: bpy.types.Scene, source: versions.Strip, result: versions.Strip) -> None:
    """Give the result the source's transform, crop, flips, blend, colour and modifiers, with their animation."""
    for name in _LOOK:
        setattr(result, name, getattr(source, name))
    _copy_place(source, result)
    blend_type, result.blend_alpha = hiding.blend(source)
    result.blend_type = "ALPHA_OVER" if blend_type in COVERING else blend_type
    ours = mask_modifier(source)
    for modifier in source.modifiers:
        if modifier != ours:
            copy_values(modifier, result.modifiers.new(modifier.name, modifier.type))
    copy_animation(scene, source, result, _ANIMATED)
    hiding.let_move(result, source)


def mask_modifier(strip: versions.Strip) -> Any:
    """Return the modifier that applies a matte to a strip, if any; the user's own have other names or kinds."""
    named = (one for one in strip.modifiers if _CALLED_SO.fullmatch(one.name))
    return next((one for one in named if one.type == "MASK"), None)


def copy_position(scene: bpy.types.Scene, source: versions.Strip, result: versions.Strip) -> None:
    """Give a mask the position of its source on the canvas, with the animation; its picture stays unchanged."""
    for name in _POSITION:
        setattr(result, name, getattr(source, name))
    _copy_place(source, result)
    copy_animation(scene, source, result, frozenset({*_POSITION, "transform", "crop"}))


def is_placed_alike(source: versions.Strip, mask: versions.Strip) -> bool:
    """Return whether a mask has its source's position on the canvas at the timeline's current frame."""
    pairs = (
        (source.transform, mask.transform, _TRANSFORM),
        (source.crop, mask.crop, _CROP),
        (source, mask, _FLIPS),
    )
    return all(_value(one, name) == _value(other, name) for one, other, names in pairs for name in names)


def _value(holder: bpy.types.bpy_struct, name: str) -> object:
    """Return a property's value in a form that can be compared: arrays as tuples."""
    value = getattr(holder, name)
    return tuple(value) if hasattr(value, "__len__") else value


def _copy_place(source: versions.Strip, result: versions.Strip) -> None:
    """Copy transform and crop, and turn proxies off."""
    for name in _TRANSFORM:
        setattr(result.transform, name, getattr(source.transform, name))
    for name in _CROP:
        setattr(result.crop, name, getattr(source.crop, name))
    result.use_proxy = False  # the frames are files already; a proxy would only repeat them


def read_as_written(strip: versions.Strip, look: Look) -> None:
    """Set how Blender interprets the values in a look's files, where its own choice would be wrong."""
    strip.alpha_mode = "PREMUL" if look.format is FrameFormat.EXR and look.result.has_alpha else "STRAIGHT"
    if look.result.is_grey:  # its values are shown unchanged: Blender would take “Non-Color” floats for linear light
        strip.colorspace_settings.name = "sRGB"
    elif look.format is FrameFormat.EXR:
        strip.colorspace_settings.name = LINEAR


def stand_still(scene: bpy.types.Scene, strip: versions.Strip) -> None:
    """Remove the animation of a strip's look."""
    remove_animation(scene, strip, _MAKES_IT_PLAIN)


def make_plain(scene: bpy.types.Scene, strip: versions.Strip) -> None:
    """Remove everything from a strip that `copy_look` gives to a result; what is left is the picture itself."""
    stand_still(scene, strip)
    for name, value in _PLAIN.items():
        setattr(strip, name, value)
    for name, value in _UNMOVED.items():
        setattr(strip.transform, name, value)
    for name in _CROP:
        setattr(strip.crop, name, 0)
    for modifier in strip.modifiers:
        modifier.mute = True  # removing one can crash Blender 5.0
