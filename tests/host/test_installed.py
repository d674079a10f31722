"""The zip that users get, wheels and all, installed by Blender's own installer into an empty profile."""

import json
import os
import subprocess
import sys
from pathlib import Path

from steps import packaging, wheels

from rvm_addon.engine.contract.weights import catalogue
from tests import tiny
from tests.host.package import PACKAGE

EDITOR = f"""
import importlib, os, sys
import bpy

zipped, clip, output = sys.argv[1:]
bpy.ops.extensions.package_install_files(filepath=zipped, repo="user_default", enable_on_install=True)
versions = importlib.import_module("{PACKAGE}.host.blender.versions")
scene = bpy.context.scene
strips = versions.top_strips(scene.sequence_editor_create())
strips.new_movie(name="clip", filepath=clip, channel=1, frame_start=1).select = True
scene.rvm_matting.output = output
window = bpy.context.window
window.screen.areas[0].type = "SEQUENCE_EDITOR"
if hasattr(window.workspace, "sequencer_scene"):
    window.workspace.sequencer_scene = scene
area = window.screen.areas[0]
with bpy.context.temp_override(window=window, area=area, region=area.regions[-1]):
    bpy.ops.rvm.matte_strips()
print("STRIPS", sorted(strip.name for strip in strips), flush=True)
os._exit(0)  # the bpy module may hang or crash while the interpreter goes
"""


def test_the_zip_works_by_itself(rvm_weights: Path, tmp_path: Path) -> None:
    """The published weights and the wheels of the zip do the work, not what this environment has installed."""
    zipped = packaging.package_for(wheels.this_platform())
    clip = tiny.barcode_movie(tmp_path / "clip.avi", 3, fourcc="MJPG", size=(256, 192))
    profile = tmp_path / "profile"
    ended = subprocess.run(
        [sys.executable, "-c", EDITOR, zipped, clip, tmp_path / "out"],
        capture_output=True,
        text=True,
        env={**os.environ, "BLENDER_USER_RESOURCES": str(profile)},
        timeout=300,
        check=False,
    )
    assert "STRIPS ['clip', 'clip matte']" in ended.stdout, ended.stdout + ended.stderr
    events = [json.loads(line) for line in (tmp_path / "out" / "clip" / "events.jsonl").read_text().splitlines()]
    assert [event["event"] for event in events] == ["Started", *["FrameDone"] * 3, "Finished"]
    libraries = profile / "extensions" / ".local"
    assert events[0]["runtime"].count(str(libraries)) == 2, events[0]["runtime"]
    model = json.loads((tmp_path / "out" / "clip" / "job.json").read_text())["model"]
    assert model == str(profile / "extensions" / "user_default" / "rvm_matting" / "weights" / rvm_weights.name)


def test_the_weights_in_the_zip_are_the_published_ones(rvm_weights: Path) -> None:
    """What the catalogue promises is what lies here and goes into the zip."""
    (entry, *_) = catalogue(rvm_weights.parent)
    entry.verify(rvm_weights)
    assert entry.sha256.startswith("88d4531297118f59")
