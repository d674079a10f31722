"""What is kept for changes: its size in all folders of results, and a button that clears it.

A process beside Blender measures and clears, never a function that draws: there may be 100,000 files.
"""

import subprocess
import time
from functools import cache

import bpy

from ...jobs.aside import look_after_caches
from ..blender import timers
from ..language.translations import say
from ..session import known, libraries, words
from ..settings import preferences

_LOOK_SECONDS = 0.1
"""The interval at which the process is polled."""


class Cache:
    """What is known of the caches, and the process that looks after them."""

    def __init__(self) -> None:
        """Know nothing."""
        self.bytes: int | None = None
        """The size of the caches when they were last measured; None where it is not known."""
        self._process: subprocess.Popen[str] | None = None
        self._clears = False

    @property
    def busy(self) -> bool:
        """Whether a process is at work."""
        return self._process is not None

    def begin(self, *, clear: bool) -> None:
        """Start a process that measures the caches; with `clear`, it clears them first.

        Raises:
            OSError: the process cannot be started.
        """
        self._clears = clear
        self._process = look_after_caches(known.folders(), libraries.launcher(), clear=clear)

    def step(self) -> bool:
        """Poll the process without waiting, and return whether it is still at work."""
        if self._process is not None and self._process.poll() is not None:
            ended, self._process = self._process, None  # first, so that an error below does not block the next try
            said, _ = ended.communicate()
            self.bytes = int(said) if said.strip().isdecimal() else None
        return self.busy

    def state(self) -> str:
        """Return the state or the size of the caches, in the user's language."""
        if self.busy:
            return say("Clearing") if self._clears else say("Looking")
        if self.bytes is None:
            return say("Not looked at yet")
        return words.size(self.bytes) if self.bytes else say("Nothing")


class _OnCaches:
    """An operator that starts the process; in background mode, it waits for its end."""

    bl_options = {"INTERNAL"}
    clears = False

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Be grey while the process is at work."""
        return not current().busy

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Start the process; in a window a timer polls it, in background mode this method does."""
        try:
            current().begin(clear=self.clears)
        except OSError as error:
            self.report({"ERROR"}, str(error))  # type: ignore[attr-defined]  # every operator has it
            return {"CANCELLED"}
        if not bpy.app.background:
            timers.start(_tick)
            return {"FINISHED"}
        while current().step():
            time.sleep(_LOOK_SECONDS)
        return {"FINISHED"}


class RVM_OT_measure_caches(_OnCaches, bpy.types.Operator):
    """Look how much is kept for changes, wherever results went"""

    bl_idname = "rvm.measure_caches"
    bl_label = "Look"


class RVM_OT_clear_caches(_OnCaches, bpy.types.Operator):
    """Delete what is kept for changes, wherever results went. Frames stay; to change them then needs the model again"""

    bl_idname = "rvm.clear_caches"
    bl_label = "Clear"
    clears = True

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask first."""
        return context.window_manager.invoke_confirm(self, event)


def draw(layout: bpy.types.UILayout) -> None:
    """Draw the size of the caches and the buttons, split into name and value as Blender splits the settings above."""
    split = layout.split(factor=0.4)
    name = split.row()
    name.alignment = "RIGHT"
    name.label(text="Kept Now")
    row = split.row(align=True)
    row.label(text=current().state(), translate=False)
    row.operator(RVM_OT_measure_caches.bl_idname, text="", icon="FILE_REFRESH")
    row.operator(RVM_OT_clear_caches.bl_idname, icon="TRASH")


@timers.carefully
def _tick() -> float | None:
    """Poll the process and redraw; None ends the timer."""
    busy = current().step()
    preferences.redraw()
    return _LOOK_SECONDS if busy else None


@cache
def current() -> Cache:
    """Return what this Blender knows of the caches."""
    return Cache()


classes = (RVM_OT_measure_caches, RVM_OT_clear_caches)
register, _unregister = bpy.utils.register_classes_factory(classes)


def unregister() -> None:
    """Stop polling, and unregister the operators; a process that clears goes on to its end."""
    timers.stop(_tick)
    _unregister()
