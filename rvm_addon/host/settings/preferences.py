"""Access to the preferences: settings that belong to the machine and not to the project."""

from pathlib import Path

import bpy

from ...engine.contract.errors import NothingChosen
from ...engine.contract.spec import CPU, RAW_GIGABYTES
from ...engine.contract.weights import catalogue
from ..blender.paths import absolute
from ..language.translations import say

PACKAGE = __package__.removesuffix(".host.settings")
"""The extension's full name, as Blender's preferences know it."""

BESIDE_BLEND = "//matte"
OWN_FILE = "FILE"
"""Stands in place of a model's name if the user chose a file."""
PLUGIN = "PLUGIN"
"""Stands in place of a device's name if the user chose a file."""


DEVICE_ITEMS = (
    ("CPU", "Processor (CPU)", "Runs everywhere"),
    ("CUDA", "NVIDIA (CUDA)", "With a build of ONNX Runtime for CUDA"),
    ("DIRECTML", "DirectML", "Graphics cards on Windows, with a build of ONNX Runtime for DirectML"),
    ("COREML", "Apple (Core ML)", "Graphics and neural engine of a Mac"),
    ("OPENVINO", "Intel (OpenVINO)", "With a build of ONNX Runtime for OpenVINO"),
    ("MIGRAPHX", "AMD (MIGraphX)", "With a build of ONNX Runtime for MIGraphX"),
    (PLUGIN, "Plugin", "An execution provider that you have as a file"),
)
"""The devices that the user can choose for the network: words of `DEVICES` in capitals, and the plugin."""


def model() -> Path:
    """Return the model that the user chose; the default if the extension runs without being enabled.

    Raises:
        NothingChosen: the user wants a file of their own, and has not chosen one.
        ModelMissing, ModelDamaged: the extension came without its models, or they cannot be read.
    """
    chosen, folder = page(), weights_folder()
    if chosen is not None and chosen.model == OWN_FILE:
        return Path(_file(chosen, "model_file"))
    entries = catalogue(folder)
    wanted = (entry for entry in entries if chosen is not None and entry.name == chosen.model)
    return folder / next(wanted, entries[0]).file


def threads() -> int:
    """Return how many threads the network may use; 0 lets the worker choose."""
    chosen = page()
    return 0 if chosen is None else chosen.threads


def device() -> str:
    """Return the device for the network: a word of `DEVICES`, or a plugin's absolute path.

    Raises:
        NothingChosen: the user wants a plugin, and has not chosen its file.
    """
    chosen = page()
    if chosen is None:
        return CPU
    return _file(chosen, "plugin") if chosen.device == PLUGIN else str(chosen.device).lower()


def _file(chosen: bpy.types.AddonPreferences, name: str) -> str:
    """Return the absolute path of a file that the user has chosen, by the name of the property.

    Raises:
        NothingChosen: there is none.
    """
    path = getattr(chosen, name)
    if not path:
        raise NothingChosen(say(chosen.bl_rna.properties[name].name))
    return absolute(path)


def raw_limit() -> int:
    """Return how many bytes raw mattes may take in a folder of results."""
    chosen = page()
    return int((RAW_GIGABYTES if chosen is None else chosen.raw_gigabytes) * 1e9)


def output() -> str:
    """Return the folder for results of projects that name none; a leading `//` means beside the .blend."""
    chosen = page()
    folder = chosen.output_folder if chosen is not None and chosen.output_place == "FOLDER" else ""
    return folder or BESIDE_BLEND


def discards_cancelled() -> bool:
    """Return whether the frames of cancelled jobs are to be deleted."""
    chosen = page()
    return chosen is not None and chosen.discard_cancelled


def page() -> bpy.types.AddonPreferences | None:
    """Return the page in Blender's preferences; None if the extension runs without being enabled."""
    entry = bpy.context.preferences.addons.get(PACKAGE)
    return None if entry is None else entry.preferences


def redraw() -> None:
    """Redraw the page wherever it is open."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "PREFERENCES":
                area.tag_redraw()


def weights_folder() -> Path:
    """Return the folder of models: inside the installed extension, or beside the package in a checkout."""
    package = Path(__file__).resolve().parents[2]
    return next((path for path in (package / "weights", package.parent / "weights") if path.is_dir()), package)
