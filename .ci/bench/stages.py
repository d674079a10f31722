"""A frame's time, stage by stage: the worker's own pipeline, with clocks around its sources, models and sinks.

Usage: python -m bench.stages CLIP MODEL.onnx FRAMES [CHANGE RAWS]. Prints a JSON object: processor milliseconds per
frame; with a change (one of `changes`) and a folder of raw mattes, those of an update. The clocks are outside the
engine, so they cost nothing in normal use.
"""

import json
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2

from rvm_addon.engine import pipeline
from rvm_addon.engine.contract.spec import JobSpec
from rvm_addon.engine.drawing.viewing import Viewer
from rvm_addon.engine.footage.media import FolderSink
from rvm_addon.engine.kept.shelf import RawSink, Shelf
from rvm_addon.engine.network.model import NoModel
from rvm_addon.engine.network.rvm import open_model
from rvm_addon.engine.stages import Reader, Writer

from .changes import CHANGES
from .measure import complain, job_spec

REST = "compose and the rest"
"""The stage that gets the time that no clock measured."""
OF_RUN = ("decode", "downsample, backbone", "decoder", "refine, draw", "keep raw mattes", "encode, write", REST)
OF_UPDATE = ("decode", "read raw mattes", "encode, write", REST)


class Clock:
    """Processor time of the calling thread, by stage; if a stage runs on several threads, their times add up."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.seconds: defaultdict[str, float] = defaultdict(float)

    def timed(self, stage: str, do: Any, *arguments: Any, **named: Any) -> Any:
        """Call `do`, add the time to `stage`, and return the result."""
        begun = time.thread_time()
        try:
            return do(*arguments, **named)
        finally:
            self.seconds[stage] += time.thread_time() - begun


class Timed:
    """A proxy of a source, model, matte, shelf or sink that measures the time of some of its methods."""

    def __init__(self, clock: Clock, behind: Any, stages: dict[str, str]) -> None:
        """Measure the methods of `behind` that are keys of `stages`; the values are their stages."""
        self._clock, self._behind, self._stages = clock, behind, stages

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the object behind, measured if it belongs to a stage."""
        given = getattr(self._behind, name)
        if name in self._stages:
            return lambda *given_to, **named: self._clock.timed(self._stages[name], given, *given_to, **named)
        return given


class TimedSource(Timed):
    """A source whose frames come out one by one."""

    def frames(self) -> Iterator[Any]:
        """Yield the frames, and measure the decoding of each."""
        frames = self._behind.frames()
        while (item := self._clock.timed("decode", next, frames, None)) is not None:
            yield item


class TimedModel(Timed):
    """A model whose mattes are drawn later, on another thread."""

    def matte(self, *arguments: Any) -> Timed:
        """Return the matte in a proxy, so that drawing it is measured, too."""
        drawing = dict.fromkeys(("alpha", "paint"), "refine, draw")
        return Timed(self._clock, self._clock.timed("decoder", self._behind.matte, *arguments), drawing)


class TimedShelf(Timed):
    """A shelf of raw mattes."""

    def __contains__(self, frame: int) -> bool:
        """Return whether a frame's raw matte is there; Python does not use `__getattr__` for this method."""
        return frame in self._behind


def of_run(clip: Path, model: Path, frames: int) -> dict[str, float]:
    """Return processor milliseconds per frame of each stage of a run."""
    clock = Clock()
    spec = replace(job_spec(clip, model, frames), threads=1)  # the clocks see only the calling thread
    rvm = TimedModel(clock, open_model(spec, complain), {"prepared": "downsample, backbone"})
    return _spent(clock, spec, rvm, Shelf((), None), OF_RUN)


def of_update(clip: Path, model: Path, frames: int, change: str, raws: str) -> dict[str, float]:
    """Return the same for an update: `change` is one of `CHANGES`, `raws` the folder of raw mattes."""
    clock = Clock()
    spec = replace(job_spec(clip, model, frames), threads=1, look=CHANGES[change], raws=(raws,))
    shelf = TimedShelf(clock, Shelf(spec.raws, None), {"read": "read raw mattes"})
    return _spent(clock, spec, NoModel(), shelf, OF_UPDATE)


def _spent(clock: Clock, spec: JobSpec, model: Any, shelf: Any, stages: Sequence[str]) -> dict[str, float]:
    """Run a job, and return the processor milliseconds per frame of each of these stages."""
    with tempfile.TemporaryDirectory() as folder:
        source = TimedSource(clock, pipeline.open_source(spec, complain), {})
        sink = Timed(clock, FolderSink(spec, Path(folder)), {"write": "encode, write"})
        raws: Any = Timed(clock, RawSink(Path(folder), spec.raw_limit), {"write": "keep raw mattes"})
        reader = Reader(spec, source, model, None, shelf)
        writer = Writer(spec, sink, raws, Viewer(Path(folder), None))
        begun, frames = 0.0, 0
        for frames, _ in enumerate(pipeline.matte_frames(reader, model, writer, lambda *_: None)):
            if frames == 0:  # loading is not counted
                begun = time.process_time()
                clock.seconds.clear()
        total = time.process_time() - begun
    spent = {name: seconds / frames * 1e3 for name, seconds in clock.seconds.items()}
    spent[REST] = total / frames * 1e3 - sum(spent.values())
    return {name: spent.get(name, 0.0) for name in stages}  # a short clip may be decoded before the clocks are cleared


if __name__ == "__main__":
    os.environ["OPENCV_FFMPEG_THREADS"] = "1"  # so that decoding happens on the thread whose clock is read
    cv2.setNumThreads(1)
    given = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    told = of_update(*given, sys.argv[4], sys.argv[5]) if sys.argv[4:] else of_run(*given)
    sys.stdout.write("\n" + json.dumps(told))
