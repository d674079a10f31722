"""The manual behind "Online Manual" in a button's context menu: the README, as it came with the extension.

It is plain text on this machine: every browser shows it, and nothing is fetched.
"""

from pathlib import Path

import bpy

from ..language.translations import LOCALE

FOLDER = Path(__file__).resolve().parents[2]
IN_ENGLISH, IN_CHINESE = "README.txt", "README.zh.txt"
_DESCRIBED = (
    "bpy.ops.rvm.*",
    "bpy.types.mattingsettings.*",
    "bpy.types.viewsettings.*",
    "bpy.types.rvm_ap_preferences.*",
)
"""Patterns, in lower case, of the Python names of all settings and buttons, each of which the manual tells of."""


def manual_map() -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return the folder of the manual, and the page for each pattern of names."""
    view = bpy.context.preferences.view
    chinese = view.language == LOCALE and view.use_translate_interface
    name = IN_CHINESE if chinese else IN_ENGLISH
    return f"{FOLDER.as_uri()}/", tuple((pattern, name) for pattern in _DESCRIBED)


def register() -> None:
    """Register the manual."""
    bpy.utils.register_manual_map(manual_map)


def unregister() -> None:
    """Unregister it."""
    bpy.utils.unregister_manual_map(manual_map)
