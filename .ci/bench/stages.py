"""Where a frame's time goes, stage by stage: the worker's own pipeline, with a clock at each of its three protocols.

Usage: python -m bench.stages CLIP MODEL.onnx FRAMES. Prints a JSON object: processor milliseconds per frame. The engine
knows nothing of it, so it costs nothing when it is not asked for.
"""

import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2

from rvm_addon.engine import pipeline
from rvm_addon.engine.media import FolderSink
from rvm_addon.engine.rvm import open_model
from rvm_addon.engine.shelf import RawSink, Shelf
from rvm_addon.engine.stages import Reader, Writer
from rvm_addon.engine.viewing import Viewer

from .measure import job_spec

REST = "compose and the rest"
"""What no clock saw."""
STAGES = ("decode", "downsample, backbone", "decoder", "refine, draw", "keep raw mattes", "encode, write", REST)


class Clock:
    """Processor time of the calling thread, by stage. Each stage runs on one thread at a time or adds up."""

    def __init__(self) -> None:
        """Begin at nought."""
        self.seconds: Counter[str] = Counter()

    def timed(self, stage: str, do: Any, *arguments: Any, **named: Any) -> Any:
        """Return what `do` returns, and count the time."""
        begun = time.thread_time()
        try:
            return do(*arguments, **named)
        finally:
            self.seconds[stage] += time.thread_time() - begun


class Timed:
    """A source, a model, a matte or a sink whose work is counted; it is otherwise what stands behind it."""

    def __init__(self, clock: Clock, behind: Any, stages: dict[str, str]) -> None:
        """Count what these methods do under these stages."""
        self._clock, self._behind, self._stages = clock, behind, stages

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of what stands behind, counted where it is a stage."""
        given = getattr(self._behind, name)
        if name in self._stages:
            return lambda *given_to, **named: self._clock.timed(self._stages[name], given, *given_to, **named)
        return given


class TimedSource(Timed):
    """A source whose frames come out one by one."""

    def frames(self) -> Iterator[Any]:
        """Yield the frames and count what each took."""
        frames = self._behind.frames()
        while (item := self._clock.timed("decode", next, frames, None)) is not None:
            yield item


class TimedModel(Timed):
    """A model whose mattes are worked out later, on another thread."""

    def matte(self, *arguments: Any) -> Timed:
        """Return the matte, so that drawing it is counted."""
        drawing = dict.fromkeys(("alpha", "paint"), "refine, draw")
        return Timed(self._clock, self._clock.timed("decoder", self._behind.matte, *arguments), drawing)


def main(clip: Path, model: Path, frames: int) -> dict[str, float]:
    """Return processor milliseconds per frame of each stage."""
    os.environ["OPENCV_FFMPEG_THREADS"] = "1"  # so that decoding happens on the thread whose clock is read
    cv2.setNumThreads(1)
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        spec = replace(job_spec(clip, model, frames), threads=1)  # the same for the network
        source = TimedSource(clock, pipeline.open_source(spec, sys.stderr.write), {})
        rvm = TimedModel(clock, open_model(spec, sys.stderr.write), {"prepared": "downsample, backbone"})
        sink = Timed(clock, FolderSink(spec, Path(folder)), {"write": "encode, write"})
        raws = Timed(clock, RawSink(Path(folder), spec.raw_limit), {"write": "keep raw mattes"})
        reader, writer = (
            Reader(spec, source, rvm, None, Shelf(())),
            Writer(spec, sink, raws, Viewer(Path(folder), None)),
        )
        begun = 0.0
        for number, _ in enumerate(pipeline.matte_frames(reader, rvm, writer, lambda *_: None)):
            if number == 0:  # loading is not counted
                begun = time.process_time()
                clock.seconds.clear()
        total = time.process_time() - begun
    stages = {name: seconds / (frames - 1) * 1e3 for name, seconds in clock.seconds.items()}
    stages[REST] = total / (frames - 1) * 1e3 - sum(stages.values())
    return {name: stages.get(name, 0.0) for name in STAGES}  # a short clip is decoded before the clocks count


if __name__ == "__main__":
    sys.stdout.write("\n" + json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))))
