"""Matted once, and not again: strips of one file share a job, and a second run finds everything done."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bpy
import cv2
import pytest

from tests import tiny
from tests.host.timeline import Timeline
from tests.host.updating import raws_of
from tests.waiting import wait


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A movie of 60 frames."""
    return tiny.barcode_movie(tmp_path_factory.mktemp("clip") / "clip.avi", 60, fourcc="MJPG")


def piece(timeline: Timeline, path: Path, start: int, first: int, last: int, channel: int = 1) -> Any:
    """Add a strip that shows the source frames `first` to `last` of a movie from timeline frame `start` on."""
    strip = timeline.movie(path, channel, start - first, name=f"piece at {start}")
    timeline.addon.versions.set_right_handle(strip, start + last - first + 1)
    timeline.addon.versions.set_left_handle(strip, start)
    return strip


def exact(timeline: Timeline, strip: Any) -> bool:
    """Return whether a strip's result shows the same number at every frame."""
    told = timeline.compare(strip)
    return len(told) > 5 and [source for _, source, _ in told] == [result for _, _, result in told]


def test_strips_of_one_file_share_a_job(timeline: Timeline, clip: Path) -> None:
    """Three pieces, two of which show frames in common, one of them backwards: one job, and a strip for each."""
    pieces = [piece(timeline, clip, *where) for where in ((1, 0, 9), (101, 5, 19), (201, 40, 49))]
    pieces[1].use_reverse_frames = True
    shown = [tuple(told for _, told in numbers(timeline, strip)) for strip in pieces]
    assert timeline.press_button(*pieces) == {"FINISHED"}
    (job,) = timeline.addon.runner.current().queue.jobs
    assert job.spec.name == "clip.avi (3 strips)"
    assert job.frames_done == len(list(job.output.iterdir())) == len({n for told in shown for n in told}) == 25
    assert all(exact(timeline, strip) for strip in pieces)
    assert all(strip.mute for strip in pieces)


def numbers(timeline: Timeline, strip: Any) -> list[tuple[int, int]]:
    """Return what a strip shows at each of its frames."""
    return [
        (frame, tiny.read_barcode(timeline.render(frame))) for frame in range(*timeline.addon.versions.handles(strip))
    ]


def test_what_is_made_does_not_wait_for_what_runs(timeline: Timeline, clip: Path) -> None:
    """A longer strip of the same clip is being matted; the shorter one's frames stand already, and come at once."""
    short = piece(timeline, clip, 1, 0, 9)
    timeline.press_button(short)
    timeline.strips.remove(timeline.result_of(short))
    (running,), _ = timeline.submit(timeline.movie(clip, channel=6, name="long"))
    (job,), _ = timeline.submit(short)
    assert job is not running
    timeline.addon.runner.current().step()
    assert exact(timeline, short)
    assert not running.state.ended


def test_a_strip_that_waits_stays_with_its_job(timeline: Timeline, clip: Path) -> None:
    """Trimmed to what was made before, and pressed again: it does not get two results."""
    strip = piece(timeline, clip, 1, 0, 9)
    timeline.press_button(strip)
    timeline.strips.remove(timeline.result_of(strip))
    timeline.addon.versions.set_right_handle(strip, 61)
    (running,), _ = timeline.submit(strip)
    timeline.addon.versions.set_right_handle(strip, 11)
    (job,), _ = timeline.submit(strip)
    assert job is running
    timeline.finish()
    assert len(timeline.strips) == 2
    assert exact(timeline, strip)


def test_a_second_press_adds_nothing(timeline: Timeline, clip: Path) -> None:
    """Where the result is there, it is not laid over itself; where it was deleted, it comes back."""
    strip = piece(timeline, clip, 1, 0, 9)
    for _ in range(2):
        timeline.press_button(strip)
        assert sorted(one.name for one in timeline.strips) == [strip.name, f"{strip.name} matte"]
    timeline.strips.remove(timeline.result_of(strip))
    timeline.press_button(strip)
    assert exact(timeline, strip)


def cut(strip: Any, frame: int) -> Any:
    """Cut a strip, and return its second part."""
    return strip.split(frame=frame, split_method="SOFT")


def kinds(timeline: Timeline) -> list[tuple[str, tuple[int, int]]]:
    """Return what kinds of strips there are, and their handles."""
    return sorted((strip.type, timeline.addon.versions.handles(strip)) for strip in timeline.strips)


@pytest.mark.parametrize("together", [False, True], ids=["source", "both"])
def test_what_was_cut_after_it_was_matted_is_not_matted_once_more(
    timeline: Timeline, clip: Path, together: bool
) -> None:
    """Each part has its frames over it, whether the result was cut, too, or not."""
    strip = piece(timeline, clip, 1, 0, 29)
    timeline.press_button(strip)
    result = timeline.result_of(strip)
    parts = [strip, cut(strip, 11)]
    if together:
        parts.append(cut(parts[1], 21))
        cut(cut(result, 11), 21)
    before = kinds(timeline)
    timeline.press_button(*parts)
    assert kinds(timeline) == before


def test_what_was_renamed_after_it_was_matted_is_not_matted_once_more(timeline: Timeline, clip: Path) -> None:
    """Nor what was renamed and cut; what lies below the same frames from elsewhere is another strip."""
    strip = piece(timeline, clip, 1, 0, 9, channel=2)
    timeline.press_button(strip)
    strip.name = "interview"
    parts = [strip, cut(strip, 6)]
    before = kinds(timeline)
    timeline.press_button(*parts)
    assert kinds(timeline) == before
    timeline.strips.remove(parts[1])
    timeline.addon.versions.set_right_handle(strip, 11)
    above = piece(timeline, clip, 1, 0, 9, channel=5)
    above.name = "above"
    timeline.press_button(above)
    assert timeline.result_of(above).channel == 6


def _moved(_timeline: Timeline, strip: Any) -> list[Any]:
    setattr(strip, "content_start" if bpy.app.version >= (5, 2, 0) else "frame_start", 101)
    return [strip]


def _trimmed(timeline: Timeline, strip: Any) -> list[Any]:
    timeline.addon.versions.set_left_handle(strip, 6)
    return [strip]


def _renamed(_timeline: Timeline, strip: Any) -> list[Any]:
    strip.name = "interview"
    return [strip]


def _cut(_timeline: Timeline, strip: Any) -> list[Any]:
    return [cut(strip, 11)]


@pytest.mark.parametrize("edit", [_moved, _trimmed, _renamed, _cut], ids=lambda edit: edit.__name__.strip("_"))
def test_pressed_again_for_a_strip_that_was_edited_while_it_works(
    timeline: Timeline, clip: Path, edit: Callable[[Timeline, Any], list[Any]]
) -> None:
    """There is one result all the same."""
    strip = piece(timeline, clip, 1, 0, 29)
    (job,), _ = timeline.submit(strip)
    (same,), _ = timeline.submit(*edit(timeline, strip))
    assert same is job
    timeline.finish()
    (result,) = (one for one in timeline.strips if one.type == "IMAGE")
    sources = [timeline.addon.versions.handles(one) for one in timeline.strips if one.type == "MOVIE"]
    assert timeline.addon.versions.handles(result) == (min(sources)[0], max(sources)[1])


@pytest.mark.parametrize("when", ["waiting", "running", "made"])
def test_pressed_again_for_a_strip_that_became_longer_while_it_works(timeline: Timeline, clip: Path, when: str) -> None:
    """There is one result, of all that the strip shows, and the model looks at the new frames only."""
    strip, queue = piece(timeline, clip, 1, 0, 29), timeline.addon.runner.current().queue
    (first,), _ = timeline.submit(strip)
    until = {"waiting": lambda: True, "running": lambda: first.frames_done > 0, "made": lambda: first.matted}[when]
    wait(until, queue.tick)
    timeline.addon.versions.set_right_handle(strip, 41)
    (second,), _ = timeline.submit(strip)
    assert second is not first and not (first.folder / "places.json").exists()
    timeline.finish()
    assert [job.state.name for job in queue.jobs] == ["DONE"] * 2
    assert kinds(timeline) == [("IMAGE", (1, 41)), ("MOVIE", (1, 41))] and strip.mute
    assert "comes from the later job" in " ".join(first.warnings)
    assert "shows more or other" not in " ".join(first.warnings + second.warnings)
    assert (raws_of(first), raws_of(second)) == (30, 10)
    assert exact(timeline, strip)


def test_pressed_again_for_another_kind_of_result_while_it_works(timeline: Timeline, clip: Path) -> None:
    """That is a second result, also where the strip became longer; and what else waits for the first job stays."""
    strip, other = piece(timeline, clip, 1, 0, 9), piece(timeline, clip, 101, 0, 9)
    timeline.submit(strip, other)
    timeline.addon.versions.set_right_handle(strip, 21)
    timeline.submit(strip)
    timeline.scene.rvm_matting.result = "MATTE"
    timeline.submit(strip)
    timeline.finish()
    spans = [span for kind, span in kinds(timeline) if kind == "IMAGE"]
    assert spans == [(1, 21), (1, 21), (101, 111)]
    assert exact(timeline, other)


def test_others_have_jobs_of_their_own(timeline: Timeline, clip: Path, tmp_path: Path) -> None:
    """Another file, and what must be rendered, does not join in; a still that is used twice does."""
    other = tiny.barcode_movie(tmp_path / "other.avi", 30, fourcc="MJPG")
    (still,) = tiny.barcode_pictures(tmp_path / "in", [99])
    strips = [
        piece(timeline, clip, 1, 0, 9),
        piece(timeline, clip, 101, 0, 9),
        piece(timeline, other, 201, 0, 9),
        timeline.pictures([still], start=301, name="still"),
        timeline.pictures([still], start=311, name="still again"),
        timeline.addon.versions.new_colour_strip(timeline.strips, "red", 1, 401, 403),
        timeline.addon.versions.new_colour_strip(timeline.strips, "blue", 1, 501, 503),
    ]
    timeline.press_button(*strips)
    jobs = timeline.addon.runner.current().queue.jobs
    assert [job.spec.name for job in jobs] == [
        "clip.avi (2 strips)", "piece at 201", "shot_0099.png (2 strips)", "red", "blue",
    ]  # fmt: skip
    assert [job.state.name for job in jobs] == ["DONE"] * 5
    assert all(timeline.result_of(strip) for strip in strips)


@pytest.fixture
def own_model(timeline: Timeline, tmp_path: Path) -> Iterator[Path]:
    """Where the user's own model lies; nothing is there yet."""
    page = timeline.addon.preferences.page()
    page.model, page.model_file = timeline.addon.preferences.OWN_FILE, str(tmp_path / "mine.onnx")
    yield tmp_path / "mine.onnx"
    page.property_unset("model")
    page.property_unset("model_file")


def test_a_model_under_the_same_name_is_another(
    timeline: Timeline, clip: Path, own_model: Path, passthrough: Path, green: Path
) -> None:
    """Its frames are made anew; where it is gone, a result of it can be changed all the same."""
    strip, queue = piece(timeline, clip, 1, 0, 9), timeline.addon.runner.current().queue

    def least_alpha() -> tuple[Path, int]:
        job = queue.jobs[-1]
        assert (job.state.name, job.error) == ("DONE", "")
        picture = cv2.imread(str(job.output / job.spec.file_name(3)), cv2.IMREAD_UNCHANGED)
        return job.folder, int(picture[..., 3].min())

    told = []
    for content in (passthrough, green, None):
        if content is not None:
            own_model.write_bytes(content.read_bytes())
        timeline.press_button(strip)
        told.append(least_alpha())
    first, second, third = told
    assert first[1] == 255 and second[1] < 255
    assert first[0] != second[0] and third == second
    own_model.unlink()
    timeline.scene.rvm_matting.feather = 1.0
    timeline.select([one for one in timeline.strips if one.type == "IMAGE"][-1:])
    with timeline.shown():
        assert bpy.ops.rvm.update_result() == {"FINISHED"}
    assert least_alpha()[0] not in (first[0], second[0])


def modified(job: Any) -> list[int]:
    """Return when each file of a job's folder was last written."""
    return [path.stat().st_mtime_ns for path in sorted(job.folder.rglob("*"))]


def test_a_second_run_finds_everything_done(timeline: Timeline, clip: Path) -> None:
    """Also in a later session, for a part of it, under another name: no worker starts, the strip is there at once."""
    strip = piece(timeline, clip, 11, 0, 19)
    timeline.press_button(strip)
    runner = timeline.addon.runner.current()
    (first,) = runner.queue.jobs
    before = modified(first)
    runner.queue.dismiss(first)
    later = piece(timeline, clip, 101, 5, 14, channel=3)
    later.name = "later"
    (job,), problems = timeline.submit(later)
    assert (job.state.name, job.folder, problems) == ("DONE", first.folder, [])
    assert runner.step() == [job]
    assert runner.queue._process is None and not runner.busy
    assert exact(timeline, later)
    assert modified(first) == before
    assert "nothing had to be done" in timeline.addon.words.ending(job)
    assert "Nothing had to be matted" in timeline.addon.words.taken([job])


def test_a_frame_that_a_power_cut_emptied_is_made_again(timeline: Timeline, clip: Path) -> None:
    """The job had told that all is done: its frames serve no more, and the strip has no hole."""
    strip = piece(timeline, clip, 1, 0, 9)
    timeline.press_button(strip)
    runner = timeline.addon.runner.current()
    (first,) = runner.queue.jobs
    (first.output / first.spec.file_name(4)).write_bytes(b"")
    timeline.strips.remove(timeline.result_of(strip))
    strip.mute = False
    timeline.press_button(strip)
    again = runner.queue.jobs[-1]
    assert (again.state.name, again.found, again.frames_done) == ("DONE", False, 10)
    assert exact(timeline, strip)


def test_some_done_and_some_to_do(timeline: Timeline, clip: Path) -> None:
    """Of three strips one was matted before: it gets its strip from then, the others share a job for theirs."""
    pieces = [piece(timeline, clip, *where) for where in ((1, 0, 9), (101, 20, 29), (201, 25, 34))]
    timeline.press_button(pieces[0])
    timeline.strips.remove(timeline.result_of(pieces[0]))
    jobs, problems = timeline.submit(*pieces)
    assert [(job.spec.name, job.found) for job in jobs] == [("piece at 1", True), ("clip.avi (2 strips)", False)]
    assert problems == []
    timeline.finish()
    assert [job.frames_done for job in jobs] == [10, 15]
    assert all(exact(timeline, strip) for strip in pieces)


def test_pressed_twice_while_it_works(timeline: Timeline, clip: Path) -> None:
    """What a waiting or running job makes already is not queued once more: it serves both strips in the end."""
    whole, part = piece(timeline, clip, 1, 0, 29), piece(timeline, clip, 101, 3, 12)
    (job,), _ = timeline.submit(whole)
    (same,), _ = timeline.submit(part)
    assert same is job
    timeline.finish()
    assert timeline.addon.runner.current().queue.jobs == [job]
    assert exact(timeline, whole) and exact(timeline, part)


def test_a_file_written_over_is_matted_again(timeline: Timeline, tmp_path: Path) -> None:
    """The same name, other pictures: the result shows the new ones."""
    paths = tiny.barcode_pictures(tmp_path / "in", range(6))
    strip = timeline.pictures(paths)
    timeline.press_button(strip)
    timeline.strips.remove(timeline.result_of(strip))
    cv2.imwrite(str(paths[2]), tiny.barcode(222))
    timeline.press_button(strip)
    jobs = timeline.addon.runner.current().queue.jobs
    assert [job.found for job in jobs] == [False, False]
    assert tiny.read_barcode(cv2.imread(str(jobs[1].output / "shot_0002.png"))) == 222


def test_one_strip_that_is_gone_costs_only_its_own_result(timeline: Timeline, clip: Path) -> None:
    """Of two strips that share a job, one is deleted meanwhile: the other gets its result, and the user is told."""
    gone, stays = piece(timeline, clip, 1, 0, 9), piece(timeline, clip, 101, 5, 14)
    (job,), _ = timeline.submit(gone, stays)
    timeline.strips.remove(gone)
    timeline.finish()
    told = [text for text in job.warnings if "piece at" in text]
    assert len(told) == 1 and "“piece at 1”" in told[0] and str(job.output) in told[0]
    assert exact(timeline, stays)
