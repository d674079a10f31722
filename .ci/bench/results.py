"""The results of the measurements: rows of the table, time by stage, growth of cost; kept in one JSON file."""

import json
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
import onnxruntime


@dataclass(frozen=True)
class Row:
    """One goal and its measurements."""

    case: str
    against: str
    goal: float
    unit: str
    """`x` is a ratio that must be at least the goal; in all other units, also `x at most`, the goal is the maximum."""
    values: tuple[float, ...]
    """One value for each pair, or for each measurement."""
    note: str = ""
    theirs: float = 0.0
    """The yardstick's frames per second if the row compares rates, else 0."""

    @property
    def value(self) -> float:
        """The median."""
        return statistics.median(self.values)

    @property
    def reached(self) -> bool:
        """Whether the goal is reached."""
        return self.value >= self.goal if self.unit == "x" else self.value <= self.goal

    @property
    def cells(self) -> tuple[str, ...]:
        """The row as text."""
        unit = "×" if self.unit.startswith("x") else f" {self.unit}"
        sign = "≥" if self.unit == "x" else "≤"
        low, high = min(self.values), max(self.values)
        spread = f"{low:.3g} – {high:.3g}" if len(self.values) > 1 else ""
        word = "yes" if self.reached else "**no**"
        return (self.case, self.against, f"{sign} {self.goal:g}{unit}", f"{self.value:.3g}{unit}", spread, word)


HEADS = ("case", "against", "goal", "measured", "spread", "reached")


@dataclass(frozen=True)
class Growth:
    """The cost of a frame at one size, or after a number of frames."""

    name: str
    size: float
    """Megapixels, or frames."""
    milliseconds: float
    """Per frame: processor time for sizes, time between frames for their number."""


@dataclass
class Findings:
    """All results, by case."""

    machine: dict[str, str] = field(default_factory=dict)
    rows: dict[str, list[Row]] = field(default_factory=dict)
    stages: dict[str, dict[str, float]] = field(default_factory=dict)
    """Processor milliseconds per frame of each stage, by title."""
    updates: dict[str, dict[str, float]] = field(default_factory=dict)
    """As `stages`, for updates by their change; the last entry is the run that they are compared with."""
    pixels: list[Growth] = field(default_factory=list)
    frames: list[Growth] = field(default_factory=list)
    network_floor: float = 0.0
    """Milliseconds that a frame's multiply-adds take on one core at its peak."""
    network_rate: float = 0.0
    """Frames per second of the network by itself on all cores, measured in turn with the comparisons at 1080p."""

    @classmethod
    def load(cls, path: Path) -> Self:
        """Return the findings of an earlier run; empty ones if there are none, or they come from another processor."""
        if not path.is_file():
            return cls()
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["machine"].get("processor") != processor():
            return cls()
        data["rows"] = {
            case: [Row(**{**row, "values": tuple(row["values"])}) for row in rows]
            for case, rows in data["rows"].items()
        }
        data["pixels"] = [Growth(**one) for one in data["pixels"]]
        data["frames"] = [Growth(**one) for one in data["frames"]]
        return cls(**data)

    def save(self, path: Path) -> None:
        """Write everything as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, ...]:
    """Return the ratio of each pair."""
    return tuple(a / b for a, b in zip(ours, theirs, strict=True))


def machine() -> dict[str, str]:
    """Return the properties of this machine that the figures depend on."""
    return {
        "processor": processor(),
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "onnxruntime": onnxruntime.__version__,
        "numpy": np.__version__,
    }


def processor() -> str:
    """Return the processor's name and its widest vector extension, if the system tells them."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    told = dict(line.split(":", 1) for line in lines if ":" in line)
    told = {name.strip(): value.strip() for name, value in told.items()}
    flags = told.get("flags", "").split()
    vectors = next((name for name in ("avx512f", "avx2", "avx") if name in flags), "")
    return f"{told.get('model name', platform.machine())} ({vectors})"
