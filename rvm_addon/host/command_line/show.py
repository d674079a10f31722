"""A live picture for the command line: a local page with the newest frame, which any browser shows.

The background Blender opens no window, the headless OpenCV has none, and Blender's Python comes without tkinter. A page
only needs a browser, which every system has; it reloads itself each second, without script or network.
"""

import os
import time
from contextlib import suppress
from html import escape
from pathlib import Path
from urllib.parse import quote

from ...engine.contract import whole
from ...engine.contract.outputs import Look, Result
from ...engine.contract.view import PICTURE_FILE, Behind, View
from ...jobs.aside import open_page
from ...jobs.job import Job
from ..session import words
from ..session.libraries import launcher

PAGE_FILE = "show.html"
_EVERY_SECONDS = 1.0
_STYLE = (
    "body{margin:0;background:#1d1d1d;color:#ddd;font:16px/1.4 sans-serif;text-align:center}"
    "p{margin:.6em}img{max-width:98vw;max-height:calc(98vh - 4.5em)}"
)


class Page:
    """The page of one call of the command line; its errors must not stop a job."""

    def __init__(self, folder: Path) -> None:
        """Show jobs whose folders lie in `folder`, which also gets the page."""
        self.path = folder / PAGE_FILE
        self._job: Job | None = None
        self._next = 0.0
        self.trouble = ""
        """Why nothing is shown, in the system's words."""

    def begin(self, job: Job) -> bool:
        """Ask a job that is about to run for pictures; return whether it is the first, and the page was opened."""
        first, self._job = self._job is None, job
        try:
            _view_of(job.spec.look).write(job.folder)
            self._write(job, ended=False)
            if first:
                open_page(self.path, launcher())
        except OSError as error:
            self.trouble = f"{error}"
            return False
        return first

    def show(self, job: Job) -> None:
        """Update the page with the job's progress, at most once a second, and at the job's end."""
        if not job.state.ended and time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _EVERY_SECONDS
        with suppress(OSError):  # on Windows, the browser may be reading the file; the next second is soon enough
            self._write(job, ended=False)

    def close(self) -> None:
        """Leave the last frame on the page, and end its reloading."""
        try:
            if self._job is not None:
                self._write(self._job, ended=True)
        except OSError as error:
            self.trouble = f"{error}"

    def _write(self, job: Job, *, ended: bool) -> None:
        """Write the page atomically."""
        whole.write(self.path, _html(job, self.path.parent, ended=ended).encode(errors="replace"))


def _view_of(look: Look) -> View:
    """Return how a look's frames are shown: over their own colour, as a matte, or else over a checkerboard."""
    if look.result is Result.COLOUR:
        return View(Behind.COLOUR, look.background)
    return View(Behind.MATTE) if look.result.is_grey else View()


def _html(job: Job, folder: Path, *, ended: bool) -> str:
    """Return the page's HTML; `folder` is the folder of the page."""
    told = words.ending(job) or job.error if job.state.ended else words.progress(job)
    reload = "" if ended else f'<meta http-equiv="refresh" content="{_EVERY_SECONDS:g}">'
    title = f"{escape(job.spec.name)} · {escape(told)}"
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">{reload}'
        f"<title>{title}</title><style>{_STYLE}</style></head>\n"
        f"<body><p>{title}</p>{_image(job.folder / PICTURE_FILE, folder)}</body></html>\n"
    )


def _image(picture: Path, folder: Path) -> str:
    """Return the HTML element that shows a picture; empty while there is no picture."""
    try:
        drawn = picture.stat().st_mtime_ns
    except OSError:
        return ""
    address = quote(os.fsencode(picture.relative_to(folder).as_posix()))  # on Linux, a name need not be text
    return f'<img src="{address}?{drawn}" alt="">'  # without the number, a browser would show its cached picture
