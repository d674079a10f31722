"""A job's result is put on its timeline, and what goes wrong becomes a warning of the job."""

import logging
from collections.abc import Iterable

from ...engine.contract.errors import MattingError
from ...jobs.job import Job
from ..language.translations import say
from ..strip.placements import Placement
from . import belonging, effects, results

log = logging.getLogger(__name__)


def is_there(job: Job, place: Placement) -> bool:
    """Return whether a job's result is already where it belongs.

    A second strip of the same frames would make soft edges harder.
    """
    return not place.replaces and belonging.is_on_timeline(job.spec, job.output, place)


def put(job: Job, place: Placement, awaiting: frozenset[str] = frozenset()) -> bool:
    """Put one result of a job on its timeline, and return whether the timeline may have changed.

    Errors become warnings of the job, so that its other results and the other jobs still get their turn. No warning
    concerns strips below the result that are `awaiting` results of their own (by name), for those will replace them.
    """
    try:
        if is_there(job, place):  # pressed twice, and the strip was moved, trimmed, renamed or cut in between
            return False
        if not (place.replaces and results.renew(job.spec, job.output, place)):
            inserted = results.insert_result(job.spec, job.output, place)
            _tell(job, map(_not_covered, inserted.not_covered))
            _tell(job, [_apart(strip, place.strip) for strip in inserted.apart])
            below = [strip for strip in inserted.below if strip not in awaiting]
            _tell(job, [_below(below, place.strip)] if below else [])
            for strip in inserted.strips:
                _tell(job, effects.carry_over(strip))
    except MattingError as error:
        job.warn(str(error))
        log.warning("%s: %s", job.output, error)
        return False
    except Exception as error:  # such as a colour space that the studio's OpenColorIO configuration lacks
        log.exception("%s", job.output)
        reason = str(error).strip()
        job.warn(
            f"The result of “{place.strip}” could not be put on the timeline as it should be ({reason}); "
            f"its frames are in “{job.output}”"
        )
    return True


def _tell(job: Job, warnings: Iterable[str]) -> None:
    """Add warnings to a job's, each once: an undo may let a result come again."""
    for text in warnings:
        if text not in job.warnings:
            job.warn(text)


def _apart(strip: str, source: str) -> str:
    """Return the warning about a strip that may have been cut off the source, and lies elsewhere."""
    return say(
        "“{strip}” shows frames that were matted for “{source}”, but lies elsewhere and has no result: "
        "select it and press Matte Selected Strips",
        strip=strip,
        source=source,
    )


def _below(strips: list[str], source: str) -> str:
    """Return the warning about strips that lay above a source, and now lie below its result."""
    if len(strips) == 1:
        return say(
            "The result of “{source}” lies above “{strip}”, which lay above its source: move that to a higher channel",
            source=source,
            strip=strips[0],
        )
    return say(
        "The result of “{source}” lies above {count} strips, such as “{strip}”, which lay above its source: "
        "move these to higher channels",
        source=source,
        count=len(strips),
        strip=strips[0],
    )


def _not_covered(strip: str) -> str:
    """Return the warning about a source that shows more than its result."""
    return say(
        "“{strip}” shows more or other frames than when it was matted: select its result and press Update Result",
        strip=strip,
    )
