"""Draws the sheet of kinds of result for the README.

Usage: kinds.py CLIP SHEET.jpg. A frame of the clip and what each kind makes of it; transparency is a checkerboard.
"""

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import bpy  # noqa: F401  # first of all: bpy, OpenCV, ONNX Runtime is the order of import that is known to work
import cv2
import numpy as np
from numpy.typing import NDArray

from rvm_addon.engine import pipeline
from rvm_addon.engine.contract.outputs import Look, Result
from rvm_addon.engine.contract.spec import JobSpec, Source, SourceKind
from rvm_addon.engine.contract.weights import catalogue
from rvm_addon.host.settings.preferences import weights_folder

FRAME = 40
"""The one that is shown; those before it warm the model's memory."""
WIDTH = 480
SQUARE = 12
"""Pixels of the checkerboard's squares."""
KINDS = {
    "Source": None,
    "Cut-out": Look(),
    "Over colour": Look(Result.COLOUR),
    "Matte": Look(Result.MATTE),
    "Over blur": Look(Result.BLUR, blur=12.0),
    "Over picture": Look(Result.BACKDROP),
}


def main(clip: Path, sheet: Path) -> None:
    """Make each kind, the later ones from the first one's raw mattes, and put them side by side."""
    models = weights_folder()
    with tempfile.TemporaryDirectory() as scratch:
        source = Source(SourceKind.MOVIE, (str(clip),), tuple(range(FRAME + 1)), fps=25.0)
        spec = JobSpec("kinds", source, "frames", "f", str(models / catalogue(models)[0].file), raw_limit=10**9)
        backdrop = Path(scratch, "dusk.png")
        cv2.imwrite(str(backdrop), dusk())
        tiles = []
        for name, look in KINDS.items():
            if look is not None and look.result is Result.BACKDROP:
                look = replace(look, backdrop=str(backdrop))  # noqa: PLW2901  # its file is made just now
            tiles.append(labelled(picture(replace(spec, look=look) if look else spec, Path(scratch), look), name))
        rows = [np.hstack(tiles[start : start + 3]) for start in range(0, len(tiles), 3)]
        sheet.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(sheet), np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 88])


def picture(spec: JobSpec, scratch: Path, look: Look | None) -> NDArray[np.uint8]:
    """Return the shown frame as a kind makes it, or as the source has it."""
    if look is None:
        (_, shot), *_ = [frame for frame in pipeline.open_source(spec, print).frames() if frame[0] == FRAME]
        return shot
    folder = scratch / look.result
    folder.mkdir()
    raws = (str(scratch / Result.CUTOUT / "raw"),) if look.result is not Result.CUTOUT else ()
    pipeline.run(replace(spec, raws=raws), folder, lambda _: None)
    made: NDArray[np.uint8] = cv2.imread(str(folder / "frames" / spec.file_name(FRAME)), cv2.IMREAD_UNCHANGED)
    if made.ndim == 2:
        made = cv2.cvtColor(made, cv2.COLOR_GRAY2BGR)
    return over_checkerboard(made) if made.shape[2] == 4 else made


def over_checkerboard(cutout: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a cut-out (H x W x 4) over grey squares."""
    rows, columns = np.indices(cutout.shape[:2]) // (SQUARE * cutout.shape[1] // WIDTH)
    behind = np.where((rows + columns) % 2, 110, 150)[..., None]
    alpha = cutout[..., 3:] / 255
    return (cutout[..., :3] * alpha + behind * (1 - alpha)).round().astype(np.uint8)


def dusk() -> NDArray[np.uint8]:
    """Return a backdrop: an evening sky, from dark blue to orange."""
    ends = np.array([[90, 40, 20], [60, 120, 240]], np.float32)
    share = np.linspace(0, 1, 720, dtype=np.float32)[:, None, None] ** 1.5
    return np.broadcast_to(ends[0] * (1 - share) + ends[1] * share, (720, 1280, 3)).astype(np.uint8)


def labelled(shot: NDArray[np.uint8], name: str) -> NDArray[np.uint8]:
    """Return a picture as wide as a tile, with its name."""
    height = round(shot.shape[0] * WIDTH / shot.shape[1])
    tile: NDArray[np.uint8] = cv2.resize(shot, (WIDTH, height), interpolation=cv2.INTER_AREA)
    for colour, thickness in (((0, 0, 0), 4), ((255, 255, 255), 1)):
        cv2.putText(tile, name, (12, 26), cv2.FONT_HERSHEY_SIMPLEX, 0.7, colour, thickness, cv2.LINE_AA)
    return tile


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), Path(sys.argv[2]))
