"""What the panel says before the button is pressed, and that asking for it costs Blender next to nothing."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest

from tests import tiny
from tests.host.timeline import Timeline
from tests.unprivileged import as_anybody, closed


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A movie of 30 frames."""
    return tiny.barcode_movie(tmp_path / "clip.avi", 30, fourcc="MJPG")


@pytest.fixture
def _new_machine(addon: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which nothing has run yet."""
    fresh = addon.rates.Rates(tmp_path / "rates.json")
    monkeypatch.setattr(addon.rates, "current", lambda: fresh)


def planned(timeline: Timeline, *selected: Any) -> Any:
    """Return the plan for these strips."""
    timeline.select(selected)
    with timeline.shown():
        return timeline.addon.plan.current(bpy.context)


@pytest.mark.usefixtures("_new_machine")
def test_frames_of_the_selection_are_counted(timeline: Timeline, clip: Path) -> None:
    """As they lie on the timeline; before anything has run here, nothing is said of time and disk."""
    long, trimmed = timeline.movie(clip), timeline.movie(clip, start=50, name="trimmed")
    timeline.addon.versions.set_right_handle(trimmed, 60)
    still = timeline.pictures([tiny.barcode_pictures(clip.parent, [1])[0]], start=90)
    timeline.addon.versions.set_right_handle(still, 190)
    plan = planned(timeline, long, trimmed, still)
    assert (plan.strips, plan.frames, plan.seconds, plan.bytes) == (3, 30 + 10 + 1, None, None)


@pytest.mark.usefixtures("_new_machine")
def test_time_and_disk_are_those_of_an_earlier_run(timeline: Timeline, clip: Path) -> None:
    """A run is remembered, over sessions too; the next one like it is told beforehand, all that it leaves."""
    strip = timeline.movie(clip)
    timeline.press_button(strip)
    result = Path(bpy.path.abspath(timeline.result_of(strip).directory)).parent
    on_disk = sum(path.stat().st_size for name in ("frames", "raw") for path in (result / name).iterdir())
    again = planned(timeline, timeline.movie(clip, start=100))
    assert again.seconds is not None and again.seconds > 0
    assert again.bytes == pytest.approx(on_disk, rel=0.2)
    known = timeline.addon.rates.Rates(clip.parent / "rates.json")
    width, height = tiny.SIZE
    assert known.seconds(width * height, width * height) == pytest.approx(again.seconds / 30)


@pytest.mark.usefixtures("_new_machine")
def test_an_update_tells_nothing_of_the_models_time(timeline: Timeline, clip: Path) -> None:
    """It has read what the model said before; what its files take is known from then on."""
    strip, later = timeline.movie(clip), timeline.movie(clip, start=100)
    timeline.press_button(strip)
    before = planned(timeline, later).seconds
    timeline.scene.rvm_matting.format = "PNG16"
    assert planned(timeline, later).bytes is None
    timeline.select([timeline.result_of(strip)])
    with timeline.shown():
        bpy.ops.rvm.update_result()
    (*_, job) = timeline.addon.runner.current().queue.jobs
    assert job.spec.raws and job.state.name == "DONE"
    after = planned(timeline, later)
    assert after.seconds == before and after.bytes > 0


@pytest.mark.usefixtures("_new_machine")
def test_pictures_of_another_size_are_not_guessed(timeline: Timeline, clip: Path) -> None:
    """A time is told only for what is about as large as something that has run here."""
    timeline.press_button(timeline.movie(clip))
    large = tiny.barcode_movie(clip.parent / "large.avi", 30, fourcc="MJPG", size=(tiny.SIZE[0] * 2, tiny.SIZE[1] * 2))
    plan = planned(timeline, timeline.movie(large, start=100))
    assert plan.seconds is None
    assert plan.bytes is not None


@pytest.mark.usefixtures("_new_machine")
def test_the_movie_is_in_the_plan(timeline: Timeline, clip: Path) -> None:
    """Until one was written, that it comes on top; then its time and its bytes, as measured."""
    chosen, words = timeline.scene.rvm_matting, timeline.addon.words
    timeline.press_button(timeline.movie(clip))
    strip = timeline.movie(clip, start=100)
    without = planned(timeline, strip)
    chosen.write_movie, chosen.movie_format = True, "FFV1"
    unknown = planned(timeline, strip)
    assert (unknown.bytes, unknown.seconds, unknown.more_for_movies) == (without.bytes, without.seconds, True)
    assert words.plan(unknown).endswith("and the movie") and "and the movie" not in words.plan(without)
    timeline.press_button(strip)
    (movie,) = timeline.addon.runner.current().queue.jobs[-1].movies
    known = planned(timeline, timeline.movie(clip, start=200))
    assert not known.more_for_movies and "and the movie" not in words.plan(known)
    assert known.bytes == pytest.approx(without.bytes + Path(movie.path).stat().st_size)
    assert known.seconds > without.seconds


def test_two_blenders_do_not_forget_what_the_other_measured(addon: SimpleNamespace, tmp_path: Path) -> None:
    """Both remember at the same time."""
    rates = addon.rates
    blenders = [rates.Rates(tmp_path / "rates.json") for _ in range(2)]
    each = [rates.Measurement(1000 * number, 0, "CUTOUT PNG", 0.1, 1.0) for number in range(1, rates._KEPT + 1)]
    with ThreadPoolExecutor(2) as both:
        list(both.map(lambda new: blenders[new.pixels // 1000 % 2]._remember(new), each))
    assert len(json.loads((tmp_path / "rates.json").read_text(encoding="utf-8"))) == len(each)


def test_an_unreadable_memory_is_begun_anew(addon: SimpleNamespace, tmp_path: Path) -> None:
    """Half a file, or one of another version, is no reason to fail."""
    for content in ("[{", '[{"colour": 1}]', "{}", "7"):
        (tmp_path / "rates.json").write_text(content, encoding="utf-8")
        assert addon.rates.Rates(tmp_path / "rates.json").seconds(1, 1) is None


def test_the_reason_for_a_grey_button(timeline: Timeline, clip: Path) -> None:
    """Each obstacle has its own words, and the button is grey with them."""
    strip = timeline.movie(clip)
    timeline.press_button(strip)
    told = [planned(timeline).obstacle, planned(timeline, timeline.result_of(strip)).obstacle]
    assert told == ["Select the strips to matte", "What is selected is matted already; select its source"]
    assert planned(timeline, strip).obstacle == ""
    if hasattr(bpy.context.workspace, "sequencer_scene"):
        bpy.context.workspace.sequencer_scene = None
        with timeline.shown():
            assert "no sequencer scene" in timeline.addon.plan.current(bpy.context).obstacle


def test_a_linked_scene_is_matted_in_its_own_project(timeline: Timeline, clip: Path) -> None:
    """Blender does not save what is changed in it: a result would be gone, and its source as it was."""
    strip = timeline.movie(clip)
    timeline.press_button(strip)
    timeline.scene.name = "elsewhere"
    library = clip.parent / "library.blend"
    bpy.data.libraries.write(str(library), {timeline.scene})
    with bpy.data.libraries.load(str(library), link=True) as (_, linked):
        linked.scenes = ["elsewhere"]
    (scene,) = linked.scenes
    timeline.addon.versions.show_scene(bpy.context.window, scene)
    with timeline.shown():
        assert f"linked from “{library}”" in timeline.addon.plan.current(bpy.context).obstacle
        assert not bpy.ops.rvm.matte_strips.poll()
        assert not bpy.ops.rvm.update_result.poll()
    bpy.data.libraries.remove(scene.library)


@pytest.mark.parametrize(
    ("setting", "choice", "called"), [("device", "PLUGIN", "Plugin"), ("model", "FILE", "Model File")]
)
def test_a_file_that_is_not_chosen_is_asked_for(
    timeline: Timeline, clip: Path, preferences: Any, setting: str, choice: str, called: str
) -> None:
    """Before the press; a press by a shortcut leaves no folder behind."""
    setattr(preferences, setting, choice)
    strip = timeline.movie(clip)
    assert f"No file is chosen as “{called}”" in planned(timeline, strip).obstacle
    jobs, (problem,) = timeline.submit(strip)
    assert not jobs and f"No file is chosen as “{called}”" in problem
    assert not (timeline.folder / "results").exists()


@pytest.mark.usefixtures("_new_machine")
def test_what_is_rendered_first_takes_nobody_knows_how_long(timeline: Timeline, clip: Path) -> None:
    """The model's time alone would be a promise that is not kept."""
    timeline.press_button(timeline.movie(clip))
    strip = timeline.movie(clip, start=100)
    assert planned(timeline, strip).seconds
    strip.use_deinterlace = True
    assert planned(timeline, strip).seconds is None


@pytest.mark.usefixtures("_new_machine")
def test_the_plan_follows_the_size_that_is_rendered(timeline: Timeline, clip: Path) -> None:
    """Strips without files have pictures of the scene's size."""
    timeline.press_button(timeline.movie(clip))
    strip = timeline.addon.versions.new_colour_strip(timeline.strips, "blue", 1, 101, 106)
    whole = planned(timeline, strip).bytes
    timeline.scene.render.resolution_percentage = 50
    assert whole and planned(timeline, strip).bytes == pytest.approx(whole / 4)


def test_a_model_that_was_put_back_is_seen(timeline: Timeline, clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The button is grey only as long as the file is missing, though nothing else has changed."""
    model = clip.with_name("model.onnx")
    monkeypatch.setattr(timeline.addon.preferences, "model", lambda: model)
    strip = timeline.movie(clip)
    assert "model.onnx" in planned(timeline, strip).obstacle
    model.touch()
    assert planned(timeline, strip).obstacle == ""


def test_a_model_that_may_not_be_looked_for_is_missing(
    timeline: Timeline, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The panel is drawn, and says so: of a folder that is somebody else's, or a drive that does not answer."""
    strip = timeline.movie(clip)
    with closed(clip.parent / "closed") as folder, as_anybody():
        monkeypatch.setattr(timeline.addon.preferences, "model", lambda: folder / "model.onnx")
        assert "model.onnx" in planned(timeline, strip).obstacle


def test_a_redraw_works_nothing_out_again(timeline: Timeline, clip: Path) -> None:
    """With two hundred strips selected, what does not change is not worked out again, and no file is opened."""
    strips = [timeline.movie(clip, start=1 + 40 * number, name=f"strip {number}") for number in range(200)]
    first = planned(timeline, *strips)
    clip.rename(clip.with_name("moved.avi"))
    for _ in range(3):
        with timeline.shown():
            assert timeline.addon.plan.current(bpy.context) is first
