"""The law of imports: engine <- jobs <- host, and inside engine and host, one way as well."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ADDON = Path(__file__).resolve().parents[1] / "rvm_addon"
LEVELS = {
    "engine": ({"contract"}, {"pictures"}, {"footage", "network"}, {"drawing", "kept"}),
    "host": (
        {"blender", "language"},
        {"settings"},
        {"strip"},
        {"background"},
        {"timeline"},
        {"session"},
        {"window", "command_line"},
    ),
}
"""The packages inside the engine and inside Blender's side, from the lowest; each may import itself and those of lower
levels. What lies beside them, such as `engine/pipeline.py`, may import them all; nothing inside them imports it."""
ENGINE_LIBRARIES = {"numpy", "cv2", "onnxruntime", "isal"}
BLENDER = {"aud", "bpy", "blf", "bl_operators", "bl_ui"}
MODULES = sorted(ADDON.rglob("*.py"))


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield what a module imports: (dotted name, whether it is inside the package, relative to `rvm_addon`)."""
    package = list(path.relative_to(ADDON).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, False) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield str(node.module), False
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] + (node.module.split(".") if node.module else [])
            named = [".".join([*base, alias.name]) for alias in node.names]
            yield from ((name if is_module(name) else ".".join(base), True) for name in named)


def is_module(name: str) -> bool:
    """Return whether a dotted name is a module or a package, and not something inside one."""
    path = ADDON / name.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").is_file()


def violations(path: Path) -> list[str]:
    """Return what a module imports against the law."""
    parts = path.relative_to(ADDON).parts
    layer = parts[0].removesuffix(".py")
    module = ".".join((*parts[:-1], path.stem)).removesuffix(".__init__")
    return [name for name, inside in imports(path) if not allowed(layer, module, name, inside=inside)]


def allowed(layer: str, module: str, name: str, *, inside: bool) -> bool:
    """Return whether `module` of `layer` may import `name`."""
    top = name.split(".", maxsplit=1)[0]
    if not inside:
        return top in sys.stdlib_module_names or top in libraries(layer, module)
    if top == layer:
        return is_below(name, module)
    if layer in ("jobs", "host"):
        return name.startswith("engine.contract") or (layer == "host" and top == "jobs")
    return layer == "__init__" and top == "host"


def libraries(layer: str, module: str) -> set[str]:
    """Return what a module may import besides the standard library."""
    if layer == "engine" and not module.startswith("engine.contract"):
        return ENGINE_LIBRARIES
    return BLENDER if layer == "host" else set()


def is_below(name: str, module: str) -> bool:
    """Return whether `name` is in the same package as `module` or in one of a lower level; both are of one layer."""
    levels = LEVELS.get(module.split(".", maxsplit=1)[0], ())
    level = {package: number for number, packages in enumerate(levels) for package in packages}
    package, other = ((*dotted.split("."), "")[1] for dotted in (module, name))
    return package not in level or package == other or level.get(other, len(levels)) < level[package]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ADDON)))
def test_imports_run_one_way(path: Path) -> None:
    """No module imports what its layer may not."""
    assert violations(path) == []


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("engine/contract/spec.py", "import numpy"),
        ("engine/contract/spec.py", "from ..pictures import tensors"),
        ("engine/footage/media.py", "import bpy"),
        ("engine/footage/media.py", "from ...jobs import job"),
        ("engine/footage/media.py", "from ..network.model import MattingModel"),
        ("engine/kept/raw.py", "from ..stages import Reader"),
        ("jobs/job.py", "import cv2"),
        ("jobs/job.py", "from ..engine import pipeline"),
        ("jobs/job.py", "from ..engine.pictures import tensors"),
        ("jobs/job.py", "from ..engine.pipeline import run"),
        ("host/timeline/strips.py", "from ...engine.footage.media import FolderSink"),
        ("host/timeline/strips.py", "import numpy"),
        ("host/timeline/strips.py", "from rvm_addon.jobs import job"),
        ("host/timeline/strips.py", "from ..session import runner"),
        ("host/timeline/strips.py", "from ..window.panel import register"),
        ("host/command_line/cli.py", "from ..window import operators"),
        ("host/blender/versions.py", "from .. import register"),
    ],
)
def test_the_law_sees_a_breach(module: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each kind of forbidden import is found."""
    for path in MODULES:  # the checker tells modules from names by looking for their files
        copy = tmp_path / path.relative_to(ADDON)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text("")
    (tmp_path / module).write_text(line + "\n")
    monkeypatch.setitem(globals(), "ADDON", tmp_path)
    assert len(violations(tmp_path / module)) == 1


def timers_in(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield the functions that a module gives to Blender's timers, and whether each goes through their door."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = {node.name: ast.unparse(node) for node in tree.body if isinstance(node, ast.FunctionDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("bpy.app.timers.register", "timers.start"):
            name = ast.unparse(node.args[0])
            yield f"{path.stem}.{name}", "timers.carefully" in functions.get(name, "")


def test_every_timer_goes_through_the_door() -> None:
    """Blender drops a timer that raises, and what it moves along would stand still."""
    modules = [path for path in (ADDON / "host").rglob("*.py") if path.stem != "timers"]
    told = dict(timer for path in modules for timer in timers_in(path))
    assert len(told) > 3, "the walk has lost its way"
    assert [name for name, careful in told.items() if not careful] == []


@pytest.mark.parametrize("layer", LEVELS)
def test_the_levels_are_told_as_they_are(layer: str) -> None:
    """CONTRIBUTING names the packages inside a layer in the order of the law, and no other is there."""
    contributing = (ADDON.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    told = re.search(rf"inside `{layer}`: (.*?)\n", contributing)
    assert told is not None
    assert [set(re.findall(r"`(\w+)`", level)) for level in told[1].split(" ← ")] == list(LEVELS[layer])
    assert {path.parent.name for path in (ADDON / layer).glob("*/__init__.py")} == set().union(*LEVELS[layer])


def test_only_one_module_asks_for_blenders_version() -> None:
    """`host/blender/versions.py` is the one place that knows how Blender's versions differ."""
    askers = {path.name for path in MODULES if "bpy.app.version" in path.read_text(encoding="utf-8")}
    assert askers == {"versions.py"}
