"""The other Blender's one door: whatever fails on the way to its work is told, and its own end is never waited for."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from rvm_addon.engine.contract import locks
from rvm_addon.engine.contract.events import Failed, decode
from rvm_addon.engine.contract.process import HELD_STATUS
from tests.waiting import PATIENCE_SECONDS

NAME = "encoding_1"
IN_ORDER = "an orderly end"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A job's folder."""
    folder = tmp_path / "job"
    folder.mkdir()
    return folder


def end_of(addon: SimpleNamespace, folder: Path) -> tuple[int, str]:
    """Let another Blender write a movie, and return its status and what it printed."""
    command = addon.entry.command("background_encoding", folder, NAME)
    log = folder.with_name("log")
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=stream, stderr=stream)
        try:
            process.wait(PATIENCE_SECONDS)
        finally:
            process.kill()
            process.communicate()
    return process.returncode, log.read_text(errors="replace")


def told_in(folder: Path) -> str:
    """Return why there is no movie, and what to do."""
    (line,) = (folder / f"{NAME}.jsonl").read_text(encoding="utf-8").splitlines()
    told = decode(line)
    assert isinstance(told, Failed)
    return f"{told.message}. {told.remedy}"


@pytest.fixture(params=["background_encoding", "entry"])
def broken(addon: SimpleNamespace, request: pytest.FixtureRequest) -> Iterator[str]:
    """A module that cannot be imported, and that has begun something which hinders an orderly end; it is mended."""
    path = addon.folder / "host" / "background" / f"{request.param}.py"
    content = path.read_bytes()
    path.write_text(f"import atexit\natexit.register(print, {IN_ORDER!r})\nraise ImportError('it is not whole')\n")
    yield request.param
    path.write_bytes(content)


def test_an_order_that_cannot_be_read_is_told(addon: SimpleNamespace, folder: Path) -> None:
    """As what went wrong with the movie, with the log's place; there is the traceback."""
    (folder / f"{NAME}.json").write_text("{")
    status, printed = end_of(addon, folder)
    assert status == 1
    told = told_in(folder)
    assert told.startswith("The movie could not be written (Expecting property name")
    assert told.endswith(f"Look into its log “{folder / NAME}.log”.")
    assert "Traceback" in printed


def test_nothing_temporary_stays(
    addon: SimpleNamespace, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blender makes a folder when it starts, and deletes it only in an orderly end."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TEMP" if sys.platform == "win32" else "TMPDIR", str(temporary))
    end_of(addon, folder)
    assert told_in(folder)
    assert not list(temporary.iterdir())


def test_a_folder_that_cannot_be_held_is_told(addon: SimpleNamespace, folder: Path) -> None:
    """A directory has the name of the file that is locked."""
    (folder / locks.HELD_FILE).mkdir()
    assert end_of(addon, folder)[0] == 1
    told = told_in(folder)
    assert told.startswith("The movie could not be written (") and str(folder / locks.HELD_FILE) in told


def test_a_folder_that_is_held_is_left_alone(addon: SimpleNamespace, folder: Path) -> None:
    """What its holder tells stays."""
    events = folder / f"{NAME}.jsonl"
    events.write_text("the other one's")
    with locks.held(folder) as free:
        assert free
        assert end_of(addon, folder)[0] == HELD_STATUS
    assert events.read_text() == "the other one's"


def test_where_nothing_can_be_told_the_log_has_it(addon: SimpleNamespace, folder: Path) -> None:
    """The folder is gone."""
    folder.rmdir()
    status, printed = end_of(addon, folder)
    assert status == 1
    assert "No such file or directory" in printed


def test_a_module_that_cannot_be_imported_is_told(addon: SimpleNamespace, folder: Path, broken: str) -> None:
    """As where an installation is not whole; by the log alone, where nothing can be told. No orderly end is made."""
    status, printed = end_of(addon, folder)
    assert status == 1
    assert "it is not whole" in (printed if broken == "entry" else told_in(folder))
    assert IN_ORDER not in printed
