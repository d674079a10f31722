"""A matte as a mask on its source: the original strip stays, and a modifier lets the matte cut it out.

The mask is taken on the canvas, after the transforms of both strips (from 5.0 on, before the source is mirrored): the
matte lies, and moves, as its source does. It is muted, for it would cover the picture; the modifier sees it still.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import bpy

from . import versions
from .likeness import COVERING, MASK_MODIFIER, copy_position


def put_on(scene: bpy.types.Scene, sources: Sequence[versions.Strip], matte: versions.Strip) -> None:
    """Let `matte`, which lies over the same frames, cut out the pieces of a strip, which lie and move alike."""
    if sources:
        copy_position(scene, sources[0], matte)
    matte.mute = True
    for source in sources:
        modifier = _modifier(source) or source.modifiers.new(MASK_MODIFIER, "MASK")
        modifier.input_mask_type = "STRIP"
        modifier.input_mask_strip = matte
        if source.blend_type in COVERING:
            source.blend_type = "ALPHA_OVER"


def is_masked(source: versions.Strip) -> bool:
    """Return whether a matte cuts out a strip."""
    return _modifier(source) is not None


def take_off(source: versions.Strip) -> None:
    """Take the mask off a strip; one without stays as it is."""
    modifier = _modifier(source)
    if modifier is not None:
        source.modifiers.remove(modifier)


def hand_over(strips: Iterable[versions.Strip], matte: versions.Strip, new: versions.Strip) -> None:
    """Let `new` be the mask where `matte` is, also in modifiers of the user's own."""
    for strip in strips:
        for modifier in strip.modifiers:
            if modifier.input_mask_type == "STRIP" and modifier.input_mask_strip == matte:
                modifier.input_mask_strip = new


def masks(source: versions.Strip, matte: versions.Strip) -> bool:
    """Return whether `matte` cuts out `source`."""
    modifier = _modifier(source)
    return modifier is not None and modifier.input_mask_strip == matte


def _modifier(strip: versions.Strip) -> Any:
    """Return the modifier that this module has put on a strip; the user's own have other names or kinds."""
    modifier = strip.modifiers.get(MASK_MODIFIER)
    return modifier if modifier is not None and modifier.type == "MASK" else None
