"""Movies of a real person, matted by the published model: frames against the job's own, sound against the clip's.

Usually a few frames as FFV1. With RVM_REAL_MOVIES=FOLDER in the environment it is every format, with the figures and a
frame of each movie left in that folder.
"""

import json
import os
from pathlib import Path

import bpy
import cv2
import numpy as np
import pytest

from tests import movies
from tests.host.timeline import Timeline

FOLDER = os.environ.get("RVM_REAL_MOVIES", "")
FORMATS = (
    ("FFV1", "CUTOUT"),
    *((("QTRLE", "CUTOUT"), ("PRORES", "CUTOUT"), ("WEBM", "CUTOUT"), ("H264", "COLOUR")) if FOLDER else ()),
)
FIRST, LENGTH = 55, 75 if FOLDER else 12
"""Of the clip, frames from 1 on; there is something to hear under them."""
LOSSLESS = ("FFV1", "QTRLE")
MARGIN = 100
"""Samples at both ends that are not compared."""


@pytest.mark.usefixtures("real_model")
@pytest.mark.parametrize(("name", "result"), FORMATS)
def test_a_real_person_as_a_movie(timeline: Timeline, real_clips: Path, name: str, result: str) -> None:
    """Lossless formats have the job's frames to the bit, and every one the clip's sound, to a sample or two."""
    chosen = timeline.scene.rvm_matting
    if name not in chosen.bl_rna.properties["opaque_movie_format"].enum_items:
        pytest.skip(f"this Blender writes no {name}")
    clip = real_clips / "clips" / "woman_indoor_bokeh_720p.mp4"
    timeline.scene.render.fps = 30
    strip = timeline.movie(clip)
    timeline.addon.versions.set_left_handle(strip, FIRST)
    timeline.addon.versions.set_right_handle(strip, FIRST + LENGTH)
    chosen.write_movie, chosen.result = True, result
    setattr(chosen, "movie_format" if result == "CUTOUT" else "opaque_movie_format", name)
    timeline.press_button(strip)
    job = timeline.addon.runner.current().queue.jobs[-1]
    assert (job.state.name, job.error, [text for text in job.warnings if "movie" in text]) == ("DONE", "", [])
    (movie,) = job.movies
    shown = movies.decoded(Path(movie.path))
    assert len(shown) == LENGTH
    differences = []
    for frame, number in zip(shown, job.spec.source.frames, strict=True):
        picture = cv2.imread(str(job.output / job.spec.file_name(number)), cv2.IMREAD_UNCHANGED)
        visible = picture[..., 3] > 0 if picture.shape[2] == 4 else np.ones(picture.shape[:2], bool)
        differences.append(np.abs(frame[..., : picture.shape[2]].astype(int) - picture)[visible])
    largest = max(one.max() for one in differences)
    mean = max(one.mean() for one in differences)
    assert largest == 0 if name in LOSSLESS else mean < 3
    late, likeness = None, None
    if bpy.app.build_options.audaspace:
        per_frame = movies.SOUND_RATE // 30
        heard, whole = movies.samples(Path(movie.path)), movies.samples(clip)
        expected = whole[(FIRST - 1) * per_frame : (FIRST - 1 + LENGTH) * per_frame]
        late = movies.lag(heard, expected)
        one, two = expected[MARGIN:-MARGIN, 0], heard[MARGIN + late : len(expected) - MARGIN + late, 0]
        likeness = float(np.corrcoef(one, two)[0, 1])
        assert abs(late) <= 2
        assert likeness > 0.98
    if FOLDER:
        told = {"format": name, "largest": int(largest), "mean": float(mean), "late": late, "likeness": likeness}
        told |= {"bytes": movie.bytes, "seconds": movie.seconds, "frames_bytes": frames_size(job.output)}
        stem = f"{name}_{'.'.join(map(str, bpy.app.version[:2]))}"
        Path(FOLDER).mkdir(parents=True, exist_ok=True)
        (Path(FOLDER) / f"{stem}.json").write_text(json.dumps(told), encoding="utf-8")
        cv2.imwrite(str(Path(FOLDER) / f"{stem}.png"), over_magenta(shown[LENGTH // 2]))


def frames_size(folder: Path) -> int:
    """Return how many bytes a folder's files have."""
    return sum(path.stat().st_size for path in folder.iterdir())


def over_magenta(frame: np.ndarray) -> np.ndarray:
    """Return a BGRA picture over a colour that shows what is transparent."""
    alpha = frame[..., 3:] / 255
    return frame[..., :3] * alpha + np.array([200, 0, 200]) * (1 - alpha)
