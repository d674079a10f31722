"""The settings that the user sees, and the moment when they are frozen."""

import os
from dataclasses import dataclass
from pathlib import Path

import bpy

from ...engine.contract.outputs import Look, Result
from ...engine.contract.spec import WORKING_SIDE
from ...engine.contract.weights import identity
from ..blender import versions
from ..blender.encoders import ENCODERS, MovieFormat, choices
from ..blender.paths import absolute
from . import preferences
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
    model_stamp: str
    """Tells the model's file from others of the same name (`weights.identity`)."""
    ratio: float | None
    working_side: int
    keep_source: bool
    handles: int
    """How many timeline frames are matted on each side of a strip, beyond those that it shows."""
    use_alpha: bool
    threads: int
    """0 lets the worker choose."""
    device: str
    """A word of `spec.DEVICES`, or a plugin's path."""
    raw_limit: int
    """Bytes that raw mattes may take in the output folder; 0 keeps none."""
    movie: MovieFormat | None
    """The format of the movie that is made of each result; None for no movie."""


def _items(*, with_alpha: bool) -> tuple[tuple[str, str, str, str, int], ...]:
    """Return the choices of movie formats that this Blender can write.

    Projects store the number of a choice, so it must not depend on which other formats this Blender can write.
    """
    return tuple(
        (kind.name, ENCODERS[kind].label, ENCODERS[kind].description, "NONE", list(MovieFormat).index(kind))
        for kind in choices(with_alpha=with_alpha)
    )


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
    write_movie: bpy.props.BoolProperty(
        name="Also Write a Movie",
        default=False,
        description="Once the frames stand, another Blender in the background writes a movie of each strip's result "
        "into the result's folder: what the strip shows, at the scene's frame rate, with the strip's own sound",
    )
    movie_format: bpy.props.EnumProperty(
        name="Format",
        items=_items(with_alpha=True),
        description="The format of the movie; what is transparent stays so",
    )
    opaque_movie_format: bpy.props.EnumProperty(
        name="Format", items=_items(with_alpha=False), description="The format of the movie"
    )


def snapshot(scene: bpy.types.Scene) -> Settings:
    """Freeze `scene`'s settings.

    Raises:
        NothingChosen: the preferences want a file of the user's own, and none is chosen.
        ModelMissing, ModelDamaged: the extension came without its models, or they cannot be read.
    """
    chosen, model = scene.rvm_matting, preferences.model()
    return Settings(
        look=chosen_look(chosen),
        output=output_folder(chosen_folder(chosen)),
        model=model,
        model_stamp=identity(model),
        ratio=chosen.ratio if chosen.quality == "RATIO" else None,
        working_side=WORKING_SIDES[chosen.quality],
        keep_source=chosen.keep_source,
        handles=chosen.handles,
        use_alpha=not chosen.ignore_alpha,
        threads=preferences.threads(),
        device=preferences.device(),
        raw_limit=preferences.raw_limit(),
        movie=_chosen_movie(chosen),
    )


def _chosen_movie(settings: MattingSettings) -> MovieFormat | None:
    """Return the format of the wanted movie, if any; there is none of a mask, which only has an effect on its strip."""
    result = Result[settings.result]
    if not settings.write_movie or result is Result.MASK:
        return None
    return MovieFormat[settings.movie_format if result.has_alpha else settings.opaque_movie_format]


def show_movie(movie: MovieFormat | None, look: Look, settings: MattingSettings) -> None:
    """Set the properties to a movie of this look, as far as this Blender can write it."""
    settings.write_movie = movie is not None
    if movie is not None and movie in choices(with_alpha=look.result.has_alpha):
        setattr(settings, "movie_format" if look.result.has_alpha else "opaque_movie_format", movie.name)


def chosen_folder(settings: MattingSettings) -> str:
    """Return the folder for results as the user wrote it: the project's, or else that of the preferences."""
    return settings.output or preferences.output()


def output_folder(chosen: str) -> Path:
    """Return the absolute folder for results, without `..` in it, because folders identify jobs.

    A relative folder is beside the .blend, with or without a leading `//`. If the .blend has not been saved, results go
    to Blender's folder for the user's data, where they outlast the session and the extension.
    """
    if not is_relative(chosen):
        return Path(os.path.normpath(_expanded(chosen)))
    if not bpy.data.is_saved:
        return unsaved_folder()
    return Path(absolute(f"//{chosen.removeprefix('//')}"))


def unsaved_folder() -> Path:
    """Return the folder for results of projects that are not saved yet."""
    return Path(bpy.utils.user_resource("DATAFILES", path="rvm_matting"))


def is_relative(chosen: str) -> bool:
    """Return whether a folder is relative to the .blend."""
    return chosen.startswith("//") or not _expanded(chosen).is_absolute()


def _expanded(chosen: str) -> Path:
    """Return a folder as written, with a leading home folder expanded; `~tmp` is kept if there is no user `tmp`."""
    return Path(os.path.expanduser(chosen))  # noqa: PTH111  # Path's own raises where there is no user of that name


classes = (MattingSettings,)
_register, _unregister = bpy.utils.register_classes_factory(classes)


def register() -> None:
    """Register the settings and attach them to the scene type."""
    _register()
    bpy.types.Scene.rvm_matting = bpy.props.PointerProperty(type=MattingSettings)


def unregister() -> None:
    """Unregister the settings."""
    del bpy.types.Scene.rvm_matting
    _unregister()
