"""One run: frames in, mattes out, in the order of the clip.

Decoding runs ahead and encoding runs behind on threads of this process, each by a few frames at most, so that memory
does not grow with the clip and the network never waits for a disk.
"""

import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

import cv2

from . import heap
from .contract import digests, resume, weights
from .contract.errors import LibraryUnusable, MattingError, SpecError
from .contract.events import Emit, Finished, FrameDone, Started, Warned
from .contract.spec import RAW_FOLDER, JobSpec, SourceKind
from .drawing.viewing import Viewer
from .footage.backdrop import Backdrop, open_backdrop
from .footage.media import FolderSink, FrameSource, ImageSource
from .footage.movies import MovieSource
from .kept.caches import prune
from .kept.shelf import RawSink, Shelf
from .network.matte import Matte
from .network.memory import EVERY_FRAMES, Memory
from .network.model import MattingModel, NoModel, ratio_for
from .pictures.tensors import Picture
from .stages import Read, Reader, Writer

_Item = TypeVar("_Item")

_AHEAD = 2
"""Frames decoded before the network asks for them. At 2160p each is 25 MB."""
TRIMMED_EVERY = 25
"""Frames after which free memory goes back to the system; at 1080p, up to a tenth would be left unused otherwise."""
_FEWEST_WRITERS, _MOST_WRITERS = 2, 4
"""The number of threads that draw, encode and write; at 1080p, four take 40 MB more than two."""


def run(spec: JobSpec, folder: Path, emit: Emit) -> None:
    """Matte the job's frames into `folder / spec.output` and emit an event per step; `Finished` is the last one.

    Raises:
        MattingError: says what happened to which file; the frames made so far stay.
    """
    begun = time.monotonic()
    cv2.setNumThreads(1)  # frames run in parallel already; splitting each frame as well would only cost time
    spec.validate()
    rest = resume.rest(spec, folder)
    done = len(rest.made)
    if rest.frames != ():
        done += _make(spec, folder, rest, emit, begun)
    elif spec.source.kind is SourceKind.MOVIE:
        # Whoever makes a movie of the frames asks how wide they are shown; all stand, whatever became of the clip.
        with suppress(MattingError), closing(open_source(spec, partial(_warn, emit))) as source:
            emit(Started(done, 0, 0, provider="", ratio=0.0, runtime="", made=done, pixel_aspect=source.pixel_aspect))
    with suppress(OSError):  # all frames stand: a failed clean-up does not make the run fail
        if spec.raw_limit:
            prune(folder.parent, spec.raw_limit)
    with suppress(OSError):
        (folder / resume.MEMORY_FILE).unlink(missing_ok=True)
    emit(Finished(done, time.monotonic() - begun))


def _warn(emit: Emit, text: str) -> None:
    """Emit a warning."""
    emit(Warned(text))


def _make(spec: JobSpec, folder: Path, rest: resume.Rest, emit: Emit, begun: float) -> int:
    """Make the frames that are left, and emit `Started` and an event for each; return how many were made.

    `begun` is the `time.monotonic` when the run began, from which the events' times count.

    Raises:
        MattingError: as `run`.
    """
    warn = partial(_warn, emit)
    left = replace(spec, source=replace(spec.source, frames=rest.frames))
    shelf = Shelf(spec.raws, digests.noted(folder / RAW_FOLDER) if spec.source.disposable else None)
    shelf.touch()
    made = 0
    with _opened(left, warn, rest.since) as (opening, size), _backdrop(spec) as backdrop:
        model = NoModel() if shelf.needs_model(spec.source.frames) == set() else _model(spec, warn)
        if (expected := size.result()) is not None:
            model.expect(*expected)
        memory = Memory.read(folder) if rest.recalls else None
        if memory is not None:
            model.recall(memory)
        source = opening.result()
        reader = Reader(spec, source, model, backdrop, shelf, rest.made, goes_on=memory is not None)
        writer = _writer(spec, folder)
        frames = len(spec.source.frames or ()) or source.expected
        start = partial(_start, emit, spec, model, frames, len(rest.made), source.pixel_aspect)
        for frame in matte_frames(reader, model, writer, start):
            emit(FrameDone(frame, time.monotonic() - begun))
            made += 1
        if writer.raws is not None:
            last = rest.frames[-1] if rest.frames else len(rest.made) + made - 1
            _leave(writer.raws, last, model.memory(), warn)
    return made


def _leave(raws: RawSink, frame: int, memory: Memory | None, warn: Callable[[str], None]) -> None:
    """Keep the model's state after the last frame, for a job that goes on; warn if not all raw mattes could be kept."""
    if memory is not None:
        raws.keep(frame, memory)
    if raws.room < 0:
        warn(
            "“Keep for Changes (GB)” in the preferences was too little for all frames; to change the edges of the "
            "others, the model looks again. Raise it before the next job to avoid that"
        )


def _writer(spec: JobSpec, folder: Path) -> Writer:
    """Return the writer of the job in `folder`: of its frames, its raw mattes and the pictures for a viewer."""
    raws = RawSink(folder, spec.raw_limit) if spec.raw_limit else None
    viewer = Viewer(folder, spec.source.frames[-1] if spec.source.frames else None)
    return Writer(spec, FolderSink(spec, folder), raws, viewer, folder)


class _InWriting(NamedTuple):
    """A frame that a thread draws and writes."""

    frame: int
    written: Future[None]
    memory: Memory | None
    """The model's state after the frame, to be kept once its file stands."""


def matte_frames(
    reader: Reader, model: MattingModel, writer: Writer, start: Callable[[int, int], None]
) -> Iterator[int]:
    """Yield the number of each frame when its file stands; call `start` with width and height before the first.

    If a frame fails, the frames before it are written and yielded first. Frames of an earlier run are not yielded.
    """
    writing: deque[_InWriting] = deque()
    cores = writer.spec.threads or os.cpu_count() or 1
    writers = writers_for(cores, with_model=not isinstance(model, NoModel))
    with ThreadPoolExecutor(1, "decode") as decoder, ThreadPoolExecutor(writers, "encode") as encoder:
        try:
            begun, shown, count = False, False, 0
            for read in ahead(reader.frames(), decoder):
                if not begun:
                    start(read.picture.shape[1], read.picture.shape[0])
                    begun = True
                if not read.early:
                    count += 1
                matte = _matted(model, read)
                if matte is None:
                    continue
                memory = model.memory() if count % EVERY_FRAMES == 0 else None
                if count % TRIMMED_EVERY == 0:
                    heap.trim()
                writing.append(_InWriting(read.frame, encoder.submit(writer.write, read, matte), memory))
                if not shown:  # somebody waits to see it, and would wait longer beside the model's next frames
                    yield _written(writing, writer)
                    shown = True
                while len(writing) > writers + 1 or (writing and writing[0].written.done()):
                    yield _written(writing, writer)
        except MattingError:
            with suppress(MattingError):  # the first error counts: on a full disk, later frames fail, too
                yield from _all_written(writing, writer)
            raise
        yield from _all_written(writing, writer)


def writers_for(cores: int, *, with_model: bool) -> int:
    """Return how many frames are drawn and written at once; the network, if it has to run, gets half of the cores."""
    return min(max(cores // 2 if with_model else cores, _FEWEST_WRITERS), _MOST_WRITERS)


def _matted(model: MattingModel, read: Read) -> Matte | None:
    """Return a frame's matte: the known one, or else the model's, given the frames before.

    None where the model only has to see the frame.
    """
    if read.prepared is not None:
        if read.alone:
            model.forget()
        if read.recalled is not None:
            model.recall(read.recalled)
        said = model.matte(read.picture, read.prepared)
        return None if read.made or read.early else read.known or said
    if read.known is None and not read.made:
        raise ValueError(f"frame {read.frame} is neither known nor prepared for the model")
    model.forget()  # the next frame does not follow the one that the model saw last
    return read.known


def _model(spec: JobSpec, warn: Callable[[str], None]) -> MattingModel:
    """Return the job's model.

    Raises:
        ModelChanged, ModelMissing, ModelDamaged, ModelUnsuitable: naming the file.
        LibraryUnusable: the system cannot load ONNX Runtime.
    """
    try:  # imported late: a job whose mattes are all known does without, and a source opens meanwhile
        from .network.rvm import open_model  # noqa: PLC0415
    except ImportError as error:
        raise LibraryUnusable("ONNX Runtime", str(error)) from error
    weights.check_identity(Path(spec.model), spec.model_stamp)  # a continued run would mix two models' frames
    return open_model(spec, warn)


@contextmanager
def _opened(
    spec: JobSpec, warn: Callable[[str], None], since: int
) -> Iterator[tuple[Future[FrameSource], Future[tuple[int, int] | None]]]:
    """Begin to open the job's source on a thread of its own, since this takes as long as loading a model.

    Yield the source, and the width and height of its frames, which may be known well before it is open; None if they
    are not. Close the source at the end. Where all frames of a movie are wanted, it yields only those from `since` on.
    """
    size: Future[tuple[int, int] | None] = Future()

    def opened() -> FrameSource:
        try:
            return open_source(spec, warn, lambda width, height: size.set_result((width, height)), since)
        finally:
            if not size.done():
                size.set_result(None)

    with ThreadPoolExecutor(1, "open") as executor:
        opening = executor.submit(opened)
        try:
            yield opening, size
        finally:
            if opening.exception() is None:
                opening.result().close()


@contextmanager
def _backdrop(spec: JobSpec) -> Iterator[Backdrop | None]:
    """Yield the job's backdrop, or None if its result has none; close it afterwards."""
    backdrop = open_backdrop(spec)
    try:
        yield backdrop
    finally:
        if backdrop is not None:
            backdrop.close()


def open_source(
    spec: JobSpec, warn: Callable[[str], None], tell_size: Callable[[int, int], None] | None = None, since: int = 0
) -> FrameSource:
    """Return the source that the job describes; `tell_size` receives the size of its frames, if it is known early.

    Where all frames of a movie are wanted, the source yields only those from `since` on.

    Raises:
        SourceMissing, SourceUnreadable: naming the file.
    """
    if spec.source.kind is SourceKind.MOVIE:
        return MovieSource(spec.source, warn, tell_size, since)
    return ImageSource(spec.source, partial(_too_small, spec))


def _too_small(spec: JobSpec, picture: Picture) -> str:
    """Return why the job's model would see nothing of a picture; an empty string if it sees something."""
    try:
        ratio_for(spec, picture.shape[1], picture.shape[0])
    except SpecError as error:
        return str(error)
    return ""


def ahead(items: Iterator[_Item], executor: ThreadPoolExecutor) -> Iterator[_Item]:
    """Yield the items in order while `executor` (of one thread) fetches the next `_AHEAD` of them."""
    pending = deque(executor.submit(next, items, None) for _ in range(_AHEAD))
    while (item := pending.popleft().result()) is not None:
        pending.append(executor.submit(next, items, None))
        yield item


def _written(writing: deque[_InWriting], writer: Writer) -> int:
    """Wait for the oldest frame to be written and return its number."""
    oldest = writing.popleft()
    oldest.written.result()
    if oldest.memory is not None:
        writer.keep(oldest.frame, oldest.memory)
    return oldest.frame


def _all_written(writing: deque[_InWriting], writer: Writer) -> Iterator[int]:
    """Wait for each of the remaining frames to be written and yield its number."""
    while writing:
        yield _written(writing, writer)


def _start(
    emit: Emit, spec: JobSpec, model: MattingModel, frames: int, made: int, aspect: float, width: int, height: int
) -> None:
    """Emit that a run begins or goes on: with `frames` in all, of which `made` stand already; `aspect` is a pixel's."""
    started = Started(
        frames=frames,
        made=made,
        width=width,
        height=height,
        provider=model.provider,
        ratio=ratio_for(spec, width, height),
        runtime=", ".join(filter(None, [model.runtime, f"OpenCV {cv2.__version__} ({Path(cv2.__file__).parent})"])),
        offered=model.offered,
        pixel_aspect=aspect,
    )
    emit(started)
