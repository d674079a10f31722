"""A tiny job through the worker, from end to end: its report says what works on this machine."""

import shutil
import struct
import tempfile
import time
import zlib
from dataclasses import replace
from pathlib import Path

import bpy

from ...engine.contract.chunks import SIGNATURE
from ...engine.contract.errors import MattingError
from ...engine.contract.spec import DEVICES, JobSpec, Source, SourceKind
from ...jobs.job import Job, State
from ...jobs.queue import JobQueue
from ..blender import timers
from ..language.translations import explained, heard, say
from ..session import libraries, runner, words
from ..settings import preferences
from . import lines

_COLOUR_TYPE_AT, _WITH_ALPHA = 25, 6
"""The offset of the colour type in a PNG file, and the colour type of RGBA."""
_WIDTH, _HEIGHT, _PICTURES = 128, 72, 2
"""Two pictures, so that the recurrent state is passed on once."""


class SelfTest:
    """One run; `step` moves it on without blocking."""

    def __init__(self) -> None:
        """Queue the job.

        Raises:
            MattingError, OSError: the job cannot even be queued; says why.
        """
        folder = Path(tempfile.mkdtemp(prefix="rvm_self_test_", dir=bpy.app.tempdir or None))
        paths = tuple(str(folder / f"picture {number}.png") for number in range(_PICTURES))
        for path in paths:
            Path(path).write_bytes(_png())
        launcher = libraries.launcher()
        self.python = launcher.python
        self.queue = JobQueue(launcher)
        source = Source(SourceKind.IMAGES, paths, tuple(range(_PICTURES)))
        spec = JobSpec("self-test", source, "frames", "test", str(preferences.model()), threads=preferences.threads())
        self.job = Job(folder, replace(spec, device=preferences.device()))
        self.queue.submit(self.job)
        self._others: dict[str, Job] | None = None

    def step(self) -> bool:
        """Move on, and return whether something is left to do; a successful run's files are deleted at the end."""
        self.queue.tick()
        if self.job.state is State.DONE and self._others is None:
            self.has_alpha = all(_has_alpha(self.job.output / self.job.spec.file_name(n)) for n in range(_PICTURES))
            self._others = {name: self._on(name) for name in self._other_devices()}
        if not self.queue.busy and self.job.state is State.DONE:
            shutil.rmtree(self.job.folder, ignore_errors=True)
        return self.queue.busy

    def _other_devices(self) -> list[str]:
        """Return the devices that ONNX Runtime offers here, except for the one that was tried first."""
        offered = self.job.started.offered.split(", ") if self.job.started is not None else []
        return [name for name, provider in DEVICES.items() if provider in offered and name != self.job.spec.device]

    def _on(self, device: str) -> Job:
        """Queue the same job on another device, and return it."""
        job = Job(self.job.folder / device, replace(self.job.spec, device=device))
        self.queue.submit(job)
        return job

    def findings(self) -> list[tuple[str, str]]:
        """Return the findings so far: an icon and a sentence each, in the user's language."""
        job, found = self.job, [("CHECKMARK", say("Python: {path}", path=self.python))]
        if job.started is not None:
            started = job.started
            found += [
                ("CHECKMARK", say("Libraries: {versions}", versions=started.runtime)),
                ("CHECKMARK", say("Model: {path}", path=job.spec.model)),
                (
                    "CHECKMARK",
                    say("Runs on {provider}; on offer: {all}", provider=started.provider, all=started.offered),
                ),
            ]
        found += [("INFO", heard(text)) for text in job.warnings]
        if job.state is State.FAILED:
            found += [("ERROR", heard(job.error)), ("BLANK1", heard(job.remedy))]
        elif job.state is State.DONE and not self.has_alpha:
            found.append(("ERROR", say("The pictures came out without transparency")))
        elif job.state is State.DONE:
            time_taken = f"{job.seconds:.1f}"
            found.append(("CHECKMARK", say("Two small pictures were matted in {seconds} s", seconds=time_taken)))
        else:
            found.append(("TIME", words.progress(job)))
        return found + [_finding_on(name, other) for name, other in (self._others or {}).items()]


def _finding_on(name: str, job: Job) -> tuple[str, str]:
    """Return the finding about another device: an icon and a sentence."""
    label = say(next(label for word, label, _ in preferences.DEVICE_ITEMS if word.lower() == name))
    if not job.state.ended:
        return "TIME", f"{label}: {words.progress(job)}"
    runs_there = job.started is not None and job.started.provider == DEVICES[name]
    if job.state is State.DONE and runs_there:
        return "CHECKMARK", say("Works too: {device}, {seconds} s", device=label, seconds=f"{job.seconds:.1f}")
    reason = " ".join(map(heard, job.warnings or [job.error]))
    return "ERROR", say("Does not work: {device}. {reason}", device=label, reason=reason)


class RVM_OT_self_test(bpy.types.Operator):
    """Matte two tiny pictures the way a strip is matted, and say what works on this machine and what does not"""

    bl_idname = "rvm.self_test"
    bl_label = "Test This Machine"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Return False, with the reason, while a test runs: a second one would drop it with its worker."""
        if bpy.app.timers.is_registered(_tick):
            cls.poll_message_set(say("The test runs already"))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Start the test; in background mode, run it to its end and report the findings."""
        global _latest  # noqa: PLW0603  # one per Blender: the page in the preferences shows the latest
        try:
            _latest = SelfTest()
        except (MattingError, OSError) as error:
            self.report({"ERROR"}, explained(error) if isinstance(error, MattingError) else str(error))
            return {"CANCELLED"}
        if not bpy.app.background:
            timers.start(_tick)
            return {"FINISHED"}
        while _latest.step():
            time.sleep(runner.TICK_SECONDS)
        for icon, text in _latest.findings():
            self.report({"ERROR"} if icon == "ERROR" else {"INFO"}, text)
        return {"FINISHED"} if _latest.job.state is State.DONE else {"CANCELLED"}


def draw(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw the button and the findings of the latest run."""
    layout.operator(RVM_OT_self_test.bl_idname)
    if _latest is not None:
        for icon, text in _latest.findings():
            lines.draw(layout, context, [text], icon, alert=icon == "ERROR")


@timers.carefully
def _tick() -> float | None:
    """Move the latest run on, and show it; return the seconds until the next step, or None to end the timer."""
    busy = _latest is not None and _latest.step()
    preferences.redraw()
    return runner.TICK_SECONDS if busy else None


def _png() -> bytes:
    """Return a PNG of a grey ramp, made with the standard library: Blender's Python may lack the other libraries."""
    row = b"\0" + b"".join(bytes([2 * x]) * 3 for x in range(_WIDTH))
    header = struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(row * _HEIGHT)), (b"IEND", b""))
    return SIGNATURE + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


def _has_alpha(path: Path) -> bool:
    """Return whether a file is an RGBA PNG."""
    content = path.read_bytes() if path.is_file() else b""
    return content.startswith(SIGNATURE) and content[_COLOUR_TYPE_AT] == _WITH_ALPHA


_latest: SelfTest | None = None

classes = (RVM_OT_self_test,)
register, _unregister = bpy.utils.register_classes_factory(classes)


def unregister() -> None:
    """End the latest run, and unregister the operator."""
    global _latest  # noqa: PLW0603  # as above
    timers.stop(_tick)
    if _latest is not None:
        _latest.queue.shutdown()
    _latest = None
    _unregister()
