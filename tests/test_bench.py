"""The benchmarks' own code: what is reached, what a page keeps, and that a yardstick does its job."""

import json
import os
import sys
from pathlib import Path

import cv2
import pytest
from bench import cases, report, stages
from bench.measure import cost_of, job_spec, matted
from bench.results import Findings, Row
from steps import bench

from rvm_addon.engine.contract.spec import RAW_FOLDER
from tests import tiny
from tests.conftest import ROOT

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="the benchmarks ask for what Windows does not tell")


def test_the_door_knows_every_case() -> None:
    """The names that `build.py bench` takes are those that there are."""
    assert tuple(cases.CASES) == bench.CASES


@pytest.mark.parametrize(
    ("unit", "values", "reached"),
    [("x", (3.9, 4.1, 4.2), True), ("x", (3.9, 3.9, 9.0), False), ("s", (3.9, 9.0, 3.0), True), ("MB", (4.1,), False)],
)
def test_the_median_reaches_the_goal_or_not(unit: str, values: tuple[float, ...], reached: bool) -> None:
    """A ratio must be as large as its goal, everything else as small; one lucky run does not count."""
    assert Row("case", "against", 4.0, unit, values).reached is reached


def test_the_page_keeps_what_a_person_wrote(tmp_path: Path) -> None:
    """The generated part is replaced, the text around it stays; figures come back as they were."""
    page, plot, kept = (tmp_path / name for name in ("page.md", "plot.svg", "kept.json"))
    page.write_text(f"# Mine\n\n{report.BEGIN}\nold\n{report.END}\nmine, too\n", encoding="utf-8")
    findings = Findings(rows={"disk": [Row("<bytes>", "png", 1.0, "x at most", (0.8, 0.7))]})
    findings.save(kept)
    report.write(Findings(rows=findings.rows), page, plot)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# Mine") and text.endswith("mine, too\n") and "old" not in text
    assert "0.75×" in text and "&lt;bytes&gt;" in plot.read_text(encoding="utf-8")


def test_the_page_says_what_a_goal_allows(tmp_path: Path) -> None:
    """Two cores, four times 2.5 frames a second: 200 ms, of which network and decoding take 60 at least."""
    row = Row("1080p cut-out", "script", 4.0, "x", (3.0,), "", 2.5)
    stages = {"1080p": {"decode": 10.0, "all else": 90.0}}
    found = Findings(machine={"cores": "2"}, rows={"hd": [row]}, stages=stages, network_floor=50.0, network_rate=11.5)
    report.write(found, tmp_path / "page.md", tmp_path / "plot.svg")
    page = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert "| 1080p cut-out, 4 × script | 200 | 60 | 140 | 100 |" in page
    assert "| 1080p cut-out, 4 × script | 10.0 | 11.5 | 7.5 |" in page


@posix_only
def test_yardstick_and_worker_do_the_same_job(passthrough: Path, tmp_path: Path) -> None:
    """On a model that passes pictures through, the simplest script and our worker write the same pictures."""
    clip = tiny.barcode_movie(tmp_path / "clip.avi", 4, fourcc="MJPG")
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    cost = cost_of([sys.executable, ROOT / "tests/bench/simplest.py", passthrough, clip, theirs, "3"])
    ours = matted(job_spec(clip, passthrough, 3), tmp_path / "job")
    assert cost.processor_seconds > 0 and ours.cost.peak_mb > 10
    pairs = list(zip(sorted(theirs.iterdir()), sorted(ours.frames.iterdir()), strict=True))
    assert len(pairs) == 3
    for pair in pairs:
        one, other = (cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in pair)
        assert (one == other).all()


@posix_only
def test_memory_is_the_programs_own() -> None:
    """What this process holds when it starts a program is not counted as the program's."""
    held = bytearray(os.urandom(1024)) * 300_000
    assert cost_of([sys.executable, "-S", "-c", "pass"]).peak_mb < len(held) / 1e6 / 2


@posix_only
def test_every_stage_takes_time(passthrough: Path, tmp_path: Path) -> None:
    """The clocks stand where the worker's own pipeline passes, in a run and in an update of its result."""
    clip = tiny.barcode_movie(tmp_path / "clip.avi", 8, fourcc="MJPG", size=(640, 320))
    run = matted(job_spec(clip, passthrough, 8), tmp_path / "job")
    update = ["black point", str(run.frames.parent / RAW_FOLDER)]
    path = os.pathsep.join([str(ROOT), str(ROOT / ".ci")])
    for names, arguments in ((stages.OF_RUN, []), (stages.OF_UPDATE, update)):
        command = [sys.executable, "-P", "-m", "bench.stages", clip, passthrough, "8", *arguments]
        spent = json.loads(cost_of(command, {**os.environ, "PYTHONPATH": path}).printed.splitlines()[-1])
        assert tuple(spent) == names
        assert all(spent[name] > 0 for name in names if name != stages.REST)
