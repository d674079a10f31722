"""One run: frames in, mattes out, in the order of the clip.

Decoding runs ahead and encoding runs behind on threads of this process, each by a few frames at most, so that memory
does not grow with the clip and the network never waits for a disk.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import cv2
import onnxruntime

from .errors import MattingError
from .events import Event, Finished, FrameDone, Started, Warned
from .matte import Matte
from .media import FolderSink, FrameSink, FrameSource, ImageSource
from .model import MattingModel, open_model
from .movies import MovieSource
from .refine import compose, thinned
from .spec import JobSpec, SourceKind
from .tensors import Picture, Tensor

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
    with closing(open_source(spec, warn)) as source:
        sink = FolderSink(spec, folder)
        done = 0
        for frame in matte_frames(spec, source, model, sink, lambda *size: emit(_started(source, model, *size))):
            emit(FrameDone(frame, time.monotonic() - begun))
            done += 1
    emit(Finished(done, time.monotonic() - begun))


def matte_frames(
    spec: JobSpec, source: FrameSource, model: MattingModel, sink: FrameSink, start: Callable[[int, int], None]
) -> Iterator[int]:
    """Yield the number of each frame when its file stands; `start` is told width and height before the first.

    Where a frame fails, those before it are written and yielded first.
    """
    writing: deque[tuple[int, Future[None]]] = deque()
    with ThreadPoolExecutor(1, "decode") as decoder, ThreadPoolExecutor(_WRITERS, "encode") as encoder:
        try:
            for count, (frame, picture, alpha, src) in enumerate(ahead(_prepared(source, model), decoder)):
                if count == 0:
                    start(picture.shape[1], picture.shape[0])
                matte = model.matte(picture, src)
                writing.append((frame, encoder.submit(_write, spec, sink, frame, matte, alpha)))
                while len(writing) > _BEHIND or (writing and writing[0][1].done()):
                    yield _written(writing)
        except MattingError:
            while writing:
                yield _written(writing)
            raise
        while writing:
            yield _written(writing)


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


def _prepared(source: FrameSource, model: MattingModel) -> Iterator[tuple[int, Picture, Picture | None, Tensor]]:
    """Yield each frame's number, colours (BGR), alpha if it carries any (H x W), and what the network looks at."""
    for frame, picture in source.frames():
        alpha = cv2.extractChannel(picture, 3) if picture.shape[2] == 4 else None
        colours = picture if alpha is None else cv2.cvtColor(picture, cv2.COLOR_BGRA2BGR)
        yield frame, colours, alpha, model.prepared(colours)


def _write(spec: JobSpec, sink: FrameSink, frame: int, matte: Matte, alpha: Picture | None) -> None:
    """Draw, compose and write one frame; runs on an encoding thread."""
    cutout = matte.cutout() if alpha is None else thinned(matte.cutout(), alpha)
    sink.write(frame, compose(spec, cutout))


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
    )
