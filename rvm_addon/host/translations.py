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


def say(text: str, /, **values: object) -> str:
    """Return `text` in the user's language, its {names} filled in: what Blender cannot translate when it draws."""
    return str(pgettext_iface(text)).format(**values)


def heard(sentence: str) -> str:
    """Return a sentence that was made in English in the user's language; in English where it is not known."""
    view = bpy.context.preferences.view
    if view.language != LOCALE or not view.use_translate_interface:
        return sentence
    for pattern, translated in _patterns():
        found = pattern.fullmatch(sentence)
        if found is not None:
            return translated.format(**found.groupdict())
    return sentence


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
