"""The benchmarks: this step prepares everything that they compare with, then `.ci/bench` measures."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from . import demo, packaging, weights, wheels
from .commands import Command, StepError
from .environment import BLENDERS, default_blender, peer_environment, prepare
from .layout import BUILD, ROOT

FOLDER = BUILD / "bench"
DOCS = ROOT / "docs"
CASES = ("hd", "live", "uhd", "movie", "update", "network", "window", "memory", "disk", "growth")


def run(cases: Sequence[str], rounds: int) -> int:
    """Measure these cases, or all, in so many rounds of pairs; return the exit status.

    Raises:
        StepError: something could not be prepared.
    """
    if os.name != "posix":
        raise StepError(
            "the benchmarks ask the system what a process used, as Linux and macOS tell and Windows does not"
        )
    blender = BLENDERS[default_blender()]
    python = prepare(blender)
    peer = prepare(peer_environment())
    model = weights.ensure(python)[0]
    FOLDER.mkdir(parents=True, exist_ok=True)
    command: Command = [
        *(python, "-P", "-m", "bench", "--peer", peer, "--model", model, "--folder", FOLDER, "--docs", DOCS),
        *("--zip", packaging.package_for(wheels.this_platform(), with_wheels=False)),
        *("--demonstration", _demonstration(python), "--rounds", str(rounds)),
        *cases,
    ]
    path = os.pathsep.join([str(ROOT), str(ROOT / ".ci")])
    # What is measured beside the product imports ONNX Runtime, too, and sends its maker nothing either.
    environment = {**os.environ, "PYTHONPATH": path, "ORT_DISABLE_TELEMETRY": "1"}
    return subprocess.run(command, env=environment, check=False).returncode


def _demonstration(python: Path) -> Path:
    """Return the path of the demonstration's clip, which is only made if no real clips are shared."""
    clip = FOLDER / "clips" / "demonstration.mp4"
    if not clip.is_file() and not (ROOT.parent / "shared" / "data").is_dir():
        clip.parent.mkdir(parents=True, exist_ok=True)
        demo.make_clip(python, clip)
    return clip
