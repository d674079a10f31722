"""The published weights on real clips, scored against true alpha with the field's metrics."""

import importlib.util
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

from rvm_addon.engine import pipeline
from rvm_addon.engine.contract.events import Event, FrameDone
from rvm_addon.engine.contract.outputs import USUAL, EdgeColour, Edges, Look
from rvm_addon.engine.contract.spec import JobSpec, Source, SourceKind

SPEC = JobSpec("x", Source(SourceKind.MOVIE, ("/x.mp4",)), "frames", "x", "/m.onnx")


@pytest.fixture(scope="module")
def metrics(real_clips: Path) -> ModuleType:
    """RVM's evaluation metrics, which lie beside the clips."""
    spec = importlib.util.spec_from_file_location("matting_metrics", real_clips / "matting_metrics.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_dancers_matte_scores_as_published(
    real_clips: Path, rvm_weights: Path, metrics: ModuleType, tmp_path: Path
) -> None:
    """MAD at most 4.2 and dtSSD at most 4.0 over 100 frames; a state that is lost costs 12 to 29 %."""
    folder = real_clips / "truth" / "dancer_medium_static"
    source = Source(SourceKind.MOVIE, (str(folder / "com.mp4"),))
    pipeline.run(replace(SPEC, source=source, model=str(rvm_weights), ratio=1.0), tmp_path, lambda _: None)
    truth = cv2.VideoCapture(str(folder / "pha.mkv"))
    score = metrics.Clip()
    for path in sorted((tmp_path / "frames").iterdir()):
        matte = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., 3]
        more, true = truth.read()
        assert more
        score.add(matte.astype(np.float32) / 255, true[..., 0].astype(np.float32) / 255)
    result = score.result()
    assert len(score.v["mad"]) == 100
    assert result["mad"] <= 4.2
    assert result["dtssd"] <= 4.0


def test_a_still_is_cut_out(real_clips: Path, rvm_weights: Path, tmp_path: Path) -> None:
    """A portrait's matte agrees with a strong model's, which stands for the truth: within 1 % on average."""
    for name in ("p_a09f6d7a", "p_bc5cfad1"):
        source = Source(SourceKind.IMAGES, (str(real_clips / "stills" / f"{name}.jpg"),))
        pipeline.run(replace(SPEC, source=source, stem=name, model=str(rvm_weights)), tmp_path, lambda _: None)
        matte = cv2.imread(str(tmp_path / "frames" / f"{name}.png"), cv2.IMREAD_UNCHANGED)[..., 3].astype(float)
        true = cv2.imread(str(real_clips / "stills" / f"{name}_alpha.png"), cv2.IMREAD_GRAYSCALE).astype(float)
        assert np.abs(matte - true).mean() / 255 < 0.01


def test_a_green_screen_leaves_no_green_rim(real_clips: Path, rvm_weights: Path, tmp_path: Path) -> None:
    """By default; the model's own colours leave nearly as much of it at soft edges as the source has."""
    clip = str(real_clips / "clips" / "greenscreen_man_360x640.mp4")
    green = {}
    for name, edges in (("default", USUAL), ("model", Edges()), ("source", Edges(EdgeColour.SOURCE))):
        source = Source(SourceKind.MOVIE, (clip,), tuple(range(60, 70)))
        spec = replace(SPEC, source=source, model=str(rvm_weights), look=Look(edges=edges))
        pipeline.run(spec, tmp_path / name, lambda _: None)
        picture = cv2.imread(str(tmp_path / name / "frames" / "x_000070.png"), cv2.IMREAD_UNCHANGED).astype(float)
        blue, level, red, alpha = np.moveaxis(picture, -1, 0)
        soft = (alpha > 0) & (alpha < 255)
        green[name] = ((level - np.maximum(blue, red)).clip(0) * alpha)[soft].sum()
    assert green["model"] > 0.8 * green["source"]
    assert green["default"] < 0.25 * green["source"]


def test_a_clip_begins_as_it_goes_on(real_clips: Path, rvm_weights: Path, tmp_path: Path) -> None:
    """The first frame behind a cut is nearly what it is in the middle of a run: 0.6 of 255 off; unprepared, 3.1."""
    clip = str(real_clips / "clips" / "woman_outdoor_portrait_720x1364.mp4")
    mattes = []
    for first in (40, 60):
        source = Source(SourceKind.MOVIE, (clip,), tuple(range(first, 66)))
        pipeline.run(replace(SPEC, source=source, model=str(rvm_weights)), tmp_path / str(first), lambda _: None)
        path = tmp_path / str(first) / "frames" / "x_000061.png"
        mattes.append(cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., 3].astype(float))
    assert np.abs(mattes[0] - mattes[1]).mean() < 1.5


def test_a_run_that_goes_on_is_one_run(real_clips: Path, rvm_weights: Path, tmp_path: Path) -> None:
    """Stopped at half, the published network's frames are those of an uninterrupted run, to the last bit but one."""
    clip = real_clips / "clips" / "woman_indoor_bokeh_720p.mp4"
    source = Source(SourceKind.MOVIE, (str(clip),), tuple(range(60)))
    spec = replace(SPEC, source=source, model=str(rvm_weights))

    def pull_the_plug(event: Event) -> None:
        if isinstance(event, FrameDone) and event.frame == 40:
            raise KeyboardInterrupt

    pipeline.run(spec, tmp_path / "one", lambda _: None)
    with pytest.raises(KeyboardInterrupt):
        pipeline.run(spec, tmp_path / "two", pull_the_plug)
    pipeline.run(spec, tmp_path / "two", lambda _: None)
    for frame in source.frames or ():
        one, two = (
            cv2.imread(str(tmp_path / run / "frames" / spec.file_name(frame)), cv2.IMREAD_UNCHANGED).astype(int)
            for run in ("one", "two")
        )
        assert np.abs(one - two).max() <= 1
