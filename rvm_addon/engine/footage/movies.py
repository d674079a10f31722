"""Movies as a source of frames, through OpenCV's FFmpeg.

Only this module decides which picture is frame k: by order of decoding (the command line), or by time as Blender's
sequencer does (strips).
"""

import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2

from ..contract.errors import SourceMissing, SourceRefused, SourceUnreadable, check_source
from ..contract.files import stamps
from ..contract.spec import Source
from ..pictures.tensors import Picture

_SEEK_MARGIN_MS = 2000.0
"""A seek aims this long before the wanted frame; decoding forward from there finds the frame."""
_SEEK_ERROR_MS = 1000.0
"""After a seek, times in MPEG-PS with B-frames are three frames late; only a later picture than this proves that a
movie goes on."""
_CLOCK = 600.0
"""Ticks per second where they are not known: the fewest in use (MOV)."""
_HAIR_MS = 1e-6
"""Tolerance for rounding errors."""
_COMMON_RATE = 25.0
_TRIES = 25
"""OpenCV reports the end of the movie at each damaged picture, but goes on when asked again."""
_MATROSKA = b"\x1a\x45\xdf\xa3"
"""How Matroska and WebM begin (RFC 9559)."""
_SEGMENT = b"\x18\x53\x80\x67"
"""Matroska's element for all the rest of the file."""
_HEAD_BYTES = 4096
"""The segment begins within so many bytes."""
_HELD_FRAMES_UNSPOKEN = 2
"""Containers miscount by a frame or two; holding the last picture for that long needs no warning."""


@dataclass(frozen=True)
class Shot:
    """A decoded picture and the moment it begins."""

    picture: Picture
    time: float
    """Milliseconds since the stream's beginning, as Blender counts. In AVI the first picture begins later than 0, by
    the number of frames that the codec delays to reorder its B-frames."""


class Decoder:
    """One open movie, read forward."""

    def __init__(
        self, path: Path, *, upright: bool = True, tell_size: Callable[[int, int], None] | None = None
    ) -> None:
        """Open the movie and decode its first picture; `upright` turns it as its metadata says.

        `tell_size` receives width and height as soon as the container reports them, before a picture is decoded. In a
        movie that is turned, they are those of the turned pictures.

        Raises:
            SourceMissing: there is no such file.
            SourceUnreadable: no picture can be decoded.
        """
        self._path = path
        self._upright = upright
        self._stamps = stamps([str(path)])
        self._start = 0.0
        self._newest = -math.inf
        self._capture = self._open()
        size = [int(self._capture.get(side)) for side in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)]
        if tell_size is not None and min(size) > 0:
            tell_size(*size)
        self._first: Shot | None = None
        first = self.read()
        if first is None:
            raise SourceUnreadable(path)
        self._start = min(first.time, 0.0)  # OpenCV 4.12 lets raw MPEG-2 begin 240,000 years before zero
        self._first = Shot(first.picture, first.time - self._start)  # opening it again would take an eighth of a second

    def count(self) -> int:
        """Return how many frames the container promises, which may be wrong; 0 where it does not say."""
        return max(int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)), 0)

    def rate(self) -> float:
        """Return the frames per second that the container reports; 25 where it reports none."""
        return self._capture.get(cv2.CAP_PROP_FPS) or _COMMON_RATE

    def pixel_aspect(self) -> float:
        """Return the width of a pixel by its height, of the pictures as they are read; 1 where nothing is reported."""
        wide, high = (self._capture.get(side) for side in (cv2.CAP_PROP_SAR_NUM, cv2.CAP_PROP_SAR_DEN))
        if wide <= 0.0 or high <= 0.0:
            return 1.0
        on_its_side = self._upright and self._capture.get(cv2.CAP_PROP_ORIENTATION_META) % 180 != 0
        return float(high / wide if on_its_side else wide / high)

    def read(self) -> Shot | None:
        """Return the next picture (BGR, 8 bit), or None at the end; times always increase from picture to picture."""
        if self._first is not None:
            first, self._first = self._first, None
            return first
        if not any(self._capture.grab() for _ in range(_TRIES)):
            return None
        more, picture = self._capture.retrieve()
        if not more:
            return None
        time = self._capture.get(cv2.CAP_PROP_POS_MSEC)
        if time <= self._newest or (time == 0.0 and self._newest > -math.inf):
            # OpenCV reports time 0 for the last pictures of AVI, MPEG-PS and raw MPEG-2 with B-frames.
            time = self._newest + 1000.0 / self.rate()
        self._newest = time
        return Shot(picture, time - self._start)

    def seek_before(self, time: float) -> Shot | None:
        """Return a picture that begins at or before `time` (ms, as `Shot.time`), near it where seeking works.

        The container decides where a seek lands, so the picture found there is checked. If it begins too late, the
        movie is decoded from its beginning.
        """
        if time > _SEEK_MARGIN_MS:
            self._first, self._newest = None, -math.inf
            self._capture.set(cv2.CAP_PROP_POS_MSEC, time - _SEEK_MARGIN_MS + self._start)
            landed = self.read()
            if landed is not None and landed.time <= time:
                return landed
            self._rewind()
        return self.read()

    def check_end(self, time: float, missing: int) -> None:
        """Return if the movie really ends after the last picture read, which began at `time` (ms, as `Shot.time`).

        FFmpeg also reports an end where a drive goes away or the file is truncated while it is read. Where more frames
        are `missing` than containers miscount, the movie is opened again, since the drive may be back.

        Raises:
            SourceMissing, SourceRefused: the movie goes on, has changed or can no longer be read.
        """
        _check_readable(self._path)
        if stamps([str(self._path)]) != self._stamps:
            raise SourceRefused(self._path, "it has changed while it was read")
        if missing <= _HELD_FRAMES_UNSPOKEN:
            return
        other = Decoder(self._path, upright=self._upright)
        try:
            beyond = time + max(_SEEK_ERROR_MS, (_HELD_FRAMES_UNSPOKEN + 0.5) * 1000.0 / other.rate())
            shot = other.seek_before(time)
            while shot is not None:
                if shot.time > beyond:
                    raise SourceRefused(self._path, "more of it could be read at a second look")
                shot = other.read()
        finally:
            other.close()

    def close(self) -> None:
        """Close the movie."""
        self._capture.release()

    def _rewind(self) -> None:
        """Open the movie again: decoding from the beginning is exact in every container, seeking there is not."""
        self._capture.release()
        self._newest = -math.inf
        self._capture = self._open()

    def _open(self) -> cv2.VideoCapture:
        """Return OpenCV's reader, at the beginning of the movie.

        Raises:
            SourceMissing, SourceRefused: the file is gone, or the system cannot read it.
            SourceUnreadable: OpenCV cannot open it.
        """
        check_source(self._path)
        capture = cv2.VideoCapture(str(self._path), cv2.CAP_FFMPEG)
        if not capture.isOpened():
            _check_readable(self._path)
            raise SourceUnreadable(self._path)
        capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, float(self._upright))
        return capture


class MovieSource:
    """The wanted frames of one movie."""

    def __init__(
        self,
        source: Source,
        warn: Callable[[str], None],
        tell_size: Callable[[int, int], None] | None = None,
        since: int = 0,
    ) -> None:
        """Open the movie; `warn` receives texts that the user should read, `tell_size` the size as in `Decoder`.

        Where all frames are wanted, frames before `since` are decoded and counted, but not yielded.

        Raises:
            SourceMissing: there is no such file.
            SourceUnreadable: no picture can be decoded.
        """
        self._path = Path(source.paths[0])
        self._wanted = source.frames
        self._since = since
        self._fps = _whole_rate(source.fps)
        self._half_tick = 500.0 / (source.clock or _CLOCK) + _HAIR_MS
        self._warn = warn
        self._decoder = Decoder(self._path, upright=source.upright, tell_size=tell_size)
        self.expected = self._decoder.count() if source.frames is None else len(source.frames)
        self.pixel_aspect = self._decoder.pixel_aspect()
        self._promises_nothing = _is_whole_matroska(self._path)
        self._holds = not (source.may_end_early and self._promises_nothing)

    def frames(self) -> Iterator[tuple[int, Picture]]:
        """Yield the wanted frames, by time where the job gives a rate, else as they are decoded."""
        if self._wanted is None:
            return self._all()
        return self._by_time(self._wanted) if self._fps else self._by_count(self._wanted)

    def close(self) -> None:
        """Close the movie."""
        self._decoder.close()

    def _all(self) -> Iterator[tuple[int, Picture]]:
        """Yield every frame from `since` on, and warn if the movie ends earlier than its container promises.

        A whole Matroska file promises nothing: it tells how long it lasts, and its sound may last longer.

        Raises:
            SourceMissing, SourceRefused: the movie did not end, but can no longer be read.
        """
        count = 0
        for count, (frame, picture) in enumerate(self._decoded(self.expected), 1):  # noqa: B007  # wanted below
            if frame >= self._since:
                yield frame, picture
        if self.expected - count > _HELD_FRAMES_UNSPOKEN and not self._promises_nothing:
            self._warn(f"“{self._path}” ends early: {count} frames can be read of the {self.expected} that it promises")

    def _decoded(self, promised: int) -> Iterator[tuple[int, Picture]]:
        """Yield every frame in the order of decoding; `promised` is their number, or 0 where it is not known.

        An early end is checked before the last picture is yielded, since the last picture of a truncated file is
        damaged.

        Raises:
            SourceMissing, SourceRefused: the movie did not end, but can no longer be read.
        """
        frame, shot = 0, self._decoder.read()
        while shot is not None:
            following = self._decoder.read()
            missing = promised - frame - 1
            if following is None and (missing > _HELD_FRAMES_UNSPOKEN or not promised):
                self._decoder.check_end(shot.time, missing)
            yield frame, shot.picture
            frame, shot = frame + 1, following

    def _by_count(self, wanted: tuple[int, ...]) -> Iterator[tuple[int, Picture]]:
        """Yield the wanted frames, counted as they are decoded.

        Raises:
            SourceMissing, SourceUnreadable: the movie ends before the last wanted frame, or can no longer be read.
        """
        chosen = set(wanted)
        for frame, picture in self._decoded(wanted[-1] + 1):
            if frame in chosen:
                yield frame, picture
            if frame >= wanted[-1]:
                return
        raise SourceUnreadable(self._path, f"it ends before frame {wanted[-1] + 1}")

    def _by_time(self, wanted: tuple[int, ...]) -> Iterator[tuple[int, Picture]]:
        """Yield, for each wanted frame k, the last picture that begins by k / fps, rounded to the container's clock.

        This is what Blender shows, also with a variable or jittering frame rate and with edit lists (see the table of
        `tests/host/test_every_frame.py`). Before the first picture begins, the first picture is shown. Past the end,
        the last picture is held, as in Blender, unless that is not wanted.

        Raises:
            SourceMissing, SourceRefused: the movie did not end, but can no longer be read; no picture is held then.
        """
        step = 1000.0 / self._fps
        shown = self._decoder.seek_before(wanted[0] * step)
        following = self._decoder.read()
        held, end = None, len(wanted)
        for place, frame in enumerate(wanted):
            limit = frame * step + self._half_tick
            while following is not None and following.time <= limit:
                shown, following = following, self._decoder.read()
            if shown is None:
                raise SourceUnreadable(self._path)
            if held is None and following is None:
                held = sum(shown.time < (later - 1) * step + self._half_tick for later in wanted[place:])
                if held > _HELD_FRAMES_UNSPOKEN:
                    self._decoder.check_end(shown.time, held)
                    if not self._holds:
                        end -= held
            if place >= end:
                return
            yield frame, shown.picture
        if held is not None and held > _HELD_FRAMES_UNSPOKEN and not self._promises_nothing:
            self._warn(f"“{self._path}” ends early: its last picture stands for {held} more frames")


def _check_readable(path: Path) -> None:
    """Return if the last byte of a file can be read, which needs its drive.

    Raises:
        SourceMissing: the file is gone.
        SourceRefused: the system cannot read it; the error has the system's words.
    """
    try:
        with path.open("rb") as stream:
            stream.seek(max(stream.seek(0, os.SEEK_END) - 1, 0))
            stream.read(1)
    except FileNotFoundError:
        raise SourceMissing(path) from None
    except OSError as error:
        raise SourceRefused(path, error) from error


def _is_whole_matroska(path: Path) -> bool:
    """Return whether a file is Matroska or WebM and as long as its segment says; False if it cannot be read."""
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
            length = stream.seek(0, os.SEEK_END)
    except OSError:
        return False
    begin = head.find(_SEGMENT) + len(_SEGMENT)
    if not head.startswith(_MATROSKA) or begin < len(_SEGMENT) or not head[begin : begin + 1]:
        return False
    size = 9 - head[begin].bit_length()  # the number's leading zeros tell how many bytes it has, up to its first one
    segment = int.from_bytes(head[begin : begin + size]) & ((1 << 7 * size) - 1)
    is_known = segment != (1 << 7 * size) - 1  # a stream's is not
    return is_known and begin + size + segment <= length


def _whole_rate(rate: float) -> float:
    """Return the exact value of a rate that Blender rounds to 32 bits: whole, or 1000 / 1001 of a whole one (NTSC).

    Without this, the error would exceed a tick after an hour.
    """
    meant = round(rate * 1001) / 1001
    return meant if abs(meant - rate) <= rate * 1e-7 else rate
