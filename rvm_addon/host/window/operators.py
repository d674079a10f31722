"""The main operator. An operator gathers, calls and reports; the work is elsewhere."""

import bpy

from ...jobs.job import Job, State
from ..language.translations import say
from ..session import driver, plan, runner, submitting, words
from ..session.terminal import ProgressLine

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
        return go(self, *submitting.submit_selected(context))


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
