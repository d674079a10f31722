"""What the user can do with a job that is in the list."""

from pathlib import Path

import bpy

from ...engine.contract.errors import MattingError
from ...engine.contract.files import exists
from ...jobs.job import Job, State
from ..blender import versions
from ..language.translations import explained, say
from ..session import driver, runner
from ..timeline import belonging

_CLEARED = frozenset({State.DONE, State.FAILED, State.CANCELLED})


class _OnJob:
    """An operator on one job, which the job's folder identifies."""

    bl_options = {"INTERNAL"}

    folder: bpy.props.StringProperty(name="Job", description="The job's folder", options={"SKIP_SAVE", "HIDDEN"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Find the job, act on it, and show what became of it."""
        job = next((job for job in runner.current().queue.jobs if str(job.folder) == self.folder), None)
        report = self.report  # type: ignore[attr-defined]  # every operator has it
        if job is None:
            report({"WARNING"}, say("That job is no longer in the list"))
            return {"CANCELLED"}
        problem = self.act(context, job)
        driver.redraw()
        if problem:
            report({"ERROR"}, problem)
            return {"CANCELLED"}
        return {"FINISHED"}

    def act(self, context: bpy.types.Context, job: Job) -> str:
        """Do the operator's work; return the problem in the user's words, or an empty string."""
        raise NotImplementedError


class RVM_OT_cancel_job(_OnJob, bpy.types.Operator):
    """Stop this job. The frames made so far stay in its folder, unless the preferences say otherwise"""

    bl_idname = "rvm.cancel_job"
    bl_label = "Cancel Matting"

    def act(self, context: bpy.types.Context, job: Job) -> str:
        """Ask the job's worker to end."""
        runner.current().cancel(job)
        return ""


class RVM_OT_dismiss_job(_OnJob, bpy.types.Operator):
    """Take this ended job off the list. Its frames stay"""

    bl_idname = "rvm.dismiss_job"
    bl_label = "Dismiss Job"

    def act(self, context: bpy.types.Context, job: Job) -> str:
        """Forget the job."""
        runner.current().dismiss(job)
        return ""


class RVM_OT_retry_job(_OnJob, bpy.types.Operator):
    """Go on with this job from the frames that it has, with its settings. Its result goes where it would have gone"""

    bl_idname = "rvm.retry_job"
    bl_label = "Continue"

    def act(self, context: bpy.types.Context, job: Job) -> str:
        """Queue the job once more."""
        try:
            runner.current().retry(job)
        except MattingError as error:
            return explained(error)
        driver.start_timer()
        return ""


class RVM_OT_open_result_folder(_OnJob, bpy.types.Operator):
    """Show the folder of the matted frames in the file manager"""

    bl_idname = "rvm.open_result_folder"
    bl_label = "Open Result Folder"

    def act(self, context: bpy.types.Context, job: Job) -> str:
        """Open the job's frames."""
        return _open(job.output)


class RVM_OT_open_movie_folder(_OnJob, bpy.types.Operator):
    """Show the folder of the movie in the file manager"""

    bl_idname = "rvm.open_movie_folder"
    bl_label = "Open Movie Folder"

    def act(self, context: bpy.types.Context, job: Job) -> str:
        """Open the folder that the job's movies are in."""
        return _open(Path(job.movies[-1].path).parent)


class RVM_OT_open_log(_OnJob, bpy.types.Operator):
    """Open what the job's process wrote down while it ran; the developers want to see it with a report"""

    bl_idname = "rvm.open_log"
    bl_label = "Open Log"

    def act(self, context: bpy.types.Context, job: Job) -> str:
        """Open the job's log in the system's own viewer."""
        return _open(job.log)


class RVM_OT_select_result(_OnJob, bpy.types.Operator):
    """Select the strip that shows the frames of this job, and nothing else"""

    bl_idname = "rvm.select_result"
    bl_label = "Select Result"

    def act(self, context: bpy.types.Context, job: Job) -> str:
        """Select the job's strips in the scene that the sequencer shows."""
        shown = versions.sequencer_scene(context)
        if shown is None:
            return say("The sequencer shows no scene; choose one in its header")
        found = list(belonging.strips_of(job.output))
        here = [strip for scene, strip in found if scene == shown]
        if not here:
            scenes = ", ".join(dict.fromkeys(f"“{scene.name}”" for scene, _ in found))
            if scenes:
                return say("The result is in another scene: {scenes}", scenes=scenes)
            return say("No strip shows these frames any more; they are in “{folder}”", folder=job.output)
        seen = [strip for strip in here if _shows_level_of(shown.sequence_editor, strip)]
        if not seen:
            meta = here[0].parent_meta()
            if meta is None:
                return say("The result is outside the meta strip that is open")
            return say("The result is in the meta strip “{strip}”", strip=meta.name)
        for strip in versions.all_strips(shown.sequence_editor):
            strip.select = strip in seen
        shown.sequence_editor.active_strip = seen[0]
        bpy.ops.ed.undo_push(message=self.bl_label)
        return ""


class RVM_OT_cancel_all_jobs(bpy.types.Operator):
    """Stop the job that runs, and drop those that wait. The frames made so far stay, unless the preferences differ"""

    bl_idname = "rvm.cancel_all_jobs"
    bl_label = "Cancel All"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Be grey where nothing runs or waits."""
        return runner.current().queue.busy

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Cancel every job that has not ended."""
        for job in [*runner.current().queue.jobs]:  # a copy: some leave the list, if the preferences say so
            runner.current().cancel(job)
        driver.redraw()
        return {"FINISHED"}


class RVM_OT_clear_ended_jobs(bpy.types.Operator):
    """Take every job off the list that is done, failed or cancelled. Their frames stay"""

    bl_idname = "rvm.clear_ended_jobs"
    bl_label = "Clear Finished"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Be grey where no job has ended."""
        return any(job.state in _CLEARED for job in runner.current().queue.jobs)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Forget the jobs that have ended; interrupted jobs stay, for they can go on."""
        for job in [job for job in runner.current().queue.jobs if job.state in _CLEARED]:
            runner.current().dismiss(job)
        driver.redraw()
        return {"FINISHED"}


def buttons(job: Job) -> list[tuple[type[bpy.types.Operator], str]]:
    """Return the operators for a job in its present state, with their icons, in the order of the row."""
    match job.state:
        case State.DONE:
            first = [(RVM_OT_select_result, "RESTRICT_SELECT_OFF"), (RVM_OT_open_result_folder, "FILE_FOLDER")]
            first += [(RVM_OT_open_movie_folder, "FILE_MOVIE")] if job.movies else []
            first += [(RVM_OT_retry_job, "PLAY")] if job.movies_missing else []
        case State.FAILED:
            first = [(RVM_OT_retry_job, "PLAY"), (RVM_OT_open_log, "TEXT")]
        case State.CANCELLED:
            first = [(RVM_OT_retry_job, "PLAY"), (RVM_OT_open_result_folder, "FILE_FOLDER")]
        case State.INTERRUPTED:  # the panel has a button of its own that continues the job
            first = [(RVM_OT_open_result_folder, "FILE_FOLDER")]
        case _:
            return [(RVM_OT_cancel_job, "CANCEL")]
    return [*first, (RVM_OT_dismiss_job, "X")]


def _shows_level_of(editor: bpy.types.SequenceEditor, strip: versions.Strip) -> bool:
    """Return whether the sequencer shows the level that `strip` lies at: the top, or the meta strip that is open."""
    opened = editor.meta_stack[-1] if len(editor.meta_stack) else None
    return bool(opened == strip.parent_meta())


def _open(path: Path) -> str:
    """Show a file or folder with the system's own program; return the problem, or an empty string."""
    if not exists(path):
        return say("“{path}” is not there", path=path)
    bpy.ops.wm.path_open(filepath=str(path))
    return ""


classes = (
    RVM_OT_cancel_job,
    RVM_OT_dismiss_job,
    RVM_OT_retry_job,
    RVM_OT_open_result_folder,
    RVM_OT_open_movie_folder,
    RVM_OT_open_log,
    RVM_OT_select_result,
    RVM_OT_cancel_all_jobs,
    RVM_OT_clear_ended_jobs,
)
register, unregister = bpy.utils.register_classes_factory(classes)
