"""F-curves of one strip, copied to another; `versions.strip_curves` knows where each Blender keeps them."""

import re

import bpy

from . import versions
from .values import copy_values

_CURVE = ("extrapolation", "color_mode", "color", "mute", "lock", "hide", "auto_smoothing")


def copy_animation(
    scene: bpy.types.Scene, source: versions.Strip, target: versions.Strip, properties: frozenset[str]
) -> None:
    """Let `target` change as `source` does, in those of its properties (`transform`, `blend_alpha`, …)."""
    curves = versions.strip_curves(scene)
    prefix, path = source.path_from_id(), target.path_from_id()
    for curve in of_strip(scene, source):
        rest = curve.data_path.removeprefix(prefix)
        if _first_name(rest) in properties:
            _copy_curve(curve, curves.new(path + rest, index=curve.array_index))
    if scene.animation_data is None:
        return
    for driver in list(scene.animation_data.drivers):
        rest = driver.data_path.removeprefix(prefix)
        if rest != driver.data_path and _first_name(rest) in properties:
            scene.animation_data.drivers.from_existing(src_driver=driver).data_path = path + rest


def remove_animation(scene: bpy.types.Scene, strip: versions.Strip, properties: frozenset[str]) -> None:
    """Let a strip stand still, in those of its properties."""
    prefix = strip.path_from_id()
    for curve in of_strip(scene, strip):
        if _first_name(curve.data_path.removeprefix(prefix)) in properties:
            versions.strip_curves(scene).remove(curve)
    if scene.animation_data is None:
        return
    for driver in list(scene.animation_data.drivers):
        rest = driver.data_path.removeprefix(prefix)
        if rest != driver.data_path and _first_name(rest) in properties:
            scene.animation_data.drivers.remove(driver)


def of_strip(scene: bpy.types.Scene, strip: versions.Strip) -> list[bpy.types.FCurve]:
    """Return the F-curves that move a strip's properties."""
    prefix = strip.path_from_id()
    return [curve for curve in versions.strip_curves(scene) or () if curve.data_path.startswith(prefix)]


def _first_name(path: str) -> str:
    """Return the property that a path (`.transform.scale_x`, `.modifiers["Curves"].mute`) begins with."""
    return re.split(r"[.\[]", path.removeprefix("."), maxsplit=1)[0]


def _copy_curve(source: bpy.types.FCurve, target: bpy.types.FCurve) -> None:
    """Give a new F-curve the keys, the modifiers and the manners of another."""
    for name in _CURVE:
        setattr(target, name, getattr(source, name))
    target.keyframe_points.add(len(source.keyframe_points))
    for key, copy in zip(source.keyframe_points, target.keyframe_points, strict=True):
        copy_values(key, copy)
    for modifier in source.modifiers:
        copy_values(modifier, target.modifiers.new(modifier.type))
    target.update()
