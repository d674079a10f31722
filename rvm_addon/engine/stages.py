"""What happens to a frame before the model sees it, and after: each on threads of its own."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import cv2

from .backdrop import Backdrop
from .clips import is_clip
from .compose import compose
from .matte import LaterMatte, Matte
from .media import FrameSink, FrameSource
from .memory import Memory
from .model import MattingModel, Prepared
from .outputs import Foreground
from .raw import Edge, RawMatte, drawn
from .refine import Cutout, cut_out
from .shelf import RawSink, Shelf
from .spec import JobSpec
from .tensors import Picture
from .viewing import Viewer


@dataclass(frozen=True)
class Read:
    """A frame on its way to the model, with all that was read or prepared for it."""

    frame: int
    picture: Picture
    """BGR, H x W x 3."""
    carried: Picture | None
    """The alpha (H x W) that the source has, if any."""
    prepared: Prepared | None
    """What the model knows ahead; None where it need not look."""
    known: Matte | None
    """The raw matte of an earlier job."""
    behind: Picture | None
    """The backdrop, BGR, H x W x 3."""
    made: bool = False
    """Its file stands already: only the model has to see it, to go on from there."""
    recalled: Memory | None = None
    """What the model remembered, in an earlier job, after the frame before."""
    alone: bool = False
    """It does not follow the frame before: the model begins anew."""


class Reader:
    """Reads what each frame needs, in order."""

    def __init__(
        self,
        spec: JobSpec,
        source: FrameSource,
        model: MattingModel,
        backdrop: Backdrop | None,
        shelf: Shelf,
        made: frozenset[int] = frozenset(),
    ) -> None:
        """Find out which frames are known already; those of `made` stand already, in the output folder."""
        self._made = made
        self._source = source
        self._model = model
        self._backdrop = backdrop
        self._shelf = shelf
        self._foreground = spec.look.foreground
        self._looked_at = shelf.needs_model(spec.source.frames)
        self._alone = not is_clip(spec.source)

    def frames(self) -> Iterator[Read]:
        """Yield each wanted frame.

        Raises:
            SourceMissing, SourceUnreadable: naming the file.
        """
        before: int | None = None  # the frame before, where the model has not looked at it
        for frame, read in self._source.frames():
            carried = cv2.extractChannel(read, 3) if read.shape[2] == 4 else None
            picture = read if carried is None else cv2.cvtColor(read, cv2.COLOR_BGRA2BGR)
            looked_at = self._looked_at is None or frame in self._looked_at
            prepared = self._model.prepared(picture) if looked_at else None
            recalled = self._shelf.memory_after(before) if looked_at and before is not None else None
            before = None if looked_at else frame
            if frame in self._made:
                yield Read(
                    frame, picture, carried, prepared, None, None, made=True, recalled=recalled, alone=self._alone
                )
                continue
            is_known = frame in self._shelf and self._looked_at is not None
            # Inflated by whoever draws it: there are several of them, and this thread has frames to decode.
            read_it = partial(self._shelf.read, frame, picture, shown(self._foreground, carried))
            known = LaterMatte(picture, read_it) if is_known else None
            behind = self._backdrop.at(frame, picture.shape[:2]) if self._backdrop else None
            yield Read(frame, picture, carried, prepared, known, behind, recalled=recalled, alone=self._alone)


def shown(foreground: Foreground, carried: Picture | None) -> Foreground:
    """Return how much of the foreground shows where a source carries an alpha: what the model says is full is soft."""
    return Foreground.ALL if carried is not None and foreground is Foreground.EDGE else foreground


@dataclass(frozen=True)
class Writer:
    """Draws, composes and writes frames, several at a time."""

    spec: JobSpec
    sink: FrameSink
    raws: RawSink | None
    viewer: Viewer
    folder: Path | None = None
    """The job's, where what the model remembers is kept; None keeps nothing."""

    def keep(self, frame: int, memory: Memory) -> None:
        """Keep what the model remembers after a frame that stands, as all before it do.

        Raises:
            OutputFailed: the disk is full or the folder refuses.
        """
        if self.folder is not None:
            memory.write(self.folder, frame)

    def write(self, read: Read, matte: Matte) -> None:
        """Write one frame; runs on an encoding thread."""
        look = self.spec.look
        raws = self.raws if read.known is None else None  # what is known is kept already
        kept = drawn(matte) if raws is not None and raws.room > 0 else None
        cutout = cut_out(
            kept or matte, look.edges, read.carried, deep=look.format.is_deep, coloured=not look.result.is_grey
        )
        if raws is not None and kept is not None:
            raws.write(read.frame, self._edged(kept, cutout, read.carried))
        self.sink.write(read.frame, compose(look, cutout, read.picture, read.behind))
        self.viewer.show(read.frame, read.picture, cutout)

    def _edged(self, matte: RawMatte, cutout: Cutout, carried: Picture | None) -> RawMatte:
        """Return a matte with the colours of its edge, where its cut-out shows just those."""
        is_plain = shown(self.spec.look.foreground, carried) is Foreground.EDGE and self.spec.look.edges.keeps_edge
        return replace(matte, edge=Edge.of(cutout.inner, cutout.alpha, cutout.box)) if is_plain else matte
