"""Every kind of result in every format of a real clip, made by the button and rendered by this Blender, in figures."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from rvm_addon.engine.contract.outputs import Fit
from rvm_addon.engine.drawing import nearby
from rvm_addon.engine.footage.backdrop import fitted
from tests.host.timeline import Timeline

LOSSLESS = ("PNG", "PNG16", "EXR", "WEBP")
DEEP = ("PNG16", "EXR")
"""Formats in which a matte has 16 bits, or nearly."""
FORMATS = {
    "CUTOUT": LOSSLESS,
    "COLOUR": (*LOSSLESS, "JPEG"),
    "MATTE": (*LOSSLESS, "JPEG"),
    "BLUR": (*LOSSLESS, "JPEG"),
    "PICTURE": (*LOSSLESS, "JPEG"),
    "MOVIE": (*LOSSLESS, "JPEG"),
    "MASK": ("PNG",),
}
"""PICTURE and MOVIE are both what the panel calls “Over Picture or Movie”; the movie is the clip itself."""
GROUND = (255, 102, 0)
"""The strip below, BGR."""
COLOUR = (30, 200, 10)
"""Of “Over Colour”, BGR."""
BLUR = 12.0
_FIRST = 40
"""The clip's frame with which the strip begins."""


@dataclass
class Figures:
    """By how much what Blender shows differs from what is meant, of 255, over all frames that were compared."""

    opaque: float = 0.0
    """From the source as this Blender shows it, at most, where alpha is full."""
    composed: float = 0.0
    """From F·a + B·(1 - a), at most."""
    mean: float = 0.0
    """The same on average, of the worst frame."""
    shots: list[NDArray[np.uint8]] = field(default_factory=list)
    """What Blender showed, BGR."""


class RealClip:
    """Some frames of a clip on a timeline, over a coloured strip: as a movie, or as pictures of what OpenCV decodes."""

    def __init__(self, timeline: Timeline, clip: Path, frames: int, looked_at: int, *, as_movie: bool) -> None:
        """Put `frames` frames on the timeline; `looked_at` of them are rendered and compared."""
        self._timeline = timeline
        self._clip = clip
        self._pictures = _decoded(clip, _FIRST + frames)[_FIRST:]
        self._frames = range(1, 1 + frames, frames // looked_at)
        height, width = self._pictures[0].shape[:2]
        timeline.addon.scenes.set_picture(timeline.scene, width, height)
        timeline.scene.render.image_settings.compression = 0
        below = timeline.effect("COLOR", frames)
        below.color = tuple(value / 255 for value in GROUND[::-1])
        self._wall = timeline.folder / "wall.png"
        cv2.imwrite(str(self._wall), cv2.resize(_wall(), (400, 300), interpolation=cv2.INTER_CUBIC))
        self._source = self._movie(frames) if as_movie else self._sequence()
        self._shown = {frame: timeline.render(frame)[..., :3] for frame in self._frames}
        self._cutouts = {form: dict(self._kept_cutouts(form)) for form in ("PNG", "PNG16")}

    def figures(self, kind: str, form: str) -> Figures:
        """Make this kind in this format, and compare what Blender shows."""
        edges = "SOURCE" if kind == "MASK" else "MIXED"
        self._make(kind, form, edges)
        found = Figures()
        for frame in self._frames:
            shot = self._timeline.render(frame)[..., :3]
            cutout = self._cutouts["PNG16" if form in DEEP else "PNG"][frame]
            apart = np.abs(shot - self._meant(kind, frame, cutout))
            found.composed, found.mean = max(found.composed, apart.max()), max(found.mean, apart.mean())
            if kind != "MATTE":
                opaque = np.abs(shot.astype(int) - self._shown[frame])[cutout[..., 3] == np.iinfo(cutout.dtype).max]
                found.opaque = max(found.opaque, int(opaque.max(initial=0)))
            found.shots.append(shot)
        self._take_away()
        return found

    def masked_and_cut_out(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return what Blender shows of the masked original, and of a cut-out in the source's colours."""
        both = []
        for kind in ("MASK", "CUTOUT"):
            self._make(kind, "PNG", "SOURCE")
            both.append(np.stack([self._timeline.render(frame)[..., :3] for frame in self._frames]))
            self._take_away()
        return both[0], both[1]

    def _meant(self, kind: str, frame: int, cutout: NDArray[Any]) -> NDArray[np.float64]:
        """Return the picture (BGR, 0 to 255) that a kind means, given the frame's cut-out as its file has it."""
        picture, most = self._pictures[frame - 1], np.iinfo(cutout.dtype).max
        colours = self._shown[frame] if kind == "MASK" else cutout[..., :3] / most * 255
        alpha = cutout[..., 3:] / most
        if kind == "MATTE":
            return np.repeat(alpha * 255, 3, axis=2)
        behind = {
            "CUTOUT": lambda: np.array(GROUND),
            "MASK": lambda: np.array(GROUND),
            "COLOUR": lambda: np.array(COLOUR),
            "BLUR": lambda: nearby.background(picture, cutout[..., 3], BLUR),
            "PICTURE": lambda: fitted(cv2.imread(str(self._wall)), picture.shape[:2], Fit.FILL),
            "MOVIE": lambda: _decoded(self._clip, frame)[-1],
        }[kind]()
        return colours * alpha + behind * (1 - alpha)

    def _make(self, kind: str, form: str, edges: str) -> Any:
        """Press the button with these settings, and return the job."""
        chosen = self._timeline.scene.rvm_matting
        chosen.result = "BACKDROP" if kind in ("PICTURE", "MOVIE") else kind
        chosen.backdrop = str(self._clip if kind == "MOVIE" else self._wall)
        chosen.background = tuple(value / 255 for value in COLOUR[::-1])
        chosen.blur, chosen.edge_colour, chosen.opaque_format = BLUR, edges, form
        if form != "JPEG":
            chosen.format = form
        assert self._timeline.press_button(self._source) == {"FINISHED"}
        job = self._timeline.addon.runner.current().queue.jobs.pop()
        assert (job.state.name, job.error, job.warnings) == ("DONE", "", [])
        return job

    def _take_away(self) -> None:
        """Take the result off the timeline, and let the source be seen again."""
        self._timeline.strips.remove(self._timeline.result_of(self._source))
        self._source.mute = False
        for modifier in self._source.modifiers:
            self._source.modifiers.remove(modifier)

    def _kept_cutouts(self, form: str) -> Iterator[tuple[int, NDArray[Any]]]:
        """Yield each frame's cut-out as its file has it, BGRA of 8 or 16 bits."""
        job = self._make("CUTOUT", form, "MIXED")
        for frame, path in zip(itertools.count(1), sorted(job.output.iterdir()), strict=False):
            if frame in self._frames:
                yield frame, cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        self._take_away()

    def _movie(self, frames: int) -> Any:
        """Add the clip as a movie strip, trimmed on both sides."""
        strip = self._timeline.movie(self._clip, channel=2, start=1 - _FIRST, name="clip")
        self._timeline.addon.versions.set_right_handle(strip, 1 + frames)
        self._timeline.addon.versions.set_left_handle(strip, 1)
        return strip

    def _sequence(self) -> Any:
        """Add the clip's frames as pictures."""
        folder = self._timeline.folder / "shots"
        folder.mkdir()
        paths = [folder / f"{number:04d}.png" for number, _ in enumerate(self._pictures)]
        for path, picture in zip(paths, self._pictures, strict=True):
            cv2.imwrite(str(path), picture)
        return self._timeline.pictures(paths, channel=2, name="clip")


def _decoded(clip: Path, count: int) -> list[NDArray[np.uint8]]:
    """Return the first frames of a movie as OpenCV reads them, BGR."""
    capture = cv2.VideoCapture(str(clip))
    return [capture.read()[1] for _ in range(count)]


def _wall() -> NDArray[np.uint8]:
    """Return a tiny picture of several colours."""
    return np.array([[(200, 10, 60), (20, 80, 240)], [(90, 160, 30), (250, 250, 210)]], np.uint8)
