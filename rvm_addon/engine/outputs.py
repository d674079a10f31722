"""What can be made of a matted frame: kinds of result, file formats, how edges are treated.

Standard library only.
"""

from dataclasses import dataclass
from enum import StrEnum

from .errors import SpecError

MOST_GROWTH = 100
"""Pixels by which a matte may be grown, choked or feathered at most; beyond, no edge is meant."""
MOST_BLUR = 500.0
"""Pixels of the largest radius of a blurred background."""


class Result(StrEnum):
    """What is made of each frame."""

    CUTOUT = "cutout"
    """The foreground's colour, the matte as alpha."""
    COLOUR = "colour"
    """The foreground over one colour, fully opaque."""
    MATTE = "matte"
    """The matte alone, grey."""
    MASK = "mask"
    """The matte alone, which becomes the mask of a modifier on the source strip."""
    BLUR = "blur"
    """The foreground over the blurred original, fully opaque."""
    BACKDROP = "backdrop"
    """The foreground over another picture or movie, fully opaque."""

    @property
    def is_grey(self) -> bool:
        """Whether frames have one channel."""
        return self in (Result.MATTE, Result.MASK)

    @property
    def has_alpha(self) -> bool:
        """Whether frames are transparent somewhere."""
        return self is Result.CUTOUT


class FrameFormat(StrEnum):
    """The file format of the frames."""

    PNG = "png"
    PNG16 = "png16"
    EXR = "exr"
    """Half floats, scene-linear, premultiplied as the format wants it."""
    WEBP = "webp"
    """Lossless."""
    JPEG = "jpeg"

    @property
    def suffix(self) -> str:
        """How names of files end."""
        return {FrameFormat.PNG16: ".png", FrameFormat.JPEG: ".jpg"}.get(self, f".{self.value}")

    @property
    def holds_alpha(self) -> bool:
        """Whether transparency can be stored."""
        return self is not FrameFormat.JPEG

    @property
    def is_deep(self) -> bool:
        """Whether more than 8 bits of a channel are stored."""
        return self in (FrameFormat.PNG16, FrameFormat.EXR)


class EdgeColour(StrEnum):
    """Whose colours the foreground has."""

    MIXED = "mixed"
    """The model's where alpha is soft, the source's own pixels where it is full."""
    MODEL = "model"
    SOURCE = "source"


class Fit(StrEnum):
    """How a backdrop of another shape comes to the frame's size."""

    FILL = "fill"
    """As large as it takes to leave nothing bare; what sticks out is cut off."""
    FIT = "fit"
    """Seen whole; what stays bare has the background's colour."""


@dataclass(frozen=True)
class Edges:
    """How a matte is refined, in this order, and which colours its edges get."""

    colour: EdgeColour = EdgeColour.MIXED
    black: float = 0.0
    """Alpha up to here becomes 0; below `white`."""
    white: float = 1.0
    """Alpha from here on becomes 1."""
    grow: int = 0
    """Pixels by which the matte's edge moves outwards; negative chokes it."""
    feather: float = 0.0
    """Standard deviation in pixels of the Gaussian that softens the matte."""
    despill: float = 0.0
    """How much of the old background's own colour, as it is nearby, is taken out of soft edges: 0 to 1."""

    @property
    def keeps_matte(self) -> bool:
        """Whether the matte stays as the model says."""
        return (self.black, self.white, self.grow, self.feather) == (0.0, 1.0, 0, 0.0)

    def validate(self) -> None:
        """Return if every value makes sense.

        Raises:
            SpecError: naming the setting and what is wrong with it.
        """
        if not 0.0 <= self.black < self.white <= 1.0:
            raise SpecError("black and white point", f"{self.black:g} and {self.white:g} do not rise from 0 to 1")
        if abs(self.grow) > MOST_GROWTH:
            raise SpecError("grow", f"{self.grow} pixels are more than {MOST_GROWTH}")
        if not 0.0 <= self.feather <= MOST_GROWTH:
            raise SpecError("feather", f"{self.feather:g} pixels are not between 0 and {MOST_GROWTH}")
        if not 0.0 <= self.despill <= 1.0:
            raise SpecError("despill", f"{self.despill:g} is not between 0 and 1")


UNTOUCHED = Edges()
"""Edges as the model leaves them."""
