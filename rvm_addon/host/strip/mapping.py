"""Which source frame a movie strip shows at a timeline frame: arithmetic only, no bpy.

The rule was found by experiment: clips whose frames show their numbers were rendered in 4.2, 4.5, 5.0 and 5.2.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class MovieTiming:
    """The values that decide which picture a movie strip shows; the strip is not retimed."""

    content_start: int
    """The timeline frame at which the untrimmed content begins."""
    content: int
    """How many timeline frames the untrimmed content fills."""
    source: int
    """How many source frames that content holds, without those that the animation offsets leave out."""
    offset: int
    """How many source frames the animation offset leaves out before the content."""
    rate: float
    """Source frames per timeline frame; 1 unless the strip adjusts its playback rate."""
    reverse: bool = False
    strobe: float = 0.0

    def source_frame(self, frame: int) -> int:
        """Return the number, from 0, of the source frame that is shown at timeline frame `frame`.

        Outside the content, the first or last frame is held.
        """
        position = min(max(frame - self.content_start, 0), self.content - 1)
        if self.reverse:
            position = self.content - 1 - position
        index = min(max(position * self.rate, 0.0), float(self.source - 1))
        if self.strobe > 1.0:
            index -= math.fmod(index, self.strobe)
        return max(math.floor(index + 0.5) + self.offset, 0)
