"""What all tests share: tiny models, the real weights and clips where they are, and a clean end."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

# Before anything imports bpy: Blender's preferences and extensions of these tests stay apart from the user's, and each
# Blender, which would clear up only in an orderly end, has its folder for temporary files in one that is deleted below.
_APART = Path(tempfile.mkdtemp(prefix="rvm_tests_"))
(_APART / "user").mkdir()
(_APART / "temporary").mkdir()
os.environ.setdefault("BLENDER_USER_RESOURCES", str(_APART / "user"))
os.environ["TEMP" if sys.platform == "win32" else "TMPDIR"] = str(_APART / "temporary")
os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # for the tests that import ONNX Runtime themselves

from tests import tiny  # noqa: E402  # after the lines above

ROOT = Path(__file__).resolve().parents[1]
_status = 0


@pytest.fixture(scope="session")
def passthrough(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that passes the picture through as foreground."""
    return tiny.passthrough_model(tmp_path_factory.mktemp("model") / "passthrough.onnx")


@pytest.fixture(scope="session")
def counting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose matte counts the frames before."""
    return tiny.counting_model(tmp_path_factory.mktemp("model") / "counting.onnx")


@pytest.fixture(scope="session")
def green(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose matte is the picture's green channel."""
    return tiny.green_model(tmp_path_factory.mktemp("model") / "green.onnx")


@pytest.fixture(scope="session")
def rvm_weights() -> Path:
    """The published weights."""
    path = ROOT / "weights" / "rvm_mobilenetv3_fp32.onnx"
    if not path.is_file():
        pytest.skip("the weights are not fetched: python3 build.py weights")
    return path


@pytest.fixture(scope="session")
def real_clips() -> Path:
    """The folder of real clips that lies beside the developers' checkouts."""
    path = ROOT.parent / "shared" / "data"
    if not path.is_dir():
        pytest.skip(f"the real clips are not here ({path})")
    return path


def pytest_sessionfinish(exitstatus: int) -> None:
    """Remember how the run went, for the line below."""
    global _status  # noqa: PLW0603  # pytest's two hooks share nothing else
    _status = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """End without tearing the interpreter down: the bpy module hangs (4.5) or crashes (5.0) there after a good run."""
    shutil.rmtree(_APART, ignore_errors=True)
    if "bpy" in sys.modules:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(_status)
