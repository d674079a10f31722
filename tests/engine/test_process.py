"""A process that does a part of a job tells of its end, whatever that is."""

from pathlib import Path

import pytest

from rvm_addon.engine.contract import locks, process
from rvm_addon.engine.contract.errors import SourceMissing
from rvm_addon.engine.contract.events import Emit, Event, Failed, Finished, decode
from rvm_addon.engine.contract.process import HELD_STATUS

EVENTS = "part.jsonl"


def told(folder: Path) -> list[Event]:
    """Return what was told in a job's folder."""
    return [decode(line) for line in (folder / EVENTS).read_text(encoding="utf-8").splitlines()]


def unforeseen(error: Exception) -> Failed:
    """Say what nobody has foreseen."""
    return Failed(f"It stopped ({error})", "Look.")


def run(folder: Path, end: Exception | None = None, *, beside: bool = False) -> int:
    """Do a part that ends well, or with an error."""

    def work(emit: Emit) -> None:
        assert told(folder) == [], "that its file is there says that the part has begun"
        if end is not None:
            raise end
        emit(Finished(1, 2.0))

    return process.run(folder, EVENTS, work, unforeseen, stops_with_parent=False, beside=beside)


@pytest.mark.parametrize(
    ("end", "status", "word"),
    [
        (None, 0, Finished(1, 2.0)),
        (SourceMissing("/a.mp4"), 1, Failed(str(SourceMissing("/a.mp4")), SourceMissing.remedy)),
        (ZeroDivisionError("odd"), 1, Failed("It stopped (odd)", "Look.")),
    ],
)
def test_an_end_is_told(tmp_path: Path, end: Exception | None, status: int, word: Event) -> None:
    """An expected one in its own words, a bug in words that the part has for it."""
    assert (run(tmp_path, end), told(tmp_path)) == (status, [word])


def test_a_folder_that_is_anothers_is_left_to_it(tmp_path: Path) -> None:
    """What that one has told stays; only who works beside it goes on."""
    (tmp_path / EVENTS).write_text("")
    with locks.held(tmp_path) as free:
        assert free
        assert (run(tmp_path), told(tmp_path)) == (HELD_STATUS, [])
        assert (run(tmp_path, beside=True), told(tmp_path)) == (0, [Finished(1, 2.0)])


def test_a_folder_that_cannot_be_held_is_told(tmp_path: Path) -> None:
    """A directory has the name of the file that is locked."""
    (tmp_path / locks.HELD_FILE).mkdir()
    assert run(tmp_path) == 1
    (word,) = told(tmp_path)
    assert isinstance(word, Failed) and locks.HELD_FILE in word.message
