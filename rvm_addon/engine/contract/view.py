"""How somebody wants to look at the newest frame of a job. Standard library only.

A program that watches a job leaves a `View` in the job's folder. The worker then draws the newest frame that way about
once a second; without the file, it draws nothing.
"""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from .files import write_json
from .outputs import Colour

VIEW_FILE = "view.json"
"""Holds the `View`, in the job's folder."""
PICTURE_FILE = "view.png"
"""What the worker draws, in the job's folder; it appears whole."""


class Behind(StrEnum):
    """What the result is shown over."""

    CHECKER = "checker"
    COLOUR = "colour"
    MATTE = "matte"
    """The matte itself, in grey, instead of a picture."""


class Arrangement(StrEnum):
    """How source and result are arranged."""

    BOTH = "both"
    """Side by side, or one above the other, whichever is closer to a square."""
    WIPE = "wipe"
    """The source left of a line, the result right of it."""
    RESULT = "result"


MAGENTA: Colour = (204, 26, 128)
"""Nothing in footage looks like it, so holes and fringes stand out."""


@dataclass(frozen=True)
class View:
    """How the newest frame is drawn."""

    behind: Behind = Behind.CHECKER
    colour: Colour = MAGENTA
    arrangement: Arrangement = Arrangement.BOTH
    wipe: float = 0.5
    """The position of the line, from 0 (left) to 1 (right)."""

    def write(self, folder: Path) -> None:
        """Write the view into a job's folder, whole or not at all.

        Raises:
            OSError: the folder refuses.
        """
        write_json(folder / VIEW_FILE, asdict(self))

    @staticmethod
    def forget(folder: Path) -> None:
        """Let no more frames be drawn in a job's folder, which may be gone.

        Raises:
            OSError: the folder refuses.
        """
        (folder / VIEW_FILE).unlink(missing_ok=True)

    @classmethod
    def read(cls, folder: Path) -> "View | None":
        """Return the view in a job's folder; None if there is none.

        Raises:
            ValueError: the file is not a view.
        """
        try:
            data = json.loads((folder / VIEW_FILE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        try:
            return cls(
                Behind(data["behind"]), tuple(data["colour"]), Arrangement(data["arrangement"]), float(data["wipe"])
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a view: {data!r}") from error
