"""What the button does: strips become jobs, which run or serve again.

An operator calls this and reports; nothing here waits.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import bpy

from ...engine.contract.errors import MattingError
from ...engine.contract.spec import JobSpec
from ...jobs.claims import claim_folder, file_stem
from ...jobs.finished import FinishedJobs
from ...jobs.job import Job
from ..background import rendering
from ..blender import versions
from ..language.translations import explained, say
from ..settings import properties
from ..strip import interlacing
from ..strip.placements import Placement
from ..timeline import belonging, effects, strips
from . import runner

Describe = Callable[[bpy.types.Scene, versions.Strip, properties.Settings], tuple[JobSpec, Placement]]
"""What makes a strip's job, and says where its result goes."""


def submit_selected(context: bpy.types.Context) -> tuple[list[Job], list[str]]:
    """Submit the jobs that matte the selected strips; return them, and what the user must know of the other strips.

    Frames that were matted before are not matted again, and strips of the same files share a job. Sound strips and
    earlier results are ignored, and what shows only results: selecting a movie also selects what is connected to it.
    """
    scene = versions.scene_in_sequencer(context)
    pictures = [strip for strip in versions.selected_strips(context) if strip.type != "SOUND"]
    sources = [strip for strip in pictures if not belonging.shows_results(strip)]
    if pictures and not sources:
        return [], [say("“{strip}” is a matted strip already; select its source", strip=one.name) for one in pictures]
    chosen = effects.source_strips(sources)
    jobs, problems = submit_each(scene, chosen, strips.job_spec)
    # A mask needs no such warning: it applies in every effect on its source.
    return jobs, [*problems, *([] if scene.rvm_matting.result == "MASK" else effects.still_shown(chosen))]


def submit_each(
    scene: bpy.types.Scene, chosen: Iterable[versions.Strip], describe: Describe
) -> tuple[list[Job], list[str]]:
    """Submit the job that `describe` makes of each strip and the scene's settings; return jobs and problems.

    A worker loads meanwhile: Blender takes a fifth of a second to open a movie when first asked for its frame rate.
    """
    try:
        settings = properties.snapshot(scene)
        settings.look.validate()  # before any strip is described, so that a refusal leaves nothing behind
        interlacing.check_backdrop(settings.look)
    except MattingError as error:
        return [], [explained(error)]
    queue = runner.current().queue
    queue.stand_by()
    try:
        return _submit_each(scene, chosen, describe, settings)
    finally:
        if not queue.busy:
            queue.stand_down()


def _submit_each(
    scene: bpy.types.Scene, chosen: Iterable[versions.Strip], describe: Describe, settings: properties.Settings
) -> tuple[list[Job], list[str]]:
    """Submit the job that `describe` makes of each strip and these settings; return jobs and problems."""
    wanted, problems = [], []
    with strips.tried_together():
        for strip in chosen:
            try:
                spec, place = describe(scene, strip, settings)
            except MattingError as error:
                problems.append(explained(error))
                continue
            problem = _in_the_way(scene, strip, place) if spec.source.disposable and not place.replaces else ""
            if problem:
                problems.append(problem)
            else:
                wanted.append((spec, place))
    jobs, more = _submit(wanted, settings.output)
    return jobs, problems + more


def _in_the_way(scene: bpy.types.Scene, strip: versions.Strip, place: Placement) -> str:
    """Return why a strip that is rendered first gets no result now; empty if it does.

    Nobody could tell whether its pictures are those of the first time: a second result would lie over the first.
    """
    if runner.current().is_coming(place):
        return say("“{strip}” is being matted already", strip=strip.name)
    if belonging.is_matted(scene, strip):
        return say("“{strip}” is matted already; select its result and press Update Result", strip=strip.name)
    return ""


def _submit(wanted: list[tuple[JobSpec, Placement]], output: Path) -> tuple[list[Job], list[str]]:
    """Reuse the jobs in `output` that make the wanted frames, queue the others; return all jobs, and the problems."""
    current, finished, project = runner.current(), FinishedJobs(output), rendering.ProjectCopy()
    jobs, problems, new = [], [], []
    with current.noted_together():
        for spec, place in wanted:
            try:
                job = current.reuse(spec, place, finished)
            except MattingError as error:
                problems.append(explained(error))
            else:
                new += [] if job else [(spec, place)]
                jobs += [job] if job else []
    for spec, places in strips.shared_jobs(new):
        try:
            helped = replace(spec, raws=finished.raws(spec))
            folder = claim_folder(output, file_stem(spec.name))
            jobs.append(current.submit(helped, folder, *places, project=project))
        except MattingError as error:
            problems.append(explained(error))
    return list(dict.fromkeys(jobs)), problems
