"""The settings that the user sees, and the moment when they are frozen."""

from dataclasses import dataclass
from pathlib import Path

import bpy

from ..engine.outputs import Look
from ..engine.spec import WORKING_SIDE
from . import preferences, versions
from .looks import LookSettings, chosen_look

QUALITIES = (
    ("DRAFT", "Draft", "Look at half the usual detail: about twice as fast, rougher edges"),
    ("STANDARD", "Standard", "What suits head and shoulders: the longest side is looked at in 512 pixels"),
    ("FINE", "Fine", "Twice the usual detail, for people who are small in the picture: about three times slower"),
    ("RATIO", "Custom", "Choose the downsample ratio yourself"),
)
WORKING_SIDES = {"DRAFT": WORKING_SIDE // 2, "STANDARD": WORKING_SIDE, "FINE": WORKING_SIDE * 2, "RATIO": WORKING_SIDE}


@dataclass(frozen=True)
class Settings:
    """The settings at the moment when the button was pressed."""

    look: Look
    output: Path
    """Absolute; each job makes a folder of its own in it."""
    model: Path
    ratio: float | None
    working_side: int
    keep_source: bool
    handles: int
    """Timeline frames on each side of a strip that are matted besides those that show."""
    use_alpha: bool
    threads: int
    """0 lets the worker choose."""
    device: str
    """A word of `spec.DEVICES`, or a plugin's path."""
    raw_limit: int
    """Bytes that raw mattes may take in the output folder; 0 keeps none."""


class MattingSettings(LookSettings, bpy.types.PropertyGroup):
    """What the project asks for; saved with the scene."""

    output: bpy.props.StringProperty(
        name="Output Folder",
        subtype="DIR_PATH",
        options=versions.PATH_OPTIONS,
        description="Where the frames are written, each strip's in a folder of its own; "
        "if empty, where the preferences say: in “matte” beside the .blend unless you chose a folder there",
    )
    quality: bpy.props.EnumProperty(
        name="Quality", items=QUALITIES, default="STANDARD", description="How closely the model looks at each frame"
    )
    ratio: bpy.props.FloatProperty(
        name="Downsample Ratio",
        min=0.05,
        max=1.0,
        default=0.25,
        precision=3,
        description="The size at which the model looks at a frame, as a part of the frame's own",
    )
    keep_source: bpy.props.BoolProperty(
        name="Keep Source Visible",
        default=False,
        description="Leave the source strip as it is; otherwise it is muted when its matted strip appears",
    )
    handles: bpy.props.IntProperty(
        name="Handles",
        min=0,
        soft_max=100,
        default=0,
        description="Frames matted on each side beyond what the strip shows, so that the result can be trimmed outward",
    )
    ignore_alpha: bpy.props.BoolProperty(
        name="Ignore Source Alpha",
        default=False,
        description="Matte pictures as if they were opaque; otherwise what is transparent in them stays so",
    )


def snapshot(scene: bpy.types.Scene) -> Settings:
    """Freeze `scene`'s settings.

    Raises:
        ModelMissing: the extension came without its models.
    """
    chosen = scene.rvm_matting
    return Settings(
        look=chosen_look(chosen),
        output=output_folder(chosen_folder(chosen)),
        model=preferences.model(),
        ratio=chosen.ratio if chosen.quality == "RATIO" else None,
        working_side=WORKING_SIDES[chosen.quality],
        keep_source=chosen.keep_source,
        handles=chosen.handles,
        use_alpha=not chosen.ignore_alpha,
        threads=preferences.threads(),
        device=preferences.device(),
        raw_limit=preferences.raw_limit(),
    )


def chosen_folder(settings: MattingSettings) -> str:
    """Return the folder for results as it was written: the project's, or else that of the preferences."""
    return settings.output or preferences.output()


def output_folder(chosen: str) -> Path:
    """Return the absolute folder for results.

    A relative folder is beside the .blend, with or without the leading `//`. Before that is saved there is no such
    place: results then go to Blender's folder for the user's data, where they outlast session and extension.
    """
    if not is_relative(chosen):
        return Path(chosen).expanduser()
    if not bpy.data.is_saved:
        return unsaved_folder()
    return Path(bpy.path.abspath(f"//{chosen.removeprefix('//')}"))


def unsaved_folder() -> Path:
    """Return the folder for results of projects that are not saved yet."""
    return Path(bpy.utils.user_resource("DATAFILES", path="rvm_matting"))


def is_relative(chosen: str) -> bool:
    """Return whether a folder is meant to lie beside the .blend."""
    return chosen.startswith("//") or not Path(chosen).expanduser().is_absolute()


classes = (MattingSettings,)
_register, _unregister = bpy.utils.register_classes_factory(classes)


def register() -> None:
    """Register the settings and hang them on the scene."""
    _register()
    bpy.types.Scene.rvm_matting = bpy.props.PointerProperty(type=MattingSettings)


def unregister() -> None:
    """Take the settings back."""
    del bpy.types.Scene.rvm_matting
    _unregister()
