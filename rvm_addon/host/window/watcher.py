"""The newest frame of a job, shown in the window.

Nothing is drawn here: the worker draws the picture that the `View` in its job's folder asks for, and Blender loads it.
"""

import contextlib
import subprocess
import tempfile
from pathlib import Path

import bpy
from bpy.utils import previews

from ...engine.contract.errors import MattingError
from ...engine.contract.files import exists, is_folder
from ...engine.contract.spec import JobSpec
from ...engine.contract.view import PICTURE_FILE, Arrangement, Behind, View
from ...jobs.aside import discard, redraw
from ...jobs.job import Job, State
from ...jobs.parts import MATTING, Kind, Part
from ...jobs.queue import JobQueue
from ..background import rendering
from ..blender import timers
from ..language.translations import heard, say
from ..session import driver, libraries, runner
from ..strip.placements import Placement

IMAGE_NAME = "Matting Preview"


class Watcher:
    """Watches one job: a trial of one frame, or the running job if the user wants that."""

    def __init__(self) -> None:
        """Watch no job yet."""
        self.queue = JobQueue(libraries.launcher())
        self.job: Job | None = None
        self.pictures = previews.new()
        self._seen = 0
        self._looks = False
        """Whether the job was asked for pictures while it runs."""
        self._redraw: subprocess.Popen[bytes] | None = None
        self._redraw_again = False

    @property
    def icon(self) -> int:
        """The number of the icon that shows the newest picture; 0 while there is none."""
        return self.pictures[IMAGE_NAME].icon_id if IMAGE_NAME in self.pictures else 0

    @property
    def path(self) -> Path | None:
        """The newest picture; None while there is none."""
        return self.job.folder / PICTURE_FILE if self.job is not None and self._seen else None

    def try_frame(self, spec: JobSpec, place: Placement) -> Job:
        """Matte one frame, described by `spec`, at once: trials have a queue of their own.

        Raises:
            MattingError, OSError: the job cannot be taken.
        """
        folder = Path(tempfile.mkdtemp(prefix="rvm_preview_", dir=bpy.app.tempdir or None))
        try:
            job = self._queued(folder, spec, place)
            self.look_at(job)
        except (MattingError, OSError):
            _discard(folder)
            raise
        return job

    def _queued(self, folder: Path, spec: JobSpec, place: Placement) -> Job:
        """Queue a trial in a folder, and cancel the earlier ones.

        Raises:
            MattingError, OSError: the job cannot be taken.
        """
        first: list[Part] = []
        if spec.source.disposable:
            spec, *first = rendering.prepare(folder, spec, place, rendering.ProjectCopy())
        for job in self.queue.jobs:
            self.queue.cancel(job)
        job = Job(folder, spec, (*first, MATTING))
        self.queue.submit(job)
        return job

    def _let_go(self) -> None:
        """Forget the trials that have ended and are not being watched, and delete their folders.

        They are never used again, and Blender clears its temporary folder only when it ends.
        """
        for job in list(self.queue.jobs):
            if job.state.ended and job is not self.job and _discard(job.folder):
                self.queue.dismiss(job)

    def look_at(self, job: Job) -> None:
        """Watch a job: ask it for pictures of its newest frame.

        A picture that was to be drawn anew was another job's. Of this one, an early frame could replace a later one.
        """
        if self.job is not job:
            self.look_away()
        self.job, self._seen, self._redraw_again, self._looks = job, 0, False, True
        chosen().write(job.folder)

    def look_away(self) -> None:
        """Let the watched job draw no more pictures while it runs; an ended one can still draw its last frame anew."""
        self._looks = False
        if self.job is not None and not self.job.state.ended:
            with contextlib.suppress(OSError):  # it draws on, which costs little
                View.forget(self.job.folder)

    def follow(self) -> None:
        """Watch the job that runs in the main queue, if it is not the watched one already."""
        running = next((job for job in runner.current().queue.jobs if job.state is State.RUNNING), None)
        if running is not None and not (running is self.job and self._looks):
            self.look_at(running)

    def draw_anew(self) -> None:
        """Ask for the same frame, drawn with the settings that the user has just changed."""
        if self.job is None or not is_folder(self.job.folder):
            return
        if self._looks or self.job.state.ended:
            chosen().write(self.job.folder)
        self._redraw_again = self.job.state.ended

    def step(self) -> bool:
        """Move on without blocking, load a new picture if there is one, and return whether more may come."""
        for job in self.queue.tick():
            if job.state.ended:
                rendering.clean_up(job.folder)
        self._let_go()
        if self._redraw is not None and self._redraw.poll() is not None:
            self._redraw = None
        if self._redraw is None and self._redraw_again and self.job is not None:
            self._redraw_again = False
            self._redraw = redraw(self.job.folder, libraries.launcher())
        self._load()
        return self.queue.busy or self._redraw is not None

    def _load(self) -> None:
        """Load the picture if it is newer than the one shown."""
        if self.job is None:
            return
        path = self.job.folder / PICTURE_FILE
        try:
            written = path.stat().st_mtime_ns
        except OSError:
            return
        if written == self._seen:
            return
        self._seen = written
        self.pictures.clear()
        self.pictures.load(IMAGE_NAME, str(path), "IMAGE")
        image = bpy.data.images.get(IMAGE_NAME)
        if image is not None:
            image.filepath = str(path)
            image.reload()
        driver.redraw()

    def close(self) -> None:
        """End the trials, and free the pictures."""
        self.queue.shutdown()
        self.look_away()
        self.job = None
        self._let_go()
        previews.remove(self.pictures)


def _discard(folder: Path) -> bool:
    """Delete a trial's folder; return whether it is gone. On Windows it stays while a process uses it."""
    with contextlib.suppress(OSError):
        discard(folder, libraries.launcher())
    return not exists(folder)


def chosen() -> View:
    """Return how the user wants to look at frames."""
    settings = bpy.context.window_manager.rvm_view
    colour = tuple(round(value * 255) for value in settings.colour)
    return View(Behind[settings.behind], colour, Arrangement[settings.arrangement], settings.wipe)


def message() -> tuple[str, str]:
    """Return an icon and a message about the trial; the message is empty if the picture suffices."""
    job = current().job
    if job is None or job not in current().queue.jobs:
        return "NONE", ""
    if job.state is State.FAILED:
        return "ERROR", f"{heard(job.error)}. {heard(job.remedy)}"
    if not job.state.ended:
        return "TIME", say("Rendering") if job.part.kind is Kind.RENDERING else say("Matting")
    return "NONE", ""


def start_timer() -> None:
    """Start the timer that looks for new pictures, unless it runs already."""
    timers.start(_tick)


def live_changed() -> None:
    """Follow the job that runs, or let it draw no more; a trial still draws its frame."""
    if bpy.context.window_manager.rvm_view.live:
        start_timer()
    elif current().job not in current().queue.jobs:
        current().look_away()


@timers.carefully
def _tick() -> float | None:
    """Look for a new picture, and return the seconds until the next look; None, which ends the timer, if none comes."""
    live = bpy.context.window_manager.rvm_view.live
    if live:
        current().follow()
    return runner.TICK_SECONDS if current().step() or live else None


_watcher: Watcher | None = None


def current() -> Watcher:
    """Return this Blender's watcher."""
    global _watcher  # noqa: PLW0603  # one per Blender, as the runner
    if _watcher is None:
        _watcher = Watcher()
    return _watcher


def stop() -> None:
    """End the timer and the trials, and drop the watcher."""
    global _watcher  # noqa: PLW0603  # as above
    timers.stop(_tick)
    if _watcher is not None:
        _watcher.close()
    _watcher = None
