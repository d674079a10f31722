"""The movie besides the frames: what is in it, to the pixel and the sample, and what befalls it."""

import json
import os
from pathlib import Path
from typing import Any

import bpy
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests import movies, tiny
from tests.host.timeline import Timeline

FRAMES, FIRST, END = 60, 13, 45
"""Of the clip, and the timeline frames that a trimmed strip shows of it; frame 1 shows picture 0."""
PER_FRAME = movies.SOUND_RATE // 24
LOSSLESS = ("FFV1", "QTRLE")
CAN_BE_HEARD = bpy.app.build_options.audaspace
"""The bpy 4.2 module is built without its sound library."""


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A movie of 60 frames with sound."""
    return movies.talkie(tmp_path_factory.mktemp("clip") / "talk ü.mov", FRAMES)


@pytest.fixture
def strip(timeline: Timeline, clip: Path) -> Any:
    """The clip, trimmed on both sides."""
    strip = timeline.movie(clip, channel=2)
    timeline.addon.versions.set_left_handle(strip, FIRST)
    timeline.addon.versions.set_right_handle(strip, END)
    return strip


def wanted(timeline: Timeline, format_name: str = "FFV1", result: str = "CUTOUT") -> None:
    """Choose a movie besides."""
    offered = timeline.scene.rvm_matting.bl_rna.properties["opaque_movie_format"].enum_items
    if format_name not in offered:
        pytest.skip(f"this Blender writes no {format_name}")
    chosen = timeline.scene.rvm_matting
    chosen.write_movie, chosen.result = True, result
    setattr(chosen, "movie_format" if result == "CUTOUT" else "opaque_movie_format", format_name)


def made(timeline: Timeline, *strips: Any) -> Any:
    """Press the button and return the job; all went well."""
    assert timeline.press_button(*strips) == {"FINISHED"}
    job = timeline.addon.runner.current().queue.jobs[-1]
    assert (job.state.name, job.error, warnings(job)) == ("DONE", "", [])
    return job


def warnings(job: Any) -> list[str]:
    """Return what a job says of its movie."""
    return [text for text in job.warnings if "movie" in text]


def numbers(path: str) -> list[int]:
    """Return what the frames of a movie tell."""
    return [tiny.read_barcode(frame) for frame in movies.decoded(Path(path))]


def pictures(job: Any) -> list[NDArray[np.uint8]]:
    """Return a job's frames as they are in their files."""
    paths = [job.output / job.spec.file_name(frame) for frame in job.spec.source.frames]
    return [cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in paths]


@pytest.mark.usefixtures("with_green")
@pytest.mark.parametrize(
    ("format_name", "result"),
    [("H264", "COLOUR"), *((name, kind) for name in (*LOSSLESS, "PRORES", "WEBM") for kind in ("CUTOUT", "COLOUR"))],
)
def test_frames_and_sound_of_every_format(timeline: Timeline, strip: Any, format_name: str, result: str) -> None:
    """What the strip shows, frame by frame, half-transparent pixels too; and what the clip sounds like under it."""
    wanted(timeline, format_name, result)
    job = made(timeline, strip)
    (movie,) = job.movies
    path = Path(movie.path)
    assert (path.parent, path.stem) == (job.folder, "talk ü")
    shown = movies.decoded(path)
    assert [tiny.read_barcode(frame) for frame in shown] == list(range(FIRST - 1, END - 1))
    for frame, picture in zip(shown, pictures(job), strict=True):
        channels = picture.shape[2]
        difference = np.abs(frame[..., :channels].astype(int) - picture)[picture[..., 3] > 0 if channels == 4 else ...]
        assert difference.max() == 0 if format_name in LOSSLESS else difference.mean() < 2
    if CAN_BE_HEARD:
        heard = movies.samples(path)
        expected = movies.noise(FRAMES / 24)[(FIRST - 1) * PER_FRAME : (END - 1) * PER_FRAME]
        late = movies.lag(heard, expected)
        assert abs(late) <= 1, "by one sample at most, where Blender rounds"
        both = expected[10 : len(expected) - 10], heard[10 + late : len(expected) - 10 + late]
        if format_name in (*LOSSLESS, "PRORES"):
            assert np.array_equal(*both)
        else:
            assert np.corrcoef(both[0][:, 1], both[1][:, 1])[0, 1] > 0.99
        assert movie.has_sound


@pytest.mark.usefixtures("with_green")
@pytest.mark.parametrize("frame_format", ["EXR", "PNG16", "WEBP"])
def test_movies_of_other_frames(timeline: Timeline, strip: Any, frame_format: str) -> None:
    """From half floats, 16 bits and WebP comes the movie that 8-bit PNGs make, to 1 of 255 of what is seen."""
    wanted(timeline)
    plain = movies.decoded(Path(made(timeline, strip).movies[0].path))
    timeline.scene.rvm_matting.format = frame_format
    again = timeline.movie(Path(strip.filepath), channel=6)
    timeline.addon.versions.set_left_handle(again, FIRST)
    timeline.addon.versions.set_right_handle(again, END)
    other = movies.decoded(Path(made(timeline, again).movies[0].path))
    for one, two in zip(plain, other, strict=True):
        assert np.abs(seen(one) - seen(two)).max() <= 1.5


@pytest.fixture
def graded(timeline: Timeline) -> Any:
    """What a grade of the whole project is set on."""
    view = timeline.scene.view_settings
    view.exposure, view.gamma, view.use_curve_mapping = 1.5, 0.6, True
    view.curve_mapping.curves[3].points[0].location = (0.0, 0.4)
    view.curve_mapping.update()
    return view


@pytest.mark.usefixtures("with_green")
def test_a_project_that_is_graded_has_the_same_movie(timeline: Timeline, strip: Any, graded: Any) -> None:
    """A result's colours are the files': the grade comes over it on the timeline, not into it."""
    wanted(timeline)
    job = made(timeline, strip)
    for frame, picture in zip(movies.decoded(Path(job.movies[0].path)), pictures(job), strict=True):
        assert np.array_equal(seen(frame), seen(picture))
    assert graded.exposure == 1.5, "and the project keeps it"


def test_files_have_their_colours_in_a_scene_that_is_graded(timeline: Timeline, clip: Path, graded: Any) -> None:
    """As another Blender renders strips of the project's copy."""
    timeline.movie(clip)
    altered = timeline.render(5)
    graded.exposure, graded.gamma, graded.use_curve_mapping = 0.0, 1.0, False
    plain = timeline.render(5)
    graded.exposure, graded.gamma, graded.use_curve_mapping = 1.5, 0.6, True
    timeline.addon.scenes.set_picture(timeline.scene, *tiny.SIZE)
    assert np.array_equal(timeline.render(5), plain) and not np.array_equal(altered, plain)


def seen(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return a BGRA picture's alpha, and its colours as far as they are opaque."""
    return np.dstack([picture[..., :3] * (picture[..., 3:] / 255), picture[..., 3:]])


@pytest.mark.parametrize(
    ("suffix", "codec", "delay"),
    [("mkv", "flac", 0), ("mov", "pcm_s16le", 9000), ("mkv", "flac", 7777), ("mov", "pcm_s16le", -8000)],
)
@pytest.mark.skipif(not CAN_BE_HEARD, reason="this Blender was built without its sound library")
def test_sound_is_where_the_file_says(timeline: Timeline, tmp_path: Path, suffix: str, codec: str, delay: int) -> None:
    """Also where it begins after the picture, or before, and in a container in which Blender seeks roughly."""
    strip = timeline.movie(movies.talkie(tmp_path / f"late.{suffix}", FRAMES, codec, delay=delay))
    timeline.addon.versions.set_left_handle(strip, 31)
    wanted(timeline)
    heard = movies.samples(Path(made(timeline, strip).movies[0].path))
    late = movies.lag(heard, movies.noise(FRAMES / 24)[30 * PER_FRAME :])
    assert abs(late - delay) <= 50, "such containers count in milliseconds"


@pytest.mark.parametrize(
    ("format_name", "lacks"), [("H264", " · without the last column and the first row"), ("FFV1", "")]
)
def test_what_an_odd_side_loses_is_told(timeline: Timeline, tmp_path: Path, format_name: str, lacks: str) -> None:
    """By the job, beside the movie's name: H.264 has even sides only."""
    strip = timeline.movie(movies.write(tmp_path / "odd.mkv", "ffv1", "bgr0", size=(129, 65), frames=3))
    wanted(timeline, format_name, "COLOUR")
    job = made(timeline, strip)
    shape = (64, 128) if lacks else (65, 129)
    assert movies.decoded(Path(job.movies[0].path))[0].shape[:2] == shape
    (said,) = timeline.addon.words.movies(job)
    assert said.partition(" · without sound")[0].endswith(f"KB{lacks}" if "KB" in said else f"MB{lacks}")


def test_each_strip_has_a_movie_of_its_own(timeline: Timeline, clip: Path) -> None:
    """Strips of one file share a job, not the movie; of a strip with handles, the movie has what it shows."""
    one, two = timeline.movie(clip, name="one"), timeline.movie(clip, start=101, name="two")
    timeline.addon.versions.set_right_handle(one, 11)
    timeline.addon.versions.set_left_handle(two, 131)
    timeline.addon.versions.set_right_handle(two, 136)
    timeline.scene.rvm_matting.handles = 3
    wanted(timeline)
    job = made(timeline, one, two)
    told = {Path(movie.path).name: numbers(movie.path) for movie in job.movies}
    assert told == {"one.mkv": list(range(10)), "two.mkv": list(range(30, 35))}


def test_nothing_is_written_over(timeline: Timeline, strip: Any) -> None:
    """The same movie again gets a number; the result that is there is not laid over itself."""
    wanted(timeline)
    first = made(timeline, strip)
    before = Path(first.movies[0].path).read_bytes()
    second = made(timeline, strip)
    assert (second.found, second.folder) == (True, first.folder)
    assert Path(second.movies[0].path).name == "talk ü 2.mkv"
    assert Path(first.movies[0].path).read_bytes() == before
    assert sum(one.type == "IMAGE" for one in timeline.strips) == 1


def test_pressed_twice_it_is_one_movie(timeline: Timeline, strip: Any) -> None:
    """While the job runs, and while the movie is written; another format is another movie."""
    wanted(timeline)
    (job,), _ = timeline.submit(strip)
    timeline.submit(strip)
    timeline.drive(lambda: job.matted and not job.state.ended)
    timeline.submit(strip)
    wanted(timeline, "QTRLE")
    timeline.submit(strip)
    timeline.finish()
    (job,) = timeline.addon.runner.current().queue.jobs
    assert [Path(movie.path).name for movie in job.movies] == ["talk ü.mkv", "talk ü.mov"]


def test_update_result_writes_the_movie_again(timeline: Timeline, strip: Any) -> None:
    """Of the frames as they are made anew; and the strip remembers the choice."""
    timeline.press_button(strip)
    wanted(timeline, "QTRLE", "COLOUR")
    result = timeline.result_of(strip)
    timeline.select([result])
    with timeline.shown():
        assert bpy.ops.rvm.update_result() == {"FINISHED"}
    job = timeline.addon.runner.current().queue.jobs[-1]
    assert numbers(job.movies[0].path) == list(range(FIRST - 1, END - 1))
    chosen = timeline.scene.rvm_matting
    chosen.write_movie, chosen.opaque_movie_format, chosen.result = False, "H264", "CUTOUT"
    timeline.editor.active_strip = result
    with timeline.shown():
        assert bpy.ops.rvm.use_recipe() == {"FINISHED"}
    assert (chosen.write_movie, chosen.opaque_movie_format, chosen.result) == (True, "QTRLE", "COLOUR")


def test_the_timelines_frames_are_the_movies(timeline: Timeline, clip: Path) -> None:
    """At the scene's rate, also where the clip has another; reversed, it is silent; a still lasts as it stands."""
    timeline.scene.render.fps = 30
    slowed = timeline.movie_by_operator(clip, adjust_playback_rate=True)
    backwards = timeline.movie(clip, channel=4, name="back")
    backwards.use_reverse_frames = True
    still = timeline.pictures([tiny.barcode_pictures(timeline.folder / "in", [5])[0]], channel=6, name="still")
    timeline.addon.versions.set_right_handle(still, 8)
    wanted(timeline)
    jobs, _ = timeline.submit(slowed, backwards, still)
    timeline.finish()
    told = {Path(movie.path).stem: movie for job in jobs for movie in job.movies}
    start, end = timeline.addon.versions.handles(slowed)
    timeline.scene.rvm_matting.write_movie = False
    slow = told[timeline.addon.encoding.movie_name(slowed.name)]
    names = [element.filename for element in timeline.result_of(slowed).elements]
    assert len(names) == end - start and end - start > FRAMES
    folder = Path(bpy.path.abspath(timeline.result_of(slowed).directory))
    assert numbers(slow.path) == [tiny.read_barcode(cv2.imread(str(folder / name))) for name in names]
    assert cv2.VideoCapture(slow.path).get(cv2.CAP_PROP_FPS) == 30
    assert numbers(told["back"].path) == list(range(FRAMES))[::-1]
    assert numbers(told["still"].path) == [5] * 7
    assert [told[name].has_sound for name in ("back", "still")] == [False, False]
    if CAN_BE_HEARD:
        assert abs(movies.lag(movies.samples(Path(slow.path)), movies.noise(FRAMES / 24))) <= 1


@pytest.mark.skipif(not CAN_BE_HEARD, reason="this Blender was built without its sound library")
def test_what_is_inside_a_meta_strip_is_heard(timeline: Timeline, clip: Path, tmp_path: Path) -> None:
    """To the sample, as loud as it is there; what lies beside the meta strip is not."""
    movie = timeline.movie(clip, channel=2)
    sound = timeline.strips.new_sound(name="sound", filepath=str(clip), channel=1, frame_start=1)
    sound.volume = 0.5
    meta = timeline.meta([movie, sound])
    timeline.addon.versions.set_left_handle(meta, FIRST)
    timeline.strips.new_sound(name="music", filepath=str(tiny.tone(tmp_path / "m.wav", 2)), channel=9, frame_start=1)
    wanted(timeline)
    job = made(timeline, meta)
    heard = movies.samples(Path(job.movies[0].path)).astype(int)
    expected = movies.noise(FRAMES / 24)[(FIRST - 1) * PER_FRAME :] / 2
    assert np.abs(heard[: len(expected) - 10] - expected[: len(expected) - 10]).max() <= 1
    assert not (job.folder / "project.blend").exists()


@pytest.mark.skipif(not CAN_BE_HEARD, reason="this Blender was built without its sound library")
def test_the_movie_of_a_meta_strip_can_be_written_later(timeline: Timeline, clip: Path) -> None:
    """Cancelled while it was written, it goes on with its sound, which the copy of the project makes."""
    sound = timeline.strips.new_sound(name="sound", filepath=str(clip), channel=1, frame_start=1)
    meta = timeline.meta([timeline.movie(clip, channel=2), sound])
    wanted(timeline)
    (job,), _ = timeline.submit(meta)
    timeline.drive(lambda: job.part.kind.name == "ENCODING")
    assert bpy.ops.rvm.cancel_job(folder=str(job.folder)) == {"FINISHED"}
    timeline.drive(lambda: job.state.ended)
    assert (job.state.name, job.movies) == ("DONE", [])
    assert bpy.ops.rvm.retry_job(folder=str(job.folder)) == {"FINISHED"}
    (again,) = timeline.addon.runner.current().queue.jobs
    timeline.drive(lambda: again.state.ended)
    assert warnings(again) == []
    assert numbers(again.movies[0].path) == list(range(FRAMES))
    expected = movies.noise(FRAMES / 24)
    assert np.array_equal(movies.samples(Path(again.movies[0].path))[: len(expected) - 10], expected[:-10])
    assert not (job.folder / "project.blend").exists()


@pytest.mark.skipif(not CAN_BE_HEARD, reason="this Blender was built without its sound library")
def test_a_retimed_movie_has_the_sound_beside_it(timeline: Timeline, clip: Path) -> None:
    """Its own has no say in how it is stretched; without a sound strip it is silent, and that is told."""
    movie = timeline.movie(clip)
    timeline.retime(movie, 10, 17)
    wanted(timeline)
    silent = made(timeline, movie)
    assert not silent.movies[0].has_sound
    assert "without sound" in timeline.addon.words.movies(silent)[0]
    timeline.strips.remove(timeline.result_of(movie))
    timeline.strips.new_sound(name="sound", filepath=str(clip), channel=5, frame_start=1)
    job = made(timeline, movie)
    heard = movies.samples(Path(job.movies[0].path))
    expected = movies.noise(FRAMES / 24)
    assert np.array_equal(heard[: len(expected) - 10], expected[:-10])


def failed(timeline: Timeline, strip: Any) -> tuple[Any, Path]:
    """Return a job whose movie could not be written, and the folder that is in its way."""
    wanted(timeline)
    (job,), _ = timeline.submit(strip)
    in_the_way = job.folder / "talk ü.mkv.part"
    in_the_way.mkdir()
    timeline.drive(lambda: job.state.ended)
    return job, in_the_way


def test_a_movie_that_fails_loses_nothing(timeline: Timeline, strip: Any) -> None:
    """The strip comes, the warning says what to do, and Continue makes only the movie."""
    job, in_the_way = failed(timeline, strip)
    assert (job.state.name, job.error, job.movies) == ("DONE", "", [])
    (said,) = warnings(job)
    assert "talk ü.mkv" in said and "Choose another format, then select the strip" in said
    assert timeline.result_of(strip)
    in_the_way.rmdir()
    stamp = (job.output / job.spec.file_name(20)).stat().st_mtime_ns
    assert timeline.addon.job_operators.RVM_OT_retry_job in [
        one for one, _ in timeline.addon.job_operators.buttons(job)
    ]
    assert bpy.ops.rvm.retry_job(folder=str(job.folder)) == {"FINISHED"}
    (again,) = timeline.addon.runner.current().queue.jobs
    timeline.drive(lambda: again.state.ended)
    assert numbers(again.movies[0].path) == list(range(FIRST - 1, END - 1))
    assert (job.output / job.spec.file_name(20)).stat().st_mtime_ns == stamp


def test_another_format_keeps_the_frames(timeline: Timeline, strip: Any) -> None:
    """As the remedy of a movie that failed says: the button makes only the movie, in the format that is chosen now."""
    job, _ = failed(timeline, strip)
    assert "select the strip and press Matte Selected Strips; the frames are kept" in warnings(job)[0]
    wanted(timeline, "QTRLE")
    stamp = (job.output / job.spec.file_name(20)).stat().st_mtime_ns
    again = made(timeline, strip)
    assert (again.folder, len(again.movies), again.movies_missing) == (job.folder, 1, [])
    assert Path(again.movies[0].path).suffix == ".mov"
    assert (job.output / job.spec.file_name(20)).stat().st_mtime_ns == stamp


def test_a_frame_that_was_removed_is_made_anew(timeline: Timeline, strip: Any) -> None:
    """Continue cannot, and the remedy says what can: the result shows new frames, and the movie comes."""
    job, in_the_way = failed(timeline, strip)
    in_the_way.rmdir()
    (job.output / job.spec.file_name(20)).unlink()
    assert bpy.ops.rvm.retry_job(folder=str(job.folder)) == {"FINISHED"}
    (again,) = timeline.addon.runner.current().queue.jobs
    timeline.drive(lambda: again.state.ended)
    (said,) = warnings(again)
    assert "_000021.png” is gone. To have it made anew, select the result and press Update Result." in said
    timeline.select([timeline.result_of(strip)])
    with timeline.shown():
        assert bpy.ops.rvm.update_result() == {"FINISHED"}
    last = timeline.addon.runner.current().queue.jobs[-1]
    assert numbers(last.movies[0].path) == list(range(FIRST - 1, END - 1))
    shown = os.path.normpath(bpy.path.abspath(timeline.result_of(strip).directory))
    assert len(timeline.strips) == 2 and Path(shown) == last.output


def test_another_output_folder_takes_all_frames_anew(timeline: Timeline, strip: Any) -> None:
    """As the remedy says: the stopped job is dismissed first, and its frames stay where they are."""
    (job,), _ = timeline.submit(strip)
    (job.output / job.spec.file_name(20)).mkdir(parents=True)
    timeline.drive(lambda: job.state.ended)
    assert "choose another output folder, then select the strip and press Matte Selected Strips: there" in job.remedy
    assert bpy.ops.rvm.dismiss_job(folder=str(job.folder)) == {"FINISHED"}
    timeline.scene.rvm_matting.output = str(timeline.folder / "elsewhere")
    again = made(timeline, strip)
    assert (again.folder.parent, again.frames_done) == (timeline.folder / "elsewhere", END - FIRST)
    assert job.output.is_dir()


@pytest.mark.parametrize("movie", [True, False])
def test_a_movie_that_is_owed_stays_so(timeline: Timeline, clip: Path, strip: Any, movie: bool) -> None:
    """Another strip of the same frames comes, with a movie or without: neither order nor Continue is lost."""
    job, in_the_way = failed(timeline, strip)
    (owed,) = job.movies_missing
    timeline.scene.rvm_matting.write_movie = movie
    other = timeline.movie(clip, channel=6, name="other")
    timeline.addon.versions.set_left_handle(other, FIRST)
    timeline.addon.versions.set_right_handle(other, FIRST + 3)
    (again,), _ = timeline.submit(other)
    timeline.drive(lambda: again.state.ended and not timeline.addon.runner.current().busy)
    in_the_way.rmdir()
    assert timeline.addon.runner.current().queue.jobs == [again]
    assert (again.found, again.movies_missing) == (True, [owed])
    told = {Path(made.path).name: numbers(made.path) for made in again.movies}
    assert told == ({"other.mkv": list(range(FIRST - 1, FIRST + 2))} if movie else {})
    (note,) = json.loads((job.folder / timeline.addon.unfinished.PLACES_FILE).read_text())
    assert (note["places"], note["movies"]) == ([], [owed.name])
    assert bpy.ops.rvm.retry_job(folder=str(job.folder)) == {"FINISHED"}
    (last,) = timeline.addon.runner.current().queue.jobs
    timeline.drive(lambda: last.state.ended)
    assert [numbers(made.path) for made in last.movies] == [list(range(FIRST - 1, END - 1))]
    assert not (job.folder / timeline.addon.unfinished.PLACES_FILE).exists()


def test_a_movie_that_is_pressed_anew_is_not_owed_twice(timeline: Timeline, strip: Any) -> None:
    """The same strip's, after it could not be written: it is there, and nothing is left to go on with."""
    job, in_the_way = failed(timeline, strip)
    in_the_way.rmdir()
    again = made(timeline, strip)
    assert (len(job.movies_missing), len(again.movies), again.movies_missing) == (1, 1, [])
    assert not (job.folder / timeline.addon.unfinished.PLACES_FILE).exists()


def test_a_movie_for_a_result_that_is_there_survives_closing(timeline: Timeline, strip: Any) -> None:
    """From the press until it is written, a later session would know of it."""
    frames_only = made(timeline, strip)
    wanted(timeline)
    (job,), _ = timeline.submit(strip)
    note = job.folder / timeline.addon.unfinished.PLACES_FILE
    (told,) = json.loads(note.read_text())
    assert (job.folder, told["places"]) == (frames_only.folder, [])
    assert told["movies"] == [part.name for part in job.movies_owed] != []
    timeline.drive(lambda: job.state.ended)
    assert len(job.movies) == 1
    assert not note.exists()
    timeline.scene.rvm_matting.write_movie = False
    assert timeline.submit(strip)[0] == [timeline.addon.runner.current().queue.jobs[-1]]
    assert not note.exists()


def test_a_cancelled_movie_is_not_owed_by_a_later_press(timeline: Timeline, strip: Any) -> None:
    """Nothing but Continue, in this session, writes it."""
    wanted(timeline)
    (job,), _ = timeline.submit(strip)
    timeline.drive(lambda: job.part.kind.name == "ENCODING")
    assert bpy.ops.rvm.cancel_job(folder=str(job.folder)) == {"FINISHED"}
    timeline.drive(lambda: job.state.ended)
    timeline.scene.rvm_matting.write_movie = False
    (again,), _ = timeline.submit(strip)
    timeline.drive(lambda: not timeline.addon.runner.current().busy)
    note = job.folder / timeline.addon.unfinished.PLACES_FILE
    assert (len(again.movies_missing), note.exists()) == (1, False)
    assert bpy.ops.rvm.retry_job(folder=str(again.folder)) == {"FINISHED"}
    assert note.exists(), "it was asked for again"
    timeline.finish()
    assert not note.exists()


@pytest.mark.parametrize("end", ["cancel", "crash"])
def test_the_encoder_ends_early(timeline: Timeline, clip: Path, tmp_path: Path, end: str) -> None:
    """Cancelled or crashed in the middle: the strip stands already, half a movie never does; the next job goes on."""
    large = tiny.barcode_movie(tmp_path / "large.avi", 200, fourcc="MJPG", size=(1280, 720))
    strip, other = timeline.movie(large), timeline.movie(clip, channel=4)
    wanted(timeline, "QTRLE")
    (job, following), _ = timeline.submit(strip, other)
    timeline.drive(lambda: job.part.kind.name == "ENCODING" and job.frames_of_part[0] > 2)
    assert timeline.result_of(strip), "strips do not wait for movies"
    assert "Movie: " in timeline.addon.words.progress(job)
    queue = timeline.addon.runner.current().queue
    if end == "cancel":
        assert bpy.ops.rvm.cancel_job(folder=str(job.folder)) == {"FINISHED"}
    else:
        queue._process.kill()
    timeline.drive(lambda: following.state.ended)
    assert (job.state.name, job.error, job.movies, following.state.name) == ("DONE", "", [], "DONE")
    (said,) = warnings(job)
    assert ("cancelled" if end == "cancel" else "unexpectedly") in said
    assert [path.name for path in job.folder.iterdir() if path.suffix in (".mov", ".part")] == []
    assert len(list(job.output.iterdir())) == 200
    assert len(following.movies) == 1
    note = job.folder / timeline.addon.unfinished.PLACES_FILE
    assert note.exists() is (end == "crash"), "what the user cancelled is not offered by the next session"
    assert bpy.ops.rvm.dismiss_job(folder=str(job.folder)) == {"FINISHED"}
    assert not note.exists()
    assert not (following.folder / note.name).exists()


def test_progress_over_the_parts(timeline: Timeline, strip: Any) -> None:
    """It never goes back; the words say what is to come, and what is made."""
    wanted(timeline)
    (job,), _ = timeline.submit(strip)
    told = []

    def ended() -> bool:
        told.append((job.progress, timeline.addon.words.progress(job)))
        return bool(job.state.ended)

    timeline.drive(ended)
    assert [progress for progress, _ in told] == sorted(progress for progress, _ in told)
    assert any("then the movie" in text for _, text in told)
    assert any(text.startswith("Movie: ") for _, text in told)
    assert timeline.addon.words.movies(job)[0].startswith("Movie: talk ü.mkv · ")


@pytest.mark.parametrize("name", ["{scene_name} 人", "take #1", "50% {x"])
def test_any_folder_will_do(timeline: Timeline, strip: Any, name: str) -> None:
    """From 4.5 on, braces in a path are variables to Blender; here they are letters."""
    timeline.scene.rvm_matting.output = str(timeline.folder / name)
    wanted(timeline)
    job = made(timeline, strip)
    assert job.folder.parent.name == name
    assert numbers(job.movies[0].path) == list(range(FIRST - 1, END - 1))


def test_a_mask_has_no_movie(timeline: Timeline, strip: Any) -> None:
    """It belongs on its strip; the setting does not count, and its panel is not there."""
    wanted(timeline, "FFV1", "MASK")
    assert made(timeline, strip).movies == []
    with timeline.shown():
        assert not bpy.types.RVM_PT_movie.poll(bpy.context)
        timeline.scene.rvm_matting.result = "CUTOUT"
        assert bpy.types.RVM_PT_movie.poll(bpy.context)


@pytest.mark.usefixtures("addon")
def test_only_formats_that_hold_alpha_are_offered_to_cutouts() -> None:
    """H.264 has none."""
    entries = bpy.types.Scene.bl_rna.properties["rvm_matting"].fixed_type.properties
    names = {
        name: {item.identifier for item in entries[name].enum_items} for name in ("movie_format", "opaque_movie_format")
    }
    assert names["opaque_movie_format"] - names["movie_format"] == {"H264"}
    assert "FFV1" in names["movie_format"]


def test_a_projects_format_means_the_same_in_every_blender(timeline: Timeline) -> None:
    """Its number, which a .blend keeps, does not depend on the formats that this Blender can write."""
    entries = bpy.types.Scene.bl_rna.properties["rvm_matting"].fixed_type.properties
    numbers = {kind.name: number for number, kind in enumerate(timeline.addon.encoders.MovieFormat)}
    for name in ("movie_format", "opaque_movie_format"):
        offered = {item.identifier: item.value for item in entries[name].enum_items}
        assert offered.items() <= numbers.items() and len(offered) > 2
