"""Translations of the texts that the user sees.

Blender itself translates the texts of its descriptions: labels, tooltips, choices. Texts composed in `host` go through
`say`; texts composed by a worker or an error come in English and go through `heard`.
"""

import re
from functools import cache

import bpy
from bpy.app.translations import pgettext_iface

from ...engine.contract.errors import MattingError
from .chinese import WORDS
from .chinese_errors import SENTENCES

LOCALE = "zh_HANS"
_CONTEXTS = ("*", "Operator")
"""The contexts in which Blender looks words up; the second is for the labels of operators' buttons."""
_NAME = re.compile(r"\\{(\w+)\\}")
_WHY = "why"
"""The placeholder for a reason in a sentence, its lead included (`FileError.because`)."""
_LEAD, _STOP = re.compile(r"[:.] "), re.compile(r"\. ")
"""The marks before a reason, and between what happened and what to do."""


def say(text: str, /, **values: object) -> str:
    """Return `text` in the user's language with its {names} filled in; Blender cannot translate it when drawing."""
    return str(pgettext_iface(text)).format(**values)


def heard(sentence: str) -> str:
    """Return an English sentence in the user's language; parts without a translation stay English.

    Its reason is translated, too, and so is a remedy that follows it.
    """
    view = bpy.context.preferences.view
    if view.language != LOCALE or not view.use_translate_interface:
        return sentence
    return _translated(sentence) or sentence


def _translated(text: str) -> str | None:
    """Return a text of a worker or an error in the user's language; None if there is no translation."""
    whole = _sentence(text)
    if whole is not None:
        return whole
    for stop in _STOP.finditer(text):
        remedy = _sentence(text[stop.end() :])
        if remedy is not None:
            happened = text[: stop.start()]
            return f"{_sentence(happened) or happened}{stop[0]}{remedy}"
    return None


def _sentence(text: str) -> str | None:
    """Return a text that matches one entry of `SENTENCES` in the user's language; None if none matches."""
    for pattern, translated in _patterns():
        found = pattern.fullmatch(text)
        if found is not None:
            values = found.groupdict()
            return translated.format(**values | {name: _reason(values[name]) for name in values.keys() & {_WHY}})
    return None


def _reason(value: str) -> str:
    """Return a reason in the user's language if it is our own; the reasons of a system or a library stay as they are.

    `value` includes the mark that leads to the reason, and the remedy if one follows.
    """
    lead = _LEAD.match(value)
    start = lead.end() if lead is not None else 0
    return value[:start] + (_translated(value[start:]) or value[start:])


def explained(error: MattingError) -> str:
    """Return what happened and what to do about it, in the user's language."""
    return ". ".join(heard(text) for text in (str(error), error.remedy) if text)


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return a pattern for each sentence, and its translation."""
    return tuple(
        (re.compile(_NAME.sub(r"(?P<\1>.*)", re.escape(text)), re.DOTALL), translated)
        for text, translated in SENTENCES.items()
    )


def register() -> None:
    """Register the translations."""
    words = {(context, text): translated for text, translated in WORDS.items() for context in _CONTEXTS}
    bpy.app.translations.register(__name__, {LOCALE: words})


def unregister() -> None:
    """Unregister them."""
    bpy.app.translations.unregister(__name__)
