"""Each kind of result in each format, of a real person, matted by the published model and rendered by this Blender.

Usually a few frames of the smallest clip. With RVM_REAL_KINDS=FOLDER in the environment it is all clips, as movies and
as pictures, with the figures and a contact sheet of each left in that folder.
"""

import json
import os
from pathlib import Path
from typing import Any

import bpy
import cv2
import numpy as np
import pytest

from tests.host.real_kinds import FORMATS, Figures, RealClip
from tests.host.timeline import Timeline

FOLDER = os.environ.get("RVM_REAL_KINDS", "")
CLIPS = ("greenscreen_man_360x640", *(("woman_indoor_bokeh_720p", "woman_outdoor_portrait_720x1364") if FOLDER else ()))
FRAMES, LOOKED_AT = (12, 4) if FOLDER else (4, 1)
DECODERS_DIFFER = 0 if bpy.app.version < (4, 3, 0) else 3
"""By so much Blender's own conversion from YUV differs from OpenCV's, of 255."""
ROUNDING = {"PNG": 0, "PNG16": 0, "WEBP": 0, "EXR": 1, "JPEG": 30}
"""Of 255, where alpha is full; JPEG's is that of single pixels at edges."""
_TILE_HEIGHT = 220


@pytest.mark.usefixtures("real_model")
@pytest.mark.parametrize("as_movie", [False, True] if FOLDER else [False], ids=lambda on: "movie" if on else "pictures")
@pytest.mark.parametrize("clip", CLIPS)
def test_every_kind_in_every_format(timeline: Timeline, real_clips: Path, clip: str, as_movie: bool) -> None:
    """The source where alpha is full; elsewhere F·a + B·(1 - a), to a unit; JPEG loses 2 of 255 on average at most."""
    path = real_clips / "clips" / f"{clip}.mp4"
    placed = RealClip(timeline, path, FRAMES, LOOKED_AT, as_movie=as_movie)
    found = {(kind, form): placed.figures(kind, form) for kind, forms in FORMATS.items() for form in forms}
    if FOLDER:
        _leave(Path(FOLDER), f"{clip}_{'movie' if as_movie else 'pictures'}", found)
    decoders = DECODERS_DIFFER if as_movie else 0
    for (kind, form), figures in found.items():
        told = f"{kind} {form}: {figures.opaque} where opaque, {figures.composed:.2f} composed, {figures.mean:.3f} mean"
        assert figures.opaque <= ROUNDING[form] + (0 if kind == "MASK" else decoders), told
        assert figures.mean <= 2.0 if form == "JPEG" else figures.composed <= 1.0, told
    masked, cut_out = placed.masked_and_cut_out()
    assert np.abs(masked.astype(int) - cut_out).max() <= 1 + decoders


def _leave(folder: Path, name: str, found: dict[tuple[str, str], Figures]) -> None:
    """Write the figures and a contact sheet: a row for each kind, a column for each format."""
    name = f"{name}_{'.'.join(map(str, bpy.app.version[:2]))}"
    folder.mkdir(parents=True, exist_ok=True)
    told = [
        {"kind": kind, "format": form, "opaque": one.opaque, "composed": one.composed, "mean": one.mean}
        for (kind, form), one in found.items()
    ]
    (folder / f"{name}.json").write_text(json.dumps(told, default=float, indent=1), encoding="utf-8")
    rows = [[_tile(found[kind, form], f"{kind} {form}") for form in forms] for kind, forms in FORMATS.items()]
    widest = max(len(row) for row in rows)
    sheet = [np.hstack([*row, *[np.zeros_like(row[0])] * (widest - len(row))]) for row in rows]
    cv2.imwrite(str(folder / f"{name}.png"), np.vstack(sheet))


def _tile(figures: Figures, name: str) -> Any:
    """Return a picture for the sheet, with its name."""
    shot = figures.shots[len(figures.shots) // 2]
    tile = cv2.resize(shot, (round(shot.shape[1] * _TILE_HEIGHT / shot.shape[0]), _TILE_HEIGHT))
    for colour, thickness in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        cv2.putText(tile, name, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, thickness, cv2.LINE_AA)
    return tile
