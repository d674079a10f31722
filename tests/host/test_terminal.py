"""Progress as a terminal shows it."""

import io
import os
import struct
from types import SimpleNamespace
from unicodedata import east_asian_width

import pytest


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


@pytest.mark.parametrize("columns", [20, 60, 80, 120])
@pytest.mark.parametrize(
    "name", ["a.mp4", "woman_outdoor_portrait_720x1364.mp4", "访谈" * 30], ids=["short", "long", "wide"]
)
def test_a_bar_fits_its_terminal(addon: SimpleNamespace, columns: int, name: str) -> None:
    """A line that wraps could not be written over, and each update would leave one: bar and name give way."""
    pty, fcntl, termios = map(pytest.importorskip, ("pty", "fcntl", "termios"))
    screen, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    said = b""
    with os.fdopen(end, "w", encoding="utf-8") as stream:
        with addon.terminal.ProgressLine(stream=stream) as line:
            line.bar(name, 0.5, "8 of 16 frames · 7.9 per second · 1 s left")
            line.bar(name, 0.75, "12 of 16 frames · 7.9 per second · 1 s left")
        while not said.endswith(b"\n"):
            said += os.read(screen, 4096)
    os.close(screen)
    _, *shown, _ = said.decode().split("\r")
    assert len(shown) == 2
    assert all(sum(1 + (east_asian_width(letter) in "WF") for letter in text) < columns for text in shown)
    assert columns < 60 or all(text[0] == name[0] and "#." in text and "1 s left" in text for text in shown)
