"""The words in other languages than English.

Blender translates by itself what it draws from descriptions: labels, tooltips, choices. What is put together here goes
through `say`; what a worker or an error has put together comes in English and goes through `heard`.
"""

import re
from functools import cache

import bpy
from bpy.app.translations import pgettext_iface

from ..engine.errors import MattingError
from .chinese import WORDS
from .chinese_errors import SENTENCES

LOCALE = "zh_HANS"
_CONTEXTS = ("*", "Operator")
"""Where Blender looks: under the second for what stands on a button that runs an operator."""
_NAME = re.compile(r"\\{(\w+)\\}")
_WHY = "why"
"""What stands for a reason in a sentence, its lead included (`FileError.because`)."""
_LEAD, _STOP = re.compile(r"[:.] "), re.compile(r"\. ")
"""What comes before a reason, and between what happened and what to do."""


def say(text: str, /, **values: object) -> str:
    """Return `text` in the user's language, its {names} filled in: what Blender cannot translate when it draws."""
    return str(pgettext_iface(text)).format(**values)


def heard(sentence: str) -> str:
    """Return a sentence that was made in English in the user's language; what is not known of it stays English.

    Its reason is heard, too, and so is what to do about it where that follows.
    """
    view = bpy.context.preferences.view
    if view.language != LOCALE or not view.use_translate_interface:
        return sentence
    return _translated(sentence) or sentence


def _translated(text: str) -> str | None:
    """Return what a worker or an error has said in the user's language; None where it is not known."""
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
    """Return what is known as one sentence, though it may be several, in the user's language; None for others."""
    for pattern, translated in _patterns():
        found = pattern.fullmatch(text)
        if found is not None:
            values = found.groupdict()
            return translated.format(**values | {name: _reason(values[name]) for name in values.keys() & {_WHY}})
    return None


def _reason(value: str) -> str:
    """Return a reason in the user's language as far as it is ours; a system or a library speaks its own.

    With it comes what leads to it, and what to do where that follows.
    """
    lead = _LEAD.match(value)
    start = lead.end() if lead is not None else 0
    return value[:start] + (_translated(value[start:]) or value[start:])


def explained(error: MattingError) -> str:
    """Return what happened and what to do about it, in the user's language."""
    return ". ".join(heard(text) for text in (str(error), error.remedy) if text)


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return how to recognise each sentence, and its translation."""
    return tuple(
        (re.compile(_NAME.sub(r"(?P<\1>.*)", re.escape(text)), re.DOTALL), translated)
        for text, translated in SENTENCES.items()
    )


def register() -> None:
    """Give Blender the words."""
    words = {(context, text): translated for text, translated in WORDS.items() for context in _CONTEXTS}
    bpy.app.translations.register(__name__, {LOCALE: words})


def unregister() -> None:
    """Take them back."""
    bpy.app.translations.unregister(__name__)
