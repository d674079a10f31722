"""Everything that a person reads has its words in Chinese; what lacks them is named."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import bpy
import pytest

from rvm_addon.engine import errors
from rvm_addon.host.chinese import WORDS
from rvm_addon.host.chinese_errors import SENTENCES
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
    "ProRes 4444",
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
    formats = {
        text for one in addon.encoders.ENCODERS.values() for text in (one.label, one.description)
    }  # some lack one
    told = {*words_in_code(), *words_of_blender(addon), *(state.value for state in State), *models, *formats}
    assert sorted(WORDS.keys() - told) == []


@pytest.mark.parametrize("text", [*WORDS, *SENTENCES])
def test_values_have_their_places(text: str) -> None:
    """What is filled in appears in both languages."""
    translated = WORDS.get(text) or SENTENCES[text]
    assert fields(text) == fields(translated)


def fields(text: str) -> list[str]:
    """Return the names in braces."""
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)


ADDON = HOST.parent
COMMAND_LINE = {"inputs.py"}
"""It speaks English."""


def sentences_of_errors() -> Iterator[str]:
    """Yield what each setting that makes no sense, and each strip that cannot be matted, is told with; 7 for values."""
    for path in sorted(ADDON.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            kind = getattr(getattr(node, "func", None), "id", "")
            if (
                isinstance(node, ast.Call)
                and kind in ("SpecError", "StripUnsuitable")
                and path.name not in COMMAND_LINE
            ):
                first, reason = map(spelt, node.args)
                yield f"{first}: {reason}" if kind == "SpecError" else f"“{first}” {reason}"


def spelt(node: ast.expr) -> str:
    """Return a text as it comes out, 7 standing for every value."""
    if isinstance(node, ast.JoinedStr):
        return "".join(map(spelt, node.values))
    return str(node.value) if isinstance(node, ast.Constant) else "7"


@pytest.fixture
def in_chinese(addon: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The extension, its user having chosen Chinese."""
    view = SimpleNamespace(language="zh_HANS", use_translate_interface=True)
    preferences = SimpleNamespace(preferences=SimpleNamespace(view=view))
    monkeypatch.setattr(addon.translations, "bpy", SimpleNamespace(context=preferences))
    return addon


def test_every_reason_has_its_chinese(in_chinese: SimpleNamespace) -> None:
    """Of settings and strips, found where the code raises."""
    told = sorted(set(sentences_of_errors()))
    assert len(told) > 25, "the walk has lost its way"
    assert [text for text in told if in_chinese.translations.heard(text) == text] == []


def test_what_is_to_be_done_is_told_too(in_chinese: SimpleNamespace) -> None:
    """After what happened."""
    error = errors.OutputFailed("/full/disk", "No space left on device")
    assert in_chinese.translations.explained(error) == (
        "无法写入“/full/disk”: No space left on device. 请释放一些空间或选择其他输出文件夹；已完成的帧会保留。"
    )


FILE_ERRORS = [cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, errors.FileError)]


def test_a_library_that_cannot_be_loaded_is_understood(in_chinese: SimpleNamespace) -> None:
    """What happened and what to do; also where not even Python begins."""
    heard = in_chinese.translations.heard
    error = errors.LibraryUnusable("ONNX Runtime", "DLL load failed")
    alone = "Install the newest Microsoft Visual C++ Redistributable (x64). Its log is “/job/worker.log”."
    assert [text for text in (str(error), error.remedy, alone) if heard(text) == text] == []
    assert "ONNX Runtime" in heard(str(error))


@pytest.mark.parametrize("error", [cls for cls in FILE_ERRORS if cls is not errors.FileError])
def test_errors_are_understood(in_chinese: SimpleNamespace, error: type[errors.FileError]) -> None:
    """What happened and what to do, with the file's name in it."""
    heard = in_chinese.translations.heard
    raised = error(Path("/footage/人.mp4"), "disk full")
    assert heard(str(raised)) != str(raised)
    assert "/footage/人.mp4" in heard(str(raised))
    assert heard(raised.remedy) != raised.remedy
