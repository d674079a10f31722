"""Strips that only Blender can show: a Blender in the background renders them first, and then they are matted."""

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import bpy
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests import tiny
from tests.host.timeline import Timeline

LENGTH = 12


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A movie of 30 frames."""
    return tiny.barcode_movie(tmp_path_factory.mktemp("clip") / "clip.avi", 30, fourcc="MJPG")


def colour(timeline: Timeline, _clip: Path) -> Any:
    """A plain colour, half transparent and turned: its look is the result's, too."""
    strip = timeline.addon.versions.new_colour_strip(timeline.strips, "colour", 1, 1, 1 + LENGTH)
    strip.color = (0.2, 0.5, 0.9)
    strip.blend_alpha, strip.transform.rotation = 0.5, 0.4
    return strip


def text(timeline: Timeline, _clip: Path) -> Any:
    """A title that moves."""
    extent = {"length": LENGTH} if bpy.app.version >= (5, 0, 0) else {"frame_end": 1 + LENGTH}
    strip = timeline.strips.new_effect(name="title", type="TEXT", channel=1, frame_start=1, **extent)
    strip.text, strip.font_size = "Ü 人", 30
    for frame, place in ((1, -20), (LENGTH, 20)):
        strip.transform.offset_x = place
        strip.transform.keyframe_insert("offset_x", frame=frame)
    return strip


def retimed(timeline: Timeline, clip: Path) -> Any:
    """Slow at first, then fast; smaller than it is."""
    strip = timeline.movie(clip)
    timeline.retime(strip, 10, 17)
    strip.transform.scale_x = 0.8
    return strip


def meta(timeline: Timeline, clip: Path) -> Any:
    """A meta strip of two, one over the other, itself moved."""
    below, above = timeline.movie(clip), timeline.movie(clip, channel=2, start=4, name="small")
    above.transform.scale_x = above.transform.scale_y = 0.5
    meta = timeline.strips.new_meta(name="meta", channel=1, frame_start=1)
    for strip in (below, above):
        strip.move_to_meta(meta)
    timeline.addon.versions.set_right_handle(meta, 1 + LENGTH)
    meta.transform.offset_x = 7
    return meta


def scene(timeline: Timeline, clip: Path) -> Any:
    """Another scene's sequencer, of another size."""
    inner = bpy.data.scenes.new("inner")
    timeline.addon.movies.set_picture(inner, 64, 32)
    movie = timeline.addon.versions.top_strips(inner.sequence_editor_create()).new_movie(
        name="inner", filepath=str(clip), channel=1, frame_start=1
    )
    movie.transform.scale_x = movie.transform.scale_y = 0.5
    inner.frame_start, inner.frame_end = 1, LENGTH
    strip = timeline.strips.new_scene(name="scene", scene=inner, channel=1, frame_start=1)
    strip.scene_input = "SEQUENCER"
    strip.transform.scale_x = strip.transform.scale_y = 2.0
    return strip


def cross(timeline: Timeline, clip: Path) -> Any:
    """From one movie to the other."""
    one, two = timeline.movie(clip), timeline.movie(clip, channel=2, start=1, name="two")
    two.use_flip_x = True
    extent = {"length": LENGTH} if bpy.app.version >= (5, 0, 0) else {"frame_end": 1 + LENGTH}
    names = ("input1", "input2") if bpy.app.version >= (4, 4, 0) else ("seq1", "seq2")
    return timeline.strips.new_effect(
        name="cross", type="CROSS", channel=3, frame_start=1, **extent, **dict(zip(names, (one, two), strict=True))
    )


def linear(timeline: Timeline, _clip: Path) -> Any:
    """Pictures in floating point, brighter than white in places."""
    paths = []
    for number in (3, 77):
        image = bpy.data.images.new("float", *tiny.SIZE, float_buffer=True)
        light = np.dstack([tiny.barcode(number)[::-1] / 255.0 * 1.5, np.ones(tiny.SIZE[::-1])])
        image.pixels.foreach_set(light.astype(np.float32).ravel())
        paths.append(timeline.folder / f"{number}.exr")
        image.filepath_raw, image.file_format = str(paths[-1]), "OPEN_EXR"
        image.save()
        bpy.data.images.remove(image)
    return timeline.pictures(paths)


def see_through(timeline: Timeline, _clip: Path) -> Any:
    """A movie that carries alpha."""
    path = timeline.folder / "alpha.mov"
    with av.open(str(path), "w") as movie:
        stream = movie.add_stream("qtrle", rate=24)
        (stream.width, stream.height), stream.pix_fmt = tiny.SIZE, "argb"
        for number in range(LENGTH):
            alpha = np.full(tiny.SIZE[::-1], 90, np.uint8)
            picture = np.dstack([tiny.barcode(number)[..., ::-1], alpha])
            movie.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgba")))
        movie.mux(stream.encode())
    return timeline.movie(path)


def nested(timeline: Timeline, clip: Path) -> Any:
    """A retimed movie inside a meta strip that is moved and half transparent."""
    strip = timeline.movie(clip)
    timeline.retime(strip, 10, 17)
    meta = timeline.strips.new_meta(name="meta", channel=1, frame_start=1)
    strip.move_to_meta(meta)
    meta.transform.offset_x, meta.blend_alpha = 9, 0.5
    return strip


def deep(timeline: Timeline, clip: Path) -> Any:
    """A meta strip in a meta strip, the movie inside trimmed."""
    strip = timeline.movie(clip)
    timeline.addon.versions.set_right_handle(strip, 1 + LENGTH)
    strip.transform.scale_y = 0.7
    inner = timeline.meta([strip])
    inner.transform.offset_x = 5
    outer = timeline.meta([inner])
    outer.transform.rotation = 0.2
    return outer


def of_kind(timeline: Timeline, kind: str, channel: int) -> Any:
    """Add an effect strip that has no inputs."""
    extent = {"length": LENGTH} if bpy.app.version >= (5, 0, 0) else {"frame_end": 1 + LENGTH}
    return timeline.strips.new_effect(name=kind, type=kind, channel=channel, frame_start=1, **extent)


def adjustment(timeline: Timeline, clip: Path) -> Any:
    """What lies below, brighter; below is a movie that is cropped."""
    timeline.movie(clip).crop.min_x = 20
    strip = of_kind(timeline, "ADJUSTMENT", 2)
    strip.modifiers.new("brighter", "BRIGHT_CONTRAST").bright = 20
    return strip


def multicam(timeline: Timeline, clip: Path) -> Any:
    """The second of two cameras."""
    timeline.movie(clip)
    timeline.movie(clip, channel=2, start=-4, name="second camera")
    strip = of_kind(timeline, "MULTICAM", 3)
    strip.multicam_source = 2
    return strip


def movie_clip(timeline: Timeline, clip: Path) -> Any:
    """A clip of the movie-clip editor."""
    strip = timeline.strips.new_clip(
        name="clip strip", clip=bpy.data.movieclips.load(str(clip)), channel=1, frame_start=1
    )
    timeline.addon.versions.set_right_handle(strip, 1 + LENGTH)
    return strip


def camera(timeline: Timeline, _clip: Path) -> Any:
    """What the camera of another scene sees: a ball that passes by, over nothing."""
    inner = bpy.data.scenes.new("stage")
    timeline.addon.movies.set_picture(inner, 64, 32)
    inner.render.engine, inner.cycles.samples, inner.render.film_transparent = "CYCLES", 1, True
    inner.frame_start, inner.frame_end = 1, LENGTH
    glowing = bpy.data.materials.new("glowing")
    glowing.use_nodes = True
    glowing.node_tree.nodes.clear()
    light = glowing.node_tree.nodes.new("ShaderNodeEmission")
    output = glowing.node_tree.nodes.new("ShaderNodeOutputMaterial")
    glowing.node_tree.links.new(light.outputs[0], output.inputs[0])
    mesh = bpy.data.meshes.new("triangle")
    mesh.from_pydata([(-1, -1, 0), (1, -1, 0), (0, 1, 0)], [], [(0, 1, 2)])
    mesh.materials.append(glowing)
    thing = bpy.data.objects.new("triangle", mesh)
    for frame, place in ((1, -2.0), (LENGTH, 2.0)):
        thing.location.x = place
        thing.keyframe_insert("location", frame=frame)
    inner.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    inner.camera.location.z = 8
    for each in (thing, inner.camera):
        inner.collection.objects.link(each)
    strip = timeline.strips.new_scene(name="stage strip", scene=inner, channel=1, frame_start=1)
    strip.scene_input = "CAMERA"
    return strip


def slowed_pictures(timeline: Timeline, _clip: Path) -> Any:
    """A picture sequence that is retimed, where Blender can."""
    strip = timeline.pictures(tiny.barcode_pictures(timeline.folder / "shots", range(10)))
    if not hasattr(strip, "retiming_keys"):
        pytest.skip("pictures cannot be retimed in this version")
    timeline.retime(strip, 6, 9)
    return strip


def seen(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return what shows of a BGRA picture: its colours as far as they are opaque, and its alpha."""
    return np.dstack([picture[..., :3] * (picture[..., 3:] / 255), picture[..., 3:]])


@pytest.mark.parametrize(
    "make",
    [
        *(colour, text, retimed, meta, scene, cross, linear, see_through, nested),
        *(deep, adjustment, multicam, movie_clip, camera, slowed_pictures),
    ],
    ids=lambda make: make.__name__,
)
def test_what_only_blender_can_show(timeline: Timeline, clip: Path, make: Callable[[Timeline, Path], Any]) -> None:
    """The result shows at every frame what the strip showed."""
    strip = make(timeline, clip)
    name, extent = strip.name, timeline.addon.versions.handles(strip)
    runner, settings = timeline.addon.runner.current(), timeline.addon.properties.snapshot(timeline.scene)
    spec, place = timeline.addon.strips.job_spec(timeline.scene, strip, settings)
    job = runner.submit(spec, timeline.folder / "job", place)
    runner.run_to_end(lambda _: None)
    assert (job.state.name, job.error) == ("DONE", "")
    strip = timeline.addon.versions.all_strips(timeline.editor)[name]
    result = timeline.result_of(strip)
    assert timeline.addon.versions.handles(result) == extent
    for frame in range(extent[0], extent[1], 1 + (extent[1] - extent[0]) // LENGTH):
        strip.mute, result.mute = False, True
        source = timeline.render(frame)
        strip.mute, result.mute = True, False
        assert np.abs(seen(source) - seen(timeline.render(frame))).max() <= 2, f"frame {frame}"


def test_a_speed_effect_is_matted_in_place_of_its_movie(timeline: Timeline, clip: Path) -> None:
    """Selected together or alone: what the viewer sees is what is cut out, and nothing shows through from below."""
    movie = timeline.movie(clip)
    extent = {"length": 30} if bpy.app.version >= (5, 0, 0) else {"frame_end": 31}
    first = "input1" if bpy.app.version >= (4, 4, 0) else "seq1"
    effect = timeline.strips.new_effect(
        name="speed", type="SPEED", channel=2, frame_start=1, **extent, **{first: movie}
    )
    effect.speed_control, effect.speed_factor = "MULTIPLY", 0.5
    shown = [tiny.read_barcode(timeline.render(frame)) for frame in range(1, 31)]
    (job,), _ = timeline.submit(movie, effect)
    timeline.addon.runner.current().run_to_end(lambda _: None)
    assert movie.mute and effect.mute
    assert [tiny.read_barcode(timeline.render(frame)) for frame in range(1, 31)] == shown
    assert len(set(shown)) < 20
    assert job.state.name == "DONE"


def drive(addon: SimpleNamespace, until: Callable[[], bool]) -> None:
    """Call the step until something holds."""
    deadline = time.monotonic() + 60
    while not until():
        assert time.monotonic() < deadline
        addon.runner.current().step()
        time.sleep(0.01)


def test_both_parts_tell_of_themselves(timeline: Timeline, clip: Path) -> None:
    """Progress never goes back, is told in words, and what was rendered is gone in the end."""
    (job,), _ = timeline.submit(retimed(timeline, clip))
    words, told = timeline.addon.words, []

    def ended() -> bool:
        told.append((job.progress, words.progress(job)))
        return bool(job.state.ended)

    drive(timeline.addon, ended)
    assert [progress for progress, _ in told] == sorted(progress for progress, _ in told)
    assert f"Rendering 0 of {job.preparation.frames} frames" in [text for _, text in told]
    assert sorted(path.name for path in job.folder.iterdir() if path.is_dir()) == ["frames"]
    assert not (job.folder / "project.blend").exists()


def test_rendering_can_be_cancelled(timeline: Timeline, clip: Path) -> None:
    """The other Blender ends, the worker never begins, and the next job has its turn."""
    slow, plain = retimed(timeline, clip), timeline.movie(clip, start=100, name="plain")
    (job, following), _ = timeline.submit(slow, plain)
    drive(timeline.addon, lambda: job.frames_rendered > 1)
    timeline.addon.runner.current().queue.cancel(job)
    drive(timeline.addon, lambda: following.state.ended)
    assert (job.state.name, following.state.name) == ("CANCELLED", "DONE")
    assert not (job.folder / "events.jsonl").exists()


def test_a_failure_to_render_is_told(timeline: Timeline, clip: Path) -> None:
    """Where the copy of the project is gone, the job fails with its log, and the next one has its turn."""
    (job,), _ = timeline.submit(retimed(timeline, clip))
    (job.folder / "project.blend").unlink()
    drive(timeline.addon, lambda: job.state.ended)
    assert job.state.name == "FAILED"
    assert "project.blend" in job.error and "preparation.log" in job.remedy


def test_the_users_file_is_left_alone(timeline: Timeline, clip: Path, tmp_path: Path) -> None:
    """The copy is not the file that is open, whose relative paths still lead to their files from there."""
    project = tmp_path / "project" / "cut.blend"
    project.parent.mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(project))
    strip = retimed(timeline, clip)
    strip.filepath = bpy.path.relpath(str(clip))
    (job,), _ = timeline.submit(strip)
    assert Path(bpy.data.filepath) == project
    assert strip.filepath.startswith("//")
    drive(timeline.addon, lambda: job.state.ended)
    assert (job.state.name, job.error) == ("DONE", "")
    numbers = [tiny.read_barcode(cv2.imread(str(path))) for path in sorted(job.output.iterdir())]
    assert numbers[0] == 0 and numbers[-1] == 29


def test_of_an_effect_only_its_own_frames_give_way(timeline: Timeline, clip: Path) -> None:
    """Inputs that reach beyond a cross show there as before, and not behind its result."""
    one, two = timeline.movie(clip), timeline.movie(clip, channel=2, start=20, name="two")
    extent = {"length": 11} if bpy.app.version >= (5, 0, 0) else {"frame_end": 31}
    names = ("input1", "input2") if bpy.app.version >= (4, 4, 0) else ("seq1", "seq2")
    effect = timeline.strips.new_effect(
        name="cross", type="CROSS", channel=3, frame_start=20, **extent, **dict(zip(names, (one, two), strict=True))
    )
    shown = {frame: timeline.render(frame) for frame in (5, 40)}
    timeline.press_button(effect)
    for frame, picture in shown.items():
        assert np.array_equal(timeline.render(frame), picture)
    timeline.result_of(effect).mute = True
    assert not timeline.render(25).any(), "nothing of the source is left behind the result"


@pytest.mark.parametrize("order", [1, -1])
def test_a_result_of_a_slow_strip_needs_no_fresh_cache(timeline: Timeline, tmp_path: Path, order: int) -> None:
    """From 5.0 on neighbours of a slow strip share a cached picture; its result shows the right one, in any order."""
    movie = timeline.movie_by_operator(
        tiny.barcode_movie(tmp_path / "slow.avi", 12, fps=12, fourcc="MJPG"), adjust_playback_rate=True
    )
    name = movie.name
    timeline.press_button(movie)
    result = timeline.result_of(timeline.strips[name])
    start, end = timeline.addon.versions.handles(result)
    told = {}
    for frame in range(start, end)[::order]:
        timeline.scene.frame_set(frame)
        timeline.scene.render.filepath = str(tmp_path / f"{frame}.png")
        bpy.ops.render.render(write_still=True, scene=timeline.scene.name)
        told[frame] = tiny.read_barcode(cv2.imread(str(tmp_path / f"{frame}.png")))
    assert [told[frame] for frame in range(start, end)] == [min((x + 1) // 2, 11) for x in range(end - start)]
