"""Nothing leaves the machine: ONNX Runtime writes nothing down to be sent."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_SILENCING = ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "ORT_DISABLE_TELEMETRY")
"""With these, ONNX Runtime keeps still by itself."""
_FOLDERS = ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "LOCALAPPDATA", "APPDATA", "USERPROFILE")
"""What leads to a user's folders."""
_CODE = "from rvm_addon.engine.network import graphs; import pathlib, sys; graphs.load(pathlib.Path(sys.argv[1]), 1)"

_CODE_OF_WINDOWS = """
import onnxruntime
onnxruntime.disable_telemetry_events = lambda: print("turned off")
from rvm_addon.engine.network import graphs
"""
"""A process of its own, for here the module is imported already; only the wheel for Windows does anything then."""


def test_onnx_runtime_notes_nothing_for_its_maker(tmp_path: Path, passthrough: Path) -> None:
    """It would keep events, and a number for the machine, in the user's folder of caches until it has sent them."""
    home = tmp_path / "home"
    home.mkdir()
    inherited = {name: value for name, value in os.environ.items() if name not in _SILENCING}
    environment = {**inherited, **dict.fromkeys(_FOLDERS, str(home)), "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-P", "-c", _CODE, passthrough], env=environment, timeout=120, check=True)
    assert [*home.rglob("*")] == []


def test_it_is_told_to_leave_nothing_to_the_system_either() -> None:
    """The wheel for Windows knows no variable."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-P", "-c", _CODE_OF_WINDOWS]
    said = subprocess.run(command, env=environment, timeout=120, check=True, stdout=subprocess.PIPE, text=True).stdout
    assert said.splitlines() == ["turned off"]
