"""Strips that only Blender can show: a Blender in the background renders them first, and then they are matted."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import bpy
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests import tiny
from tests.host import rendered_strips
from tests.host.timeline import Timeline


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A movie of 30 frames."""
    return tiny.barcode_movie(tmp_path_factory.mktemp("clip") / "clip.avi", 30, fourcc="MJPG")


def seen(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return what shows of a BGRA picture: its colours as far as they are opaque, and its alpha."""
    return np.dstack([picture[..., :3] * (picture[..., 3:] / 255), picture[..., 3:]])


@pytest.mark.parametrize("make", rendered_strips.ALL, ids=lambda make: make.__name__)
def test_what_only_blender_can_show(timeline: Timeline, clip: Path, make: Callable[[Timeline, Path], Any]) -> None:
    """The result shows at every frame what the strip showed."""
    strip = make(timeline, clip)
    name, extent = strip.name, timeline.addon.versions.handles(strip)
    runner, settings = timeline.addon.runner.current(), timeline.addon.properties.snapshot(timeline.scene)
    spec, place = timeline.addon.strips.job_spec(timeline.scene, strip, settings)
    job = runner.submit(spec, timeline.folder / "job", place)
    timeline.finish()
    assert (job.state.name, job.error) == ("DONE", "")
    strip = timeline.addon.versions.all_strips(timeline.editor)[name]
    result = timeline.result_of(strip)
    assert timeline.addon.versions.handles(result) == extent
    for frame in range(extent[0], extent[1], 1 + (extent[1] - extent[0]) // rendered_strips.LENGTH):
        strip.mute, result.mute = False, True
        source = timeline.render(frame)
        strip.mute, result.mute = True, False
        assert np.abs(seen(source) - seen(timeline.render(frame))).max() <= 2, f"frame {frame}"


def test_an_order_that_leads_elsewhere_is_not_followed(timeline: Timeline) -> None:
    """A job's folder that came with a project may ask for any file to be replaced."""
    (job,), _ = timeline.submit(rendered_strips.colour(timeline, Path()))
    rendering = timeline.addon.rendering
    assert rendering.left_in(job.folder) is not None
    path = job.folder / rendering.ORDER_FILE
    order = rendering.RenderOrder.read(path)
    replace(order, paths=(str(timeline.folder / "mine.png"), *order.paths[1:])).write(path)
    assert rendering.left_in(job.folder) is None


def test_both_parts_tell_of_themselves(timeline: Timeline, clip: Path) -> None:
    """Progress never goes back, is told in words, and what was rendered is gone in the end."""
    (job,), _ = timeline.submit(rendered_strips.retimed(timeline, clip))
    words, told = timeline.addon.words, []

    def ended() -> bool:
        told.append((job.progress, words.progress(job)))
        return bool(job.state.ended)

    timeline.drive(ended)
    assert [progress for progress, _ in told] == sorted(progress for progress, _ in told)
    assert f"Rendering 0 of {job.parts[0].frames} frames" in [text for _, text in told]
    assert sorted(path.name for path in job.folder.iterdir() if path.is_dir()) == ["frames", "raw"]
    assert not (job.folder / "project.blend").exists()


def test_rendering_can_be_cancelled(timeline: Timeline, clip: Path) -> None:
    """The other Blender ends, the worker never begins, and the next job has its turn."""
    long = tiny.barcode_movie(timeline.folder / "long.avi", 250, fourcc="MJPG")
    slow, plain = rendered_strips.retimed(timeline, long), timeline.movie(clip, start=300, name="plain")
    (job, following), _ = timeline.submit(slow, plain)
    timeline.drive(lambda: job.frames_of_part[0] > 1)
    timeline.addon.runner.current().queue.cancel(job)
    timeline.drive(lambda: following.state.ended)
    assert (job.state.name, following.state.name) == ("CANCELLED", "DONE")
    assert not (job.folder / "events.jsonl").exists()


def test_a_failure_to_render_is_told(timeline: Timeline, clip: Path) -> None:
    """Where the copy of the project is gone, the job fails with its log, and the next one has its turn."""
    (job,), _ = timeline.submit(rendered_strips.retimed(timeline, clip))
    (job.folder / "project.blend").unlink()
    timeline.drive(lambda: job.state.ended)
    assert job.state.name == "FAILED"
    assert "project.blend" in job.error and "rendering.log" in job.remedy


@pytest.mark.parametrize(("free", "suffix"), [(1 << 40, ".tga"), (1 << 16, ".png")], ids=["room", "no room"])
def test_pictures_are_packed_where_the_disk_is_nearly_full(
    timeline: Timeline, clip: Path, monkeypatch: pytest.MonkeyPatch, free: int, suffix: str
) -> None:
    """What comes of them is the same; and an update finds out that they look the same."""
    usage = shutil.disk_usage(timeline.folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=free))
    strip = rendered_strips.retimed(timeline, clip)
    name = strip.name
    (job,), _ = timeline.submit(strip)
    assert {Path(path).suffix for path in job.spec.source.paths} == {suffix}
    timeline.drive(lambda: job.state.ended)
    numbers = [tiny.read_barcode(cv2.imread(str(path))) for path in sorted(job.output.iterdir())]
    assert numbers[0] == 0 and numbers[-1] == 29
    timeline.scene.rvm_matting.black = 0.1
    timeline.select([timeline.result_of(timeline.strips[name])])
    with timeline.shown():
        bpy.ops.rvm.update_result()
    again = timeline.addon.runner.current().queue.jobs[-1]
    assert (again.state.name, list(again.folder.joinpath("raw").glob("*.raw"))) == ("DONE", [])


def retimed_movie(timeline: Timeline, path: Path) -> Any:
    """A movie that is rendered first for its speed."""
    strip = timeline.movie(tiny.barcode_movie(path.with_suffix(".avi"), 12, fourcc="MJPG", size=(64, 32)))
    timeline.retime(strip, 4, 6)
    return strip


def packed_picture(timeline: Timeline, path: Path) -> Any:
    """A picture of a kind that Blender reads."""
    return timeline.pictures([light(path, (64, 32))])


def clip_inside(timeline: Timeline, path: Path) -> Any:
    """A clip of the movie-clip editor, the strip in a meta strip."""
    bpy.data.batch_remove(bpy.data.movieclips)  # 4.2 tells a strip's clip only where it is the only one
    clip = bpy.data.movieclips.load(str(tiny.barcode_movie(path.with_suffix(".avi"), 6, fourcc="MJPG", size=(64, 32))))
    strip = timeline.strips.new_clip(name="clip strip", clip=clip, channel=1, frame_start=1)
    timeline.addon.versions.set_right_handle(strip, 4)
    timeline.editor.display_stack(timeline.meta([strip]))
    return timeline.addon.versions.all_strips(timeline.editor)["clip strip"]


def light(path: Path, size: tuple[int, int]) -> Path:
    """Write a grey picture in floating point."""
    image = bpy.data.images.new("float", *size, float_buffer=True)
    image.filepath_raw, image.file_format = str(path.with_suffix(".exr")), "OPEN_EXR"
    image.pixels = [0.2, 0.2, 0.2, 1.0] * (size[0] * size[1])
    image.save()
    bpy.data.images.remove(image)
    return path.with_suffix(".exr")


def write_large(path: Path) -> Path:
    """Write over a file, or anew, what is four times as wide and high."""
    if path.suffix == ".exr":
        return light(path, (256, 128))
    return tiny.barcode_movie(path, 12, fourcc="MJPG", size=(256, 128))


def overwrite(_strip: Any, path: Path) -> None:
    """Let a strip's file be another one under the same name."""
    write_large(path)


def relink(strip: Any, path: Path) -> None:
    """Choose another file for a strip, as one does who has cut with proxies."""
    large = write_large(path.with_stem("original"))
    if strip.type == "IMAGE":
        strip.elements[0].filename = large.name
    elif strip.type == "MOVIE":
        strip.filepath = str(large)
    else:
        bpy.data.movieclips[0].filepath = str(large)


@pytest.mark.parametrize("change", [overwrite, relink])
@pytest.mark.parametrize("make", [retimed_movie, packed_picture, clip_inside])
def test_what_is_larger_than_when_it_was_drawn_last(
    timeline: Timeline, tmp_path: Path, make: Callable[[Timeline, Path], Any], change: Callable[[Any, Path], None]
) -> None:
    """The whole picture is matted, in its own size; what the strip remembers is the middle of it, and too little."""
    strip = make(timeline, tmp_path / "file")
    change(strip, next(iter(tmp_path.glob("file.*"))))
    (job,), said = timeline.submit(strip)
    timeline.drive(lambda: job.state.ended)
    assert (job.state.name, job.error, said) == ("DONE", "", [])
    picture = cv2.imread(str(next(iter(sorted(job.output.iterdir())))))
    assert picture is not None and picture.shape[:2] == (128, 256)
    if strip.type == "MOVIE":
        assert (picture[64:, :8].mean(), picture[64:, -8:].mean() > 100) == (pytest.approx(0, abs=8), True)


def test_a_larger_second_stream(timeline: Timeline, tmp_path: Path) -> None:
    """Its size is its own, not the first stream's."""
    path = tmp_path / "angles.mkv"
    with av.open(str(path), "w") as movie:
        streams = [movie.add_stream("libx264", rate=24) for _ in range(2)]
        for stream, size in zip(streams, ((64, 32), (128, 64)), strict=True):
            (stream.width, stream.height), stream.pix_fmt = size, "yuv420p"
        for number in range(3):
            for stream in streams:
                picture = av.VideoFrame.from_ndarray(
                    tiny.barcode(number, (stream.width, stream.height)), format="bgr24"
                )
                movie.mux(stream.encode(picture.reformat(format="yuv420p")))
        for stream in streams:
            movie.mux(stream.encode())
    strip = timeline.movie(path)
    strip.stream_index = 1
    (job,), _ = timeline.submit(strip)
    timeline.drive(lambda: job.state.ended)
    picture = cv2.imread(str(next(iter(job.output.iterdir()))))
    assert picture is not None and picture.shape[:2] == (64, 128)


@pytest.mark.parametrize("make", [retimed_movie, packed_picture])
def test_room_is_asked_for_what_is_there_now(
    timeline: Timeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Timeline, Path], Any]
) -> None:
    """Proxies would fit on the disk unpacked, the originals do not."""
    strip = make(timeline, tmp_path / "file")
    relink(strip, next(iter(tmp_path.glob("file.*"))))
    frames = timeline.addon.versions.handles(strip)[1] - 1
    usage = shutil.disk_usage(timeline.folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=frames * 64 * 32 * 4 * 8))
    (job,), _ = timeline.submit(strip)
    assert {Path(path).suffix for path in job.spec.source.paths} == {".png"}


def test_jobs_of_one_press_share_a_copy_of_the_project(timeline: Timeline) -> None:
    """It is written once, and each job does with its own as it likes; what is pressed later has a newer one."""
    new_strip = timeline.addon.versions.new_colour_strip
    blue, red = (new_strip(timeline.strips, name, channel, 1, 4) for name, channel in (("blue", 1), ("red", 3)))
    jobs, _ = timeline.submit(blue, red)
    late, _ = timeline.submit(new_strip(timeline.strips, "green", 5, 1, 4))
    copies = [job.folder / "project.blend" for job in (*jobs, *late)]
    assert copies[0].samefile(copies[1]) and not copies[0].samefile(copies[2])
    timeline.drive(lambda: all(job.state.ended for job in late))
    assert [job.state.name for job in (*jobs, *late)] == ["DONE"] * 3


def test_the_users_file_is_left_alone(timeline: Timeline, clip: Path, tmp_path: Path) -> None:
    """The copy is not the file that is open, whose relative paths still lead to their files from there."""
    project = tmp_path / "project" / "cut.blend"
    project.parent.mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(project))
    strip = rendered_strips.retimed(timeline, clip)
    strip.filepath = bpy.path.relpath(str(clip))
    (job,), _ = timeline.submit(strip)
    assert Path(bpy.data.filepath) == project
    assert strip.filepath.startswith("//")
    timeline.drive(lambda: job.state.ended)
    assert (job.state.name, job.error) == ("DONE", "")
    numbers = [tiny.read_barcode(cv2.imread(str(path))) for path in sorted(job.output.iterdir())]
    assert numbers[0] == 0 and numbers[-1] == 29


@pytest.mark.parametrize("make", [rendered_strips.retimed, rendered_strips.meta], ids=lambda make: make.__name__)
def test_a_second_press_makes_no_second_result(timeline: Timeline, clip: Path, make: Any) -> None:
    """While the first is on its way, and when its result was cut: the pictures could not be told from others."""
    strip = make(timeline, clip)
    timeline.submit(strip)
    jobs, problems = timeline.submit(strip)
    assert (jobs, problems) == ([], [f"“{strip.name}” is being matted already"])
    timeline.finish()
    timeline.result_of(strip).split(frame=timeline.addon.versions.handles(strip)[0] + 3, split_method="SOFT")
    jobs, (problem,) = timeline.submit(strip)
    assert not jobs and "is matted already; select its result and press Update Result" in problem
