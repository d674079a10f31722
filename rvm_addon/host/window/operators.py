"""The main operator. An operator gathers, calls and reports; the work is elsewhere."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import bpy

from ...engine.contract.errors import MattingError
from ...engine.contract.spec import JobSpec
from ...jobs.claims import claim_folder, file_stem
from ...jobs.finished import FinishedJobs
from ...jobs.job import Job, State
from ..background import rendering
from ..blender import versions
from ..blender.translations import explained, say
from ..session import driver, plan, runner, words
from ..session.terminal import ProgressLine
from ..settings import properties
from ..strip import interlacing
from ..strip.placements import Placement
from ..timeline import belonging, effects, strips

ICON = "USER"
"""The icon of the main operator, wherever it appears: a person, head and shoulders."""


class RVM_OT_matte_strips(bpy.types.Operator):
    """Cut the people out of the selected strips, and put the results on new strips above them"""

    bl_idname = "rvm.matte_strips"
    bl_label = "Matte Selected Strips"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Return False, with the reason, if nothing can be done."""
        reason = plan.current(context).obstacle
        if reason:
            cls.poll_message_set(reason)
        return not reason

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Queue the jobs of the selected strips; in background mode, also run them to their end."""
        return go(self, *submit_selected(context))


def go(operator: bpy.types.Operator, jobs: list[Job], problems: list[str]) -> set[str]:
    """Start the jobs that an operator has queued, and report; in background mode, run them to their end."""
    if not jobs:
        operator.report(
            {"ERROR"}, "\n".join(problems) or say("Sound has nothing to matte; select strips with pictures")
        )
        return {"CANCELLED"}
    if not bpy.app.background:
        operator.report({"INFO"}, words.taken(jobs))
    for problem in problems:  # after the success, for Blender shows only the last report
        operator.report({"WARNING"}, problem)
    if bpy.app.background:
        return _run_to_end(operator, jobs)
    driver.start_timer()
    return {"FINISHED"}


def _run_to_end(operator: bpy.types.Operator, jobs: list[Job]) -> set[str]:
    """Run the queue to its end, with progress on the terminal, and report the outcome."""
    with ProgressLine() as line:
        runner.current().run_to_end(line.show)
    done = [job for job in jobs if job.state is State.DONE]
    for job in jobs:
        for text in (f"{job.error}. {job.remedy}" if job.error else "", *job.warnings):
            if text:
                operator.report({"WARNING"} if done else {"ERROR"}, f"{job.spec.name}: {text}")
    return {"FINISHED"} if done else {"CANCELLED"}


def submit_selected(context: bpy.types.Context) -> tuple[list[Job], list[str]]:
    """Submit the jobs that matte the selected strips; return them, and what the user must know of the other strips.

    Frames that were matted before are not matted again, and strips of the same files share a job. Sound strips and
    earlier results are ignored: selecting a movie also selects those that are connected to it.
    """
    scene = versions.scene_in_sequencer(context)
    pictures = [strip for strip in versions.selected_strips(context) if strip.type != "SOUND"]
    sources = [strip for strip in pictures if not belonging.is_result(strip)]
    if pictures and not sources:
        return [], [say("“{strip}” is a matted strip already; select its source", strip=one.name) for one in pictures]
    chosen = effects.source_strips(sources)
    jobs, problems = submit_each(scene, chosen, strips.job_spec)
    # A mask needs no such warning: it applies in every effect on its source.
    return jobs, [*problems, *([] if scene.rvm_matting.result == "MASK" else effects.still_shown(chosen))]


Describe = Callable[[bpy.types.Scene, versions.Strip, properties.Settings], tuple[JobSpec, Placement]]


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
    for strip in chosen:
        try:
            wanted.append(describe(scene, strip, settings))
        except MattingError as error:
            problems.append(explained(error))
    jobs, more = _submit(wanted, settings.output)
    return jobs, problems + more


def _submit(wanted: list[tuple[JobSpec, Placement]], output: Path) -> tuple[list[Job], list[str]]:
    """Reuse the jobs in `output` that make the wanted frames, queue the others; return all jobs, and the problems."""
    current, finished, project = runner.current(), FinishedJobs(output), rendering.ProjectCopy()
    jobs, problems, new = [], [], []
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


def _draw_menu(self: bpy.types.Menu, _context: bpy.types.Context) -> None:
    """Add the button to a menu; operator search finds only operators that are in one."""
    self.layout.separator()
    self.layout.operator(RVM_OT_matte_strips.bl_idname, icon=ICON)


_MENUS = ("SEQUENCER_MT_strip", "SEQUENCER_MT_context_menu")
classes = (RVM_OT_matte_strips,)
_register, _unregister = bpy.utils.register_classes_factory(classes)


def register() -> None:
    """Register the operators and their places in the menus."""
    _register()
    for name in _MENUS:
        getattr(bpy.types, name).append(_draw_menu)


def unregister() -> None:
    """Unregister them."""
    for name in _MENUS:
        getattr(bpy.types, name).remove(_draw_menu)
    _unregister()
