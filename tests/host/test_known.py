"""Results that are still to come are found again without looking through every folder that results ever went to."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests import tiny
from tests.host.timeline import Timeline

DAY_SECONDS = 24 * 3600.0


@pytest.fixture
def waits(timeline: Timeline, tmp_path: Path) -> Any:
    """A job that waits; the project's next results go to another folder than its own."""
    (job,), _ = timeline.submit(timeline.movie(tiny.barcode_movie(tmp_path / "clip.avi", 60, fourcc="MJPG")))
    timeline.scene.rvm_matting.output = str(tmp_path / "elsewhere")
    return job


def found(timeline: Timeline) -> list[Path]:
    """Return the folders of the jobs that the open project waits for."""
    return [one.folder for one in timeline.addon.unfinished.of_this_project()]


def test_what_is_noted_is_found_wherever_it_went(timeline: Timeline, waits: Any) -> None:
    """Elsewhere only what is known to wait is looked at, not whatever lies there; in the project's folder all of it."""
    assert found(timeline) == [waits.folder]
    timeline.addon.known.forget(waits.folder)
    assert found(timeline) == []
    timeline.scene.rvm_matting.output = str(waits.folder.parent)
    assert found(timeline) == [waits.folder]


def test_nothing_is_looked_for_where_all_has_come(timeline: Timeline, waits: Any) -> None:
    """The folder stays known, for what is kept for changes lies there."""
    known = timeline.addon.known
    assert waits.folder in known.expected()
    timeline.drive(lambda: not timeline.addon.runner.current().busy)
    assert waits.folder not in known.expected()
    assert waits.folder.parent in known.folders()


def test_a_disk_may_lie_in_a_drawer(timeline: Timeline, waits: Any) -> None:
    """What it holds is found when it is back; a note that somebody took away is waited for no more."""
    folder, away = waits.folder.parent, waits.folder.parent.with_name("drawer")
    folder.rename(away)
    folder.mkdir()  # as a mount point is that waits for its disk
    assert found(timeline) == []
    folder.rmdir()
    away.rename(folder)
    assert found(timeline) == [waits.folder]
    (waits.folder / timeline.addon.unfinished.PLACES_FILE).unlink()
    assert found(timeline) == []
    assert waits.folder not in timeline.addon.known.expected()


def test_what_nobody_finds_is_given_up_after_a_season(timeline: Timeline, waits: Any) -> None:
    """A share that is gone for good keeps nobody waiting for ever; a project that goes there still finds it."""
    path = timeline.addon.known._path()
    told = json.loads(path.read_text())
    told[str(waits.folder.parent)]["used"] -= 89 * DAY_SECONDS
    path.write_text(json.dumps(told))
    assert found(timeline) == [waits.folder]
    told[str(waits.folder.parent)]["used"] -= 2 * DAY_SECONDS
    path.write_text(json.dumps(told))
    assert found(timeline) == []
    assert waits.folder.parent in timeline.addon.known.folders()
    timeline.scene.rvm_matting.output = str(waits.folder.parent)
    assert found(timeline) == [waits.folder]


def test_the_list_does_not_grow_for_ever(timeline: Timeline, tmp_path: Path) -> None:
    """The folders that results went to last are kept."""
    known = timeline.addon.known
    kept = [tmp_path / str(number) for number in range(known._MOST)]
    for folder in (tmp_path / "oldest", *kept[:-1], kept[0], kept[-1]):
        known.expect(folder / "clip")
    assert set(kept) <= set(known.folders())
    assert tmp_path / "oldest" not in known.folders()


def test_what_refuses_for_a_moment_is_not_forgotten(
    timeline: Timeline, waits: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A virus scanner has the file open just when another job is to be remembered."""
    known = timeline.addon.known

    def refuses(*_: object, **__: object) -> str:
        raise PermissionError

    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_text", refuses)
        known.expect(waits.folder.with_name("another"))
        known.forget(waits.folder)
    assert [job for job in known.expected() if job.parent == waits.folder.parent] == [waits.folder]


def test_two_blenders_do_not_forget_each_others_jobs(timeline: Timeline, waits: Any) -> None:
    """Both note theirs at the same time."""
    known, jobs = timeline.addon.known, [waits.folder.with_name(f"job {number}") for number in range(60)]
    with ThreadPoolExecutor(2) as both:
        list(both.map(known.expect, jobs))
    assert {job for job in known.expected() if job.parent == waits.folder.parent} == {waits.folder, *jobs}
