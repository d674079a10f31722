"""The tooling behind `build.py`: its door, the search for Pythons, running programs, and laws of the repository."""

import ast
import contextlib
import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest
from steps import checks, door, layout, matting, pythons
from steps.commands import Command, StepError, follow
from steps.progress import Progress

posix_only = pytest.mark.skipif(os.name == "nt", reason="the stand-ins for Python are shell scripts")

NO_SUCH_PYTHON = (3, 99)


# Finding a Python


def script(path: Path, body: str) -> None:
    """Write an executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)


@pytest.fixture
def search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty home whose folders `first` and `second` are the whole search path."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path / "first"), str(tmp_path / "second")]))
    return tmp_path


@posix_only
def test_python_after_shim(search: Path) -> None:
    """A shim that fails is passed over for a Python that runs."""
    script(search / "first/python3.99", "echo 'command not found' >&2; exit 127")
    script(search / "second/python3.99", "echo 3 99 /opt/real python")
    assert pythons.find(NO_SUCH_PYTHON) == Path("/opt/real python")


@posix_only
def test_python_behind_shim(search: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python that pyenv has, but has not switched on, is found behind its failing shim."""
    monkeypatch.setenv("PATH", str(search / "pyenv/shims"))
    script(search / "pyenv/shims/python3.99", "exit 127")
    script(search / "pyenv/versions/3.99.1/bin/python", "echo 3 99 /opt/behind")
    assert pythons.find(NO_SUCH_PYTHON) == Path("/opt/behind")


@posix_only
@pytest.mark.parametrize("body", ["exit 127", "echo 3 11 /opt/other"], ids=["fails", "is another version"])
def test_python_missing(search: Path, body: str) -> None:
    """Without a working Python of the version, the message says what to install."""
    script(search / "first/python3.99", body)
    with pytest.raises(StepError, match=r"Install Python 3\.99 .*python3\.99-venv"):
        pythons.find(NO_SUCH_PYTHON)
    assert not pythons.exists(NO_SUCH_PYTHON)


# The repository


@pytest.mark.parametrize("requirements", sorted(layout.REQUIREMENTS.glob("*.txt")), ids=lambda path: path.stem)
def test_requirements_pinned(requirements: Path) -> None:
    """Every requirement is pinned to a version and has a hash."""
    text = requirements.read_text(encoding="utf-8").replace("\\\n", "")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    assert lines
    assert all("==" in line and "--hash=sha256:" in line for line in lines)


# The door


def test_unknown_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    """Unknown arguments are refused where no program stands behind the door to take them."""
    with pytest.raises(SystemExit):
        door.main(["weights", "--frobnicate"])
    assert "--frobnicate" in capsys.readouterr().err


def test_matte_help(tmp_path: Path) -> None:
    """The product's own help comes out of `build.py matte --help`, from a folder that is not the repository."""
    command = [sys.executable, layout.ROOT / "build.py", "matte", "--help"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ended.returncode, "--output" in ended.stdout) == (0, True), ended.stderr


@posix_only
def test_what_ends_matte_ends_the_product(tmp_path: Path) -> None:
    """It takes the place of `build.py`: no signal, not even one that nobody can catch, leaves it running alone."""
    script(tmp_path / "python", 'echo $$ "$4"; echo $PYTHONPATH; exec sleep 60')
    code = f"""if True:
        import sys
        from pathlib import Path
        sys.path.insert(0, {str(layout.ROOT / ".ci")!r})
        from steps import door, matting
        matting.prepare = lambda _: Path({str(tmp_path / "python")!r})
        matting.weights.ensure = lambda _: None
        door.main(["matte", "clip.mp4"])
    """
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [process.stdout.readline().strip() for _ in range(2)]
        process.kill()
        assert said[0] == f"{process.pid} clip.mp4"
        assert said[1].split(os.pathsep)[0] == str(layout.ROOT)
        assert process.stdout.read() == "", "it is gone, and so is its end of the pipe"


@posix_only
def test_interrupted_product_has_the_last_word(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Where it runs beside `build.py`, Ctrl-C reaches it, too: what it says while it ends is all that is said."""
    # Whoever starts it must have come to wait for it.
    script(tmp_path / "python", "sleep 1; kill -INT $PPID; sleep 1; echo kept >&2; exit 130")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # in a shell's background it is ignored
    try:
        assert matting.run_beside([tmp_path / "python"], os.environ) == 130
    finally:
        signal.signal(signal.SIGINT, before)
    assert capfd.readouterr() == ("", "kept\n")


def test_old_python() -> None:
    """`build.py` must parse everywhere, to say which Python it needs instead of failing on syntax."""
    source = (layout.ROOT / "build.py").read_text(encoding="ascii")
    assert ast.parse(source, feature_version=(3, 4)).body  # raises SyntaxError where it does not parse


# Running programs


def test_follow_failing() -> None:
    """A failing program shows the end of what it said."""
    with (
        pytest.raises(StepError, match=r"(?s)status 3.*the last words"),
        Progress("Trying", stream=io.StringIO()) as trying,
    ):
        follow([sys.executable, "-c", "print('the last words'); raise SystemExit(3)"], trying, "test")


def test_follow_half_lines() -> None:
    """A line that a program writes in two halves is handed on whole, and the last one is not lost."""
    lines: list[str] = []
    half = "import time; print('one ', end='', flush=True); time.sleep(0.3); print('line')"
    with Progress("Trying", stream=io.StringIO()) as trying:
        follow([sys.executable, "-c", half], trying, "test", lines.append)
    assert lines == ["one line"]


MEETING = """
import sys, time
from pathlib import Path
here, there = map(Path, sys.argv[1:3])
here.touch()
until = time.monotonic() + 20
while not there.exists() and time.monotonic() < until:
    time.sleep(0.01)
print("heard", here.name, there.exists(), flush=True)
raise SystemExit(int(sys.argv[3]))
"""
"""Ends once another like it has begun."""


def meeting(here: Path, there: Path, status: int) -> list[str]:
    """Return the command of a check that waits for another."""
    return [sys.executable, "-c", MEETING, str(here), str(there), str(status)]


def test_checks_side_by_side(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """They run at the same time, each is heard whole and in its turn, and the worst status counts."""
    one, two, three = (tmp_path / name for name in ("one", "two", "three"))
    three.touch()
    both = {"First": meeting(one, two, 0), "Second": meeting(two, one, 3), "Third": meeting(tmp_path / "4", three, 2)}
    assert checks.side_by_side(both, at_once=2) == 3
    said = capfd.readouterr()
    assert said.out.split("\n") == ["heard one True", "heard two True", "heard 4 True", ""]
    assert said.err.split("\n") == ["== First", "== Second", "== Third", ""]


def test_a_check_that_is_stuck_fails(capfd: pytest.CaptureFixture[str]) -> None:
    """What it said until then is heard, and that it was ended."""
    stuck = [sys.executable, "-c", "import time; print('so far', flush=True); time.sleep(600)"]
    both = {"First": [sys.executable, "-c", "import time; time.sleep(3)"], "Second": stuck}
    assert checks.side_by_side(both, at_once=2, patience=0.5) != 0
    said = capfd.readouterr()
    assert said.out == "so far\n"
    assert said.err.splitlines()[-1] == "== Second: ended, for it was still at work after 0 s more"


def test_a_check_on_the_side_ends_with_the_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Ctrl-C leaves nothing that runs on."""
    begun: list[subprocess.Popen[bytes]] = []
    heard_later = checks._heard_later

    @contextlib.contextmanager
    def remembered(command: Command) -> Iterator[tuple[subprocess.Popen[bytes], TextIO]]:
        with heard_later(command) as (process, output):
            begun.append(process)
            yield process, output

    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(checks, "_heard_later", remembered)
    monkeypatch.setattr(checks, "_check", interrupted)
    with pytest.raises(KeyboardInterrupt):
        checks.side_by_side({"First": [], "Second": meeting(tmp_path / "one", tmp_path / "never", 0)}, at_once=2)
    assert begun[0].poll() is not None


def test_progress_in_log() -> None:
    """A log gets plain lines of progress."""
    log = io.StringIO()
    with Progress("Trying", 2, log) as trying:
        trying.update(1, "half way")
    assert log.getvalue() == "Trying ...\nTrying: done after 0 s\n"


class Console(io.StringIO):
    """A terminal that knows nothing but the way back to a line's beginning, as the console of Windows."""

    def isatty(self) -> bool:
        """Be one."""
        return True


def test_progress_on_a_console() -> None:
    """A line leaves nothing of a longer one before, and has no escape sequences, which would be shown."""
    console = Console()
    with Progress("Trying", 2, console) as trying:
        trying._shown = 0.0
        trying.update(1, "half way, which is a long line")
    assert "\x1b" not in console.getvalue()
    cells: list[str] = []
    for written in console.getvalue().rstrip("\n").split("\r"):
        cells[: len(written)] = written
    assert "".join(cells).rstrip() == "Trying: done after 0 s"


def test_no_registry_named() -> None:
    """Packages are found by name through the user's own pip: mirrors and offline copies work, hosts may change."""
    hosts = ["py" + "pi.org", "python" + "hosted.org", "conda" + ".anaconda.org"]
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listing, cwd=layout.ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    for path in (layout.ROOT / name for name in names if name):
        text = path.read_bytes().decode(errors="replace") if path.is_file() else ""
        assert not [host for host in hosts if host in text], path
