"""The command line: `blender --command rvm_matting …`, and `python3 build.py matte …` from a checkout."""

import json
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TextIO

import bpy

from ...engine.contract.errors import CONTINUE, MATTE, UPDATE, MattingError
from ...engine.contract.spec import JobSpec, SourceKind
from ...jobs.job import Job, State
from ..blender.encoders import ENCODERS, MovieFormat
from ..session import words
from ..session.runner import Runner
from ..session.terminal import ProgressLine
from ..strip import codecs
from . import alongside, earlier
from .alongside import MovieAlongside
from .earlier import EarlierFrames
from .inputs import JOBS_FOLDER, Input, Request, distinct, guard, job_of, movie_target, take_up, targets_of
from .options import parse, request_of
from .show import Page

COMMAND = "rvm_matting"
_STANDARD_OUTPUT = 1
"""Its descriptor in any process."""
STOPPED = "stopped"
"""The error of the input during which the user pressed Ctrl-C."""


@dataclass
class Outcome:
    """What became of one input; `--json` prints it."""

    input: str
    result: str
    folder: str = ""
    frames: int = 0
    seconds: float = 0.0
    provider: str = ""
    movie: str = ""
    error: str = ""

    def as_json(self) -> str:
        """Return the outcome as one line of JSON; an empty movie or error is left out."""
        optional = ("movie", "error")
        return json.dumps({k: v for k, v in vars(self).items() if v or k not in optional})


def main(arguments: Sequence[str]) -> int:
    """Matte the inputs one after another; return 0 if all succeeded, 130 after Ctrl-C, otherwise 1."""
    try:
        options = parse(COMMAND, arguments)
    except SystemExit as stop:  # argparse has said what is wrong, or has shown the help
        return int(stop.code or 0)
    outcomes, output = [], claimed_output()
    request = request_of(options)

    def worded(remedy: str, frames: int) -> str:
        return without_buttons(remedy, overwrite=options.overwrite and frames > 0)

    with (
        ProgressLine(quiet=options.quiet, remedy=lambda job: worded(job.remedy, job.frames_done)) as line,
        closing(_Call(request, line, show=options.show)) as call,
    ):
        for one in distinct(options.inputs):
            outcome = Outcome(str(one.path), options.result.value)
            try:
                call.matte(one, outcome)
            except (MattingError, OSError) as error:
                outcome.error = str(error)
                line.say(f"{one.path}: {error}. {worded(getattr(error, 'remedy', ''), outcome.frames)}".strip())
            except KeyboardInterrupt:
                outcome.error = STOPPED
                without = " without --overwrite" if options.overwrite else ""
                kept = f"; the frames made so far are kept, and the same command{without} goes on from there"
                line.say(f"Stopped{kept if outcome.frames else ' before a new frame was made'}")
            outcomes.append(outcome)
            if options.json:
                print(outcome.as_json(), file=output, flush=True)
            if outcome.error == STOPPED:
                return 130
    return 0 if all(not outcome.error for outcome in outcomes) else 1


def claimed_output() -> TextIO:
    """Return standard output, from now on for this command alone: what libraries write there goes to standard error.

    Programs read the objects of `--json` there, and Blender 4.2 writes which files it could not read, as late as it
    ends. Where Python's output is none of a process's own, as within a test, it is left alone.
    """
    try:
        is_its_own = sys.stdout.fileno() == _STANDARD_OUTPUT
    except OSError:
        return sys.stdout
    if not is_its_own:
        return sys.stdout
    sys.stdout.flush()
    own = os.fdopen(os.dup(_STANDARD_OUTPUT), "w", encoding=sys.stdout.encoding)
    os.dup2(sys.stderr.fileno(), _STANDARD_OUTPUT)
    return own


def without_buttons(remedy: str, *, overwrite: bool) -> str:
    """Return a remedy for somebody who has no buttons: the command goes on from what stands.

    A command that began to `overwrite` goes on only without that, and would make all frames anew with it. As long as it
    has made no frame, the other way round: the earlier ones stand, and without it, the command may be refused.
    """
    again = f"run the command again{' without --overwrite' if overwrite else ''}"
    for button in (CONTINUE, MATTE, UPDATE):
        remedy = remedy.replace(button, again)
    return remedy


class _Call:
    """What all inputs of one call share: the request, the runner, the progress line and the page."""

    def __init__(self, request: Request, line: ProgressLine, *, show: bool) -> None:
        """Apply `request` to each input; progress goes to `line` and, if `show`, to a page with the newest frame."""
        self._request = request
        self._line = line
        self._runner = Runner()
        self._page = Page(request.output / JOBS_FOLDER) if show else None

    def matte(self, one: Input, outcome: Outcome) -> None:
        """Matte one input and fill in its outcome.

        Raises:
            MattingError, OSError: in the user's words, or the system's.
        """
        spec, folder = job_of(one, self._request)
        with earlier.alone(folder):
            alongside.clear(folder)
            if earlier.settle(folder, Path(spec.output)):
                guard(spec, folder, self._request)
            self._matte(one, *take_up(spec, folder, self._request), folder, outcome)

    def _matte(self, one: Input, spec: JobSpec, goes_on: bool, folder: Path, outcome: Outcome) -> None:
        """Matte one input, or the rest of it, in a folder that this command has locked.

        Raises:
            MattingError, OSError: in the user's words, or the system's.
        """
        request, line = self._request, self._line
        if spec.source.kind is SourceKind.MOVIE and codecs.is_hdr(one.path):
            line.say(
                f"{one.path}: this movie is HDR; a strip of it keeps the colours that Blender shows, this does not"
            )
        job = self._runner.submit(spec, folder)
        if self._page is not None and self._page.begin(job):
            line.note(f"The newest frame is shown in “{self._page.path}”")
        with ExitStack() as beside:
            beside.callback(self._runner.cancel, job)  # a job that has not begun would run with the next input's
            targets = partial(targets_of, spec, request)
            frames = beside.enter_context(closing(EarlierFrames.begin(job, targets, goes_on=goes_on)))
            missing = frames.first_missing()
            job.found = missing is None
            if goes_on and missing is not None:
                line.note(f"{one.path}: going on at frame {missing + 1}; what stands is not made anew")
            # Where all frames of a clip are wanted, nobody knows yet how many there are: its movie begins after them.
            begins_now = bool(spec.source.frames) and not frames.movie_stands
            movie = self._begin_movie(one, job, beside) if begins_now else None
            try:
                self._runner.run_to_end(lambda job: self._tell(job, frames))
            finally:
                self._note(one, job, outcome)
            if job.state is State.DONE:
                self._complete_movie(one, job, frames, movie, beside, outcome)

    def _complete_movie(
        self,
        one: Input,
        job: Job,
        frames: EarlierFrames,
        begun: MovieAlongside | None,
        beside: ExitStack,
        outcome: Outcome,
    ) -> None:
        """See that an input whose frames stand gets its movie, if one is asked for; it may have `begun` before them.

        Raises:
            MattingError, OSError: in the user's words, or the system's.
        """
        if frames.movie_stands:
            outcome.movie = str(movie_target(one.name, self._request))
            return
        if begun is not None and begun.frames > job.frames_done:  # it waits for frames that the clip does not have
            begun.close()
            begun = None
        movie = begun or self._begin_movie(one, job, beside)
        if movie is not None:
            self._finish_movie(movie, outcome)
            frames.movie_written()
        elif self._request.movie:
            self._line.say(f"{one.path}: no movie of this one, for it has no frame rate and no sound")

    def _begin_movie(self, one: Input, job: Job, beside: ExitStack) -> MovieAlongside | None:
        """Begin to write an input's movie, if one is asked for; leaving `beside` closes it.

        Raises:
            MattingError, OSError: it cannot be begun.
        """
        target = movie_target(one.name, self._request)
        if target is None or self._request.movie is None or job.spec.source.kind is not SourceKind.MOVIE:
            return None
        return beside.enter_context(closing(MovieAlongside(job, one.path, self._request.movie, target)))

    def _finish_movie(self, movie: MovieAlongside, outcome: Outcome) -> None:
        """Wait until a movie is written, and say what it lacks.

        Raises:
            MattingError: in the user's words.
        """
        target = movie.target

        def tell(done: int) -> None:
            self._line.bar(target.name, done / movie.frames, f"{done} of {movie.frames} frames")

        written = movie.finish(tell)
        outcome.movie = str(target)
        if lacks := words.cropped(written):
            label = ENCODERS[MovieFormat(written.format)].label
            self._line.say(f"{target}: {lacks} of its frames, for {label} has even sides only")
        if not written.has_sound:
            self._line.say(f"{target}: without sound, for the clip has none that Blender can play")

    def _note(self, one: Input, job: Job, outcome: Outcome) -> None:
        """Fill in the outcome of an input's frames, and print the job's warnings."""
        outcome.folder = str(job.output)
        outcome.frames = job.frames_done
        outcome.seconds = round(job.seconds, 3)
        outcome.provider = job.started.provider if job.started else ""
        for warning in job.warnings:
            self._line.say(f"{one.path}: {warning}")
        if job.state is not State.DONE:
            outcome.error = job.error

    def close(self) -> None:
        """Close the page; if nothing could be shown, say why."""
        if self._page is None:
            return
        self._page.close()
        if self._page.trouble:
            self._line.say(f"Nothing could be shown: {self._page.trouble}")

    def _tell(self, job: Job, frames: EarlierFrames) -> None:
        """Show a job's progress, and delete the frames that it replaces once it has one of its own."""
        frames.give_way()
        self._line.show(job)
        if self._page is not None:
            self._page.show(job)


_handle: object = None


def register() -> None:
    """Offer the command to Blender."""
    global _handle  # noqa: PLW0603  # Blender wants it back to unregister
    _handle = bpy.utils.register_cli_command(COMMAND, main)


def unregister() -> None:
    """Withdraw the command."""
    bpy.utils.unregister_cli_command(_handle)
