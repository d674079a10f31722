"""The clips to measure with: real ones if they are shared, else the demonstration's; longer, larger or smaller.

Each is made once, in `build/bench/clips`. A longer clip repeats the same packets, so nothing is encoded again; for
another size the clip is decoded, scaled and encoded.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2

ENCODER = {"crf": "20", "preset": "veryfast"}


@dataclass(frozen=True)
class Clips:
    """The folders of original clips and of those made from them."""

    folder: Path
    shared: Path
    """The folder of real clips; it may be missing."""
    demonstration: Callable[[], Path]
    """Makes the demonstration's clip."""

    def hd(self) -> Path:
        """Return a clip of 1920 x 1080 pixels."""
        real = self.shared / "truth/still_man_1080p/com.mp4"
        return real if real.is_file() else self.scaled(self.demonstration(), 1080, 50)

    def talking(self) -> Path:
        """Return a clip of 1280 x 720 pixels with sound."""
        real = self.shared / "clips/woman_indoor_bokeh_720p.mp4"
        return real if real.is_file() else self.demonstration()

    def looped(self, clip: Path, frames: int) -> Path:
        """Return the clip, repeated until it is at least `frames` long, without sound."""
        return self._made(f"{_name(clip)}_x{frames}.mp4", lambda target: _loop(clip, target, frames))

    def shortened(self, clip: Path, frames: int) -> Path:
        """Return the clip's beginning with its sound, about `frames` long."""
        return self._made(f"{_name(clip)}_{frames}.mp4", lambda target: _shorten(clip, target, frames))

    def scaled(self, clip: Path, height: int, frames: int) -> Path:
        """Return the clip's beginning at another height, without sound."""
        return self._made(f"{_name(clip)}_{height}p_{frames}.mp4", lambda target: _scale(clip, target, height, frames))

    def _made(self, name: str, make: Callable[[Path], None]) -> Path:
        """Return the file of this name; make it if it is not there."""
        target = self.folder / name
        if not target.is_file():
            self.folder.mkdir(parents=True, exist_ok=True)
            partial = target.with_name(f"making_{name}")
            make(partial)
            partial.replace(target)
        return target


def _name(clip: Path) -> str:
    """Return a name for clips made from `clip`; shared clips called `com` are told apart by their folders."""
    return clip.parent.name if clip.stem == "com" else clip.stem


def _loop(clip: Path, target: Path, frames: int) -> None:
    """Write the clip's pictures repeatedly, until there are at least `frames`."""
    with av.open(str(clip)) as source, av.open(str(target), "w") as movie:
        pictures = source.streams.video[0]
        stream = movie.add_stream_from_template(pictures)
        packets = [packet for packet in source.demux(pictures) if packet.dts is not None]
        step = round(1 / (pictures.average_rate * pictures.time_base))
        for turn in range(-(-frames // len(packets))):
            source.seek(0)
            for packet in source.demux(pictures):
                if packet.dts is None:
                    continue
                packet.dts += turn * step * len(packets)
                packet.pts += turn * step * len(packets)
                packet.stream = stream
                movie.mux(packet)


def _shorten(clip: Path, target: Path, frames: int) -> None:
    """Write the clip's beginning, sound included, packet by packet."""
    with av.open(str(clip)) as source, av.open(str(target), "w") as movie:
        rate = source.streams.video[0].average_rate
        streams = {stream: movie.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None and packet.dts * packet.time_base < Fraction(frames) / rate:
                packet.stream = streams[packet.stream]
                movie.mux(packet)


def _scale(clip: Path, target: Path, height: int, frames: int) -> None:
    """Write the clip's first frames at another height."""
    capture = cv2.VideoCapture(str(clip))
    shape = capture.get(cv2.CAP_PROP_FRAME_WIDTH) / capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
    size = round(height * shape / 2) * 2, height
    with av.open(str(target), "w") as movie:
        stream = movie.add_stream("libx264", rate=round(capture.get(cv2.CAP_PROP_FPS)), options=ENCODER)
        (stream.width, stream.height), stream.pix_fmt = size, "yuv420p"
        for _ in range(frames):
            more, picture = capture.read()
            if not more:
                break
            scaled = cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC)
            movie.mux(stream.encode(av.VideoFrame.from_ndarray(scaled, format="bgr24")))
        movie.mux(stream.encode())


def emptied(folder: Path) -> Path:
    """Return the folder, emptied or newly made."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
