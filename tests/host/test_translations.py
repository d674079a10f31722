"""Everything that a person reads has its words in Chinese; what lacks them is named."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import bpy
import pytest

from rvm_addon.engine import errors
from rvm_addon.host.chinese import SENTENCES, WORDS
from rvm_addon.jobs.job import State

HOST = Path(__file__).resolve().parents[2] / "rvm_addon" / "host"
SAME_EVERYWHERE = {
    "",
    "Job",
    "The job's folder",
    "PNG",
    "OpenEXR",
    "WebP",
    "JPEG",
    "name",
    "Name",
    "tiny",
    "Active Section",
}
"""Names of formats, what nobody sees, and what Blender itself adds."""
SAYERS = {"say": 0, "poll_message_set": 0}
"""Functions whose first argument is read by a person."""


def words_in_code() -> Iterator[str]:
    """Yield every literal text that the code passes on to a person, or to the layout as a label."""
    for path in sorted(HOST.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if isinstance(node.func, ast.Attribute) and name == "say":
                continue  # the terminal's, which speaks English
            texts = [node.args[SAYERS[name]]] if name in SAYERS and node.args else []
            texts += [keyword.value for keyword in node.keywords if keyword.arg == "text" and name in ("prop", "label")]
            yield from (text.value for text in texts if isinstance(text, ast.Constant))


def words_of_blender(addon: SimpleNamespace) -> Iterator[str]:
    """Yield labels, tooltips and choices of every class that the extension registers."""
    for kind in ("Operator", "Panel", "PropertyGroup", "AddonPreferences"):
        for cls in getattr(bpy.types, kind).__subclasses__():
            if not cls.__module__.startswith(addon.runner.__name__.removesuffix(".runner")):
                continue
            if kind in ("Operator", "Panel"):
                yield cls.bl_label
            if kind == "Operator":
                yield cls.__doc__
            own = {name for base in cls.__mro__ for name in getattr(base, "__annotations__", {})}
            for entry in cls.bl_rna.properties:
                if entry.identifier in own:
                    yield from (entry.name, entry.description)
                    for item in getattr(entry, "enum_items", ()):
                        yield from (item.name, item.description)


def test_every_word_has_its_chinese(addon: SimpleNamespace) -> None:
    """Whoever adds a word adds it to `chinese.py`, too."""
    states = [state.value for state in State]
    told = {*words_in_code(), *words_of_blender(addon), *states} - SAME_EVERYWHERE
    assert len(told) > 100, "the walk has lost its way"
    assert sorted(told - WORDS.keys()) == []


def test_no_chinese_for_what_nobody_says(addon: SimpleNamespace) -> None:
    """A word that was changed in the code does not linger here."""
    models = {"Own File", "A model file of your own"}  # choices that a function returns
    told = {*words_in_code(), *words_of_blender(addon), *(state.value for state in State), *models}
    assert sorted(WORDS.keys() - told) == []


@pytest.mark.parametrize("text", [*WORDS, *SENTENCES])
def test_values_have_their_places(text: str) -> None:
    """What is filled in appears in both languages."""
    translated = WORDS.get(text) or SENTENCES[text]
    assert fields(text) == fields(translated)


def fields(text: str) -> list[str]:
    """Return the names in braces."""
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)


FILE_ERRORS = [cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, errors.FileError)]


@pytest.mark.parametrize("error", [cls for cls in FILE_ERRORS if cls is not errors.FileError])
def test_errors_are_understood(
    addon: SimpleNamespace, error: type[errors.FileError], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What happened and what to do, with the file's name in it."""
    view = SimpleNamespace(language="zh_HANS", use_translate_interface=True)
    preferences = SimpleNamespace(preferences=SimpleNamespace(view=view))
    monkeypatch.setattr(addon.translations, "bpy", SimpleNamespace(context=preferences))
    raised = error(Path("/footage/人.mp4"), "disk full")
    assert addon.translations.heard(str(raised)) != str(raised)
    assert "/footage/人.mp4" in addon.translations.heard(str(raised))
    assert addon.translations.heard(raised.remedy) != raised.remedy
