"""Progress as a terminal shows it."""

import io
from types import SimpleNamespace
from unicodedata import east_asian_width


class Screen(io.StringIO):
    """A terminal that knows nothing but the end of a line and the way back to its beginning, as Windows' console."""

    def isatty(self) -> bool:
        """Be one."""
        return True

    def shown(self) -> list[str]:
        """Return the lines as they stand there, blanks at their ends left out."""
        lines = []
        for line in self.getvalue().split("\n"):
            cells: list[str] = []
            for written in line.split("\r"):
                new = [cell for letter in written for cell in (letter, "")[: 1 + (east_asian_width(letter) in "WF")]]
                cells[: len(new)] = new
            lines.append("".join(cells).rstrip())
        return lines


def test_a_line_leaves_nothing_of_the_one_before(addon: SimpleNamespace) -> None:
    """However much shorter it is, in any script; a line that stays is followed by a new one."""
    screen = Screen()
    with addon.terminal.ProgressLine(stream=screen) as line:
        line.bar("访谈 clip.mp4", 0.25, "12 / 48 帧 · 剩余约 3 分钟")
        line.bar("clip.mp4", 0.5, "half")
        line.say("clip.mp4: a warning")
        line.bar("b", 1.0, "all")
    assert screen.shown() == ["clip.mp4: a warning", f"b [{'#' * 24}] 100% all", ""]
