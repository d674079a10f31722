"""Sentences in a panel, wrapped, because Blender's labels do not wrap."""

from functools import lru_cache

import blf
import bpy

_MARGIN = 3.4
"""What tabs and borders take of a side bar's width, in units of a widget's height."""
_TEXT_MARGIN = 4.8
"""The same, plus a box around the text, its icon, and a scroll bar: Blender cuts off text that is wider."""
_UNIT = 20
"""A widget's height in pixels at a resolution scale of 1."""
_UI_FONT = 0


def draw(
    layout: bpy.types.UILayout,
    context: bpy.types.Context,
    texts: list[str],
    icon: str = "NONE",
    *,
    alert: bool = False,
    centred: bool = False,
) -> None:
    """Draw sentences, which are in the user's language, wrapped to the region's width; each begins with the icon."""
    if not texts:
        return  # an empty column takes room
    column = layout.column(align=True)
    column.scale_y = 0.8  # lines of one text lie closer than buttons
    column.alert = alert
    system = context.preferences.system
    width = context.region.width - _TEXT_MARGIN * _UNIT * system.ui_scale
    size = context.preferences.ui_styles[0].widget.points * system.ui_scale
    below = "NONE" if icon == "NONE" else "BLANK1"
    for text in texts:
        for number, line in enumerate(_wrapped(text, width, size)):
            row = column.row()
            row.alignment = "CENTER" if centred else "EXPAND"
            row.label(text=line, icon=below if number else icon, translate=False)


def widgets_across(context: bpy.types.Context) -> float:
    """Return the region's width inside its margins, in units of a widget's height."""
    return context.region.width / (_UNIT * context.preferences.system.ui_scale) - _MARGIN


@lru_cache(maxsize=256)
def _wrapped(text: str, width: float, size: float) -> list[str]:
    """Return `text` in lines of at most `width` pixels in the interface's font at `size` points.

    Lines break at spaces. A word that is longer than a line, such as a path, breaks anywhere, as does Chinese.
    """
    blf.size(_UI_FONT, size)
    lines, line = [], ""
    for word in text.split(" "):
        candidate = f"{line} {word}" if line else word
        if blf.dimensions(_UI_FONT, candidate)[0] <= width:
            line = candidate
            continue
        if line and word.isascii():
            lines.append(line)
            candidate = word
        *full, line = _pieces(candidate, width)
        lines += full
    return [*lines, line]


def _pieces(word: str, width: float) -> list[str]:
    """Return a word in pieces of at most `width` pixels, or one character."""
    pieces, piece = [], ""
    for character in word:
        if piece and blf.dimensions(_UI_FONT, piece + character)[0] > width:
            pieces.append(piece)
            piece = ""
        piece += character
    return [*pieces, piece]
