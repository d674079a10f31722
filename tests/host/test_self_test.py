"""The self-test: what it says of a machine that works, and of one that does not."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import bpy
import pytest


def told(addon: SimpleNamespace) -> str:
    """Return everything that the latest run says."""
    return "\n".join(f"{icon} {text}" for icon, text in addon.self_test._latest.findings())


def test_a_machine_that_works(addon: SimpleNamespace) -> None:
    """It names Python, libraries, model and processor, and leaves nothing behind."""
    assert bpy.ops.rvm.self_test() == {"FINISHED"}
    said = told(addon)
    for part in (sys.executable, "onnxruntime 1.", "OpenCV ", "tiny.onnx", "CPUExecutionProvider", "were matted in"):
        assert part in said
    assert "ERROR" not in said
    assert not addon.self_test._latest.job.folder.exists()


def test_a_second_press_waits_for_the_first(addon: SimpleNamespace) -> None:
    """It would drop the test that runs, and its worker would go on alone."""
    bpy.app.timers.register(addon.self_test._tick, persistent=True)
    try:
        with pytest.raises(RuntimeError, match="runs already"):
            bpy.ops.rvm.self_test()
    finally:
        bpy.app.timers.unregister(addon.self_test._tick)
    assert bpy.ops.rvm.self_test.poll()


def test_a_device_that_is_missing_is_told(addon: SimpleNamespace) -> None:
    """With both names, what was wanted and what is used; the rest works."""
    page = bpy.context.preferences.addons[addon.preferences.PACKAGE].preferences
    page.device = "CUDA"
    try:
        assert bpy.ops.rvm.self_test() == {"FINISHED"}
    finally:
        page.property_unset("device")
    said = told(addon)
    for part in ("“cuda” cannot be used", "the processor (CPU) is used instead", "Runs on CPUExecutionProvider"):
        assert part in said
    assert "CHECKMARK Works too: Processor (CPU)" in said


def test_a_damaged_model_is_told(addon: SimpleNamespace) -> None:
    """With the file, and with what to do."""
    model = addon.folder / "weights" / "tiny.onnx"
    content = model.read_bytes()
    try:
        model.write_bytes(content[:-1])
        with pytest.raises(RuntimeError, match=r"tiny\.onnx.*damaged"):
            bpy.ops.rvm.self_test()
    finally:
        model.write_bytes(content)
    assert "install the extension again" in told(addon)


def test_a_python_that_does_not_start_is_told(
    addon: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a virus scanner has taken it away."""
    gone = addon.worker.Launcher(python=str(tmp_path / "python"))
    monkeypatch.setattr(addon.libraries, "launcher", lambda: gone)
    with pytest.raises(RuntimeError, match="could not be started"):
        bpy.ops.rvm.self_test()


def test_missing_libraries_are_told(addon: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A Python without them ends with a sentence that names the first, and says what to do."""
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
    python = bare / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    monkeypatch.setattr(addon.libraries, "launcher", lambda: addon.worker.Launcher(python=str(python)))
    with pytest.raises(RuntimeError, match=r"(NumPy|OpenCV) cannot be loaded"):
        bpy.ops.rvm.self_test()
    assert "again" in told(addon)
