"""What happens to a frame before the model sees it, and after: each on threads of its own."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice, pairwise
from pathlib import Path

import cv2

from .backdrop import Backdrop
from .clips import is_clip
from .compose import compose
from .errors import MattingError
from .matte import LaterMatte, Matte
from .media import FrameSink, FrameSource
from .memory import Memory
from .model import MattingModel, Prepared
from .outputs import Foreground, Result
from .raw import Edge, RawMatte, drawn
from .refine import Cutout, cut_out
from .shelf import RawSink, Shelf
from .spec import JobSpec
from .tensors import Picture
from .viewing import Viewer

LOOKS_AHEAD = 4
"""Frames that the model sees, backwards, before the first of a clip: without a memory it takes for background what a
moment later it knows to be a person's. At a cut in a real clip the first frame is 0.6 of 255 (MAD) off what it is in
the middle of a run, and 3.1 without; more of them gain little, and each takes a decoder's pass."""
_CUT = 15
"""Frames apart that do not follow one another: what lies between was not wanted."""


@dataclass(frozen=True)
class Read:
    """A frame on its way to the model, with all that was read or prepared for it."""

    frame: int
    picture: Picture
    """BGR, H x W x 3."""
    carried: Picture | None
    """The alpha (H x W) that the source has, if any."""
    known: Matte | None
    """The raw matte of an earlier job."""
    behind: Picture | None
    """The backdrop, BGR, H x W x 3."""
    looked_at: bool
    """The model has to look at it."""
    prepared: Prepared | None = None
    """What it knows ahead; None before that, and where it need not look."""
    made: bool = False
    """Its file stands already: only the model has to see it, to go on from there."""
    recalled: Memory | None = None
    """What the model remembered, in an earlier job, after the frame before."""
    alone: bool = False
    """It does not follow the frame before: the model begins anew."""
    early: bool = False
    """Its turn comes later: the model only looks at it, before it begins."""


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
        *,
        goes_on: bool = False,
    ) -> None:
        """Find out which frames are known already; those of `made` stand already, in the output folder.

        Where the model `goes_on`, it remembers what came before the first frame.
        """
        self._goes_on = goes_on
        self._made = made
        self._source = source
        self._model = model
        self._backdrop = backdrop
        self._shelf = shelf
        self._foreground = spec.look.foreground
        self._looked_at = shelf.needs_model(spec.source.frames)
        self._alone = not is_clip(spec.source)

    def frames(self) -> Iterator[Read]:
        """Yield each wanted frame, and before the first that the model begins with those that it looks at ahead.

        Raises:
            SourceMissing, SourceUnreadable: naming the file.
        """
        reads = self._reads()
        ahead: deque[Read] = deque()
        before: Read | None = None
        broken: MattingError | None = None
        while (read := ahead.popleft() if ahead else next(reads, None)) is not None:
            if self._begins(read, before):
                try:
                    ahead += islice(reads, LOOKS_AHEAD - len(ahead))
                except MattingError as error:  # the frames before that one come first
                    broken = error
                together = self._following(read, ahead)
                yield from self._backwards(ahead, together)
                read = replace(read, alone=not together)
            before = read
            yield self._prepared(read)
            if broken is not None and not ahead:
                raise broken

    def _begins(self, read: Read, before: Read | None) -> bool:
        """Return whether the model begins with a frame, given the one before, and is one to look ahead."""
        if not read.looked_at or read.alone or read.recalled is not None:
            return False
        if before is None:
            return not self._goes_on
        return not before.looked_at or read.frame - before.frame > _CUT

    def _following(self, first: Read, ahead: Iterable[Read]) -> int:
        """Return how many of the frames `ahead` follow the first one, for the model to look at."""
        together = 0
        for before, read in pairwise([first, *ahead]):
            if not read.looked_at or read.frame - before.frame > _CUT or read.recalled is not None:
                break
            together += 1
        return together

    def _backwards(self, ahead: deque[Read], count: int) -> Iterator[Read]:
        """Yield so many of the frames `ahead`, the last of them first, for the model only to see.

        Each is prepared when it is asked for, and stays so: the model has begun with the ones before meanwhile.
        """
        for place in reversed(range(count)):
            ahead[place] = read = self._prepared(ahead[place])
            yield replace(read, early=True, alone=place == count - 1, known=None, behind=None)

    def _prepared(self, read: Read) -> Read:
        """Return a frame with what the model knows ahead, if it has to look at it."""
        if not read.looked_at or read.prepared is not None:
            return read
        return replace(read, prepared=self._model.prepared(read.picture))

    def _reads(self) -> Iterator[Read]:
        """Yield each wanted frame, not yet prepared."""
        before: int | None = None  # the frame before, where the model has not looked at it
        for frame, read in self._source.frames():
            carried = cv2.extractChannel(read, 3) if read.shape[2] == 4 else None
            picture = read if carried is None else cv2.cvtColor(read, cv2.COLOR_BGRA2BGR)
            looked_at = self._looked_at is None or frame in self._looked_at
            recalled = self._shelf.memory_after(before) if looked_at and before is not None else None
            before = None if looked_at else frame
            if frame in self._made:
                yield Read(
                    frame, picture, carried, None, None, looked_at, made=True, recalled=recalled, alone=self._alone
                )
                continue
            is_known = frame in self._shelf and self._looked_at is not None
            # Inflated by whoever draws it: there are several of them, and this thread has frames to decode.
            read_it = partial(self._shelf.read, frame, picture, shown(self._foreground, carried))
            known = LaterMatte(picture, read_it) if is_known else None
            behind = self._backdrop.at(frame, picture.shape[:2]) if self._backdrop else None
            yield Read(frame, picture, carried, known, behind, looked_at, recalled=recalled, alone=self._alone)


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
        carried = None if look.result is Result.MASK else read.carried  # Blender masks what has its alpha already
        cutout = cut_out(kept or matte, look.edges, carried, deep=look.format.is_deep, coloured=not look.result.is_grey)
        if raws is not None and kept is not None:
            raws.write(read.frame, self._edged(kept, cutout, read.carried))
        self.sink.write(read.frame, compose(look, cutout, read.picture, read.behind))
        self.viewer.show(read.frame, read.picture, cutout)

    def _edged(self, matte: RawMatte, cutout: Cutout, carried: Picture | None) -> RawMatte:
        """Return a matte with the colours of its edge, where its cut-out shows just those."""
        is_plain = shown(self.spec.look.foreground, carried) is Foreground.EDGE and self.spec.look.edges.keeps_edge
        return replace(matte, edge=Edge.of(cutout.inner, cutout.alpha, cutout.box)) if is_plain else matte
