"""What happens to a frame before and after the model, each on threads of its own."""

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice, pairwise
from pathlib import Path

import cv2

from .contract.clips import is_clip
from .contract.errors import MattingError, OutputFailed
from .contract.outputs import Foreground, Result
from .contract.spec import JobSpec
from .drawing.compose import compose
from .drawing.refine import Cutout, cut_out
from .drawing.viewing import Viewer
from .footage.backdrop import Backdrop
from .footage.media import FrameSink, FrameSource
from .kept.raw import RawMatte, drawn
from .kept.shelf import RawSink, Shelf
from .network.matte import Edge, LaterMatte, Matte
from .network.memory import Memory
from .network.model import MattingModel, Prepared
from .pictures.tensors import Picture

LOOKS_AHEAD = 3
"""Frames that the model sees, backwards, before the first one of a clip. Without recurrent state it takes parts of a
person for background that it recognizes a moment later. On five clips, the first frame is off its matte in the middle
of a run by 1.41 of 255 (MAD) without such frames, by 0.77 with two, by 0.66 with three and by 0.65 with four or six.
Each costs a decoder's pass before the first result."""
_CUT = 15
"""Wanted frames that are further apart than this do not count as following one another."""


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
    """The model has to run on the frame."""
    prepared: Prepared | None = None
    """What the model computed ahead; None before that, and where the model need not run."""
    made: bool = False
    """The frame's file stands already; the model has to see the frame only for its state."""
    recalled: Memory | None = None
    """The model's state after the frame before, kept by an earlier job."""
    alone: bool = False
    """The frame does not follow the one before: the model begins anew."""
    early: bool = False
    """The frame's turn comes later: the model sees it only to warm up."""


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
        """Find out which raw mattes are known; the frames of `made` stand in the output folder already.

        A model that `goes_on` already has the state from before the first frame.
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
        """Yield each wanted frame; before one with which the model begins anew, also those to look ahead.

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
                except MattingError as error:  # frames that were read before it are yielded first
                    broken = error
                together = self._following(read, ahead)
                yield from self._backwards(ahead, together)
                read = replace(read, alone=not together)
            before = read
            yield self._prepared(read)
            if broken is not None and not ahead:
                raise broken

    def _begins(self, read: Read, before: Read | None) -> bool:
        """Return whether the model begins anew with a frame, given the one before, and has to look ahead."""
        if not read.looked_at or read.alone or read.recalled is not None:
            return False
        if before is None:
            return not self._goes_on
        return not before.looked_at or read.frame - before.frame > _CUT

    def _following(self, first: Read, ahead: Iterable[Read]) -> int:
        """Return how many of the frames `ahead` follow the first one without a gap and need the model."""
        together = 0
        for before, read in pairwise([first, *ahead]):
            if not read.looked_at or read.frame - before.frame > _CUT or read.recalled is not None:
                break
            together += 1
        return together

    def _backwards(self, ahead: deque[Read], count: int) -> Iterator[Read]:
        """Yield the first `count` frames of `ahead`, last one first, for the model only to see.

        Each is prepared when its turn comes, while the model runs on the ones before, and stays prepared.
        """
        for place in reversed(range(count)):
            ahead[place] = read = self._prepared(ahead[place])
            yield replace(read, early=True, alone=place == count - 1, known=None, behind=None)

    def _prepared(self, read: Read) -> Read:
        """Return a frame with what the model can compute ahead, if it has to run on it."""
        if not read.looked_at or read.prepared is not None:
            return read
        return replace(read, prepared=self._model.prepared(read.picture))

    def _reads(self) -> Iterator[Read]:
        """Yield each wanted frame, not yet prepared.

        Raises:
            SourceMissing, SourceUnreadable: naming the file.
        """
        before: int | None = None  # the frame before, if the model has not seen it
        for frame, decoded in self._source.frames():
            carried = cv2.extractChannel(decoded, 3) if decoded.shape[2] == 4 else None
            picture = decoded if carried is None else cv2.cvtColor(decoded, cv2.COLOR_BGRA2BGR)
            looked_at = self._looked_at is None or frame in self._looked_at
            recalled = self._shelf.memory_after(before) if looked_at and before is not None else None
            before = None if looked_at else frame
            read = Read(frame, picture, carried, None, None, looked_at, recalled=recalled, alone=self._alone)
            if frame in self._made:
                yield replace(read, made=True)
                continue
            is_known = frame in self._shelf and self._looked_at is not None
            # The writers' threads inflate it: there are several of them, and this thread has frames to decode.
            read_it = partial(self._shelf.read, frame, picture, self._foreground)
            known = LaterMatte(picture, read_it) if is_known else None
            yield replace(read, known=known, behind=self._behind(frame, picture))

    def _behind(self, frame: int, picture: Picture) -> Picture | None:
        """Return what goes behind a frame (`picture`, H x W x 3), at its size; None where there is no backdrop."""
        if self._backdrop is None:
            return None
        return self._backdrop.at(frame, picture.shape[:2], self._source.pixel_aspect)


@dataclass(frozen=True)
class Writer:
    """Draws, composes and writes frames, several at a time."""

    spec: JobSpec
    sink: FrameSink
    raws: RawSink | None
    viewer: Viewer
    folder: Path | None = None
    """The job's folder, where the model's state is kept; None keeps nothing."""

    def keep(self, frame: int, memory: Memory) -> None:
        """Keep the model's state after a frame; its file and those of all frames before must stand.

        On a full disk nothing is kept: frames count, and an interrupted run then goes on from an older state.
        """
        if self.folder is not None:
            with suppress(OutputFailed):
                memory.write(self.folder, frame)

    def write(self, read: Read, matte: Matte) -> None:
        """Write one frame, and keep its raw matte while there is room; runs on an encoding thread.

        Raises:
            OutputFailed: the disk is full or a folder refuses.
            RawUnreadable: the known matte's file cannot be read.
            DeviceMissing: the model's device fails while it refines the matte.
        """
        look = self.spec.look
        is_new = read.known is None  # a known one is kept already
        raws = self.raws if is_new and self.raws is not None and self.raws.room > 0 else None
        # A far-grown or far-feathered matte shows colours that a raw matte does not hold. They must be the same in
        # frames that keep none: the room may run out in the middle of a job, and an update has nothing else.
        kept = drawn(matte) if raws is not None or (is_new and look.foreground is Foreground.ALL) else None
        carried = None if look.result is Result.MASK else read.carried  # the masked strip has its own alpha already
        cutout = cut_out(kept or matte, look.edges, carried, deep=look.format.is_deep, coloured=not look.result.is_grey)
        if raws is not None and kept is not None:
            raws.write(read.frame, self._edged(kept, cutout, read.carried))
        self.sink.write(read.frame, compose(look, cutout, read.picture, read.behind))
        self.viewer.show(read.frame, read.picture, cutout)

    def _edged(self, matte: RawMatte, cutout: Cutout, carried: Picture | None) -> RawMatte:
        """Return a raw matte with its despilled edge added, if its cut-out shows all of that."""
        look = self.spec.look
        is_whole = look.foreground is Foreground.EDGE and look.edges.keeps_matte and carried is None
        return replace(matte, edge=Edge.of(cutout.inner, cutout.alpha, cutout.box)) if is_whole else matte
