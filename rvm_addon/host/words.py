"""Numbers as an editor reads them; used by the panel and the terminal."""

from ..jobs.job import Job, State


def duration(seconds: float) -> str:
    """Return a time span in words: '42 s', '3 min 05 s', '2 h 10 min'."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def frames(count: int) -> str:
    """Return a number of frames: '1 frame', '60 frames'."""
    return f"{count} frame{'' if count == 1 else 's'}"


def taken(jobs: list[Job]) -> str:
    """Return what the button has set going."""
    begun = sum(job.state is not State.DONE for job in jobs)
    if not begun:
        return "Nothing had to be matted: the frames are there already"
    return f"Matting: {begun} job{'' if begun == 1 else 's'}"


def ending(job: Job) -> str:
    """Return what a finished job says of itself."""
    if job.found:
        return f"{frames(job.frames_done)}, matted before: nothing had to be done"
    return f"{frames(job.frames_done)} in {duration(job.seconds)}"


def progress(job: Job) -> str:
    """Return what a running job says of itself: frames, rate, time left."""
    if job.state is not State.RUNNING:
        return job.state.value
    if job.preparing and job.preparation is not None:
        return f"Rendering {job.frames_rendered} of {frames(job.preparation.frames)}"
    if job.started is None:
        return "Opening"
    words = [f"{job.frames_done} of {frames(job.frames_total)}"]
    if job.frames_per_second:
        words.append(f"{job.frames_per_second:.1f} per second")
    if job.seconds_left is not None:
        words.append(f"{duration(job.seconds_left)} left")
    return " · ".join(words)
