"""Measure the cases asked for, show the table, and write JSON, plot and page into a folder."""

import argparse
import sys
from pathlib import Path

from . import report
from .cases import CASES, Bench
from .clips import Clips
from .results import Findings, machine

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    for name in ("--peer", "--model", "--zip", "--demonstration", "--folder", "--docs"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("cases", nargs="*", choices=[[], *CASES])
    options = parser.parse_args()
    kept = options.docs / "benchmarks.json"
    findings = Findings.load(kept)
    findings.machine = machine()
    clips = Clips(options.folder / "clips", ROOT.parent / "shared/data", lambda: options.demonstration)
    bench = Bench(
        root=ROOT,
        python=Path(sys.executable),
        peer=options.peer,
        model=options.model,
        zipped=options.zip,
        folder=options.folder,
        clips=clips,
        rounds=options.rounds,
        say=_say,
    )
    for case in options.cases or CASES:
        CASES[case](bench, findings)
        findings.save(kept)
    report.write(findings, options.docs / "benchmarks.md", options.docs / "benchmarks.svg")
    sys.stdout.write(report.table(report.all_rows(findings)) + "\n")


def _say(text: str) -> None:
    """Tell a person which measurement runs."""
    sys.stderr.write(f"{text} ...\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
