"""The differences between Blender's versions, from 4.2 to 5.2, and what is read by means of them.

4.4 renamed `sequences` to `strips`, 5.0 removed the old names, and 5.2 renamed the frame properties of strips (the old
names stay, deprecated, until 6.0).
"""

import contextlib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import bpy

_STRIPS_RENAMED = bpy.app.version >= (4, 4, 0)
_LAYERED_ACTIONS = bpy.app.version >= (4, 4, 0)
_RELATIVE_PATHS_DECLARED = bpy.app.version >= (4, 5, 0)
_SEQUENCER_SCENE = bpy.app.version >= (5, 0, 0)
_FRAMES_RENAMED = bpy.app.version >= (5, 2, 0)
_CONNECTIONS_TOLD = bpy.app.version >= (5, 2, 0)
_LENGTH_ARGUMENT = bpy.app.version >= (5, 0, 0)
_SEQUENCE_DETECTION = "use_sequence_detection" in bpy.ops.sequencer.image_strip_add.get_rna_type().properties

_MEDIA_TYPE = bpy.app.version >= (5, 0, 0)
_WHITE_BALANCE = bpy.app.version >= (4, 3, 0)
_PATH_TEMPLATES = bpy.app.version >= (4, 5, 0)

TURNS_MOVIES_UPRIGHT = bpy.app.version >= (4, 4, 0)
"""Whether Blender shows movies rotated as their metadata says, which phones write."""

CONNECTS = bpy.app.version >= (4, 3, 0)
"""Whether strips can be connected so that selecting one selects all."""

MASKS_BEFORE_MIRRORING = bpy.app.version >= (5, 0, 0)
"""Whether a mask modifier is applied before the picture is mirrored; otherwise it is applied on the canvas."""

PATH_OPTIONS: set[str] = {"PATH_SUPPORTS_BLEND_RELATIVE"} if _RELATIVE_PATHS_DECLARED else set()
"""Options of a property whose path may begin with `//`; without them, 4.5 and later show such a path in red."""

Strip: Any = bpy.types.Strip if _STRIPS_RENAMED else bpy.types.Sequence
"""The base class of strips."""

LINEAR_MODIFIERS = ("use_linear_modifiers",) if "use_linear_modifiers" in Strip.bl_rna.properties else ()
"""The property, up to 4.5, that lets a strip's modifiers work on linear light if the strip's values are floats."""


class Span(NamedTuple):
    """A range of timeline frames."""

    start: int
    """The first one."""
    end: int
    """The one after the last."""

    @classmethod
    def around(cls, spans: Collection["Span"]) -> "Span":
        """Return the smallest range that covers all of these."""
        return cls(min(span.start for span in spans), max(span.end for span in spans))


def sequencer_scene(context: bpy.types.Context) -> bpy.types.Scene | None:
    """Return the scene whose strips the sequencer shows; from 5.0 on it can differ from the active one, or be unset."""
    return context.sequencer_scene if _SEQUENCER_SCENE else context.scene


def scene_in_sequencer(context: bpy.types.Context) -> bpy.types.Scene:
    """Return the scene whose strips the sequencer shows, for callers whose `poll` ensures that there is one.

    Raises:
        ValueError: there is none.
    """
    scene = sequencer_scene(context)
    if scene is None:
        raise ValueError("the sequencer shows no scene")
    return scene


def selected_strips(context: bpy.types.Context) -> list[Strip]:
    """Return the selected strips at the level that the sequencer shows: inside a meta strip, if one is open."""
    selected = context.selected_strips if _STRIPS_RENAMED else context.selected_sequences
    return list(selected or ())  # None where 5.x has no sequencer scene


def top_strips(editor: bpy.types.SequenceEditor) -> bpy.types.bpy_prop_collection:
    """Return the strips outside meta strips, as a collection that can make new ones."""
    return editor.strips if _STRIPS_RENAMED else editor.sequences


def all_strips(editor: bpy.types.SequenceEditor) -> bpy.types.bpy_prop_collection:
    """Return every strip by name, those inside meta strips included."""
    return editor.strips_all if _STRIPS_RENAMED else editor.sequences_all


def siblings(editor: bpy.types.SequenceEditor, strip: Strip) -> bpy.types.bpy_prop_collection:
    """Return the collection that `strip` lies in, which can make new strips."""
    meta = strip.parent_meta()
    if meta is None:
        return top_strips(editor)
    return meta.strips if _STRIPS_RENAMED else meta.sequences


def children(meta: Strip) -> list[Strip]:
    """Return the strips directly inside a meta strip."""
    return list(meta.strips if _STRIPS_RENAMED else meta.sequences)


def channels(editor: bpy.types.SequenceEditor, strip: Strip) -> bpy.types.bpy_prop_collection:
    """Return the channels (their names and locks) of the level that `strip` lies at."""
    meta = strip.parent_meta()
    return editor.channels if meta is None else meta.channels


def content_start(strip: Strip) -> int:
    """Return the timeline frame at which the strip's untrimmed content begins; it changes only if the strip moves."""
    return round(strip.content_start if _FRAMES_RENAMED else strip.frame_start)


def content_duration(strip: Strip) -> int:
    """Return how many timeline frames the untrimmed content fills."""
    if _FRAMES_RENAMED:
        return round(strip.duration + strip.left_handle_offset + strip.right_handle_offset)
    return round(strip.frame_final_duration + strip.frame_offset_start + strip.frame_offset_end)


def handles(strip: Strip) -> Span:
    """Return the timeline frames in which the strip lies."""
    if _FRAMES_RENAMED:
        return Span(strip.left_handle, strip.right_handle)
    return Span(strip.frame_final_start, strip.frame_final_end)


def set_left_handle(strip: Strip, frame: int) -> None:
    """Make `frame` the strip's first one."""
    if _FRAMES_RENAMED:
        strip.left_handle = frame
    else:
        strip.frame_final_start = frame


def set_right_handle(strip: Strip, frame: int) -> None:
    """Make `frame` the first one after the strip."""
    if _FRAMES_RENAMED:
        strip.right_handle = frame
    else:
        strip.frame_final_end = frame


def source_offset(strip: Strip) -> int:
    """Return how many source frames are permanently trimmed before the content begins."""
    return strip.content_trim_start if _FRAMES_RENAMED else strip.animation_offset_start


def new_colour_strip(strips: bpy.types.bpy_prop_collection, name: str, channel: int, start: int, end: int) -> Strip:
    """Return a new colour strip over the timeline frames `start` to `end` - 1."""
    return new_effect(strips, name, "COLOR", channel, start, end)


def new_effect(
    strips: bpy.types.bpy_prop_collection,
    name: str,
    kind: str,
    channel: int,
    start: int,
    end: int,
    inputs: Iterable[Strip] = (),
) -> Strip:
    """Return a new effect strip over the timeline frames `start` to `end` - 1, with no, one or two inputs."""
    extent = {"length": end - start} if _LENGTH_ARGUMENT else {"frame_end": end}
    made_of = dict(zip(("input1", "input2") if _STRIPS_RENAMED else ("seq1", "seq2"), inputs, strict=False))
    return strips.new_effect(name=name, type=kind, channel=channel, frame_start=start, **extent, **made_of)


def use_movie_output(scene: bpy.types.Scene) -> None:
    """Let the scene render to a movie file."""
    if _MEDIA_TYPE:
        scene.render.image_settings.media_type = "VIDEO"
    scene.render.image_settings.file_format = "FFMPEG"


def use_picture_output(scene: bpy.types.Scene, *, packed: bool) -> None:
    """Let the scene render 8-bit pictures with alpha: PNG with light compression if `packed`, else raw Targa."""
    settings = scene.render.image_settings
    if _MEDIA_TYPE:
        settings.media_type = "IMAGE"
    settings.file_format = "PNG" if packed else "TARGA_RAW"
    settings.color_mode, settings.color_depth = "RGBA", "8"
    if packed:
        settings.compression = 10
    settings.color_management = "FOLLOW_SCENE"


def take_off_white_balance(view: bpy.types.ColorManagedViewSettings) -> None:
    """Let a scene's renders keep their colours: from 4.3 on, its view can balance white."""
    if _WHITE_BALANCE:
        view.use_white_balance = False


def output_path(path: Path | str) -> str:
    """Return a path as the render settings want it; from 4.5 on, they read text in braces as a variable."""
    return str(path).replace("{", "{{").replace("}", "}}") if _PATH_TEMPLATES else str(path)


def inputs(effect: Strip) -> list[Strip]:
    """Return the input strips of an effect strip; none for any other strip."""
    return [strip for number in (1, 2) if (strip := getattr(effect, f"input_{number}", None)) is not None]


def take_inputs(effects: Iterable[Strip], old: Strip, new: Strip) -> None:
    """Replace the input `old` of effects by the strip `new`, and let them have the length that it gives them.

    From 5.0 on, Blender keeps a table of each strip's effects and removes these along with the strip. It rebuilds the
    table only when a strip is named.
    """
    for effect in effects:
        for name in ("input_1", "input_2"):
            if getattr(effect, name, None) == old:
                setattr(effect, name, new)
    new.name = new.name
    set_right_handle(new, handles(new).end)  # Blender then updates the length of the effects


def clip_of(strip: Strip) -> bpy.types.MovieClip | None:
    """Return the clip that a clip strip shows; 4.2 does not tell it, so there it is known only if the file has one."""
    if strip.type != "MOVIECLIP":
        return None
    if not hasattr(strip, "clip"):
        return bpy.data.movieclips[0] if len(bpy.data.movieclips) == 1 else None
    return strip.clip


def strip_curves(scene: bpy.types.Scene) -> bpy.types.bpy_prop_collection | None:
    """Return the F-curves of a scene's strips and other properties, as a collection that can make new ones."""
    animated = scene.animation_data
    if animated is None or animated.action is None:
        return None
    if not _LAYERED_ACTIONS:
        return animated.action.fcurves
    if animated.action_slot is None:  # the user has unlinked it, and nothing moves
        return None
    bags = (strip.channelbag(animated.action_slot) for layer in animated.action.layers for strip in layer.strips)
    return next((bag.fcurves for bag in bags if bag is not None), None)


def connected(strip: Strip) -> list[Strip]:
    """Return the strips that the user connected with this one; none before 5.2, which does not tell them."""
    return list(strip.connections) if _CONNECTIONS_TOLD else []


def connect(scene: bpy.types.Scene, strips: list[Strip], area: dict[str, Any]) -> None:
    """Connect the strips, which lie at the level that sequencers show, if this Blender `CONNECTS`.

    The operator works on the selection, which is restored afterwards, in the context of a sequencer.
    """
    before = [(strip, strip.select) for strip in all_strips(scene.sequence_editor)]
    for strip, _ in before:
        strip.select = strip in strips
    with sequencer_of(scene, area):
        bpy.ops.sequencer.connect(toggle=False)
    for strip, selected in before:
        strip.select = selected


@contextlib.contextmanager
def sequencer_of(scene: bpy.types.Scene, area: dict[str, Any]) -> Iterator[None]:
    """Let operators work on a scene's strips, in the context of a sequencer that may show another scene."""
    name = "sequencer_scene" if _SEQUENCER_SCENE else "scene"
    # Nested, for in a single override the window's scene would win.
    with bpy.context.temp_override(**area), bpy.context.temp_override(**{name: scene}):
        yield


def add_images(folder: Path, names: list[str], channel: int, start: int) -> None:
    """Add an image strip of these files, in this order, with the operator of the sequencer in context."""
    options: dict[str, Any] = {"frame_end": start + len(names)}
    if _LENGTH_ARGUMENT:
        # `move_strips` lets new strips follow the mouse, and crashes without a user.
        options = {"length": 1, "move_strips": False}
    if _SEQUENCE_DETECTION:
        options |= {"image_import_type": "SEQUENCE", "use_sequence_detection": False}
    bpy.ops.sequencer.image_strip_add(
        directory=str(folder),
        files=[{"name": name} for name in names],
        frame_start=start,
        channel=channel,
        relative_path=False,
        replace_sel=False,
        overlap=True,  # the channel was chosen because it is free
        fit_method="ORIGINAL",
        set_view_transform=False,
        **options,
    )


def add_movie_with_sound(path: Path) -> None:
    """Add a movie strip at frame 1, and one for its sound where it has any, with the operator of the sequencer shown.

    Raises:
        RuntimeError: Blender cannot add it; the message is Blender's.
    """
    options = {"move_strips": False} if _LENGTH_ARGUMENT else {}  # as above
    bpy.ops.sequencer.movie_strip_add(
        filepath=str(path),
        frame_start=1,
        channel=1,
        relative_path=False,
        sound=True,
        use_framerate=False,
        adjust_playback_rate=False,
        set_view_transform=False,
        **options,
    )


def shown_scene(window: bpy.types.Window) -> tuple[bpy.types.Scene, bpy.types.Scene | None]:
    """Return the scene that a window shows, and the one that its sequencers show."""
    return window.scene, window.workspace.sequencer_scene if _SEQUENCER_SCENE else None


def show_scene(window: bpy.types.Window, scene: bpy.types.Scene, in_sequencer: bpy.types.Scene | None = None) -> None:
    """Let a window show a scene, and its sequencers the same one or `in_sequencer`."""
    window.scene = scene
    if _SEQUENCER_SCENE:
        window.workspace.sequencer_scene = in_sequencer or scene
