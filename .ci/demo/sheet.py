"""Draws the demonstration's contact sheet: source, cut-out over a checkerboard, and alpha, at four moments.

Usage: sheet.py CLIP FOLDER; looks for the frames that the demonstration wrote below FOLDER/matte.
"""

import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

MOMENTS = (0.1, 0.35, 0.6, 0.85)
"""Of the clip's length."""
CELL_WIDTH = 480
GAP = 8
SQUARE = 16
"""Pixels of the checkerboard's squares."""
TITLES = ("Source", "Cut-out", "Alpha")


def main(clip: Path, folder: Path) -> None:
    """Write FOLDER/demo.png."""
    frames = sorted((folder / "matte").glob("*/frames/*.png"))
    chosen = [frames[int(moment * len(frames))] for moment in MOMENTS]
    sources = _source_frames(clip, [_number(path) for path in chosen])
    rows = [_row(source, _read(path)) for source, path in zip(sources, chosen, strict=True)]
    sheet = np.vstack([_titles(rows[0].shape[1]), *rows])
    cv2.imencode(".png", sheet)[1].tofile(folder / "demo.png")


def _number(path: Path) -> int:
    """Return the source frame of a file, from 0."""
    return int(path.stem.rpartition("_")[2]) - 1


def _read(path: Path) -> Picture:
    """Return a cut-out, BGRA."""
    picture: Picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    return picture


def _source_frames(clip: Path, numbers: list[int]) -> list[Picture]:
    """Return frames of the clip by their numbers, which ascend."""
    capture = cv2.VideoCapture(str(clip))
    pictures = []
    for number in range(numbers[-1] + 1):
        _, picture = capture.read()
        if number in numbers:
            pictures.append(picture)
    return pictures


def _row(source: Picture, cutout: Picture) -> Picture:
    """Return one moment: three cells side by side."""
    alpha = cutout[..., 3:] / 255
    y, x = np.mgrid[: cutout.shape[0], : cutout.shape[1]] // SQUARE
    board = np.where((x + y) % 2, 190, 110)[..., None]
    over = np.rint(cutout[..., :3] * alpha + board * (1 - alpha)).astype(np.uint8)
    cells = [_cell(picture) for picture in (source, over, cv2.cvtColor(cutout[..., 3], cv2.COLOR_GRAY2BGR))]
    return np.hstack(cells)


def _cell(picture: Picture) -> Picture:
    """Return a picture at the sheet's size, with a gap around."""
    height = round(picture.shape[0] * CELL_WIDTH / picture.shape[1])
    small = cv2.resize(picture, (CELL_WIDTH, height), interpolation=cv2.INTER_AREA)
    cell: Picture = cv2.copyMakeBorder(small, GAP, 0, GAP, 0, cv2.BORDER_CONSTANT, value=(40, 40, 40))
    return cell


def _titles(width: int) -> Picture:
    """Return the line of titles."""
    line = np.full((44, width, 3), 40, np.uint8)
    for column, title in enumerate(TITLES):
        at = (column * (CELL_WIDTH + GAP) + GAP, 30)
        cv2.putText(line, title, at, cv2.FONT_HERSHEY_SIMPLEX, 0.8, (230, 230, 230), 1, cv2.LINE_AA)
    return line


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
