"""Effect strips: whether an effect or its input is matted, and transitions, which are repeated between results."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from ..blender import versions
from ..blender.animation import copy_animation
from ..language.translations import say
from ..strip import hiding
from ..strip.likeness import copy_look
from ..strip.placements import free_channel
from ..strip.sources import is_within
from . import belonging

_TRANSITIONS = frozenset({"CROSS", "GAMMA_CROSS", "WIPE"})
"""Kinds of effect that lead from one strip to the next; between cut-outs, they make a cut-out."""
_OWN = ("use_default_fade", "effect_fader", "transition_type", "direction", "angle", "blur_width")
"""The properties of transitions that other strips lack; not every kind of transition has all."""
_REPEATS = "rvm_matting_transition"
"""The custom property of a transition between results: the name of the sources' own."""


def source_strips(strips: Iterable[versions.Strip]) -> list[versions.Strip]:
    """Return the strips to matte where these are selected, each once.

    Where effects change a strip (speed, transform, glow, blur), the effects are matted, for they show it in its place.
    A transition is matted only if it is selected without its two strips; otherwise it is repeated between their
    results. A strip that lies entirely within the range of any other effect on it is matted with that effect.
    """
    chosen: dict[str, versions.Strip] = {}
    levels: dict[str, Mapping[str, list[versions.Strip]]] = {}
    for strip in strips:
        chosen |= {shown.name: shown for shown in _shown_instead(strip, _effects_around(strip, levels))}
    inside = {
        one.name
        for effect in chosen.values()
        if effect.type not in _TRANSITIONS
        for one in versions.inputs(effect)
        if is_within(one, *versions.handles(effect))
    }
    return [strip for strip in chosen.values() if strip.name not in inside and not _leads_between(strip, chosen)]


def _effects_around(
    strip: versions.Strip, levels: dict[str, Mapping[str, list[versions.Strip]]]
) -> Mapping[str, list[versions.Strip]]:
    """Return the effects at a strip's level by their inputs; `levels` caches them by the name of the meta strip."""
    meta = strip.parent_meta()
    level = "" if meta is None else meta.name
    if level not in levels:
        levels[level] = _effects(versions.siblings(strip.id_data.sequence_editor, strip))
    return levels[level]


def _effects(level: Iterable[versions.Strip]) -> Mapping[str, list[versions.Strip]]:
    """Return the effects at one level of a timeline by the names of their inputs."""
    effects: dict[str, list[versions.Strip]] = defaultdict(list)
    for effect in level:
        for strip in versions.inputs(effect):
            effects[strip.name].append(effect)
    return effects


def _shown_instead(strip: versions.Strip, effects: Mapping[str, list[versions.Strip]]) -> list[versions.Strip]:
    """Return the strips that show a strip: itself or the effects that change it alone, followed to the last effect."""
    # A muted effect changes nothing, unless its input is muted, too: then a result has taken the place of both.
    above = [
        one
        for one in effects.get(strip.name, ())
        if len(versions.inputs(one)) == 1 and (hiding.is_hidden(strip) or not hiding.is_hidden(one))
    ]
    return [shown for effect in above for shown in _shown_instead(effect, effects)] or [strip]


def _leads_between(strip: versions.Strip, chosen: Mapping[str, versions.Strip]) -> bool:
    """Return whether a strip is a transition from or to a strip that is matted itself."""
    return strip.type in _TRANSITIONS and any(one.name in chosen for one in versions.inputs(strip))


def still_shown(chosen: list[versions.Strip]) -> list[str]:
    """Return a warning for each effect that goes on showing matted strips with their background."""
    names = {strip.name for strip in chosen}
    said: dict[str, str] = {}
    levels: dict[str, Mapping[str, list[versions.Strip]]] = {}
    for strip in chosen:
        for effect in _effects_around(strip, levels).get(strip.name, ()):
            if effect.name in names or hiding.is_hidden(effect):
                continue
            others = [one for one in versions.inputs(effect) if one.name not in names]
            if effect.type not in _TRANSITIONS:
                said[effect.name] = say(
                    "“{effect}” goes on showing “{strip}” with its background; matte the effect instead",
                    effect=effect.name,
                    strip=strip.name,
                )
            elif others and _result_of(others[0], effect) is None:
                said[effect.name] = say(
                    "“{effect}” goes on showing “{strip}” with its background until “{other}” is matted, too",
                    effect=effect.name,
                    strip=strip.name,
                    other=others[0].name,
                )
    return list(said.values())


def carry_over(result: versions.Strip) -> list[str]:
    """Repeat the transitions of a result's source between the results, where all inputs have results.

    Return a warning for each transition that finds no free channel.
    """
    editor = result.id_data.sequence_editor
    level = list(versions.siblings(editor, result))
    said = []
    for effect in [one for one in level if one.type in _TRANSITIONS and is_within(one, *versions.handles(result))]:
        inputs = versions.inputs(effect)
        results = [one for one in (_result_of(strip, effect) for strip in inputs) if one is not None]
        if result not in results or len(results) < len(inputs):
            continue
        if any(one.type == effect.type and versions.inputs(one) == results for one in level):
            continue
        upper = max(results, key=lambda strip: strip.channel)
        channel = free_channel(editor, upper, *versions.handles(effect))
        if channel is None:
            said.append(say("“{effect}” has no free channel above its results; put it there", effect=effect.name))
        else:
            _put_between(effect, results, channel)
    return said


def _result_of(strip: versions.Strip, effect: versions.Strip) -> versions.Strip | None:
    """Return the result of a strip that covers the whole range of an effect; of several, the uppermost unmuted one.

    Masks do not count: a masked strip shows the cut-out in its transitions already.
    """
    scene = strip.id_data
    found = [
        one
        for one in versions.siblings(scene.sequence_editor, strip)
        if is_within(effect, *versions.handles(one))
        and not belonging.was_mask(one)
        and belonging.made_from(scene, one) == strip
    ]
    return max(found, key=lambda one: (not one.mute, one.channel), default=None)


def _put_between(effect: versions.Strip, results: list[versions.Strip], channel: int) -> None:
    """Put a transition like `effect` on two results, and hide `effect` where all its inputs are muted."""
    scene = effect.id_data
    level = versions.siblings(scene.sequence_editor, effect)
    name, kind, extent = f"{effect.name} matte", effect.type, versions.handles(effect)
    new = versions.new_effect(level, name, kind, channel, *extent, inputs=results)
    new.channel = channel
    for own in _OWN:
        if hasattr(effect, own):
            setattr(new, own, getattr(effect, own))
    copy_look(scene, effect, new)
    copy_animation(scene, effect, new, frozenset(_OWN))
    new.select = False
    new[_REPEATS] = effect.name
    if all(map(hiding.is_hidden, versions.inputs(effect))):
        hiding.hide(effect)


def remove_repeated(result: versions.Strip) -> None:
    """Remove the transitions that `carry_over` has put on a result, and show the sources' own again.

    For a result that becomes a mask: its source shows the cut-out then, also in the source's own transitions.
    """
    editor = result.id_data.sequence_editor
    level, every = versions.siblings(editor, result), versions.all_strips(editor)
    doomed = [(one.name, one[_REPEATS]) for one in level if _REPEATS in one and result in versions.inputs(one)]
    for name, repeated in doomed:  # by name: with a strip, Blender removes the effects on it
        if repeated in every:
            hiding.unhide(every[repeated])
        if name in every:
            level.remove(every[name])
