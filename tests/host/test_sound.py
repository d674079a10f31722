"""Sound stays where it is, in sync, and follows the picture."""

import warnings
import wave
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import cv2
import numpy as np
import pytest

from tests import movies, tiny
from tests.host.elsewhere import another_level, another_scene, another_workspace, no_sequencer
from tests.host.timeline import Timeline

FPS = 24


@pytest.fixture(scope="module")
def talkie(addon: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A movie of 48 frames with two seconds of sound, written by Blender."""
    folder = tmp_path_factory.mktemp("talkie")
    frames = tiny.barcode_pictures(folder / "frames", range(48))
    tone = tiny.tone(folder / "tone.wav", 2.0)
    if not movies.by_blender(addon, frames, FPS, tone, folder / "talkie.mp4"):
        pytest.skip("this Blender was built without its sound library")
    return folder / "talkie.mp4"


def mixdown(timeline: Timeline) -> np.ndarray:
    """Return the timeline's sound as samples."""
    path = timeline.folder / "mix.wav"
    with timeline.shown():
        bpy.ops.sound.mixdown(filepath=str(path), container="WAV", codec="PCM", format="S16")
    with wave.open(str(path)) as sound:
        return np.frombuffer(sound.readframes(sound.getnframes()), "<i2")


def test_the_sound_strip_is_untouched_and_connected(timeline: Timeline, talkie: Path) -> None:
    """Place, trims and volume of the sound strip stay; where Blender can, it is connected to the new strip."""
    movie = timeline.movie(talkie, channel=2, start=5)
    sound = timeline.strips.new_sound(name="sound", filepath=str(talkie), channel=1, frame_start=5)
    sound.volume = 0.5
    timeline.scene.frame_end = 60
    state = (*timeline.addon.versions.handles(sound), sound.channel, sound.mute, sound.volume)
    before = mixdown(timeline)
    timeline.press_button(movie, sound)
    assert (*timeline.addon.versions.handles(sound), sound.channel, sound.mute, sound.volume) == state
    after = mixdown(timeline)
    assert np.abs(before).max() > 1000, "there is something to hear"
    assert np.array_equal(before, after)
    assert timeline.result_of(movie).channel == 3
    if bpy.app.version >= (5, 2, 0):  # the first version that can be asked
        assert {strip.name for strip in timeline.result_of(movie).connections} == {movie.name, sound.name}


@pytest.mark.skipif(bpy.app.version < (5, 2, 0), reason="nobody can tell before what is connected")
def test_what_the_user_has_connected_stays_so(timeline: Timeline, talkie: Path) -> None:
    """A title that belongs to a movie belongs to its result, too."""
    movie = timeline.movie(talkie)
    title = timeline.effect("TEXT", 10, channel=5)
    timeline.select([movie, title])
    with timeline.shown():
        bpy.ops.sequencer.connect(toggle=False)
    timeline.press_button(movie)
    together = {strip.name for strip in (movie, title, timeline.result_of(movie))}
    assert {strip.name for strip in title.connections} | {title.name} == together


@pytest.mark.skipif(bpy.app.version < (5, 2, 0), reason="nobody can tell before what is connected")
@pytest.mark.parametrize("way", [another_level, another_scene, another_workspace, no_sequencer])
def test_a_result_is_connected_wherever_the_user_is(timeline: Timeline, talkie: Path, way: Callable[..., Any]) -> None:
    """While a job runs, the user may have opened a meta strip, or look at another scene, or at no sequencer at all."""
    movie = timeline.movie(talkie)
    sound = timeline.strips.new_sound(name="sound", filepath=str(talkie), channel=2, frame_start=1)
    meta = timeline.meta([timeline.movie(talkie, channel=5, name="inside")])
    timeline.submit(movie)
    meta.select = True
    with way(timeline, timeline.addon.versions.children(meta)[0]):
        timeline.finish()
    assert {strip.name for strip in timeline.result_of(movie).connections} == {movie.name, sound.name}
    assert {strip.name for strip in timeline.strips if strip.select} == {movie.name, meta.name}


def test_a_trimmed_sound_never_moves(timeline: Timeline, talkie: Path) -> None:
    """To learn a movie's rate, the scene's own must not be touched: trimmed sound would move for good."""
    timeline.scene.render.fps = 30
    movie = timeline.movie_by_operator(talkie, start=11, adjust_playback_rate=True)
    sound = timeline.strips.new_sound(name="sound", filepath=str(talkie), channel=4, frame_start=11)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        movie.frame_offset_start = sound.frame_offset_start = 13
        movie.frame_offset_end = sound.frame_offset_end = 9
    before = timeline.addon.versions.handles(sound)
    timeline.press_button(movie)
    timeline.press_button(movie)
    assert timeline.addon.versions.handles(sound) == before
    assert timeline.addon.versions.handles(timeline.result_of(movie)) == timeline.addon.versions.handles(movie)


def test_of_a_cut_clip_each_part_keeps_its_sound(timeline: Timeline, talkie: Path) -> None:
    """The result of one part is connected to that part's sound, not to the next one's."""
    movie = timeline.movie(talkie, channel=2, start=5)
    sound = timeline.strips.new_sound(name="sound", filepath=str(talkie), channel=1, frame_start=5)
    later = [strip.split(frame=20, split_method="SOFT") for strip in (movie, sound)]
    of_first = list(timeline.addon.soundtrack.sounds_of(movie, timeline.strips))
    of_later = list(timeline.addon.soundtrack.sounds_of(later[0], timeline.strips))
    assert ([strip.name for strip in of_first], of_later) == (["sound"], [later[1]])


def test_the_selection_stays_as_it_was(timeline: Timeline, talkie: Path) -> None:
    """Connecting works through the selection, and gives it back."""
    movie = timeline.movie(talkie, channel=2, start=5)
    timeline.strips.new_sound(name="sound", filepath=str(talkie), channel=1, frame_start=5)
    timeline.press_button(movie)
    assert [strip.name for strip in timeline.strips if strip.select] == [movie.name]


def test_another_movies_sound_is_left_alone(timeline: Timeline, talkie: Path, tmp_path: Path) -> None:
    """Sound belongs to a movie strip by its file and its place."""
    movie = timeline.movie(talkie, channel=2, start=5)
    timeline.strips.new_sound(name="music", filepath=str(tiny.tone(tmp_path / "m.wav", 1)), channel=1, frame_start=5)
    timeline.strips.new_sound(name="later", filepath=str(talkie), channel=1, frame_start=70)
    assert list(timeline.addon.soundtrack.sounds_of(movie, timeline.strips)) == []


def test_a_movies_sound_is_its_own_however_it_is_written(timeline: Timeline, talkie: Path) -> None:
    """One path may go up before it goes down to the same file."""
    movie = timeline.movie(talkie, channel=2, start=5)
    sound = timeline.strips.new_sound(name="sound", filepath=str(talkie), channel=1, frame_start=5)
    sound.sound.filepath = str(talkie.parent / "frames" / ".." / talkie.name)
    assert list(timeline.addon.soundtrack.sounds_of(movie, timeline.strips)) == [sound]


def test_a_written_movie_has_its_frames_and_its_sound(talkie: Path) -> None:
    """48 frames at 24 a second, each in its place."""
    capture = cv2.VideoCapture(str(talkie))
    assert capture.get(cv2.CAP_PROP_FPS) == FPS
    numbers = []
    while (shot := capture.read())[0]:
        numbers.append(tiny.read_barcode(shot[1]))
    assert numbers == list(range(48))


def test_sound_stays_beside_a_retimed_movie(timeline: Timeline, talkie: Path) -> None:
    """Whatever is done to the picture, what is heard is the same, sample by sample."""
    movie = timeline.movie(talkie, channel=2)
    sound = timeline.strips.new_sound(name="sound", filepath=str(talkie), channel=1, frame_start=1)
    timeline.retime(movie, 10, 17)
    timeline.scene.frame_end = 60
    state = (*timeline.addon.versions.handles(sound), sound.channel, sound.mute)
    before = mixdown(timeline)
    timeline.press_button(movie)
    assert timeline.addon.runner.current().queue.jobs[-1].state.name == "DONE"
    assert (*timeline.addon.versions.handles(sound), sound.channel, sound.mute) == state
    assert np.abs(before).max() > 1000
    assert np.array_equal(before, mixdown(timeline))


@pytest.mark.parametrize("whole", [True, False])
def test_sound_in_a_meta_strip_stays(timeline: Timeline, talkie: Path, whole: bool) -> None:
    """Whether the meta strip is matted or the movie inside it, its sound goes on."""
    movie = timeline.movie(talkie, channel=2)
    sound = timeline.strips.new_sound(name="sound", filepath=str(talkie), channel=1, frame_start=1)
    meta = timeline.meta([movie, sound])
    timeline.scene.frame_end = 60
    before = mixdown(timeline)
    runner, settings = timeline.addon.runner.current(), timeline.addon.properties.snapshot(timeline.scene)
    spec, place = timeline.addon.strips.job_spec(timeline.scene, meta if whole else movie, settings)
    job = runner.submit(spec, timeline.folder / "job", place)
    timeline.finish()
    assert (job.state.name, job.error) == ("DONE", "")
    assert np.abs(before).max() > 1000
    assert np.array_equal(before, mixdown(timeline))


@pytest.mark.parametrize("kind", ["speaker", "nested", "itself", "silent"])
def test_what_makes_a_scenes_sound_is_known(timeline: Timeline, kind: str) -> None:
    """A strip of it is muted, and a movie of it silent, only if nothing in it is heard; a scene may show itself."""
    shown, inner = bpy.data.scenes.new("shown"), bpy.data.scenes.new("inner")
    strips = timeline.addon.versions.top_strips(shown.sequence_editor_create())
    speaker = bpy.data.objects.new("speaker", bpy.data.speakers.new("speaker"))
    if kind == "speaker":
        shown.collection.objects.link(speaker)
    elif kind == "nested":
        inner.collection.objects.link(speaker)
        strips.new_scene(name="inner", scene=inner, channel=1, frame_start=1)
    elif kind == "itself":
        strips.new_scene(name="itself", scene=shown, channel=1, frame_start=1)
    strip = timeline.strips.new_scene(name="scene", scene=shown, channel=1, frame_start=1)
    assert timeline.addon.soundtrack.carries_sound(strip) is (kind in ("speaker", "nested"))
    timeline.strips.remove(strip)
    bpy.data.objects.remove(speaker)
    for scene in (shown, inner):
        bpy.data.scenes.remove(scene)
