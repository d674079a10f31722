"""A live picture on the command line: a page that changes while a job runs and stands still afterwards."""

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes

import cv2
import pytest

from tests import tiny
from tests.host.terminal import command, environment, matte
from tests.waiting import PATIENCE_SECONDS, wait


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A movie that takes some seconds."""
    return tiny.barcode_movie(tmp_path / "clip & 人.avi", 250, fourcc="MJPG", size=(2560, 1440))


@pytest.fixture
def browser(tmp_path: Path) -> Path:
    """A browser that only writes down what it is to show."""
    if sys.platform == "win32":
        pytest.skip("there a browser is no variable of the environment")
    browser = tmp_path / "browser"
    browser.write_text('#!/bin/sh\necho "$1" >> "$0.log"\n')
    browser.chmod(0o755)
    return browser


def page_of(folder: Path) -> str:
    """Return the page that a run shows whose results go to `folder`; nothing while there is none."""
    path = folder / ".rvm_matting" / "show.html"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def picture_of(folder: Path) -> Path | None:
    """Return the picture that the page shows; None while there is none."""
    found = re.search(r'<img src="([^"?]+)\?', page_of(folder))
    return folder / ".rvm_matting" / unquote(found[1]) if found else None


def test_the_page_follows_the_job(clip: Path, browser: Path, passthrough: Path, tmp_path: Path) -> None:
    """It is opened once, loads itself anew while frames come, shows one after another, and ends with the last word."""
    out, told, shown = tmp_path / "out", set(), set()
    line = command(clip, "--output", out, "--model", passthrough, "--show", "--result", "colour")
    process = subprocess.Popen(line, env={**environment(), "BROWSER": str(browser)}, stderr=subprocess.DEVNULL)

    def look() -> None:
        if page := page_of(out):
            told.add("refresh" in page)
        if path := picture_of(out):
            shown.add(tiny.read_barcode(cv2.imread(str(path))[:535]))  # the upper half: the source

    wait(lambda: process.poll() is not None, look)
    assert process.returncode == 0
    assert True in told, "it loads itself anew while the job runs"
    assert len(shown) > 1
    assert "refresh" not in page_of(out) and "250 frames in" in page_of(out)
    assert "clip &amp; 人.avi" in page_of(out)
    last = cv2.imread(str(picture_of(out)))
    assert last is not None and len(list((out / "clip & 人").iterdir())) == 250
    assert Path(f"{browser}.log").read_text().split() == [(out / ".rvm_matting" / "show.html").as_uri()]


def test_each_input_has_its_turn(browser: Path, counting: Path, tmp_path: Path) -> None:
    """One page for the whole call; the last picture is over the colour that was asked for."""
    one, two = tiny.barcode_pictures(tmp_path / "in", [5, 6])
    line = command(one, two, "--output", tmp_path / "out", "--model", counting, "--show", "--result", "colour")
    subprocess.run(line, env={**environment(), "BROWSER": str(browser)}, check=True, timeout=PATIENCE_SECONDS)
    path = picture_of(tmp_path / "out")
    assert path is not None and path.parent.name == "shot_0006"
    assert (cv2.imread(str(path))[-10:] == (0, 255, 0)).all(), "the counting model's first matte is nought"
    assert len(Path(f"{browser}.log").read_text().split()) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, file names are always text")
def test_a_picture_whose_name_is_no_text_is_shown(browser: Path, passthrough: Path, tmp_path: Path) -> None:
    """Its address has the name's bytes."""
    odd = tmp_path / os.fsdecode(b"shot_\xff.png")
    tiny.barcode_pictures(tmp_path, [5])[0].rename(odd)
    line = command(odd, "--output", tmp_path / "out", "--model", passthrough, "--show")
    ran = subprocess.run(
        line, env={**environment(), "BROWSER": str(browser)}, capture_output=True, timeout=PATIENCE_SECONDS, check=False
    )
    assert (ran.returncode, b"Traceback" in ran.stderr) == (0, False)
    address = re.search(r'<img src="([^"?]+)\?', page_of(tmp_path / "out"))
    assert address is not None and address[1].startswith("shot_%FF/")
    assert (tmp_path / "out" / ".rvm_matting" / os.fsdecode(unquote_to_bytes(address[1]))).is_file()


def test_what_cannot_be_shown_costs_no_frame(passthrough: Path, tmp_path: Path) -> None:
    """Where the page cannot be written, the user is told, and every frame is made."""
    clip = tiny.barcode_movie(tmp_path / "clip.avi", 12, fourcc="MJPG")
    (tmp_path / "out" / ".rvm_matting" / "show.html").mkdir(parents=True)
    status, (told,), said = matte(clip, "--output", tmp_path / "out", "--model", passthrough, "--show")
    assert (status, told["frames"]) == (0, 12)
    assert "Nothing could be shown" in said and "show.html" in said


def test_nothing_is_shown_unless_asked(passthrough: Path, tmp_path: Path) -> None:
    """Neither page nor picture, after a run that had them either."""
    (picture,) = tiny.barcode_pictures(tmp_path / "in", [9])
    options = ["--output", tmp_path / "out", "--model", passthrough]
    without_screen = {name: value for name, value in environment().items() if not name.endswith("DISPLAY")}
    for extra in ("--show", "--quiet"):
        subprocess.run(command(picture, *options, extra), env=without_screen, check=True, timeout=PATIENCE_SECONDS)
        job = tmp_path / "out" / ".rvm_matting" / "shot_0009"
        assert (job / "view.png").is_file() is (job / "view.json").is_file() is (extra == "--show")
