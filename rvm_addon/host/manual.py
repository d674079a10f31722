"""The manual behind "Online Manual" in a button's context menu: the README, as it came with the extension.

Plain text on this machine: every browser shows it, and nothing is fetched.
"""

from pathlib import Path

import bpy

from .translations import LOCALE

FOLDER = Path(__file__).resolve().parents[1]
IN_ENGLISH, IN_CHINESE = "README.txt", "README.zh.txt"
_DESCRIBED = (
    "bpy.ops.rvm.*",
    "bpy.types.mattingsettings.*",
    "bpy.types.viewsettings.*",
    "bpy.types.rvm_ap_preferences.*",
)
"""What the manual speaks of, as Blender calls it, in small letters."""


def manual_map() -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return where the manual is, and what it speaks of."""
    view = bpy.context.preferences.view
    chinese = view.language == LOCALE and view.use_translate_interface
    name = IN_CHINESE if chinese else IN_ENGLISH
    return f"{FOLDER.as_uri()}/", tuple((pattern, name) for pattern in _DESCRIBED)


def register() -> None:
    """Tell Blender of the manual."""
    bpy.utils.register_manual_map(manual_map)


def unregister() -> None:
    """Take it back."""
    bpy.utils.unregister_manual_map(manual_map)
