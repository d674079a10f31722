"""F-curves and drivers of a strip, copied to another; `versions.strip_curves` knows where each Blender keeps curves."""

import re
from collections.abc import Iterable

import bpy

from . import versions
from .values import copy_values

_CURVE = ("extrapolation", "color_mode", "color", "mute", "lock", "hide", "auto_smoothing")


def copy_animation(
    scene: bpy.types.Scene, source: versions.Strip, target: versions.Strip, properties: frozenset[str]
) -> None:
    """Copy the F-curves and drivers of these properties (`transform`, `blend_alpha`, …) from `source` to `target`."""
    remove_animation(scene, target, properties)  # a removed strip of the same name leaves its drivers
    prefix, path = source.path_from_id(), target.path_from_id()
    every = versions.strip_curves(scene)
    if every is not None:
        for curve in curves(scene, source, properties):
            copy = every.new(path + curve.data_path.removeprefix(prefix), index=curve.array_index)
            _copy_curve(curve, copy)
    for driver in drivers(scene, source, properties):
        copy = scene.animation_data.drivers.from_existing(src_driver=driver)
        copy.data_path = path + driver.data_path.removeprefix(prefix)


def remove_animation(scene: bpy.types.Scene, strip: versions.Strip, properties: frozenset[str]) -> None:
    """Remove the F-curves and drivers of these properties of a strip."""
    every = versions.strip_curves(scene)
    if every is not None:
        for curve in curves(scene, strip, properties):
            every.remove(curve)
    for driver in drivers(scene, strip, properties):
        scene.animation_data.drivers.remove(driver)


def curves(scene: bpy.types.Scene, strip: versions.Strip, properties: frozenset[str]) -> list[bpy.types.FCurve]:
    """Return the F-curves that move these properties of a strip."""
    return _of_strip(versions.strip_curves(scene) or (), strip, properties)


def drivers(scene: bpy.types.Scene, strip: versions.Strip, properties: frozenset[str]) -> list[bpy.types.FCurve]:
    """Return the drivers of these properties of a strip."""
    return _of_strip(() if scene.animation_data is None else scene.animation_data.drivers, strip, properties)


def _of_strip(
    every: Iterable[bpy.types.FCurve], strip: versions.Strip, properties: frozenset[str]
) -> list[bpy.types.FCurve]:
    """Return those of a scene's F-curves that belong to these properties of a strip."""
    prefix = strip.path_from_id()
    own = [curve for curve in every if curve.data_path.startswith(prefix)]
    return [curve for curve in own if _first_name(curve.data_path.removeprefix(prefix)) in properties]


def _first_name(path: str) -> str:
    """Return the property that a path (`.transform.scale_x`, `.modifiers["Curves"].mute`) begins with."""
    return re.split(r"[.\[]", path.removeprefix("."), maxsplit=1)[0]


def _copy_curve(source: bpy.types.FCurve, target: bpy.types.FCurve) -> None:
    """Copy keys, modifiers and settings to a new F-curve."""
    for name in _CURVE:
        setattr(target, name, getattr(source, name))
    target.keyframe_points.add(len(source.keyframe_points))
    for key, copy in zip(source.keyframe_points, target.keyframe_points, strict=True):
        copy_values(key, copy)
    _copy_samples(source, target)
    for modifier in source.modifiers:
        copy = target.modifiers.new(modifier.type)
        copy_values(modifier, copy)
        for point in getattr(modifier, "control_points", ()):  # of an envelope
            copy_values(point, copy.control_points.add(point.frame))
    target.update()


def _copy_samples(source: bpy.types.FCurve, target: bpy.types.FCurve) -> None:
    """Turn the samples of a baked F-curve, such as one made from sound, into keys: nothing can make samples."""
    if not source.sampled_points:
        return
    target.extrapolation = "CONSTANT"  # what samples have, whatever is set
    target.keyframe_points.add(len(source.sampled_points))
    for sample, key in zip(source.sampled_points, target.keyframe_points, strict=True):
        key.co, key.interpolation = sample.co, "LINEAR"
