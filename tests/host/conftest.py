"""The extension as a user has it: packed, installed by Blender's own installer, enabled. Its model is a tiny one.

The libraries come from the environment here; `test_installed.py` installs the zip with its wheels.
"""

import hashlib
import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest
from steps import packaging, wheels

from rvm_addon.engine.contract.weights import CATALOGUE, Weights
from tests import tiny
from tests.host.package import PACKAGE
from tests.host.timeline import Timeline

MODULES = (
    "engine.contract.errors",
    "engine.contract.events",
    "engine.contract.locks",
    "engine.contract.outputs",
    "engine.contract.spec",
    "host.background.encoding",
    "host.background.entry",
    "host.background.movies",
    "host.background.rendering",
    "host.background.sounds",
    "host.blender.encoders",
    "host.blender.scenes",
    "host.blender.sequencers",
    "host.blender.timers",
    "host.blender.versions",
    "host.command_line.alongside",
    "host.command_line.cli",
    "host.command_line.earlier",
    "host.language.translations",
    "host.session.arrivals",
    "host.session.driver",
    "host.session.known",
    "host.session.libraries",
    "host.session.plan",
    "host.session.rates",
    "host.session.runner",
    "host.session.submitting",
    "host.session.terminal",
    "host.session.unfinished",
    "host.session.words",
    "host.settings.preferences",
    "host.settings.properties",
    "host.strip.image_strips",
    "host.strip.placements",
    "host.strip.probes",
    "host.strip.soundtrack",
    "host.timeline.belonging",
    "host.timeline.recipes",
    "host.timeline.results",
    "host.timeline.strips",
    "host.window.caches",
    "host.window.job_operators",
    "host.window.manual",
    "host.window.operators",
    "host.window.result_operators",
    "host.window.self_test",
    "host.window.watcher",
    "jobs.job",
    "jobs.worker",
)


@pytest.fixture(scope="session")
def addon(passthrough: Path) -> SimpleNamespace:
    """The installed extension's modules by their last name; its default model passes pictures through."""
    zipped = packaging.package_for(wheels.this_platform(), with_wheels=False)
    bpy.ops.extensions.package_install_files(filepath=str(zipped), repo="user_default", enable_on_install=True)
    modules = {name.rpartition(".")[2]: importlib.import_module(f"{PACKAGE}.{name}") for name in MODULES}
    addon = SimpleNamespace(**modules, folder=Path(modules["runner"].__file__).parents[2])
    set_model(addon, passthrough)
    return addon


@pytest.fixture
def timeline(addon: SimpleNamespace, tmp_path: Path) -> Iterator[Timeline]:
    """An empty timeline at 24 frames a second; results go below `tmp_path`."""
    timeline = Timeline(addon, tmp_path)
    yield timeline
    addon.runner.current().queue.shutdown()
    addon.runner.current().queue.jobs.clear()
    timeline.close()


@pytest.fixture
def with_counting(addon: SimpleNamespace, counting: Path, passthrough: Path) -> Iterator[None]:
    """Let the extension's model be the one whose matte counts frames."""
    set_model(addon, counting)
    yield
    set_model(addon, passthrough)


@pytest.fixture
def with_green(addon: SimpleNamespace, green: Path, passthrough: Path) -> Iterator[None]:
    """Let the extension's model be the one whose matte is the green channel."""
    set_model(addon, green)
    yield
    set_model(addon, passthrough)


@pytest.fixture
def source(timeline: Timeline, tmp_path: Path, with_green: None) -> Any:  # noqa: ARG001  # the model
    """A movie of 40 frames, trimmed to six, and matted; the model's matte is its green channel."""
    strip = timeline.movie(tiny.barcode_movie(tmp_path / "clip.avi", 40, fourcc="MJPG"), channel=2)
    timeline.addon.versions.set_right_handle(strip, 7)
    timeline.scene.rvm_matting.edge_colour = "SOURCE"
    timeline.press_button(strip)
    return strip


@pytest.fixture
def real_model(timeline: Timeline, rvm_weights: Path) -> Iterator[None]:
    """Let the extension use the published model, in pieces."""
    page = timeline.addon.preferences.page()
    page.model, page.model_file = timeline.addon.preferences.OWN_FILE, str(rvm_weights)
    yield
    page.property_unset("model")
    page.property_unset("model_file")


@pytest.fixture
def preferences(addon: SimpleNamespace) -> Iterator[Any]:
    """The extension's page in the preferences, given back as it was."""
    page = bpy.context.preferences.addons[addon.preferences.PACKAGE].preferences
    yield page
    for entry in page.bl_rna.properties:
        if not entry.is_readonly:
            page.property_unset(entry.identifier)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Five movies of 30 frames."""
    folder = tmp_path_factory.mktemp("clips")
    return [tiny.barcode_movie(folder / f"clip {number}.avi", 30, fourcc="MJPG") for number in range(5)]


def set_model(addon: SimpleNamespace, model: Path) -> None:
    """Put `model` into the installed extension, with a catalogue that vouches for it."""
    content = model.read_bytes()
    entry = Weights("tiny", "tiny.onnx", len(content), hashlib.sha256(content).hexdigest(), *[""] * 6)
    lines = [f"{name} = {json.dumps(value)}" for name, value in vars(entry).items()]  # such values are TOML, too
    (addon.folder / "weights" / entry.file).write_bytes(content)
    (addon.folder / "weights" / CATALOGUE).write_text("\n".join(["[[weights]]", *lines]))
