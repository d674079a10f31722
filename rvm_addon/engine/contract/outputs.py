"""What can be made of a matted frame: kinds of result, file formats, treatment of edges.

Standard library only.
"""

from dataclasses import dataclass
from enum import Enum, StrEnum
from pathlib import PurePath
from typing import Any

from .errors import SpecError

Colour = tuple[int, int, int]
"""Red, green, blue; sRGB-encoded, 0 to 255."""

GREEN: Colour = (0, 255, 0)
MOST_GROWTH = 100
"""The most pixels by which a matte may be grown, choked or feathered; a larger value is no treatment of an edge."""
MOST_BLUR = 500.0
"""The largest blur of a background, in pixels of standard deviation."""


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
    def holds_background(self) -> bool:
        """Whether frames show a background, and are opaque."""
        return self in (Result.COLOUR, Result.BLUR, Result.BACKDROP)

    @property
    def has_alpha(self) -> bool:
        """Whether frames are transparent somewhere."""
        return self is Result.CUTOUT


class FrameFormat(StrEnum):
    """The file format of the frames."""

    PNG = "png"
    PNG16 = "png16"
    EXR = "exr"
    """Half floats, scene-linear, premultiplied as the format requires."""
    WEBP = "webp"
    """Lossless."""
    JPEG = "jpeg"

    @property
    def suffix(self) -> str:
        """The suffix of file names."""
        return {FrameFormat.PNG16: ".png", FrameFormat.JPEG: ".jpg"}.get(self, f".{self.value}")

    @property
    def holds_alpha(self) -> bool:
        """Whether transparency can be stored."""
        return self is not FrameFormat.JPEG

    @property
    def is_deep(self) -> bool:
        """Whether channels have more than 8 bits."""
        return self in (FrameFormat.PNG16, FrameFormat.EXR)


class EdgeColour(StrEnum):
    """Where the foreground's colours come from."""

    MIXED = "mixed"
    """From the source where alpha is full; where it is soft, what despilling leaves of the source's, or from the model.
    16-bit alpha is rounded to 8 for this."""
    MODEL = "model"
    SOURCE = "source"

    @property
    def usual_despill(self) -> float:
        """How much soft edges are despilled if nobody says: who asks for the model's or the source's colours gets them.

        At soft edges, the model's are no nearer to the foreground's than the source's: of four people before seven
        backgrounds, both are 21 of 255 off the true ones, and 10 if the background's colour is taken out.
        """
        return 1.0 if self is EdgeColour.MIXED else 0.0


class Foreground(Enum):
    """What a result needs of the foreground that is kept with a raw matte."""

    NONE = 0
    """Nothing: colours are made of the source's, or there are none."""
    EDGE = 1
    """What despilling made of the edge, if that is kept: where the matte is soft in 8 bits, and one pixel beyond."""
    ALL = 2
    """The model's."""


class Fit(StrEnum):
    """How a backdrop of another aspect ratio is scaled to the frame's size."""

    FILL = "fill"
    """The backdrop covers the whole frame; what sticks out is cut off."""
    FIT = "fit"
    """The whole backdrop is seen; the rest of the frame is black."""


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
    """How much of the nearby old background's colour is taken out of soft edges: 0 to 1. At 1, these have what is then
    left of the source's colours."""

    @property
    def shows_model(self) -> bool:
        """Whether any of the model's colours can be seen."""
        return self.colour is EdgeColour.MODEL or (self.colour is EdgeColour.MIXED and self.despill < 1)

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


USUAL = Edges(despill=EdgeColour.MIXED.usual_despill)
"""The default."""


@dataclass(frozen=True)
class Look:
    """What is made of matted frames: all settings that can change later without running the model again."""

    result: Result = Result.CUTOUT
    background: Colour = GREEN
    """Behind the foreground where `result` is COLOUR."""
    blur: float = 20.0
    """Standard deviation in pixels of the Gaussian behind the foreground where `result` is BLUR."""
    backdrop: str = ""
    """Absolute path of the picture or movie behind the foreground where `result` is BACKDROP."""
    fit: Fit = Fit.FILL
    format: FrameFormat = FrameFormat.PNG
    edges: Edges = USUAL

    @property
    def foreground(self) -> Foreground:
        """What the result needs of the foreground that is kept with a raw matte."""
        if self.result.is_grey:
            return Foreground.NONE
        if self.edges.shows_model:
            return Foreground.ALL
        # 16-bit values that 8 bits round to full or empty may become soft when black or white point moves.
        is_finer = self.format.is_deep and not self.edges.keeps_matte
        is_wide = self.edges.grow or self.edges.feather or is_finer
        return Foreground.NONE if is_wide or self.edges.despill < 1 else Foreground.EDGE

    def validate(self) -> None:
        """Return if the look can be made; the worker checks the files.

        Raises:
            SpecError: naming the setting and what is wrong with it.
        """
        if self.result.has_alpha and not self.format.holds_alpha:
            raise SpecError("format", "JPEG has no alpha; a cut-out needs another format")
        if len(self.background) != 3 or not all(0 <= value <= 255 for value in self.background):
            raise SpecError("background", f"{self.background} is not a colour of three values from 0 to 255")
        if not 0.0 < self.blur <= MOST_BLUR:
            raise SpecError("blur", f"{self.blur:g} pixels are not above 0 and at most {MOST_BLUR:g}")
        if self.result is Result.BACKDROP and not PurePath(self.backdrop).is_absolute():
            raise SpecError("backdrop", "choose the picture or movie that goes behind the person")
        self.edges.validate()

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Look":
        """Return the look from the dict that `dataclasses.asdict` made of it.

        Raises:
            KeyError, TypeError, ValueError: the dict does not describe a look.
        """
        edges = dict(data["edges"])
        return cls(
            **data
            | {
                "result": Result(data["result"]),
                "background": tuple(data["background"]),
                "fit": Fit(data["fit"]),
                "format": FrameFormat(data["format"]),
                "edges": Edges(**edges | {"colour": EdgeColour(edges["colour"])}),
            }
        )


CUT_OUT = Look()
"""The default: a cut-out as PNG."""


def parse_colour(text: str) -> Colour:
    """Return the colour of `#rrggbb` or `#rgb`, with or without the `#`.

    Raises:
        SpecError: the text is neither.
    """
    digits = text.removeprefix("#")
    if len(digits) == 3:  # the short form of style sheets: each digit stands for two
        digits = "".join(digit * 2 for digit in digits)
    try:
        red, green, blue = bytes.fromhex(digits)
    except ValueError:
        raise SpecError("background", f"“{text}” is not a colour like #00ff00") from None
    return red, green, blue
