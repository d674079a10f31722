"""What belongs to the machine and not to the project: kept in Blender's preferences."""

from pathlib import Path

import bpy

from ..engine.errors import ModelMissing
from ..engine.weights import catalogue

PACKAGE = __package__.rpartition(".")[0]
"""The extension's full name, as Blender's preferences know it."""

BESIDE_BLEND = "//matte"
_OWN_FILE = "FILE"
_OWN_FILE_NUMBER = 1000
"""Of the entry for a file of one's own: it stays the same whatever the catalogue grows to."""

PLACES = (
    ("BESIDE", "Beside the Project", "In a folder called “matte” beside the .blend file"),
    ("FOLDER", "In One Folder", "In a folder of your choice, for every project"),
)


class RVM_AP_preferences(bpy.types.AddonPreferences):
    """The page in Blender's preferences."""

    bl_idname = PACKAGE

    output_place: bpy.props.EnumProperty(
        name="Results", items=PLACES, default="BESIDE", description="Where frames go unless the project says otherwise"
    )
    output_folder: bpy.props.StringProperty(
        name="Folder", subtype="DIR_PATH", description="The folder for the results of every project"
    )
    discard_cancelled: bpy.props.BoolProperty(
        name="Delete Frames of Cancelled Jobs",
        default=False,
        description="Delete what a cancelled job has made so far; otherwise it stays in its folder",
    )
    model: bpy.props.EnumProperty(
        name="Model", items=lambda self, context: _model_items(), description="The network that mattes the frames"
    )
    model_file: bpy.props.StringProperty(
        name="Model File",
        subtype="FILE_PATH",
        description="A Robust Video Matting model as ONNX with 32-bit weights, such as one that you trained yourself",
    )
    threads: bpy.props.IntProperty(
        name="Threads",
        default=0,
        min=0,
        max=256,
        soft_max=64,
        description="How many processor threads the network may use; 0 uses every core. "
        "Fewer leave more of the machine to Blender",
    )

    def draw(self, context: bpy.types.Context) -> None:
        """Draw where results go, how they are made, and what works on this machine."""
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        column = layout.column()
        column.prop(self, "output_place")
        if self.output_place == "FOLDER":
            column.prop(self, "output_folder")
        column.prop(self, "discard_cancelled")
        column = layout.column()
        column.prop(self, "model")
        if self.model == _OWN_FILE:
            column.prop(self, "model_file")
        column.prop(self, "threads")


def model() -> Path:
    """Return the model that the user chose; the default where the extension runs without being enabled.

    Raises:
        ModelMissing: the extension came without its models.
    """
    chosen, folder = _page(), weights_folder()
    if chosen is not None and chosen.model == _OWN_FILE:
        return Path(bpy.path.abspath(chosen.model_file))
    entries = catalogue(folder)
    wanted = (entry for entry in entries if chosen is not None and entry.name == chosen.model)
    return folder / next(wanted, entries[0]).file


def threads() -> int:
    """Return how many threads the network may use; 0 lets the worker choose."""
    chosen = _page()
    return 0 if chosen is None else chosen.threads


def output() -> str:
    """Return the folder for results where the project names none; `//` is beside the .blend."""
    chosen = _page()
    folder = chosen.output_folder if chosen is not None and chosen.output_place == "FOLDER" else ""
    return folder or BESIDE_BLEND


def discards_cancelled() -> bool:
    """Return whether the frames of a cancelled job shall be deleted."""
    chosen = _page()
    return chosen is not None and chosen.discard_cancelled


def fingerprint() -> tuple[object, ...]:
    """Return the values of all preferences, to be compared with those of another moment."""
    chosen = _page()
    return () if chosen is None else tuple(getattr(chosen, name) for name in RVM_AP_preferences.__annotations__)


def weights_folder() -> Path:
    """Return the folder of models: inside the installed extension, or beside the package in a checkout."""
    package = Path(__file__).resolve().parents[1]
    return next((path for path in (package / "weights", package.parent / "weights") if path.is_dir()), package)


def _page() -> RVM_AP_preferences | None:
    """Return the page in Blender's preferences; None where the extension runs without being enabled."""
    entry = bpy.context.preferences.addons.get(PACKAGE)
    return None if entry is None else entry.preferences


_offered: list[tuple[str, str, str, str, int]] = []
"""Blender keeps no reference to the texts of choices that a function returns."""


def _model_items() -> list[tuple[str, str, str, str, int]]:
    """Return the models of the catalogue, and one entry for a file of the user's own."""
    try:
        entries = catalogue(weights_folder())
    except ModelMissing:
        entries = ()
    _offered[:] = [(one.name, one.name, one.good_for, "NONE", number) for number, one in enumerate(entries)]
    _offered.append((_OWN_FILE, "Own File", "A model file of your own", "NONE", _OWN_FILE_NUMBER))
    return _offered


classes = (RVM_AP_preferences,)
register, unregister = bpy.utils.register_classes_factory(classes)
