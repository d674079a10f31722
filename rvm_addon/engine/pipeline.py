"""One run: frames in, mattes out, in the order of the clip.

Decoding runs ahead and encoding runs behind on threads of this process, each by a few frames at most, so that memory
does not grow with the clip and the network never waits for a disk.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

import cv2
import onnxruntime

from .backdrop import Backdrop, open_backdrop
from .caches import prune
from .errors import MattingError
from .events import Event, Finished, FrameDone, Started, Warned
from .matte import Matte
from .media import FolderSink, FrameSource, ImageSource
from .model import MattingModel, open_model
from .movies import MovieSource
from .shelf import RawSink
from .spec import JobSpec, SourceKind
from .stages import Read, Reader, Writer
from .viewing import Viewer

Emit = Callable[[Event], None]

_Item = TypeVar("_Item")

_AHEAD = 2
"""Frames decoded before the network asks for them. At 2160p each is 25 MB."""
_BEHIND = 3
"""Frames being drawn, encoded and written while the network goes on."""
_WRITERS = 2


def run(spec: JobSpec, folder: Path, emit: Emit) -> None:
    """Matte the job's frames into `folder / spec.output` and tell of every step; `Finished` is the last event.

    Raises:
        MattingError: what happened, to which file; the frames made so far stay.
    """
    begun = time.monotonic()
    cv2.setNumThreads(1)  # frames are worked on side by side; splitting each one up as well only costs

    def warn(text: str) -> None:
        emit(Warned(text))

    spec.validate()
    model = open_model(spec, warn)
    with closing(open_source(spec, warn)) as source, _backdrop(spec) as backdrop:
        pictures = Reader(spec, source, model, backdrop)
        raws = RawSink(folder, spec.raw_limit) if spec.raw_limit else None
        viewer = Viewer(folder, spec.source.frames[-1] if spec.source.frames else None)
        sink = Writer(spec, FolderSink(spec, folder), raws, viewer)
        done = 0
        for frame in matte_frames(pictures, model, sink, lambda *size: emit(_started(source, model, *size))):
            emit(FrameDone(frame, time.monotonic() - begun))
            done += 1
    if sink.raws is not None:
        if sink.raws.room < 0:
            warn("The limit for raw mattes was reached; frames without one need the model again when edges are changed")
        prune(folder.parent, spec.raw_limit)
    emit(Finished(done, time.monotonic() - begun))


def matte_frames(
    reader: Reader, model: MattingModel, writer: Writer, start: Callable[[int, int], None]
) -> Iterator[int]:
    """Yield the number of each frame when its file stands; `start` is told width and height before the first.

    Where a frame fails, those before it are written and yielded first.
    """
    writing: deque[tuple[int, Future[None]]] = deque()
    with ThreadPoolExecutor(1, "decode") as decoder, ThreadPoolExecutor(_WRITERS, "encode") as encoder:
        try:
            for count, read in enumerate(ahead(reader.frames(), decoder)):
                if count == 0:
                    start(read.picture.shape[1], read.picture.shape[0])
                writing.append((read.frame, encoder.submit(writer.write, read, _matted(model, read))))
                while len(writing) > _BEHIND or (writing and writing[0][1].done()):
                    yield _written(writing)
        except MattingError:
            while writing:
                yield _written(writing)
            raise
        while writing:
            yield _written(writing)


def _matted(model: MattingModel, read: Read) -> Matte:
    """Return a frame's matte: the one that is known, or what the model says after the frames before."""
    if read.prepared is not None:
        said = model.matte(read.picture, read.prepared)
        return read.known or said
    if read.known is None:
        raise ValueError(f"frame {read.frame} is neither known nor prepared for the model")
    model.forget()  # what comes next does not follow what it saw last
    return read.known


@contextmanager
def _backdrop(spec: JobSpec) -> Iterator[Backdrop | None]:
    """Yield the job's backdrop, if its result has one, and close it."""
    backdrop = open_backdrop(spec)
    try:
        yield backdrop
    finally:
        if backdrop is not None:
            backdrop.close()


def open_source(spec: JobSpec, warn: Callable[[str], None]) -> FrameSource:
    """Return the source that the job describes.

    Raises:
        SourceMissing, SourceUnreadable: naming the file.
    """
    if spec.source.kind is SourceKind.MOVIE:
        return MovieSource(spec.source, warn)
    return ImageSource(spec.source)


def ahead(items: Iterator[_Item], executor: ThreadPoolExecutor) -> Iterator[_Item]:
    """Yield the items in order while `executor` (of one thread) fetches the next `_AHEAD` of them."""
    pending = deque(executor.submit(next, items, None) for _ in range(_AHEAD))
    while (item := pending.popleft().result()) is not None:
        pending.append(executor.submit(next, items, None))
        yield item


def _written(writing: deque[tuple[int, Future[None]]]) -> int:
    """Wait for the oldest frame to be written and return its number."""
    frame, future = writing.popleft()
    future.result()
    return frame


def _started(source: FrameSource, model: MattingModel, width: int, height: int) -> Started:
    """Return the event that opens a run."""
    return Started(
        frames=source.expected,
        width=width,
        height=height,
        provider=model.provider,
        ratio=model.ratio_for(width, height),
        runtime=f"onnxruntime {onnxruntime.__version__} ({Path(onnxruntime.__file__).parent}), "
        f"OpenCV {cv2.__version__} ({Path(cv2.__file__).parent})",
        offered=", ".join(onnxruntime.get_available_providers()),
    )
