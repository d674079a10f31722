"""Everything that a person reads has its words in Chinese; what lacks them is named."""

import ast
import errno
import itertools
import os
import re
import string
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import bpy
import pytest

from rvm_addon.engine.contract import errors
from rvm_addon.host.language.chinese import WORDS
from rvm_addon.host.language.chinese_errors import SENTENCES
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
TERMINALS = {"line", "self._line"}
"""What the terminal is called, whose `say` speaks English. Every other `say` is that of `translations`."""


def words_in_code() -> Iterator[str]:
    """Yield every literal text that the code passes on to a person, or to the layout as a label."""
    for path in sorted(HOST.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name == "say" and ast.unparse(node.func).removesuffix(".say") in TERMINALS:
                continue
            texts = [node.args[SAYERS[name]]] if name in SAYERS and node.args else []
            texts += [keyword.value for keyword in node.keywords if keyword.arg == "text" and name in ("prop", "label")]
            yield from (text.value for text in texts if isinstance(text, ast.Constant))


def words_of_blender(addon: SimpleNamespace) -> Iterator[str]:
    """Yield labels, tooltips and choices of every class that the extension registers."""
    for kind in ("Operator", "Panel", "PropertyGroup", "AddonPreferences"):
        for cls in getattr(bpy.types, kind).__subclasses__():
            if not cls.__module__.startswith(addon.runner.__name__.removesuffix(".session.runner")):
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
COMMAND_LINE = {"inputs.py", "alongside.py"}
"""It speaks English."""
TELLERS = {"warn": 1, "_warn": 1, "Warned": 1, "Failed": 2, "fail": 2}
"""Functions and events whose first arguments, so many, an editor reads; what is appended to `warnings` is read, too."""
DECODERS = {"raw.py": errors.RawUnreadable, "targa.py": errors.SourceUnreadable}
"""Modules whose `decode` raises a ValueError, which whoever calls it takes for the reason of this error."""
ERRORS = {
    name: cls
    for name, cls in vars(errors).items()
    if isinstance(cls, type) and issubclass(cls, errors.FileError | errors.NamedError)
}
A_VALUE = "7"


class Spelling:
    """The texts of one module as they come out, 7 standing for every value."""

    def __init__(self, path: Path) -> None:
        self.module = ast.parse(path.read_text(encoding="utf-8"))
        self.functions = {node.name: node for node in ast.walk(self.module) if isinstance(node, ast.FunctionDef)}
        assigned = [node for node in ast.walk(self.module) if isinstance(node, ast.Assign | ast.NamedExpr)]
        self.values = [(getattr(_target(node), "id", ""), node.value) for node in assigned]

    def calls(self) -> Iterator[tuple[str, ast.Call]]:
        """Yield each call with the name of what is called, for methods the last one."""
        for node in ast.walk(self.module):
            if isinstance(node, ast.Call):
                yield getattr(node.func, "attr", getattr(node.func, "id", "")), node

    def spelt(self, node: ast.expr | None) -> list[str]:
        """Return each text that an expression may be: a name is what the module calls so, a call what it returns."""
        told: list[str] = []
        match node:
            case ast.Constant(value=value):
                told = [str(value)]
            case ast.JoinedStr(values=parts):
                told = ["".join(chosen) for chosen in itertools.product(*map(self.spelt, parts))]
            case ast.FormattedValue(value=value):
                told = self.spelt(value)
            case ast.IfExp(body=one, orelse=other):
                told = self.spelt(one) + self.spelt(other)
            case ast.Name(id="error"):  # some sentences hold one, such as that a device is missing
                told = [str(errors.DeviceMissing(A_VALUE, A_VALUE))]
            case ast.Attribute(value=ast.Name(id="error"), attr="remedy"):
                told = [errors.DeviceMissing.remedy]
            case ast.Name(id=name):
                told = [text for called, value in self.values if called == name for text in self.spelt(value)]
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in self.functions:
                returned = [one for one in ast.walk(self.functions[name]) if isinstance(one, ast.Return)]
                told = [text for one in returned for text in self.spelt(one.value)]
        return told or [A_VALUE]


def _target(node: ast.Assign | ast.NamedExpr) -> ast.expr:
    """Return what gets the value."""
    return node.target if isinstance(node, ast.NamedExpr) else node.targets[0]


def modules() -> Iterator[tuple[str, Spelling]]:
    """Yield the modules whose words reach an editor, with their files' names."""
    for path in sorted(ADDON.rglob("*.py")):
        if path.name not in COMMAND_LINE:
            yield path.name, Spelling(path)


def errors_raised(addon: SimpleNamespace) -> Iterator[errors.MattingError]:
    """Yield each error that the code makes, with each reason that it gives."""
    kinds = {**ERRORS, "SpecError": errors.SpecError, "StripUnsuitable": addon.placements.StripUnsuitable}
    for module, spelling in modules():
        for name, call in spelling.calls():
            if name in kinds and call.args:
                yield from (kinds[name](*chosen) for chosen in itertools.product(*map(spelling.spelt, call.args)))
        if module in DECODERS:
            raised = [one.exc for one in ast.walk(spelling.functions["decode"]) if isinstance(one, ast.Raise)]
            reasons = [text for call in raised if isinstance(call, ast.Call) for text in spelling.spelt(call.args[0])]
            yield from (DECODERS[module](A_VALUE, reason) for reason in reasons)


def sentences_told() -> Iterator[str]:
    """Yield each sentence that the code has for an editor besides errors; those of somebody else have no word."""
    for _, spelling in modules():
        for name, call in spelling.calls():
            is_warning = ast.unparse(call.func) == "warnings.append"
            for argument in call.args[: 1 if is_warning else TELLERS.get(name, 0)]:
                yield from filter(has_words, spelling.spelt(argument))


def has_words(text: str) -> bool:
    """Return whether a text says anything of its own besides values."""
    return any(map(str.isalpha, text))


@pytest.fixture
def in_chinese(addon: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The extension, its user having chosen Chinese."""
    view = SimpleNamespace(language="zh_HANS", use_translate_interface=True)
    preferences = SimpleNamespace(preferences=SimpleNamespace(view=view))
    monkeypatch.setattr(addon.translations, "bpy", SimpleNamespace(context=preferences))
    return addon


def test_every_error_has_its_chinese(in_chinese: SimpleNamespace) -> None:
    """Found where the code makes it, and the reason in it with it: of settings, strips, files, devices."""
    heard = in_chinese.translations.heard
    raised = list(errors_raised(in_chinese))
    told = {str(error): error.args[-1] for error in raised}
    assert len(told) > 60, "the walk has lost its way"
    assert sorted(text for text in told if heard(text) == text) == []
    assert sorted(text for text, reason in told.items() if has_words(reason) and reason in heard(text)) == []


def test_every_warning_has_its_chinese(in_chinese: SimpleNamespace) -> None:
    """Found where the code gives it: what a worker says, what ends a job, what a result lacks."""
    told = set(sentences_told())
    assert len(told) > 15, "the walk has lost its way"
    assert sorted(text for text in told if in_chinese.translations.heard(text) == text) == []


def test_what_follows_a_reason_is_understood(in_chinese: SimpleNamespace) -> None:
    """A job's warning tells what happened, why, and what to do; a reason of a library's own stays as it is."""
    heard = in_chinese.translations.heard
    for error in (
        errors.OutputFailed("/a/b", "it is a file, not a folder"),
        errors.JobHeld("/a/b. c"),
        errors.DeviceMissing("cuda", "it finds nothing on this machine to run on"),
        errors.MovieFailed("/a/b.mkv", "Blender wrote 3 of 5 frames"),
    ):
        told = heard(f"{error}. {error.remedy}")
        assert re.search(r"[a-z] [a-z]", told.replace("/a/b. c", "")) is None, told
    foreign = heard("“/a/b” is not a Robust Video Matting model: Protobuf parsing failed. Bad luck")
    assert foreign == "“/a/b”不是 Robust Video Matting 模型: Protobuf parsing failed. Bad luck"


def test_what_is_to_be_done_is_told_too(in_chinese: SimpleNamespace) -> None:
    """After what happened."""
    error = errors.OutputFailed("/full/disk", "No space left on device")
    assert in_chinese.translations.explained(error) == (
        "无法写入“/full/disk”: No space left on device. "
        "请释放一些空间并按下“继续”；或选择其他输出文件夹，再选中该片段并按下“抠像所选片段”：所有帧会在那里重新生成。"
    )


FILE_ERRORS = [cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, errors.FileError)]


def test_a_library_that_cannot_be_loaded_is_understood(in_chinese: SimpleNamespace) -> None:
    """What happened and what to do; also where not even Python begins."""
    heard = in_chinese.translations.heard
    error, opencv = (errors.LibraryUnusable(name, "DLL load failed") for name in ("ONNX Runtime", errors.OPENCV))
    alone = "Install the newest Microsoft Visual C++ Redistributable (x64). Its log is “/job/worker.log”."
    told = (str(error), error.remedy, str(opencv), opencv.remedy, alone)
    assert len(set(told)) == 5 and [text for text in told if heard(text) == text] == []
    assert "ONNX Runtime" in heard(str(error))


@pytest.mark.parametrize("error", [cls for cls in FILE_ERRORS if cls.remedy])
def test_errors_are_understood(in_chinese: SimpleNamespace, error: type[errors.FileError]) -> None:
    """What happened and what to do, with the file's name in it."""
    heard = in_chinese.translations.heard
    raised = error(Path("/footage/人.mp4"), "disk full")
    assert heard(str(raised)) != str(raised)
    assert "/footage/人.mp4" in heard(str(raised))
    assert heard(raised.remedy) != raised.remedy


BUTTON = re.compile(r"press ((?:[A-Z]\w+ ?)+)")
LOOSE = re.compile(r"\b(once more|go on|run|starts?|press (?![A-Z])|continue|retry|button)\b")
"""Words for a button that it does not bear; the fetching of weights has a command, not a button."""


def remedies() -> set[str]:
    """Return every remedy that an error has, those for a full disk included."""
    kinds = [cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, errors.MattingError)]
    full = os.strerror(errno.ENOSPC)
    special = [cls("/a", full).remedy for cls in kinds if issubclass(cls, errors.NotWritten)]
    return {cls.remedy for cls in kinds} | {errors.LibraryUnusable(errors.OPENCV, "").remedy, *special} - {""}


def test_buttons_are_called_by_their_labels(addon: SimpleNamespace) -> None:
    """In every remedy, in both languages: who looks for it finds it. On icons, the tips say it."""
    known = {
        operator.bl_label
        for operator in (
            addon.job_operators.RVM_OT_retry_job,
            addon.operators.RVM_OT_matte_strips,
            addon.result_operators.RVM_OT_update_result,
        )
    }
    called = {remedy: {name.strip() for name in BUTTON.findall(remedy)} for remedy in remedies()}
    assert set().union(*called.values()) == known
    assert {remedy: LOOSE.findall(remedy) for remedy in called if LOOSE.search(remedy)} == {}
    assert all(f"“{WORDS[name]}”" in SENTENCES[remedy] for remedy, names in called.items() for name in names)


@pytest.mark.parametrize("overwrite", [False, True])
def test_the_command_line_names_no_buttons(addon: SimpleNamespace, overwrite: bool) -> None:
    """It has none: the command is given again, without what would make all frames anew."""
    told = {remedy: addon.cli.without_buttons(remedy, overwrite=overwrite) for remedy in remedies()}
    assert [text for text in told.values() if "press" in text or "elect" in text] == []
    missing = told[errors.SourceMissing.remedy]
    again = f"run the command again{' without --overwrite' if overwrite else ''}"
    assert missing == f"Put the file back and {again}; or choose it where it is now, then {again}."


def test_what_ended_a_trial_is_understood(in_chinese: SimpleNamespace) -> None:
    """The self-test and the preview of a frame say it in Chinese: here that the model's file is half a file."""
    model = in_chinese.folder / "weights" / "tiny.onnx"
    content = model.read_bytes()
    try:
        model.write_bytes(content[:-1])
        with pytest.raises(RuntimeError):
            bpy.ops.rvm.self_test()
    finally:
        model.write_bytes(content)
    test, watcher = in_chinese.self_test._latest, in_chinese.watcher.current()
    watcher.job = test.job
    watcher.queue.jobs.append(test.job)
    try:
        told = [text for _, text in (*test.findings()[-2:], in_chinese.watcher.message())]
    finally:
        watcher.job = None
        watcher.queue.jobs.clear()
    what, remedy, both = told
    assert what.startswith("模型文件“") and what.endswith(" 字节")
    assert remedy.startswith("请删除该文件")
    assert both == f"{what}. {remedy}"
