"""What may befall strips while their job runs: they are moved, cut, trimmed, retimed, renamed, deleted or copied."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest

from tests import tiny
from tests.host.timeline import Timeline


def move(strip: Any, frames: int) -> None:
    """Move a strip along the timeline."""
    name = "content_start" if bpy.app.version >= (5, 2, 0) else "frame_start"
    setattr(strip, name, getattr(strip, name) + frames)


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


def slowed(timeline: Timeline, _strip: Any) -> None:
    """Halve the timeline's rate, so that a movie plays every other frame."""
    timeline.scene.render.fps //= 2


@pytest.mark.parametrize("change", [reversed_, strobed, retimed, slowed])
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


def test_a_linked_scene_gets_nothing(timeline: Timeline, clips: list[Path], tmp_path: Path) -> None:
    """A result comes to its own scene, though renamed, and to none that is linked from another project."""
    strip = timeline.movie(clips[0])
    (job,), _ = timeline.submit(strip)
    (place,) = timeline.addon.runner.current()._pending.of(job)
    library = str(tmp_path / "reel.blend")
    bpy.data.libraries.write(library, {timeline.scene})
    timeline.scene.name = "renamed"
    with bpy.data.libraries.load(library, link=True) as (_, linked):
        linked.scenes = [place.scene]
    timeline.finish()
    assert timeline.result_of(strip) is not None and timeline.addon.placements.find(place)[0] == timeline.scene
    for each in list(timeline.strips):
        timeline.strips.remove(each)
    assert timeline.addon.placements.find(place) is None
    bpy.data.libraries.remove(bpy.data.libraries["reel.blend"])


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
    gone = f"“{name}” is gone or was renamed; its frames are in “{job.output}”"
    assert [text for text in job.warnings if " is gone " in text] == [gone] * (not moved)
    if make is scene:
        for one in [one for one in bpy.data.scenes if one.name.startswith("timeline") and one != timeline.scene]:
            bpy.data.scenes.remove(one)


def test_a_strip_that_is_retimed_further_stays_seen(timeline: Timeline, clips: list[Path]) -> None:
    """It was retimed before, too: where its keys lie counts."""
    strip = timeline.movie(clips[0])
    timeline.retime(strip, 10, 19)
    timeline.addon.versions.set_right_handle(strip, 20)
    (job,), _ = timeline.submit(strip)
    strip.retiming_keys[1].timeline_frame += 5
    timeline.addon.versions.set_right_handle(strip, 20)
    timeline.finish()
    assert not strip.mute and LONGER.format(strip.name) in job.warnings


@pytest.mark.parametrize("cut", [False, True], ids=["trimmed", "cut"])
def test_an_effect_whose_input_is_trimmed(timeline: Timeline, clips: list[Path], cut: bool) -> None:
    """On the left, so that the effect begins later; or both are cut in two. Its result shows what it showed."""
    strip = timeline.movie(clips[0])
    timeline.addon.versions.set_right_handle(strip, 13)
    blur = timeline.effect("GAUSSIAN_BLUR", 12, strip, channel=2)
    blur.size_x = blur.size_y = 0.0
    timeline.submit(blur)
    if cut:
        timeline.select([strip, blur])
        with timeline.shown():
            bpy.ops.sequencer.split(frame=7, type="SOFT", side="BOTH")
    else:
        timeline.addon.versions.set_left_handle(strip, 4)
    before = [tiny.read_barcode(timeline.render(frame)) for frame in range(4, 13)]
    timeline.finish()
    assert [tiny.read_barcode(timeline.render(frame)) for frame in range(4, 13)] == before
    assert all(one.mute for one in timeline.strips if one.type == "GAUSSIAN_BLUR")


@pytest.mark.parametrize("kind", ["ADJUSTMENT", "COLOR"])
def test_a_strip_without_content_that_is_trimmed(timeline: Timeline, clips: list[Path], kind: str) -> None:
    """On the left, with which its content begins: it was not moved, and gets what was matted of it."""
    timeline.movie(clips[0])
    strip = timeline.effect(kind, 8, channel=2)
    (job,), _ = timeline.submit(strip)
    timeline.addon.versions.set_left_handle(strip, 3)
    timeline.finish()
    assert not any("gone or was renamed" in text for text in job.warnings)
    assert timeline.addon.versions.handles(timeline.result_of(strip)) == (3, 9)
