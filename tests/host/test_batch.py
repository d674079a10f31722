"""Many strips at once, and what may befall them while their jobs run; the tick is called by hand."""

import json
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest

from tests import tiny
from tests.host.timeline import Timeline
from tests.unprivileged import as_anybody, closed


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Five movies of 30 frames."""
    folder = tmp_path_factory.mktemp("clips")
    return [tiny.barcode_movie(folder / f"clip {number}.avi", 30, fourcc="MJPG") for number in range(5)]


def move(strip: Any, frames: int) -> None:
    """Move a strip along the timeline."""
    name = "content_start" if bpy.app.version >= (5, 2, 0) else "frame_start"
    setattr(strip, name, getattr(strip, name) + frames)


def test_five_strips_at_once(timeline: Timeline, clips: list[Path], tmp_path: Path) -> None:
    """One file goes missing while it waits, one job is cancelled; the other three become strips, in order."""
    doomed = tiny.barcode_movie(tmp_path / "doomed.avi", 30, fourcc="MJPG")
    paths = [clips[0], clips[1], doomed, clips[3], clips[4]]
    strips = [timeline.movie(path, channel=1, start=1 + 40 * index) for index, path in enumerate(paths)]
    jobs, problems = timeline.submit(*strips)
    assert (len(jobs), problems) == (5, [])
    doomed.unlink()
    timeline.drive(lambda: jobs[0].frames_done > 0)
    assert bpy.ops.rvm.cancel_job(folder=str(jobs[1].folder)) == {"FINISHED"}
    timeline.finish()
    assert [job.state.name for job in jobs] == ["DONE", "CANCELLED", "FAILED", "DONE", "DONE"]
    assert "doomed.avi" in jobs[2].error and jobs[2].remedy
    results = sorted(strip.name for strip in timeline.strips if strip.name.endswith(" matte"))
    assert results == ["clip 0.avi matte", "clip 3.avi matte", "clip 4.avi matte"]
    assert [strip.mute for strip in strips] == [True, False, False, True, True]


def test_the_last_word_is_on_what_was_refused(
    timeline: Timeline, clips: list[Path], addon: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blender shows the last report of an operator only: in a window, that of six strips one has a problem."""
    gone = tiny.barcode_movie(tmp_path / "gone.avi", 9, fourcc="MJPG")
    strips = [timeline.movie(clips[0]), timeline.movie(gone, start=100)]
    gone.unlink()
    told: list[tuple[set[str], str]] = []
    window = SimpleNamespace(app=SimpleNamespace(background=False))
    monkeypatch.setattr(addon.operators, "bpy", window)
    monkeypatch.setattr(addon.operators, "driver", SimpleNamespace(start_timer=lambda: None))
    operator = SimpleNamespace(report=lambda kind, text: told.append((kind, text)))
    assert addon.operators.go(operator, *timeline.submit(*strips)) == {"FINISHED"}
    (first, _), (last, text) = told
    assert (first, last) == ({"INFO"}, {"WARNING"}) and "gone.avi" in text


def test_the_status_bar_tells_the_time_for_all_jobs(
    timeline: Timeline, clips: list[Path], addon: SimpleNamespace
) -> None:
    """Not that of the job which runs, with four more to come."""
    jobs, _ = timeline.submit(*(timeline.movie(path, start=1 + 40 * index) for index, path in enumerate(clips)))
    timeline.drive(lambda: jobs[0].part_per_second > 0)
    rest = sum(job.frames_total - job.frames_done for job in jobs) / jobs[0].part_per_second
    assert addon.words.overall(jobs) == f"Matting · 1 of 5 · {addon.words.about(rest)} left"


def test_the_status_bar_tells_no_time_that_is_not_known(timeline: Timeline, clips: list[Path]) -> None:
    """Neither rendering nor encoding goes at the speed of matting."""
    timeline.scene.rvm_matting.write_movie = True
    jobs, _ = timeline.submit(timeline.movie(clips[0]), timeline.movie(clips[1], start=41))
    timeline.drive(lambda: jobs[0].part_per_second > 0)
    assert timeline.addon.words.overall(jobs) == "Matting · 1 of 2"


def test_strips_that_cannot_be_matted_are_named(timeline: Timeline, clips: list[Path], tmp_path: Path) -> None:
    """A missing file is told, and the good strips go on."""
    gone = tiny.barcode_movie(tmp_path / "gone.avi", 9, fourcc="MJPG")
    good, missing = timeline.movie(clips[0]), timeline.movie(gone, start=50)
    gone.unlink()
    jobs, problems = timeline.submit(good, missing)
    assert [job.spec.name for job in jobs] == ["clip 0.avi"]
    assert len(problems) == 1
    assert "gone.avi" in problems[0] and "not found" in problems[0]


def test_a_worker_loads_while_the_press_is_busy(
    timeline: Timeline, clips: list[Path], addon: SimpleNamespace, tmp_path: Path
) -> None:
    """The job that comes of it is that worker's; where none comes, nothing is left running."""
    gone = tiny.barcode_movie(tmp_path / "gone.avi", 9, fourcc="MJPG")
    good, missing = timeline.movie(clips[0]), timeline.movie(gone, start=50)
    gone.unlink()
    queue = addon.runner.current().queue
    assert timeline.submit(missing)[0] == []
    assert queue._waiting is None
    (job,), _ = timeline.submit(good)
    waiting = queue._waiting._process
    timeline.drive(lambda: job.frames_done > 0)
    assert queue._worker._process is waiting
    timeline.finish()
    assert (job.state.name, queue._waiting) == ("DONE", None)


def test_what_may_not_be_looked_into_is_not_found(timeline: Timeline, clips: list[Path], tmp_path: Path) -> None:
    """A movie and pictures in a folder that somebody closed meanwhile; the good strip goes on."""
    with closed(tmp_path / "closed") as folder:
        folder.chmod(0o700)
        movie = timeline.movie(tiny.barcode_movie(folder / "shut.avi", 9, fourcc="MJPG"), start=50)
        pictures = timeline.pictures(tiny.barcode_pictures(folder, [1, 2]), start=100)
        folder.chmod(0)
        with as_anybody():
            jobs, problems = timeline.submit(timeline.movie(clips[0]), movie, pictures)
    assert [job.spec.name for job in jobs] == ["clip 0.avi"]
    assert len(problems) == 2 and all("not found" in said for said in problems)


def test_nothing_to_matte_is_an_error(timeline: Timeline, tmp_path: Path) -> None:
    """Without a strip that can be matted the button says so; without a selection it is grey."""
    gone = tiny.barcode_movie(tmp_path / "gone.avi", 9, fourcc="MJPG")
    missing = timeline.movie(gone)
    gone.unlink()
    with pytest.raises(RuntimeError, match="not found"):
        timeline.press_button(missing)
    timeline.select([])
    with timeline.shown():
        assert not bpy.ops.rvm.matte_strips.poll()


def test_a_refused_press_leaves_nothing_behind(timeline: Timeline, clips: list[Path], addon: SimpleNamespace) -> None:
    """Over a picture that was not chosen: no folder, and no copy of the project, is left of any strip."""
    timeline.scene.rvm_matting.result = "BACKDROP"
    colour = addon.versions.new_colour_strip(timeline.strips, "blue", 3, 1, 6)
    with pytest.raises(RuntimeError, match="picture or movie"):
        timeline.press_button(timeline.movie(clips[0]), colour)
    assert not (timeline.folder / "results").exists()


def test_a_strip_that_is_gone_leaves_its_frames(timeline: Timeline, clips: list[Path]) -> None:
    """Deleted while its job runs: no strip appears, and the user reads where the frames are."""
    deleted = timeline.movie(clips[0])
    (job,), _ = timeline.submit(deleted)
    timeline.strips.remove(deleted)
    timeline.finish()
    assert job.state.name == "DONE"
    assert any(str(job.output) in text for text in job.warnings)
    assert len(list(job.output.iterdir())) == 30
    assert list(timeline.strips) == []


def test_a_strip_is_known_under_another_name(timeline: Timeline, clips: list[Path]) -> None:
    """Renamed while its job runs, in a scene renamed too, it gets its result; where two might be it, neither does."""
    renamed, doubtful = timeline.movie(clips[0]), timeline.movie(clips[1], start=50)
    timeline.submit(renamed, doubtful)
    move(doubtful, 10)
    renamed.name, doubtful.name, timeline.scene.name = "another name", "a third", "another scene"
    twin = timeline.movie(clips[1], channel=2, start=100, name="twin")
    timeline.finish()
    assert {strip.name for strip in timeline.strips} == {"another name", "another name matte", "a third", twin.name}


def test_what_is_left_of_a_strip_gets_its_result(timeline: Timeline, clips: list[Path], addon: SimpleNamespace) -> None:
    """Cut while its job runs, and the part that bears its name deleted: the others are known by where they lie."""
    strip = timeline.movie(clips[0], start=1)
    timeline.movie(clips[0], start=101, name="a copy elsewhere")
    (job,), _ = timeline.submit(strip)
    middle = strip.split(frame=11, split_method="SOFT")
    last = middle.split(frame=21, split_method="SOFT")
    timeline.strips.remove(strip)
    timeline.finish()
    assert job.warnings[1:] == []
    assert addon.versions.handles(timeline.result_of(middle)) == (11, 31)
    assert middle.mute and last.mute and len(timeline.strips) == 4


@pytest.mark.parametrize("frames", [0, 300], ids=["up", "away"])
def test_what_was_cut_off_and_moved_is_named(
    timeline: Timeline, clips: list[Path], addon: SimpleNamespace, frames: int
) -> None:
    """While the job runs: that part has no result, and the user reads how it gets one, which is there at once."""
    strip = timeline.movie(clips[0], start=1)
    (job,), _ = timeline.submit(strip)
    other = strip.split(frame=11, split_method="SOFT")
    move(other, frames)
    other.channel += 4
    other.name = "other"
    timeline.finish()
    (said,) = job.warnings[1:]
    assert said == (
        f"“other” shows frames that were matted for “{strip.name}”, but lies elsewhere and has no result: "
        "select it and press Matte Selected Strips"
    )
    assert addon.versions.handles(timeline.result_of(strip)) == (1, 11) and not other.mute
    (again,), _ = timeline.submit(other)
    timeline.finish()
    assert again.folder == job.folder and timeline.result_of(other) and other.mute


def test_a_strip_that_moved_takes_its_result_along(timeline: Timeline, clips: list[Path]) -> None:
    """Moved while its job runs: the result lies where its frames belong, and shows what they showed."""
    strip = timeline.movie(clips[0], start=1)
    timeline.submit(strip)
    if bpy.app.version >= (5, 2, 0):
        strip.content_start = 101
    else:
        strip.frame_start = 101
    strip.channel = 4
    timeline.finish()
    assert timeline.addon.versions.handles(timeline.result_of(strip)) == (101, 131)
    assert timeline.result_of(strip).channel == 5
    assert [a == b for _, a, b in timeline.compare(strip, [101, 110, 130])] == [True] * 3


def test_another_strip_of_the_same_name_gets_nothing(
    timeline: Timeline, clips: list[Path], addon: SimpleNamespace
) -> None:
    """Cameras reuse names: a strip of another file, or of another kind, is not the one that was matted."""
    jobs, _ = timeline.submit(
        timeline.movie(clips[0], name="A"), timeline.movie(clips[1], channel=2, start=50, name="B")
    )
    for name in "AB":
        timeline.strips.remove(timeline.strips[name])
    timeline.movie(clips[2], name="A")
    addon.versions.new_colour_strip(timeline.strips, "B", 2, 50, 60)
    timeline.finish()
    assert sorted(strip.name for strip in timeline.strips) == ["A", "B"]
    assert all(str(job.output) in job.warnings[-1] for job in jobs)


def test_a_strip_cut_in_two_is_muted_whole(timeline: Timeline, clips: list[Path], addon: SimpleNamespace) -> None:
    """Cut while its job runs: no part of the source shows below its cut-out."""
    strip = timeline.movie(clips[0], start=1)
    timeline.submit(strip)
    right = strip.split(frame=15, split_method="SOFT")
    timeline.finish()
    assert strip.mute
    assert right.mute
    assert addon.versions.handles(timeline.result_of(strip)) == (1, 31)


@pytest.mark.parametrize("animated", [False, True], ids=["still", "animated"])
def test_a_strip_cut_in_two_is_masked_whole(
    timeline: Timeline, clips: list[Path], addon: SimpleNamespace, animated: bool
) -> None:
    """Cut while its job runs: one matte is the mask of both parts, and moves as they do."""
    timeline.scene.rvm_matting.result = "MASK"
    strip = timeline.movie(clips[0], start=1)
    if animated:
        for frame, value in ((1, 0), (30, 20)):
            strip.transform.offset_x = value
            strip.transform.keyframe_insert("offset_x", frame=frame)
    (job,), _ = timeline.submit(strip)
    right = strip.split(frame=15, split_method="SOFT")
    timeline.finish()
    assert job.warnings[1:] == []  # the first is about the tiny model
    matte = timeline.result_of(strip)
    assert [part.modifiers[0].input_mask_strip for part in (strip, right)] == [matte, matte]
    curves = addon.versions.strip_curves(timeline.scene) or ()
    moved = [curve.evaluate(30) for curve in curves if curve.data_path.startswith(matte.path_from_id())]
    assert moved == ([20] if animated else [])


@pytest.mark.parametrize("kind", ["CUTOUT", "MASK"])
def test_nothing_lies_over_what_took_the_place_of_a_part(
    timeline: Timeline, clips: list[Path], addon: SimpleNamespace, kind: str
) -> None:
    """Cut while its job runs, and another clip put between: a result for each side, like that and its alone."""
    timeline.scene.rvm_matting.result = kind
    strip, handles = timeline.movie(clips[0], start=1, channel=2), addon.versions.handles
    (job,), _ = timeline.submit(strip)
    middle = strip.split(frame=11, split_method="SOFT")
    right = middle.split(frame=21, split_method="SOFT")
    timeline.strips.remove(middle)
    right.blend_alpha = 0.5
    addon.versions.new_colour_strip(timeline.strips, "another", 2, 11, 21)
    addon.versions.new_colour_strip(timeline.strips, "title", 3, 11, 21)
    timeline.finish()
    results = [timeline.result_of(part) for part in (strip, right)]
    assert [(handles(result), result.channel) for result in results] == [((1, 11), 3), ((21, 31), 3)]
    assert [one.type for one in timeline.strips].count("IMAGE") == 2 and job.warnings[1:] == []
    for part, result in zip((strip, right), results, strict=True):
        if kind == "MASK":
            assert (part.mute, part.modifiers[0].input_mask_strip) == (False, result)
        else:
            assert (part.mute, result.blend_alpha) == (True, part.blend_alpha)
            assert all(a == b for _, a, b in timeline.compare(part, [handles(part)[0], handles(part)[1] - 1]))


def test_what_lay_above_a_strip_and_lies_below_its_result_is_named(
    timeline: Timeline, clips: list[Path], addon: SimpleNamespace
) -> None:
    """The next free channel may be above a title: nothing of the user's is moved, and the user reads what to move.

    What is not seen, lies elsewhere in time, or gets a result itself does not count, nor what had its place below; and
    a mask hides nothing.
    """
    below, above = timeline.movie(clips[0]), timeline.movie(clips[1], channel=2)
    others = [("title", 3, 10, 20), ("later", 4, 31, 40), ("muted", 5, 1, 9), ("another title", 5, 10, 20)]
    for name, *place in others:
        addon.versions.new_colour_strip(timeline.strips, name, *place).mute = name == "muted"
    jobs, _ = timeline.submit(below, above)
    timeline.finish()
    assert [timeline.result_of(strip).channel for strip in (below, above)] == [4, 6]
    told = "The result of “{}” lies above {}, which lay above its source: move {}"
    one = told.format(below.name, "“title”", "that to a higher channel")
    several = told.format(above.name, "2 strips, such as “title”", "these to higher channels")
    assert [job.warnings[1:] for job in jobs] == [[one], [several]]
    timeline.scene.rvm_matting.result = "MASK"
    (job,), _ = timeline.submit(below)
    timeline.finish()
    assert job.warnings[1:] == []


LONGER = "“{}” shows more or other frames than when it was matted: select its result and press Update Result"


@pytest.mark.parametrize("frames", [1, 20])
def test_a_strip_that_became_longer_stays_seen(
    timeline: Timeline, clips: list[Path], addon: SimpleNamespace, frames: int
) -> None:
    """Trimmed outward while its job runs: nothing of it is hidden that its result does not show, and the user is told.

    What the user reads mattes the rest.
    """
    strip = timeline.movie(clips[0], start=1)
    addon.versions.set_right_handle(strip, frames + 1)
    (job,), _ = timeline.submit(strip)
    addon.versions.set_right_handle(strip, 31)
    timeline.finish()
    assert job.warnings[1:] == [LONGER.format(strip.name)] and not strip.mute
    assert addon.versions.handles(timeline.result_of(strip)) == (1, frames + 1)
    timeline.select([timeline.result_of(strip)])
    with timeline.shown():
        assert bpy.ops.rvm.update_result() == {"FINISHED"}
    assert sorted((one.mute, addon.versions.handles(one)) for one in timeline.strips) == [
        (False, (1, 31)),
        (True, (1, 31)),
    ]


def reversed_(_timeline: Timeline, strip: Any) -> None:
    """Let a strip play backwards."""
    strip.use_reverse_frames = True


def strobed(_timeline: Timeline, strip: Any) -> None:
    """Let a strip show every third frame only."""
    strip.strobe = 3.0


def retimed(timeline: Timeline, strip: Any) -> None:
    """Let a strip play at half the speed in its first third."""
    timeline.retime(strip, 10, 19)


@pytest.mark.parametrize("change", [reversed_, strobed, retimed])
def test_a_strip_that_shows_other_frames_stays_seen(timeline: Timeline, clips: list[Path], change: Any) -> None:
    """What was matted of it is not what it shows now; an update gives it what it shows."""
    strip = timeline.movie(clips[0])
    (job,), _ = timeline.submit(strip)
    change(timeline, strip)
    timeline.finish()
    assert not strip.mute and LONGER.format(strip.name) in job.warnings
    result = timeline.result_of(strip)
    timeline.select([result])
    with timeline.shown():
        bpy.ops.rvm.update_result()
    assert strip.mute
    assert not any("shows more or" in text for text in timeline.addon.runner.current().queue.jobs[-1].warnings)
    assert all(source == result for _, source, result in timeline.compare(strip))


def test_what_was_cut_off_hard_is_named(timeline: Timeline, clips: list[Path]) -> None:
    """A hard cut leaves each part only its own frames, and the right one begins elsewhere."""
    strip = timeline.movie(clips[0])
    (job,), _ = timeline.submit(strip)
    right = strip.split(frame=11, split_method="HARD")
    timeline.finish()
    assert strip.mute and not right.mute
    assert any(f"“{right.name}” shows frames that were matted for “{strip.name}”" in text for text in job.warnings)


def test_a_copy_of_the_scene_gets_nothing(timeline: Timeline, clips: list[Path]) -> None:
    """Both were renamed: nobody can tell which one the button was pressed in, so neither is touched."""
    strip = timeline.movie(clips[0])
    (job,), _ = timeline.submit(strip)
    copy = timeline.scene.copy()
    timeline.scene.name, copy.name = "Trailer", "Backup"
    timeline.finish()
    strips = [timeline.addon.versions.all_strips(scene.sequence_editor) for scene in (timeline.scene, copy)]
    assert [len(every) for every in strips] == [1, 1] and not any(one.mute for every in strips for one in every)
    assert any("is gone or was renamed" in text and str(job.output) in text for text in job.warnings)
    bpy.data.scenes.remove(copy)


def test_a_strip_that_became_shorter_has_a_result_as_short(
    timeline: Timeline, clips: list[Path], addon: SimpleNamespace
) -> None:
    """Trimmed inward while its job runs: the result ends where the strip ends, and can be trimmed outward again."""
    strip = timeline.movie(clips[0], start=1)
    (job,), _ = timeline.submit(strip)
    addon.versions.set_right_handle(strip, 21)
    timeline.finish()
    result = timeline.result_of(strip)
    assert (job.warnings[1:], strip.mute, addon.versions.handles(result)) == ([], True, (1, 21))
    assert addon.versions.content_duration(result) == 30


def test_a_strip_whose_content_slipped(timeline: Timeline, clips: list[Path], addon: SimpleNamespace) -> None:
    """Slipped while its job runs: the result shows what the strip shows, as far as that was matted."""
    strip = timeline.movie(clips[0], start=1)
    addon.versions.set_left_handle(strip, 11)
    addon.versions.set_right_handle(strip, 21)
    timeline.scene.rvm_matting.handles = 3
    (job,), _ = timeline.submit(strip)
    setattr(strip, "content_start" if bpy.app.version >= (5, 2, 0) else "frame_start", 6)
    addon.versions.set_left_handle(strip, 11)
    addon.versions.set_right_handle(strip, 21)
    timeline.finish()
    assert addon.versions.handles(timeline.result_of(strip)) == (13, 21)
    assert job.warnings[1:] == [LONGER.format(strip.name)] and not strip.mute
    assert [a == b for _, a, b in timeline.compare(strip, [13, 20])] == [True] * 2


def test_a_result_is_not_matted_again(timeline: Timeline, clips: list[Path]) -> None:
    """Selected along with its source it is left alone; alone, it is said to be a result."""
    strip = timeline.movie(clips[0])
    timeline.press_button(strip)
    result = timeline.result_of(strip)
    jobs, problems = timeline.submit(strip, result)
    timeline.finish()
    assert (len(jobs), problems) == (1, [])
    jobs, problems = timeline.submit(result)
    assert jobs == []
    assert "matted strip already" in problems[0]


def test_pictures_beside_another_programs_job_are_no_result(timeline: Timeline, tmp_path: Path) -> None:
    """Render managers, too, lay a `job.json` beside the folder of a shot's pictures."""
    strip = timeline.pictures(tiny.barcode_pictures(tmp_path / "shot_010" / "plates", range(3)))
    (tmp_path / "shot_010" / "job.json").write_text('{"name": "shot_010", "frames": [1, 200]}')
    timeline.press_button(strip)
    assert [a == b for _, a, b in timeline.compare(strip)] == [True] * 3


def test_a_result_waits_for_the_end_of_a_render(
    timeline: Timeline, clips: list[Path], addon: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While Blender renders, strips stay as they are; the result comes after it."""
    rendering = True
    app = SimpleNamespace(background=True, is_job_running=lambda _: rendering)
    monkeypatch.setattr(addon.arrivals, "bpy", SimpleNamespace(app=app, context=bpy.context))
    runner = addon.runner.current()
    (job,), _ = timeline.submit(timeline.movie(clips[0]))
    timeline.drive(lambda: job.state.ended)
    assert (len(timeline.strips), runner.busy) == (1, True)
    rendering = False
    runner.step()
    assert (len(timeline.strips), runner.busy) == (2, False)


def test_a_result_waits_until_no_strip_is_dragged(
    timeline: Timeline, clips: list[Path], addon: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blender crashes where one is removed that is; what an add-on lets run for ever is not waited for."""
    operators = [SimpleNamespace(bl_idname=name) for name in ("WM_OT_keys_shown", "TRANSFORM_OT_seq_slide")]
    manager = SimpleNamespace(windows=[SimpleNamespace(modal_operators=operators)])
    window = SimpleNamespace(app=bpy.app, context=SimpleNamespace(window_manager=manager))
    monkeypatch.setattr(addon.arrivals, "bpy", window)
    runner = addon.runner.current()
    (job,), _ = timeline.submit(timeline.movie(clips[0]))
    timeline.drive(lambda: job.state.ended)
    assert (len(timeline.strips), runner.busy) == (1, True)
    operators.pop()
    runner.step()
    assert (len(timeline.strips), runner.busy) == (2, False)


def test_what_arrives_at_once_is_one_step_to_undo(
    timeline: Timeline, clips: list[Path], addon: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of Blender's 32 steps, forty results that were found would leave the user none."""
    pushed, in_use = [], True

    def steps(jobs: list[Any]) -> int:
        nonlocal in_use
        pushed.clear()
        in_use = True
        timeline.drive(lambda: all(job.matted for job in jobs))
        in_use = False
        timeline.finish()
        return len(pushed)

    app = SimpleNamespace(background=False, is_job_running=lambda _: in_use)
    ops = SimpleNamespace(rvm=SimpleNamespace(results_arrived=lambda *called: pushed.append(called)))
    monkeypatch.setattr(addon.arrivals, "bpy", SimpleNamespace(app=app, ops=ops, context=bpy.context))
    strips = [timeline.movie(path, start=1 + 40 * index) for index, path in enumerate(clips)]
    assert steps(timeline.submit(*strips[:3])[0]) == 1
    results = [timeline.result_of(strip) for strip in strips[:3]]

    def updated(*chosen: Any) -> list[Any]:
        timeline.scene.rvm_matting.grow += 1
        timeline.select(chosen)
        with timeline.shown():
            return list(addon.result_operators.update_selected(bpy.context)[0])

    assert steps(updated(*results)) == 1
    assert steps([*updated(*results), *timeline.submit(strips[3])[0]]) == 1


@pytest.fixture
def one_by_one(addon: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step puts one result on its timeline, as if each took long."""
    monkeypatch.setattr(addon.arrivals, "_MOMENT_SECONDS", 0.0)


def results_in(timeline: Timeline) -> list[str]:
    """Return the names of the results on a timeline."""
    return sorted(strip.name for strip in timeline.strips if strip.name.endswith(" matte"))


@pytest.mark.usefixtures("one_by_one")
def test_blender_has_its_turn_between_results(timeline: Timeline, clips: list[Path], addon: SimpleNamespace) -> None:
    """Of many pieces of one clip, all would come in one long step. One that is pressed meanwhile comes along."""
    runner = addon.runner.current()
    strips = [timeline.movie(clips[0], start=1 + 40 * index, name=f"piece {index}") for index in range(4)]
    (job,), _ = timeline.submit(*strips[:3])
    timeline.drive(lambda: job.matted)
    assert len(results_in(timeline)) == 1
    (found,), _ = timeline.submit(strips[3])
    assert found.folder == job.folder
    for count in (2, 3, 4):
        assert runner.busy
        runner.step()
        assert len(results_in(timeline)) == count
    assert not runner.busy
    assert all(strip.mute for strip in strips)


@pytest.mark.usefixtures("one_by_one")
def test_what_is_undone_during_an_arrival_comes_again(timeline: Timeline, clips: list[Path]) -> None:
    """The user undoes what they did meanwhile; Blender goes back to a state without the results that had come."""
    strips = [timeline.movie(clips[0], start=1 + 40 * index, name=f"piece {index}") for index in range(4)]
    timeline.submit(*strips)
    timeline.drive(lambda: len(results_in(timeline)) == 2)
    for name in results_in(timeline):
        timeline.strips.remove(timeline.strips[name])
        timeline.strips[name.removesuffix(" matte")].mute = False
    for undone in bpy.app.handlers.undo_post:
        undone(timeline.scene)
    timeline.finish()
    assert results_in(timeline) == [f"piece {index} matte" for index in range(4)]
    assert all(strip.mute for strip in strips)
    timeline.strips.remove(timeline.result_of(strips[0]))
    for undone in bpy.app.handlers.undo_post:
        undone(timeline.scene)
    timeline.finish()
    assert len(results_in(timeline)) == 3, "afterwards, an undo is what it says"


@pytest.mark.parametrize(
    "chosen", ["", "renders", "//renders/deeper", "//", "//../renders", "//renders\\deeper", "~no user/renders"]
)
def test_a_relative_folder_lies_beside_the_project(timeline: Timeline, tmp_path: Path, chosen: str) -> None:
    """With or without the leading //; never in whatever folder Blender was started from.

    One that only looks like somebody's home is a folder like any other.
    """
    project = tmp_path / "Projekt Ü 人"
    project.mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(project / "cut.blend"))
    folder = timeline.addon.properties.output_folder(chosen)
    written = chosen.removeprefix("//").replace("\\", "/")  # on Windows, Blender writes it the other way
    assert folder == (tmp_path / "renders" if ".." in chosen else project / written)


def test_settings_are_frozen_when_the_button_is_pressed(
    timeline: Timeline, clips: list[Path], addon: SimpleNamespace
) -> None:
    """What is changed afterwards counts for the next job."""
    strip = timeline.movie(clips[0])
    (job,), _ = timeline.submit(strip)
    timeline.scene.rvm_matting.result = "COLOUR"
    timeline.scene.rvm_matting.keep_source = True
    timeline.finish()
    assert job.spec.look.result == addon.spec.Result.CUTOUT
    assert strip.mute


def test_quality_chooses_how_closely_the_model_looks(timeline: Timeline, clips: list[Path]) -> None:
    """Draft, standard, fine and a ratio of one's own reach the job."""
    strip = timeline.movie(clips[0])
    told = []
    for quality in ("DRAFT", "STANDARD", "FINE", "RATIO"):
        timeline.scene.rvm_matting.quality = quality
        timeline.scene.rvm_matting.ratio = 0.5
        (job,), _ = timeline.submit(strip)
        told.append((job.spec.working_side, job.spec.ratio))
    assert told == [(256, None), (512, None), (1024, None), (512, 0.5)]


def test_a_folder_that_cannot_be_written_is_told_at_once(timeline: Timeline, clips: list[Path], tmp_path: Path) -> None:
    """Before any work, with the folder's name."""
    (tmp_path / "in the way").touch()
    timeline.scene.rvm_matting.output = str(tmp_path / "in the way")
    jobs, problems = timeline.submit(timeline.movie(clips[0]))
    assert jobs == []
    assert "in the way" in problems[0]


def test_a_damaged_model_never_runs(timeline: Timeline, clips: list[Path], addon: SimpleNamespace) -> None:
    """Half a file of weights ends the job with a sentence; no frame is made."""
    model = addon.folder / "weights" / "tiny.onnx"
    content = model.read_bytes()
    try:
        model.write_bytes(content[:-10])
        (job,), _ = timeline.submit(timeline.movie(clips[0]))
        timeline.finish()
    finally:
        model.write_bytes(content)
    assert job.state.name == "FAILED"
    assert "damaged" in job.error and "tiny.onnx" in job.error
    assert not job.output.exists()


def test_a_result_that_blender_refuses_holds_up_nothing(
    timeline: Timeline, clips: list[Path], addon: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason is a warning of its job, what became of the strip can be undone, and the next one gets its result."""
    read_rightly, refused, pushed = addon.results.read_rightly, [], []

    def without_srgb(result: Any, *others: Any) -> None:
        if not refused:
            refused.append(result.name)
            raise TypeError('enum "sRGB" not found')
        read_rightly(result, *others)

    monkeypatch.setattr(addon.results, "read_rightly", without_srgb)
    window = SimpleNamespace(background=False, is_job_running=lambda _: False)
    ops = SimpleNamespace(rvm=SimpleNamespace(results_arrived=lambda *called: pushed.append(called)))
    monkeypatch.setattr(addon.arrivals, "bpy", SimpleNamespace(app=window, ops=ops, context=bpy.context))
    first, second = timeline.movie(clips[0]), timeline.movie(clips[1], start=50)
    jobs, _ = timeline.submit(first, second)
    while addon.driver._tick() is not None:
        time.sleep(0.01)
    assert [job.state.name for job in jobs] == ["DONE", "DONE"]
    (said,), nothing = ([text for text in job.warnings if "timeline" in text] for job in jobs)
    assert "clip 0.avi" in said and 'enum "sRGB" not found' in said and str(jobs[0].output) in said
    assert nothing == []
    assert timeline.result_of(second)
    assert len(pushed) == 2


def test_the_timer_survives_a_bug(
    timeline: Timeline, clips: list[Path], addon: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blender drops a timer that raises: the other jobs would wait for ever."""
    (job,), _ = timeline.submit(timeline.movie(clips[0]))
    with monkeypatch.context() as broken:
        broken.setattr(addon.driver, "redraw", lambda: 1 / 0)
        assert addon.driver._tick() == addon.timers.AFTER_A_BUG_SECONDS
    timeline.finish()
    assert job.state.name == "DONE"


@pytest.mark.parametrize("module", ["caches", "self_test"])
def test_the_preferences_timers_survive_a_bug(
    addon: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    """What they look after would never be seen to end."""
    monkeypatch.setattr(addon.preferences, "redraw", lambda: 1 / 0)
    assert getattr(addon, module)._tick() == addon.timers.AFTER_A_BUG_SECONDS


def test_a_bug_in_what_is_recalled_is_logged(
    addon: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Once: Blender would tell nobody but a console that is not there."""
    monkeypatch.setattr(addon.unfinished, "of_this_project", lambda: 1 / 0)
    assert addon.driver._look() is None
    assert "ZeroDivisionError" in caplog.text


def test_another_file_keeps_its_timeline(timeline: Timeline, clips: list[Path], addon: SimpleNamespace) -> None:
    """Opening another file while a job runs: its frames are made, no strip appears there, and the user is told.

    Not even where it has the same strip: a copy of the project in which the button was pressed.
    """
    strip = timeline.movie(clips[0])
    (job,), _ = timeline.submit(strip)
    note = job.folder / addon.unfinished.PLACES_FILE
    (told,) = json.loads(note.read_text())
    note.write_text(json.dumps([told | {"project": "/the/first.blend"}]))
    addon.driver._file_opened("")
    timeline.finish()
    assert job.state.name == "DONE"
    assert f"Another file was opened; the frames go to “{job.output}”" in job.warnings
    assert [one.name for one in timeline.strips] == [strip.name]
    assert not strip.mute


def test_ended_jobs_leave_the_list(timeline: Timeline, clips: list[Path], addon: SimpleNamespace) -> None:
    """The list's cross takes a job off, and tells of one that is not there."""
    (job,), _ = timeline.submit(timeline.movie(clips[0]))
    timeline.finish()
    assert bpy.ops.rvm.dismiss_job(folder=str(job.folder)) == {"FINISHED"}
    assert addon.runner.current().queue.jobs == []
    assert bpy.ops.rvm.cancel_job(folder=str(job.folder)) == {"CANCELLED"}


def test_operator_search_finds_the_button(addon: SimpleNamespace) -> None:
    """Search looks through menus: the operator stands in the Strip menu and in the context menu."""
    for name in ("SEQUENCER_MT_strip", "SEQUENCER_MT_context_menu"):
        assert addon.operators._draw_menu in getattr(bpy.types, name)._dyn_ui_initialize()


def test_disabling_the_extension_takes_everything_back(timeline: Timeline, clips: list[Path]) -> None:
    """A running worker ends, and menus, settings and operators are gone; enabling brings them back."""
    addon = timeline.addon
    (job,), _ = timeline.submit(timeline.movie(clips[0]))
    addon.runner.current().step()
    package = addon.runner.__name__.removesuffix(".host.session.runner")
    bpy.ops.preferences.addon_disable(module=package)
    try:
        assert job.state.ended
        assert not hasattr(timeline.scene, "rvm_matting")
        assert addon.operators._draw_menu not in bpy.types.SEQUENCER_MT_strip._dyn_ui_initialize()
    finally:
        bpy.ops.preferences.addon_enable(module=package)
    assert hasattr(timeline.scene, "rvm_matting")


def meta(timeline: Timeline, clip: Path, start: int) -> Any:
    """A meta strip of a movie."""
    return timeline.meta([timeline.movie(clip, start=start, name=f"inside {start}")])


def scene(timeline: Timeline, clip: Path, start: int) -> Any:
    """A strip that shows another scene's movie."""
    shown = timeline.scene.copy()
    strips = timeline.addon.versions.top_strips(shown.sequence_editor)
    for strip in list(strips):
        strips.remove(strip)
    strips.new_movie(name="movie", filepath=str(clip), channel=1, frame_start=1)
    shown.frame_start, shown.frame_end = 1, 5
    strip = timeline.strips.new_scene(name="scene", scene=shown, channel=1, frame_start=start)
    strip.scene_input = "SEQUENCER"
    return strip


def text(timeline: Timeline, _clip: Path, start: int) -> Any:
    """A title."""
    strip = timeline.effect("TEXT", 10, start=start)
    strip.text = f"from {start}"
    return strip


@pytest.mark.parametrize("moved", [False, True], ids=["gone", "moved"])
@pytest.mark.parametrize("make", [meta, scene, text], ids=lambda make: make.__name__)
def test_a_strip_without_a_file_is_not_mistaken_for_another(
    timeline: Timeline, clips: list[Path], make: Any, moved: bool
) -> None:
    """Another of its type has its name by now; the strip itself gets its result wherever it was moved."""
    strip, other = make(timeline, clips[0], 1), make(timeline, clips[0], 101)
    name = strip.name
    (job,), _ = timeline.submit(strip)
    if moved:
        strip.name = "moved"
        move(strip, 50)
    else:
        timeline.strips.remove(strip)
    other.name = name
    timeline.finish()
    start, end = timeline.addon.versions.handles(other)
    results = [one for one in timeline.strips if one.type == "IMAGE"]
    assert [timeline.addon.versions.handles(one) for one in results] == [(51, end - start + 51)] * moved
    assert not other.mute
    assert moved or any("is gone or was renamed" in text for text in job.warnings)
    if make is scene:
        for one in [one for one in bpy.data.scenes if one.name.startswith("timeline") and one != timeline.scene]:
            bpy.data.scenes.remove(one)
