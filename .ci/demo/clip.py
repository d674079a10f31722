"""Makes the demonstration's clip: a portrait that moves over a changing background, five seconds of 720p with sound.

Usage: clip.py PORTRAIT.png CLIP.mp4. A lamp in the background lights up on every note, so that eye and ear can tell
whether picture and sound belong together.
"""

import sys
import tempfile
import wave
from pathlib import Path

import bpy  # noqa: F401  # first of all: bpy, OpenCV, ONNX Runtime is the order of import that is known to work
import cv2
import numpy as np
from inside_blender import run_and_leave
from numpy.typing import NDArray

from rvm_addon.engine.contract.outputs import Look, Result
from rvm_addon.engine.contract.spec import JobSpec, Source, SourceKind
from rvm_addon.engine.contract.weights import catalogue
from rvm_addon.engine.drawing.refine import cut_out
from rvm_addon.engine.footage.media import FolderSink
from rvm_addon.engine.network.rvm import open_model
from rvm_addon.engine.pictures.tensors import Placed
from rvm_addon.host.background.movies import Pictures, write_movie
from rvm_addon.host.background.sounds import Sound
from rvm_addon.host.blender.encoders import MovieFormat
from rvm_addon.host.session.terminal import ProgressLine
from rvm_addon.host.settings.preferences import weights_folder

WIDTH, HEIGHT = 1280, 720
FPS = 30
SECONDS = 5
FRAMES = FPS * SECONDS
NOTES_HERTZ = (261.6, 329.6, 392.0, 523.3, 392.0, 329.6, 261.6, 392.0, 329.6, 261.6)
"""One for each half second."""
NOTE_FRAMES = FRAMES // len(NOTES_HERTZ)
SAMPLES_PER_SECOND = 48000
WARM_UP_FRAMES = 12
"""How often the model looks at the still portrait: its memory wants about as many frames to settle."""
PERSON = 1000
"""Pixels of the square portrait's side in the clip: head and shoulders show, the rest lies below the frame."""
HEADROOM = 36
"""Pixels above the portrait."""

Layer = NDArray[np.float32]


def main(portrait: Path, clip: Path) -> None:
    """Draw the frames, play the notes, and let Blender's renderer make a movie of both."""
    with tempfile.TemporaryDirectory(dir=clip.parent) as scratch, ProgressLine() as line:
        spec = _spec(portrait, Path(scratch))
        person = _person(portrait, spec)
        sink = FolderSink(spec, Path(scratch))
        for frame in range(FRAMES):
            sink.write(frame, Placed.whole(_frame(frame, person)))
            line.bar("Making a clip", frame / FRAMES, f"{frame + 1} of {FRAMES} frames")
        _write_notes(Path(scratch, "notes.wav"))
        files = [Path(scratch, spec.file_name(frame)) for frame in range(FRAMES)]
        tell = lambda done: line.bar("Writing the clip", done / FRAMES, f"{done} of {FRAMES} frames")  # noqa: E731
        pictures, sound = Pictures(files, Look(Result.COLOUR), FPS), Sound(Path(scratch, "notes.wav"))
        write_movie(clip, MovieFormat.H264, pictures, sound, tell)


def _spec(portrait: Path, folder: Path) -> JobSpec:
    """Return a job that names the frames and the model."""
    models = weights_folder()
    source = Source(SourceKind.MOVIE, (str(portrait),))
    return JobSpec("clip", source, str(folder), "clip", str(models / catalogue(models)[0].file))


def _person(portrait: Path, spec: JobSpec) -> Layer:
    """Return the person of the portrait, cut out: premultiplied BGRA (H x W x 4), 0..1, PERSON pixels square."""
    picture = cv2.imread(str(portrait), cv2.IMREAD_COLOR)
    model = open_model(spec, lambda _: None)
    for _ in range(WARM_UP_FRAMES):
        matte = model.matte(picture, model.prepared(picture))
    cutout = cut_out(matte, spec.look.edges, None, deep=False)
    layer = np.dstack([cutout.colours, cutout.alpha]).astype(np.float32) / 255
    layer[..., :3] *= layer[..., 3:]
    return cv2.resize(layer, (PERSON, PERSON), interpolation=cv2.INTER_CUBIC).clip(0, 1)  # type: ignore[no-any-return]


def _frame(frame: int, person: Layer) -> NDArray[np.uint8]:
    """Return one picture (BGR, 8 bit): the person sways and comes nearer, the background drifts and changes colour."""
    turn = 2 * np.pi * frame / FRAMES
    scale = 1.04 + 0.06 * np.cos(turn)
    middle = WIDTH / 2 + 200 * np.sin(turn)
    place = np.array([[scale, 0, middle - scale * PERSON / 2], [0, scale, HEADROOM]], np.float32)
    layer = cv2.warpAffine(person, place, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR)
    picture = layer[..., :3] + _background(frame) * (1 - layer[..., 3:])
    shown: NDArray[np.uint8] = np.rint(picture * 255).clip(0, 255).astype(np.uint8)
    return shown


def _background(frame: int) -> Layer:
    """Return the background (BGR, 0..1): an evening sky, soft lights that drift, and the lamp of the notes."""
    turn = 2 * np.pi * frame / FRAMES
    height = np.linspace(0, 1, HEIGHT, dtype=np.float32)[:, None, None]
    top = np.array([0.55 + 0.2 * np.sin(turn), 0.25, 0.2 + 0.1 * np.cos(turn)], np.float32)
    bottom = np.array([0.3, 0.45 + 0.15 * np.sin(turn + 1), 0.75 + 0.15 * np.cos(turn)], np.float32)
    picture = np.broadcast_to(top * (1 - height) + bottom * height, (HEIGHT, WIDTH, 3)).copy()
    lights = cv2.resize(_lights(frame), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    background: Layer = np.minimum(picture + lights, 1)
    return background


def _lights(frame: int) -> Layer:
    """Return what shines (BGR), at a quarter of the size: out of focus, it has no detail to lose."""
    width, height = WIDTH // 4, HEIGHT // 4
    lights = np.zeros((height, width, 3), np.float32)
    for x, y, size, drift, *colour in np.random.default_rng(5).random((26, 7)):
        centre = (int((x * 1.3 + 0.35 * drift * frame / FRAMES - 0.15) * width), int(y * height))
        cv2.circle(lights, centre, int(3 + 9 * size), [0.12 + 0.3 * c for c in colour], -1, cv2.LINE_AA)
    since_note = frame % NOTE_FRAMES / NOTE_FRAMES
    cv2.circle(lights, (width - 28, 28), 15, [0.2, 0.7 * (1 - since_note), 1 - since_note], -1, cv2.LINE_AA)
    return cv2.GaussianBlur(lights, (0, 0), 1.5).clip(0, 1)  # type: ignore[no-any-return]


def _write_notes(path: Path) -> None:
    """Write the notes as a stereo WAV; each begins with its lamp and fades before the next."""
    count = SAMPLES_PER_SECOND * NOTE_FRAMES // FPS
    time = np.arange(count) / SAMPLES_PER_SECOND
    fade = np.minimum(time * 200, 1) * np.exp(-5 * time)
    notes = [fade * (np.sin(2 * np.pi * f * time) + 0.4 * np.sin(4 * np.pi * f * time)) for f in NOTES_HERTZ]
    samples = (np.concatenate(notes) * 0.4 * 32767).astype("<i2")
    with wave.open(str(path), "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(SAMPLES_PER_SECOND)
        out.writeframes(np.repeat(samples, 2).tobytes())


if __name__ == "__main__":
    run_and_leave(lambda: main(*map(Path, sys.argv[1:])))
