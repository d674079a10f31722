"""How a source strip is hidden when its result appears, and shown again.

Muting a meta or a scene strip would silence its sound, and muting an effect would let its inputs show beside it. Such a
strip gets an opacity of zero instead, and the animation of that is muted. The strip keeps its old values in a property.
A strip that is muted says so in another, for the user may have muted it before.
"""

from typing import Any

import bpy

from ..blender import animation, versions
from .soundtrack import carries_sound

_FADED = "rvm_matting_shown"
"""The property of a strip that `hide` made transparent: its blend type, its opacity, and whether these moved."""
_MUTED = "rvm_matting_muted"
"""The property of a strip that `hide` muted: whether it moved, and its animation was muted, too."""
_BLEND = frozenset({"blend_type", "blend_alpha"})
_MUTE = frozenset({"mute"})


def hide(strip: versions.Strip, *, needed: bool = False) -> None:
    """Hide a strip's picture; its sound goes on, and a strip that is `needed` keeps hiding its inputs."""
    forget_if_shown(strip)
    if not needed and not carries_sound(strip):
        moving = [curve for curve in _animation(strip, _MUTE) if not curve.mute]
        if moving or not strip.mute:
            strip[_MUTED] = bool(moving)
        for curve in moving:
            curve.mute = True
        strip.mute = True
    elif _FADED not in strip:
        moving = [curve for curve in _animation(strip, _BLEND) if not curve.mute]
        strip[_FADED] = {"blend": strip.blend_type, "opacity": strip.blend_alpha, "moves": bool(moving)}
        for curve in moving:
            curve.mute = True
        strip.blend_type, strip.blend_alpha = "ALPHA_OVER", 0.0


def is_hidden(strip: versions.Strip) -> bool:
    """Return whether a strip is muted, or hidden without being muted."""
    return bool(strip.mute) or _is_faded(strip)


def _is_faded(strip: versions.Strip) -> bool:
    """Return whether a strip still has the opacity with which `hide` hides it: the user may have raised that since."""
    return _FADED in strip and strip.blend_alpha == 0.0


def forget_if_shown(strip: versions.Strip) -> None:
    """Forget that `hide` has hidden a strip in the way that the user has taken back since.

    The opacity is the user's then, and its animation stays muted; the blend type comes back unless it was changed, too.
    """
    if _FADED in strip and not _is_faded(strip):
        if strip.blend_type == "ALPHA_OVER":
            strip.blend_type, _ = blend(strip)
        del strip[_FADED]
    if _MUTED in strip and not strip.mute:
        del strip[_MUTED]


def was_hidden(strip: versions.Strip) -> bool:
    """Return whether `hide` has hidden a strip, as far as is known: before, it did not note which strips it muted."""
    return _MUTED in strip or _FADED in strip


def unhide(strip: versions.Strip) -> None:
    """Take back what `hide` did; a strip that was hidden by its opacity alone was muted by the user, if it is."""
    if _MUTED in strip or _FADED not in strip:
        strip.mute = False
    let_move(strip, strip)
    if _FADED in strip:
        strip.blend_type, strip.blend_alpha = blend(strip)
        del strip[_FADED]
    if _MUTED in strip:
        del strip[_MUTED]


def blend(strip: versions.Strip) -> tuple[str, float]:
    """Return the blend type and the opacity that a strip has when it is not hidden."""
    kept: Any = strip.get(_FADED)
    return (kept["blend"], kept["opacity"]) if kept is not None else (strip.blend_type, strip.blend_alpha)


def let_move(strip: versions.Strip, hidden: versions.Strip) -> None:
    """Restore the animation that `hide` muted on `hidden`: the same strip, or its original."""
    kept: Any = hidden.get(_FADED)
    blends = _animation(strip, _BLEND) if kept is not None and kept.get("moves") else []
    mutes = _animation(strip, _MUTE) if hidden.get(_MUTED) else []
    for curve in (*blends, *mutes):
        curve.mute = False


def _animation(strip: versions.Strip, properties: frozenset[str]) -> list[bpy.types.FCurve]:
    """Return the F-curves and drivers of these properties of a strip."""
    scene = strip.id_data
    return [*animation.curves(scene, strip, properties), *animation.drivers(scene, strip, properties)]
