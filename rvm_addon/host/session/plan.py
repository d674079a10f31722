"""Numbers for what the button would do. They are needed at every redraw, so they are cached until something changes."""

from dataclasses import dataclass

import bpy

from ...engine.contract.errors import MattingError
from ...engine.contract.files import is_file
from ..background import rendering
from ..blender import versions
from ..blender.paths import absolute
from ..language.translations import explained, say
from ..settings import preferences, properties
from ..strip.sources import OF_FILES
from ..timeline import belonging, effects, strips
from . import libraries, rates


@dataclass(frozen=True)
class Plan:
    """What would be made of the selected strips."""

    strips: int = 0
    frames: int = 0
    seconds: float | None = None
    """None while nothing similar has run on this machine."""
    bytes: float | None = None
    more_for_movies: bool = False
    """Whether movies of unknown cost will be written, in addition to the numbers above."""
    obstacle: str = ""
    """Why nothing can be done, in the user's language."""
    may_pass: bool = False
    """Whether the obstacle may go although nothing that is compared changes: a missing file may be put back."""


_remembered: dict[tuple[object, ...], Plan] = {}


def current(context: bpy.types.Context) -> Plan:
    """Return the plan for what is selected."""
    scene = versions.sequencer_scene(context)
    obstacle = of_the_scene(scene)
    if scene is None or obstacle:
        return Plan(obstacle=obstacle)
    selected = versions.selected_strips(context)
    known = (
        scene.name,
        *_size(scene),
        _values(scene.rvm_matting),
        _values(preferences.page()),
        rates.current().version,
        context.preferences.view.language,
        tuple(map(_fingerprint, selected)),
    )
    if known not in _remembered or _remembered[known].may_pass:
        _remembered.clear()
        _remembered[known] = _made(scene, selected)
    return _remembered[known]


def of_the_scene(scene: bpy.types.Scene | None) -> str:
    """Return why a scene can get no results; empty if it can."""
    if scene is None:
        return say("This workspace has no sequencer scene; choose one in the sequencer's header")
    if scene.library is not None:  # Blender does not save what is changed in it
        project = absolute(scene.library.filepath)
        return say("This scene is linked from “{path}”; open that project to matte its strips", path=project)
    return ""


def _values(settings: bpy.types.bpy_struct | None) -> tuple[object, ...]:
    """Return the values of all settings, to be compared with those of another redraw."""
    if settings is None:
        return ()
    values = (getattr(settings, entry.identifier) for entry in settings.bl_rna.properties if not entry.is_readonly)
    return tuple(tuple(value) if hasattr(value, "__len__") else value for value in values)


def _fingerprint(strip: versions.Strip) -> tuple[object, ...]:
    """Return the properties of a strip that a plan depends on."""
    if strip.type not in OF_FILES:
        return strip.name, strip.type, *versions.handles(strip)
    read = [getattr(strip, name, None) for name in ("use_deinterlace", "stream_index", "alpha_mode")]
    shown = strip.colorspace_settings.name, len(getattr(strip, "retiming_keys", ()))
    return strip.name, strip.type, *versions.handles(strip), _pixels(strip), *read, *shown


def _made(scene: bpy.types.Scene, selected: list[versions.Strip]) -> Plan:
    """Return a new plan."""
    pictures = [strip for strip in selected if strip.type != "SOUND"]
    sources = effects.source_strips(strip for strip in pictures if not belonging.shows_results(strip))
    obstacle = _obstacle(selected, pictures, sources)
    if obstacle:
        return Plan(obstacle=obstacle)
    try:
        settings = properties.snapshot(scene)
    except MattingError as error:
        return Plan(obstacle=explained(error), may_pass=True)
    if not is_file(settings.model):
        return Plan(obstacle=say("The model file “{path}” was not found", path=settings.model), may_pass=True)
    parts = [_frames_and_pixels(scene, strip, settings) for strip in sources]
    movies = [_movie(strip, settings, pixels) for strip, (_, pixels) in zip(sources, parts, strict=True)]
    known = [taken for taken in movies if taken is not None]
    return Plan(
        len(sources),
        sum(frames for frames, _ in parts),
        _sum(
            *(_seconds(scene, strip, settings, *part) for strip, part in zip(sources, parts, strict=True)),
            *(seconds for seconds, _ in known),
        ),
        _sum(*(_bytes(settings, *part) for part in parts), *(size for _, size in known)),
        more_for_movies=len(known) < len(movies),
    )


def _obstacle(selected: list[versions.Strip], pictures: list[versions.Strip], sources: list[versions.Strip]) -> str:
    """Return why nothing of the selection can be matted; empty if something can."""
    missing = libraries.missing()
    if missing:
        names = ", ".join(missing)
        return say("{names} is missing; install the extension again for this version of Blender", names=names)
    if not selected:
        return say("Select the strips to matte")
    if not pictures:
        return say("Sound has nothing to matte; select strips with pictures")
    if not sources:
        return say("What is selected is matted already; select its source")
    return ""


def _frames_and_pixels(scene: bpy.types.Scene, strip: versions.Strip, settings: properties.Settings) -> tuple[int, int]:
    """Return how many frames a strip needs at most, and how many pixels each has."""
    still = strip.type == "IMAGE" and len(strip.elements) == 1
    frames = 1 if still else len(strips.matted_frames(strip, settings.handles, *versions.handles(strip)))
    width, height = _size(scene)
    return frames, _pixels(strip) or width * height


def _size(scene: bpy.types.Scene) -> tuple[int, int]:
    """Return the width and height of the pictures that a scene renders."""
    render = scene.render
    return render.resolution_x * render.resolution_percentage // 100, (
        render.resolution_y * render.resolution_percentage // 100
    )


def _pixels(strip: versions.Strip) -> int:
    """Return how many pixels a strip's pictures have; 0 if it has no file, or Blender has not read the file yet."""
    if strip.type not in OF_FILES or not strip.elements:
        return 0
    element = strip.elements[0]
    return element.orig_width * element.orig_height


def _seconds(
    scene: bpy.types.Scene, strip: versions.Strip, settings: properties.Settings, frames: int, pixels: int
) -> float | None:
    """Return how many seconds a strip takes; None if unknown, as for what the background Blender renders first."""
    if rendering.is_known_to_be_needed(strip, settings.look.format):
        return None
    each = rates.current().seconds(pixels, _looked_at(scene, strip, settings, pixels))
    return None if each is None else each * frames


def _looked_at(scene: bpy.types.Scene, strip: versions.Strip, settings: properties.Settings, pixels: int) -> int:
    """Return how many pixels of a frame the network sees."""
    if settings.ratio is not None:
        return round(pixels * settings.ratio**2)
    element = strip.elements[0]
    width, height = element.orig_width, element.orig_height
    if not width or not height:
        width, height = scene.render.resolution_x, scene.render.resolution_y
    return round(pixels * min(settings.working_side / max(width, height), 1.0) ** 2)


def _bytes(settings: properties.Settings, frames: int, pixels: int) -> float | None:
    """Return how many bytes a strip's frames take, raw mattes included; None if unknown."""
    each = rates.current().bytes(pixels, rates.kind_of(settings.look))
    kept = rates.current().bytes(pixels, rates.RAWS) if settings.raw_limit else 0.0
    return None if each is None or kept is None else each * frames + min(kept * frames, settings.raw_limit)


def _movie(strip: versions.Strip, settings: properties.Settings, pixels: int) -> tuple[float, float] | None:
    """Return the seconds and bytes that the movie of a strip takes; None if unknown."""
    if settings.movie is None:
        return 0.0, 0.0
    start, end = versions.handles(strip)
    each = rates.current().movie(pixels, rates.kind_of_movie(settings.look, settings.movie))
    return None if each is None else (each[0] * (end - start), each[1] * (end - start))


def _sum(*values: float | None) -> float | None:
    """Return the sum; None if a value is unknown."""
    return None if None in values else sum(value for value in values if value is not None)
