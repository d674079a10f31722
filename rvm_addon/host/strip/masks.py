"""A matte as a mask on its source: the original strip stays, and a modifier lets the matte cut it out.

Blender applies the mask on the canvas, after the transforms of both strips (from 5.0 on, before the source is
mirrored), so the matte gets the position and movement of its source. The matte is muted, for it would cover the
picture; the modifier uses it even so.
"""

from collections.abc import Iterable, Sequence

import bpy

from ..blender import versions
from .likeness import COVERING, MASK_MODIFIER, copy_position, mask_modifier


def put_on(scene: bpy.types.Scene, sources: Sequence[versions.Strip], matte: versions.Strip) -> None:
    """Let `matte`, which covers the same frames, cut out the pieces of a strip, which share position and movement."""
    if sources:
        copy_position(scene, sources[0], matte)
    matte.mute = True
    for source in sources:
        modifier = mask_modifier(source) or source.modifiers.new(MASK_MODIFIER, "MASK")
        modifier.input_mask_type = "STRIP"
        modifier.input_mask_strip = matte
        if source.blend_type in COVERING:
            source.blend_type = "ALPHA_OVER"


def is_masked(source: versions.Strip) -> bool:
    """Return whether a matte cuts out a strip."""
    return mask_modifier(source) is not None


def take_off(source: versions.Strip) -> None:
    """Remove the mask from a strip, if it has one."""
    modifier = mask_modifier(source)
    if modifier is not None:
        source.modifiers.remove(modifier)


def hand_over(strips: Iterable[versions.Strip], matte: versions.Strip, new: versions.Strip) -> None:
    """Replace `matte` by `new` wherever it is a mask, also in the user's own modifiers."""
    for strip in strips:
        for modifier in strip.modifiers:
            if modifier.input_mask_type == "STRIP" and modifier.input_mask_strip == matte:
                modifier.input_mask_strip = new


def masks(source: versions.Strip, matte: versions.Strip) -> bool:
    """Return whether `matte` cuts out `source`."""
    modifier = mask_modifier(source)
    return modifier is not None and modifier.input_mask_strip == matte
