"""Numbers and states in words for the user; the panel and the terminal show them."""

from collections.abc import Iterable
from dataclasses import fields, replace
from pathlib import Path, PureWindowsPath

from ...engine.contract.events import MovieWritten
from ...engine.contract.outputs import USUAL, EdgeColour, Edges
from ...jobs.job import Job, State
from ...jobs.parts import Kind
from ..blender.encoders import ENCODERS, MovieFormat
from ..language.translations import say
from ..settings.looks import EDGE_COLOURS, OPAQUE_FORMATS, RESULTS
from ..settings.properties import QUALITIES
from ..timeline.recipes import Recipe
from .plan import Plan

_EDGE_NAMES = {
    "colour": "Colour",
    "black": "Black Point",
    "white": "White Point",
    "grow": "Grow",
    "feather": "Feather",
    "despill": "Despill",
}
"""The names of edge settings, as in the panel."""
_GIGABYTE, _MEGABYTE = 1e9, 1e6


def duration(seconds: float) -> str:
    """Return a time span in words: '42 s', '3 min 05 s', '2 h 10 min'."""
    whole = round(seconds)
    if whole < 60:
        return say("{seconds} s", seconds=whole)
    if whole < 3600:
        return say("{minutes} min {seconds} s", minutes=whole // 60, seconds=f"{whole % 60:02d}")
    return say("{hours} h {minutes} min", hours=whole // 3600, minutes=f"{whole % 3600 // 60:02d}")


def about(seconds: float) -> str:
    """Return a time span that is only known roughly: 'about 40 s', 'about 3 min', 'about 2.5 h'."""
    if seconds < 55:
        return say("about {seconds} s", seconds=max(5, 5 * round(seconds / 5)))
    if seconds < 5400:
        return say("about {minutes} min", minutes=max(1, round(seconds / 60)))
    return say("about {hours} h", hours=f"{seconds / 3600:.1f}")


def size(count: float) -> str:
    """Return a number of bytes: '0.6 GB', '45 MB'."""
    if count >= _GIGABYTE / 10:
        return say("{number} GB", number=f"{count / _GIGABYTE:.1f}")
    return say("{number} MB", number=max(1, round(count / _MEGABYTE)))


def frames(count: int) -> str:
    """Return a number of frames: '1 frame', '60 frames'."""
    return say("1 frame") if count == 1 else say("{count} frames", count=count)


def strips(count: int) -> str:
    """Return a number of strips: '1 strip', '3 strips'."""
    return say("1 strip") if count == 1 else say("{count} strips", count=count)


def taken(jobs: list[Job]) -> str:
    """Return what the button has started."""
    begun = sum(not job.matted for job in jobs)
    if not begun and any(not job.state.ended for job in jobs):
        return say("The frames are there already: only movies are written")
    if not begun:
        return say("Nothing had to be matted: the frames are there already")
    return say("Matting: 1 job") if begun == 1 else say("Matting: {count} jobs", count=begun)


def progress(job: Job) -> str:
    """Return a running job's progress: frames, rate, time left; of any other job, the name of its state."""
    if job.state is not State.RUNNING:
        return say(job.state.value)
    done, total = job.frames_of_part
    match job.part.kind:
        case Kind.RENDERING:
            return say("Rendering {done} of {frames}", done=done, frames=frames(total))
        case Kind.ENCODING:
            words = [say("Movie: {done} of {frames}", done=done, frames=frames(total))]
        case Kind.MATTING if job.started is None:
            return say("Opening")
        case Kind.MATTING:
            words = [say("{done} of {frames}", done=done, frames=frames(total))]
    if job.part_per_second:
        words.append(say("{rate} per second", rate=f"{job.part_per_second:.1f}"))
    if job.seconds_left is not None:
        words.append(say("{time} left", time=duration(job.seconds_left)))
    if job.movies_coming and job.part.kind is Kind.MATTING:
        words.append(say("then the movie"))
    return " · ".join(words)


def ending(job: Job) -> str:
    """Return how a job ended; empty for one that failed, whose error says it."""
    if job.found and (job.movies or job.movies_missing):
        return say("{frames}, matted before", frames=frames(job.frames_done))
    if job.found:
        return say("{frames}, matted before: nothing had to be done", frames=frames(job.frames_done))
    if job.state is State.DONE:
        return say("{frames} in {time}", frames=frames(job.frames_done), time=duration(job.seconds))
    if job.state is State.INTERRUPTED:
        return say("Interrupted, {done} of {frames}", done=job.frames_done, frames=frames(job.frames_total))
    if job.state is State.CANCELLED:
        return say("Cancelled, {done} of {frames}", done=job.frames_done, frames=frames(job.frames_total))
    return ""


def movies(job: Job) -> list[str]:
    """Return the movies that a job has written, a text each: 'Movie: talk.mkv · 12 MB'."""
    lines = []
    for movie in job.movies:
        words = [say("Movie: {name}", name=Path(movie.path).name), size(movie.bytes)]
        lacks = [cropped(movie), "" if movie.has_sound else say("without sound")]
        lines.append(" · ".join([*words, *filter(None, lacks)]))
    return lines


def cropped(movie: MovieWritten) -> str:
    """Return which column or row a movie lacks because its format needs even sides; empty if none."""
    is_even = ENCODERS[MovieFormat(movie.format)].even
    narrower, lower = (is_even and side % 2 == 1 for side in (movie.width, movie.height))
    if narrower and lower:
        return say("without the last column and the first row")
    if narrower:
        return say("without the last column")
    return say("without the first row") if lower else ""


def plan(planned: Plan) -> str:
    """Return what the button would do, as far as known: '3 strips · 812 frames · about 2 min · 0.6 GB'."""
    words = [strips(planned.strips), frames(planned.frames)]
    if planned.seconds is not None:
        words.append(about(planned.seconds))
    if planned.bytes is not None:
        words.append(size(planned.bytes))
    if planned.more_for_movies:
        words.append(say("and the movie"))
    return " · ".join(words)


def overall(jobs: list[Job]) -> str:
    """Return the progress of all these jobs: the running one's number, how many there are, the time left if known."""
    running = next((job for job in jobs if not job.state.ended), None)
    if running is None:
        return ""
    words = [say("Matting")]
    if len(jobs) > 1:
        words.append(say("{number} of {jobs}", number=jobs.index(running) + 1, jobs=len(jobs)))
    others = [job for job in jobs if job is not running and not job.state.ended]
    # What is rendered, and movies, take another time per frame, which nobody knows yet.
    only_matting = all(part.kind is Kind.MATTING for job in (running, *others) for part in job.parts_left)
    if only_matting and running.seconds_left is not None:
        waiting = sum(job.frames_total for job in others)
        rest = about(running.seconds_left + waiting / running.part_per_second) if waiting else None
        words.append(say("{time} left", time=rest or duration(running.seconds_left)))
    return " · ".join(words)


def unsaved(folder: Path) -> str:
    """Return where frames go while the project is not saved."""
    return say("The project is not saved yet: frames go to “{folder}”", folder=folder)


def recipe(made: Recipe) -> list[str]:
    """Return how a result was made, in short lines."""
    kind = _label(RESULTS, made.look.result.name)
    formats = [
        _label(OPAQUE_FORMATS, made.look.format.name),
        *([say(ENCODERS[made.movie].label)] if made.movie else []),
    ]
    quality = _label(QUALITIES, made.quality)
    model = PureWindowsPath(made.model).stem  # which reads the paths of every system: a project may come from another
    lines = [
        say("{kind} of “{strip}”", kind=kind, strip=made.strip),
        " · ".join([frames(made.frames), *formats]),
        " · ".join([model, quality if made.ratio is None else f"{quality}: {made.ratio:g}"]),
    ]
    return lines + _edges(made.look.edges)


def _label(choices: Iterable[tuple[str, str, str]], chosen: str) -> str:
    """Return what the panel calls a choice."""
    return say({identifier: name for identifier, name, _ in choices}[chosen])


def _edges(edges: Edges) -> list[str]:
    """Return the edge settings that differ from their defaults, a line for each."""
    usual = replace(USUAL, despill=edges.colour.usual_despill)
    names = [field.name for field in fields(edges) if getattr(edges, field.name) != getattr(usual, field.name)]
    return [f"{say(_EDGE_NAMES[name])}: {_edge_value(getattr(edges, name))}" for name in names]


def _edge_value(value: EdgeColour | float) -> str:
    """Return an edge setting's value as the panel shows it; Blender's 32-bit floats hold 0.1 only approximately."""
    if isinstance(value, EdgeColour):
        return _label(EDGE_COLOURS, value.name)
    return f"{value:g}"
