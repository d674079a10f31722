"""The waiting times of an editor, inside Blender: for the first frame, a cancelled job's end, and the main thread.

Usage: python -m bench.window EXTENSION.zip CLIP FOLDER ROUNDS. Writes FOLDER/times.json, a list of seconds for
each. Blender's own installer installs the extension; a loop calls the step that a window's timer would call.
"""

import itertools
import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
from inside_blender import host, install, run_and_leave

FRAMES = 25
"""The length of the job whose steps are timed; short, for the button is pressed often."""
LOOK_SECONDS = 0.002
"""The polling interval."""


class Editor:
    """A timeline with one movie strip, and the times measured on it."""

    def __init__(self, zipped: Path, clip: Path, folder: Path) -> None:
        """Install the extension and put the clip on the timeline."""
        install(zipped)
        self.submitting, self.runner, versions = map(host, ("session.submitting", "session.runner", "blender.versions"))
        scene = bpy.context.scene
        scene.rvm_matting.output = str(folder / "results")
        self._clip, self._copies = Path(shutil.copy(clip, folder)), itertools.count()
        self._strips = versions.top_strips(scene.sequence_editor_create())
        self._strip = self._strips.new_movie(name="clip", filepath=str(clip), channel=1, frame_start=1)
        self._strip.frame_final_duration = FRAMES
        window = bpy.context.window
        if hasattr(window.workspace, "sequencer_scene"):
            window.workspace.sequencer_scene = scene
        window.screen.areas[0].type = "SEQUENCE_EDITOR"
        self.times: dict[str, list[float]] = {"press": [], "first frame": [], "cancel": [], "step": [], "deliver": []}

    def first_frame(self) -> None:
        """Press the button, and wait for a frame; then let the job end, and time every step."""
        self._show_another_copy()
        begun = time.perf_counter()
        job = self._press()
        self.times["press"].append(time.perf_counter() - begun)
        self._drive(lambda: job.output.is_dir() and any(job.output.iterdir()))
        self.times["first frame"].append(time.perf_counter() - begun)
        steps = self._drive(lambda: not self.runner.current().busy)
        self.times["deliver"].append(steps.pop())  # the last step puts the result on the timeline
        self.times["step"].append(max(steps))

    def cancel(self) -> None:
        """Press the button, cancel the job while it mattes, and wait until the worker has ended."""
        self._show_another_copy()
        job = self._press()
        self._drive(lambda: job.frames_done > 2)
        begun = time.perf_counter()
        bpy.ops.rvm.cancel_job(folder=str(job.folder))
        while not job.state.ended:
            self.runner.current().step()
            time.sleep(LOOK_SECONDS)
        self.times["cancel"].append(time.perf_counter() - begun)

    def _show_another_copy(self) -> None:
        """Let the strip show a new copy of the file, so that no job can be reused; select only this strip."""
        self._strip.filepath = str(shutil.copy(self._clip, self._clip.with_stem(f"copy_{next(self._copies)}")))
        self._strip.mute = False
        for strip in self._strips:
            strip.select = strip == self._strip

    def _press(self) -> Any:
        """Do what the button does, and return the job."""
        jobs, problems = self.submitting.submit_selected(bpy.context)
        if not jobs:
            raise SystemExit("\n".join(problems) or "nothing was selected")
        self.runner.current().step()
        return jobs[0]

    def _drive(self, until: Callable[[], bool]) -> list[float]:
        """Call the step as often as the window's timer does until `until` holds; return the seconds of each step."""
        steps = []
        due = time.perf_counter()
        while not until():
            if time.perf_counter() >= due:
                due = time.perf_counter() + self.runner.TICK_SECONDS
                begun = time.perf_counter()
                self.runner.current().step()
                steps.append(time.perf_counter() - begun)
            time.sleep(LOOK_SECONDS)
        return steps


def main(zipped: Path, clip: Path, folder: Path, rounds: int) -> None:
    """Measure, and write the times; the first round warms the disk cache and is not counted."""
    editor = Editor(zipped, clip, folder)
    for number in range(rounds + 1):
        editor.first_frame()
        editor.cancel()
        if number == 0:
            editor.times = {name: [] for name in editor.times}
    (folder / "times.json").write_text(json.dumps(editor.times), encoding="utf-8")


if __name__ == "__main__":
    zipped, clip, folder = map(Path, sys.argv[1:4])
    run_and_leave(lambda: main(zipped, clip, folder, int(sys.argv[4])))
