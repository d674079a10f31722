import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from rvm_addon.engine.contract.errors import OutputFailed, SourceMissing, SourceRefused, SourceUnreadable
from rvm_addon.engine.contract.outputs import Fit, FrameFormat, Look, Result
from rvm_addon.engine.contract.spec import JobSpec, Source, SourceKind
from rvm_addon.engine.footage.backdrop import MovieBackdrop, fitted
from rvm_addon.engine.footage.media import FolderSink, ImageSource
from rvm_addon.engine.footage.movies import Decoder, MovieSource
from rvm_addon.engine.pictures.tensors import Picture, Placed
from tests import movies, tiny
from tests.unprivileged import as_anybody, closed

SPEC = JobSpec("x", Source(SourceKind.MOVIE, ("/x.mp4",)), "frames", "x", "/m.onnx")


def numbers(source: MovieSource | ImageSource) -> list[tuple[int, int]]:
    """Return (frame number said, frame number shown) of every frame, and close the source."""
    told = [(frame, tiny.read_barcode(picture)) for frame, picture in source.frames()]
    source.close()
    return told


def movie(path: Path, frames: tuple[int, ...] | None = None, fps: float = 0.0) -> MovieSource:
    """Open a movie as a job would."""
    return MovieSource(Source(SourceKind.MOVIE, (str(path),), frames, fps), warn=[].append)


@pytest.fixture(scope="module", params=["mp4v.mp4", "MJPG.avi"])
def clip(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A movie of 150 frames at 24 a second."""
    fourcc, suffix = request.param.split(".")
    return tiny.barcode_movie(tmp_path_factory.mktemp("clips") / f"人 clip.{suffix}", 150, fourcc=fourcc)


def test_every_frame_comes_once_and_in_order(clip: Path) -> None:
    """Without a choice, frame i is the i-th decoded picture."""
    assert numbers(movie(clip)) == [(i, i) for i in range(150)]


def test_the_size_of_pictures_is_told(clip: Path) -> None:
    """Once, as width and height."""
    assert size_told(clip) == tiny.SIZE


@pytest.mark.parametrize("upright", [True, False])
def test_the_size_of_a_turned_movies_pictures_is_told(tmp_path: Path, upright: bool) -> None:
    """As they come: turned by a quarter as its metadata says, or not."""
    turned = movies.turn(movies.write(tmp_path / "turned.mp4", "mpeg4", "yuv420p", clock=Fraction(1, 24)), tiny.SIZE[1])
    assert size_told(turned, upright=upright) == (tiny.SIZE[::-1] if upright else tiny.SIZE)


def size_told(path: Path, *, upright: bool = True) -> tuple[int, int]:
    """Return the size that a decoder tells of a movie, which is that of its pictures."""
    told: list[tuple[int, int]] = []
    decoder = Decoder(path, upright=upright, tell_size=lambda *size: told.append(size))
    shot = decoder.read()
    decoder.close()
    assert shot is not None
    assert told == [shot.picture.shape[1::-1]]
    return told[0]


@pytest.mark.parametrize("fps", [0.0, 24.0])
@pytest.mark.parametrize("frames", [(0,), (0, 1, 2), (5, 7, 30), (100, 101, 149), (149,)])
def test_chosen_frames_are_exact(clip: Path, frames: tuple[int, ...], fps: float) -> None:
    """By count and by time, also after a seek deep into the movie."""
    assert numbers(movie(clip, frames, fps)) == [(i, i) for i in frames]


def test_another_rate_holds_or_skips_by_time(clip: Path) -> None:
    """At twice the rate each picture stands for two frames; at half of it every second one shows."""
    assert [shown for _, shown in numbers(movie(clip, tuple(range(8)), 48.0))] == [0, 0, 1, 1, 2, 2, 3, 3]
    assert [shown for _, shown in numbers(movie(clip, tuple(range(4)), 12.0))] == [0, 2, 4, 6]


def test_past_the_end_the_last_picture_is_held_and_said(clip: Path) -> None:
    """A container that promised more gives its last picture, and the user a sentence."""
    said: list[str] = []
    source = MovieSource(Source(SourceKind.MOVIE, (str(clip),), tuple(range(145, 160)), 24.0), said.append)
    assert [shown for _, shown in numbers(source)] == [*range(145, 150), *[149] * 10]
    assert len(said) == 1 and clip.name in said[0]


LATE = {"mpeg4.avi": 1, "libx264.avi": 2, "mpeg2video.mpg": 0}
"""Frames by which the first picture begins after its stream: as many as are held back to put B-frames in order."""


@pytest.fixture(scope="module", params=[*LATE, "mpeg2video.m2v"])
def reordered(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A movie of 75 frames at 25 a second with B-frames, in a container that does not tell when they show."""
    codec, suffix = request.param.split(".")
    path = tmp_path_factory.mktemp("reordered") / f"{codec}.{suffix}"
    return movies.write(path, codec, "yuv420p", rate=25, frames=75, clock=Fraction(1, 25), options={"bf": "2"})


def test_the_last_pictures_come_one_after_another(reordered: Path) -> None:
    """OpenCV does not know when they begin: each a frame after the one before, also where decoding began anew."""
    decoder = Decoder(reordered)
    for _ in "once", "again":
        times = [shot.time for shot in iter(decoder.read, None)]
        assert len(times) == 75 and np.allclose(np.diff(times), 40, atol=1)
        decoder._rewind()


@pytest.mark.parametrize("first", [0, 60])
def test_no_picture_is_lost_at_the_end(reordered: Path, first: int) -> None:
    """By time, the last ones come in their order, also after a seek, and nobody is told that the movie ends early."""
    if reordered.suffix == ".m2v":
        pytest.skip("Blender does not play raw MPEG-2: nobody asks for it by time")
    said: list[str] = []
    source = MovieSource(Source(SourceKind.MOVIE, (str(reordered),), tuple(range(first, 75)), 25.0), said.append)
    assert numbers(source) == [(i, max(i - LATE[reordered.name], 0)) for i in range(first, 75)]
    assert said == []


def test_a_late_backdrop_is_not_waited_for(reordered: Path) -> None:
    """Its first picture shows for one frame, in every round."""
    look = Look(Result.BACKDROP, backdrop=str(reordered))
    backdrop = MovieBackdrop(replace(SPEC, source=Source(SourceKind.IMAGES, ("/x.png",)), look=look))
    assert [tiny.read_barcode(backdrop.at(i, tiny.SIZE[::-1])) for i in range(160)] == [i % 75 for i in range(160)]
    backdrop.close()


def test_a_movie_too_short_by_count_fails(clip: Path) -> None:
    """Counting frames, one that is not there is an error and not a hole."""
    with pytest.raises(SourceUnreadable, match="before frame 201"):
        numbers(movie(clip, (0, 200)))


def test_a_movie_that_breaks_off_is_said(clip: Path, tmp_path: Path) -> None:
    """Half a file gives its frames, and a sentence with how many there should have been."""
    if clip.suffix != ".avi":
        pytest.skip("the other container keeps its index at its end: half of it is no movie at all")
    half = tmp_path / "half.avi"
    half.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    said: list[str] = []
    source = MovieSource(Source(SourceKind.MOVIE, (str(half),)), said.append)
    shown = numbers(source)
    assert 10 < len(shown) < 140 and shown == [(i, i) for i in range(len(shown))]
    assert len(said) == 1 and "150" in said[0]


@pytest.mark.parametrize("holds", [None, True, False], ids=["all", "by time", "by time, to the last picture"])
@pytest.mark.parametrize("share", [1.0, 0.5], ids=["whole", "half"])
def test_a_sound_that_goes_on_is_no_early_end(tmp_path: Path, share: float, *, holds: bool | None) -> None:
    """Matroska tells only how long all of it lasts; where the file lacks its end, that is said."""
    path = movies.talkie(tmp_path / "clip.mkv", 20, seconds=3.0)
    os.truncate(path, int(path.stat().st_size * share))
    said: list[str] = []
    wanted = Source(SourceKind.MOVIE, (str(path),))
    if holds is not None:
        wanted = replace(wanted, frames=tuple(range(72)), fps=24.0, may_end_early=not holds)
    shown = len(numbers(MovieSource(wanted, said.append)))
    is_held = holds or (holds is False and share < 1.0)
    assert shown == 72 if is_held else (shown == 20 if share == 1.0 else shown <= 20)
    assert ["ends early" in text for text in said] == ([] if share == 1.0 else [True])


@pytest.fixture(scope="module", params=["mp4v.mp4", "MJPG.avi"])
def large(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A movie of 150 frames of which FFmpeg does not read much ahead."""
    fourcc, suffix = request.param.split(".")
    path = tmp_path_factory.mktemp("large") / f"clip.{suffix}"
    return tiny.barcode_movie(path, 150, fourcc=fourcc, size=(960, 540))


def cut_off(path: Path, _source: MovieSource) -> None:
    """Let only a third of a movie be left."""
    os.truncate(path, path.stat().st_size // 3)


def emptied(path: Path, _source: MovieSource) -> None:
    """Let nothing be left."""
    path.write_bytes(b"")


def taken_away(path: Path, source: MovieSource) -> None:
    """Let a drive go away."""
    path.unlink()
    source._decoder._capture.release()


def closed_by_somebody(path: Path, source: MovieSource) -> None:
    """Let a drive not be read any more."""
    path.chmod(0)
    source._decoder._capture.release()


def away_for_a_moment(_path: Path, source: MovieSource) -> None:
    """Let a drive go away, and come back."""
    source._decoder._capture.release()


@pytest.mark.parametrize("fps", [0.0, 24.0])
@pytest.mark.parametrize(
    ("happens", "why"),
    [
        (cut_off, "changed"),
        (emptied, "changed"),
        (taken_away, "not found"),
        (closed_by_somebody, "Permission"),
        (away_for_a_moment, "second look"),
    ],
)
def test_a_movie_that_can_be_read_no_further_has_not_ended(
    large: Path, tmp_path: Path, happens: Callable[[Path, MovieSource], None], why: str, fps: float
) -> None:
    """All frames that come are its own, none stands for others; then the reason is told."""
    path = Path(shutil.copy(large, tmp_path))
    source = movie(path, tuple(range(150)) if fps else None, fps)
    told: list[tuple[int, int]] = []

    def read() -> None:
        for frame, picture in source.frames():
            told.append((frame, tiny.read_barcode(picture)))
            if frame == 20:
                happens(path, source)

    with closed(tmp_path / "elsewhere"), as_anybody(), pytest.raises((SourceMissing, SourceRefused), match=why):
        read()
    source.close()
    assert told == [(frame, frame) for frame in range(len(told))] and 21 <= len(told) < 140


def test_a_movie_that_lacks_its_end_goes_as_far_as_it_can(tmp_path: Path) -> None:
    """Though a seek in it lands three pictures from where it says: nobody takes that for more of it."""
    options = {"bf": "2"}
    path = movies.write(
        tmp_path / "clip.mpg", "mpeg2video", "yuv420p", frames=150, clock=Fraction(1, 24), options=options
    )
    os.truncate(path, path.stat().st_size * 4 // 5)
    said: list[str] = []
    source = MovieSource(Source(SourceKind.MOVIE, (str(path),), tuple(range(150)), 24.0), said.append)
    last = numbers(source)[-1]
    assert last[0] == 149 and 110 < last[1] < 140 and len(said) == 1 and "ends early" in said[0]


@pytest.mark.parametrize("turned", [False, True])
def test_a_backdrop_far_longer_than_the_frame_is_scaled_only_where_it_shows(
    monkeypatch: pytest.MonkeyPatch, *, turned: bool
) -> None:
    """A gradient one pixel wide: the whole would need 12 GB. What shows is its middle, as where all of it is scaled."""
    asked = []
    resize = cv2.resize

    def watched(picture: np.ndarray, size: tuple[int, int], **how: int) -> np.ndarray:
        asked.append(size[0] * size[1])
        return resize(picture, size, **how)

    monkeypatch.setattr(cv2, "resize", watched)
    column = np.repeat(np.linspace(0, 255, 1080).astype(np.uint8)[:, None, None], 3, axis=2)
    size = (1920, 1080) if turned else (1080, 1920)
    shown = fitted(column.transpose(1, 0, 2) if turned else column, size, Fit.FILL)
    assert shown.shape == (*size, 3)
    assert np.abs(shown.astype(int) - int(column[540, 0, 0])).max() <= 1
    assert max(asked) < 16 * 1080 * 1920


@pytest.mark.parametrize("shape", [(7, 50), (50, 7), (30, 400), (400, 30), (1, 1), (90, 130)])
def test_a_backdrop_that_fills_shows_the_middle_of_the_whole(shape: tuple[int, int]) -> None:
    """As if all of it were scaled; where the picture is extremely long, within half a pixel."""
    picture = cv2.GaussianBlur(np.random.default_rng(3).integers(0, 256, (*shape, 3), np.uint8), (0, 0), 4)
    for height, width in ((36, 64), (64, 36), (480, 270)):
        scale = max(height / shape[0], width / shape[1])
        tall, wide = round(shape[0] * scale), round(shape[1] * scale)
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        top, left = (tall - height) // 2, (wide - width) // 2
        whole = cv2.resize(picture, (wide, tall), interpolation=way)[top : top + height, left : left + width]
        shown = fitted(picture, (height, width), Fit.FILL)
        is_usual = max(tall / height, wide / width) <= 8
        assert np.abs(shown.astype(int) - whole).max() <= (0 if is_usual else 12)


@pytest.mark.parametrize("fit", Fit)
@pytest.mark.parametrize("wider", [4 / 3, 3 / 4, 0.25, 4.0])
@pytest.mark.parametrize("size", [(1080, 1440), (576, 720), (90, 40)])
def test_a_backdrop_keeps_its_shape_where_pixels_are_not_square(fit: Fit, wider: float, size: tuple[int, int]) -> None:
    """A disc is as wide as it is high where the frame is shown `wider`, and it fills or fits what is shown then."""
    disc = cv2.circle(np.full((600, 900, 3), 60, np.uint8), (450, 300), 200, (255, 255, 255), -1)
    shown = fitted(disc, size, fit, wider)
    assert shown.shape == (*size, 3)
    height, width = size[0], size[1] * wider
    pick = max if fit is Fit.FILL else min
    scale = pick(height / 600, width / 900)
    left, top, wide, tall = cv2.boundingRect((shown[..., 0] > 157).view(np.uint8))
    assert abs(tall - min(400 * scale, height)) <= 3
    assert abs(wide - min(400 * scale / wider, size[1])) <= 3
    assert abs(left + wide / 2 - size[1] / 2) <= 2 and abs(top + tall / 2 - height / 2) <= 2
    assert bool((shown[0, 0] == 0).all()) == (fit is Fit.FIT)


@pytest.mark.parametrize("turned", [False, True])
def test_an_anamorphic_backdrop_is_as_wide_as_it_is_shown(tmp_path: Path, *, turned: bool) -> None:
    """One of 3:2 pixels fills a frame of square ones that is wider by as much; behind one like itself, it stays."""
    path = movies.write(tmp_path / "wall.mp4", "libx264", "yuv444p", frames=2, pixel_aspect=Fraction(3, 2))
    wide, tall = tiny.SIZE
    shown = (tall, wide * 3 // 2)
    if turned:
        movies.turn(path, tall)
        wide, tall, shown = tall, wide, shown[::-1]
    look = Look(Result.BACKDROP, backdrop=str(path))
    backdrop = MovieBackdrop(replace(SPEC, source=Source(SourceKind.IMAGES, ("/x.png",)), look=look))
    own = backdrop.at(0, (tall, wide), 2 / 3 if turned else 3 / 2)
    assert tiny.read_barcode(np.rot90(own) if turned else own) == 0
    stretched = cv2.resize(own, shown[::-1], interpolation=cv2.INTER_CUBIC)
    assert np.abs(backdrop.at(0, shown).astype(int) - stretched).max() <= 1
    backdrop.close()


def test_a_backdrop_that_can_be_read_no_further_has_not_ended(large: Path, tmp_path: Path) -> None:
    """It does not begin anew where it was cut off; where it ends, it does, time and again."""
    path = Path(shutil.copy(large, tmp_path))
    look = Look(Result.BACKDROP, backdrop=str(path))
    backdrop = MovieBackdrop(replace(SPEC, source=Source(SourceKind.IMAGES, ("/x.png",)), look=look))
    for frame in (0, 149, 151, 320):
        assert tiny.read_barcode(backdrop.at(frame, tiny.SIZE[::-1])) == frame % 150
    os.truncate(path, path.stat().st_size // 3)
    with pytest.raises(SourceRefused, match="changed"):
        backdrop.at(449, tiny.SIZE[::-1])
    backdrop.close()


def test_a_movie_cut_off_for_its_counted_frames_has_not_ended(large: Path, tmp_path: Path) -> None:
    """Nor is it told that it was too short."""
    path = Path(shutil.copy(large, tmp_path))
    frames = movie(path, tuple(range(150))).frames()
    assert next(frames)[0] == 0
    os.truncate(path, path.stat().st_size // 3)
    with pytest.raises(SourceRefused, match="changed"):
        list(frames)


def test_behind_what_is_damaged_a_movie_goes_on(tmp_path: Path) -> None:
    """A few bytes that a card lost cost the pictures made of them, and none of those that follow."""
    path = movies.write(tmp_path / "clip.mp4", "libx264", "yuv420p", frames=96, options={"g": "12", "bf": "0"})
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + len(content) // 20] = bytes(len(content) // 20)
    path.write_bytes(content)
    shown = dict(numbers(movie(path, tuple(range(96)), 24.0)))
    assert [shown[frame] for frame in (*range(24), *range(72, 96))] == [*range(24), *range(72, 96)]


@pytest.mark.parametrize(("clock", "shown"), [(90000.0, [0, 0, 1]), (1000.0, [0, 1, 2])])
def test_a_moment_is_rounded_to_the_containers_clock(tmp_path: Path, clock: float, shown: list[int]) -> None:
    """A picture that begins a quarter of a millisecond late is not there yet, unless milliseconds are all there is."""
    times = [0, *(n / 24 + 0.00025 for n in range(1, 12))]
    path = movies.write(tmp_path / "late.mp4", "libx264", "yuv420p", frames=12, times=times)
    source = MovieSource(Source(SourceKind.MOVIE, (str(path),), (0, 1, 2), 24.0, clock), warn=[].append)
    assert [number for _, number in numbers(source)] == shown


@pytest.mark.skipif(cv2.__version__.startswith("4."), reason="OpenCV 4.12 shows what follows a gap of hours")
def test_a_rate_in_32_bits_is_ntscs(tmp_path: Path) -> None:
    """After hours, a picture on the very moment of a frame is shown, though Blender tells the rate a little wrongly."""
    far = 1 << 20
    times = [(far * (n > 0) + n) * 1001 / 24000 for n in range(3)]
    path = movies.write(tmp_path / "long.mp4", "libx264", "yuv420p", frames=3, times=times, clock=Fraction(1, 24000))
    told = float(np.float32(24000 / 1001))
    source = MovieSource(Source(SourceKind.MOVIE, (str(path),), (far, far + 1), told, 24000.0), warn=[].append)
    assert [number for _, number in numbers(source)] == [0, 1]


def test_where_a_seek_lands_is_looked_at(clip: Path) -> None:
    """A decoder never gives a picture later than the one that was asked for."""
    decoder = Decoder(clip)
    for wanted in (0.0, 1999.0, 2500.0, 5000.0, 6200.0):
        shot = decoder.seek_before(wanted)
        assert shot is not None and shot.time <= wanted
        assert tiny.read_barcode(shot.picture) == round(shot.time * 24 / 1000)
    decoder.close()


@pytest.mark.parametrize("content", [None, b"", b"not a movie at all" * 100])
def test_a_movie_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    """Missing, empty and strange files each raise an error that names them."""
    path = tmp_path / "bad.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceMissing if content is None else SourceUnreadable, match=r"bad\.mp4"):
        movie(path)


@pytest.mark.parametrize("kind", SourceKind)
def test_what_may_not_be_read_is_named_with_the_systems_words(tmp_path: Path, kind: SourceKind) -> None:
    """In a folder that may not be entered, or by itself; and that it leads in a circle."""
    name = "clip.avi" if kind is SourceKind.MOVIE else "picture.png"
    with closed(tmp_path / "closed") as folder, as_anybody():
        shut, circle = tmp_path / f"shut {name}", tmp_path / f"circle {name}"
        shut.touch(mode=0)
        circle.symlink_to(circle)
        for path, why in ((folder / name, "Permission"), (shut, "Permission"), (circle, "symbolic links")):
            source = Source(kind, (str(path),))
            with pytest.raises(SourceRefused, match=rf"{name}.*: .*{why}"):
                list((MovieSource(source, [].append) if kind is SourceKind.MOVIE else ImageSource(source)).frames())


def test_pictures_come_in_the_order_asked_for(tmp_path: Path) -> None:
    """Only the wanted pictures are read."""
    paths = tiny.barcode_pictures(tmp_path, [11, 12, 13, 14])
    paths[0].write_bytes(b"broken, and not asked for")
    source = ImageSource(Source(SourceKind.IMAGES, tuple(map(str, paths)), (1, 3)))
    assert numbers(source) == [(1, 12), (3, 14)]


@pytest.mark.parametrize("kind", ["grey", "16 bit", "alpha", "jpeg"])
@pytest.mark.parametrize("use_alpha", [True, False])
def test_kinds_of_pictures_become_8_bit_bgr(tmp_path: Path, kind: str, use_alpha: bool) -> None:
    """Whatever the file holds, there are three channels of 8 bits; and a fourth where it has alpha that is wanted."""
    picture = tiny.barcode(77)
    written = {
        "grey": picture[..., :1],
        "16 bit": picture.astype(np.uint16) * 257,
        "alpha": np.dstack([picture, np.full(picture.shape[:2], 99, np.uint8)]),
        "jpeg": picture,
    }[kind]
    path = tmp_path / ("picture.jpg" if kind == "jpeg" else "picture.png")
    cv2.imwrite(str(path), written)
    ((_, read),) = ImageSource(Source(SourceKind.IMAGES, (str(path),), use_alpha=use_alpha)).frames()
    assert read.dtype == np.uint8 and read[..., :3].shape == picture.shape and tiny.read_barcode(read) == 77
    assert read[0, 0, 3:].tolist() == ([99] if kind == "alpha" and use_alpha else [])


def test_floating_point_pictures_are_refused(tmp_path: Path) -> None:
    """What 1.0 means in them is not told; the error names the file."""
    cv2.imwrite(str(tmp_path / "linear.tif"), np.zeros((4, 4, 3), np.float32))
    with pytest.raises(SourceUnreadable, match=r"linear\.tif.*floating-point"):
        list(ImageSource(Source(SourceKind.IMAGES, (str(tmp_path / "linear.tif"),))).frames())


def read(path: Path, *, use_alpha: bool = True) -> Picture:
    """Return the one picture of a file."""
    ((_, picture),) = ImageSource(Source(SourceKind.IMAGES, (str(path),), use_alpha=use_alpha)).frames()
    return picture


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("associated", [True, False])
def test_the_colours_of_a_tiff_are_straight(tmp_path: Path, kind: type, order: str, associated: bool) -> None:
    """However they are stored; OpenCV multiplies those of 8 bits by their alpha if the file has not."""
    red, green, blue, alpha = 200, 100, 50, 128
    stored = [round(value * alpha / 255) if associated else value for value in (red, green, blue)]
    pixels = np.full((4, 6, 4), [*stored, alpha], kind) * kind(1 if kind is np.uint8 else 257)
    path = tiny.tiff(tmp_path / "a.tif", pixels, extra=1 if associated else 2, order=order)
    assert np.abs(read(path).astype(int) - (blue, green, red, alpha)).max() <= 1
    assert np.abs(read(path, use_alpha=False).astype(int) - (blue, green, red)).max() <= 1


def test_a_tiff_that_says_nothing_of_its_alpha_stays_as_it_is(tmp_path: Path) -> None:
    """So does one that is transparent: nothing is divided by nought."""
    pixels = np.full((4, 6, 4), (200, 100, 50, 128), np.uint8)
    assert (read(tiny.tiff(tmp_path / "a.tif", pixels)) == (50, 100, 200, 128)).all()
    pixels[:] = (9, 0, 0, 0)
    assert (read(tiny.tiff(tmp_path / "b.tif", pixels, extra=1))[..., 3] == 0).all()


def test_a_grey_tiff_with_alpha_is_refused_unless_that_is_ignored(tmp_path: Path) -> None:
    """OpenCV leaves it out without a word."""
    path = tiny.tiff(tmp_path / "a.tif", np.full((4, 6, 2), (200, 128), np.uint8), extra=2)
    with pytest.raises(SourceUnreadable, match=r"a\.tif.*alpha of a grey TIFF"):
        read(path)
    assert (read(path, use_alpha=False) == 200).all()


@pytest.mark.parametrize("kind", ["int8", "int16", "int32", "uint32"])
@pytest.mark.parametrize("channels", [1, 3])
def test_numbers_that_are_no_pictures_are_refused(tmp_path: Path, kind: str, channels: int) -> None:
    """Depths and labels come as these; what white is in them is not told."""
    path = tiny.tiff(tmp_path / "labels.tif", np.full((4, 6, channels), 100, kind))
    with pytest.raises(SourceUnreadable, match=r"labels\.tif"):
        read(path)


def test_a_picture_of_one_use_that_stays_costs_no_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows deletes nothing that somebody reads, such as a virus scanner."""
    paths = tuple(map(str, tiny.barcode_pictures(tmp_path, range(3))))

    def refuse(path: Path) -> None:
        raise PermissionError(13, "The process cannot access the file", str(path))

    monkeypatch.setattr(Path, "unlink", refuse)
    source = ImageSource(Source(SourceKind.IMAGES, paths, (0, 1, 2), disposable=True))
    assert numbers(source) == [(0, 0), (1, 1), (2, 2)]


def test_a_missing_picture_is_told_before_the_work(tmp_path: Path) -> None:
    """A gap in a sequence fails at once, naming the file."""
    paths = tiny.barcode_pictures(tmp_path, [1, 2, 3])
    paths[1].unlink()
    with pytest.raises(SourceMissing, match="shot_0002"):
        ImageSource(Source(SourceKind.IMAGES, tuple(map(str, paths))))


def test_a_broken_picture_is_named(tmp_path: Path) -> None:
    """A file that is no picture raises an error that names it."""
    path = tmp_path / "half.png"
    path.write_bytes(tiny.barcode_pictures(tmp_path, [1])[0].read_bytes()[:40])
    with pytest.raises(SourceUnreadable, match=r"half\.png"):
        list(ImageSource(Source(SourceKind.IMAGES, (str(path),))).frames())


def test_a_frame_appears_whole(tmp_path: Path) -> None:
    """PNG comes back to the bit, with its alpha; nothing else is left in either folder."""
    picture = np.random.default_rng(1).integers(0, 256, (30, 40, 4), np.uint8)
    FolderSink(SPEC, tmp_path / "ü").write(41, Placed.whole(picture))
    (path,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert path == tmp_path / "ü" / "frames" / "x_000042.png"
    assert np.array_equal(cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED), picture)


def test_jpeg_is_written_where_it_is_asked_for(tmp_path: Path) -> None:
    """The format follows the job."""
    spec = replace(SPEC, look=Look(Result.COLOUR, format=FrameFormat.JPEG))
    FolderSink(spec, tmp_path).write(0, Placed.whole(tiny.barcode(3)))
    assert (tmp_path / "frames" / "x_000001.jpg").read_bytes()[:2] == b"\xff\xd8"


@pytest.mark.parametrize(("form", "side"), [(FrameFormat.WEBP, 16384), (FrameFormat.JPEG, 65501)])
def test_a_frame_too_large_for_its_format_is_an_error_in_words(tmp_path: Path, form: FrameFormat, side: int) -> None:
    """The format's limit is told, and is no bug of ours."""
    spec = replace(SPEC, look=Look(Result.COLOUR, format=form))
    with pytest.raises(OutputFailed, match=rf"x_000001{form.suffix}.*{side - 1} pixels a side.*{side} × 2.*format"):
        FolderSink(spec, tmp_path).write(0, Placed.whole(np.zeros((2, side, 3), np.uint8)))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_in_a_jpeg_the_background_does_not_bleed_into_the_person(tmp_path: Path) -> None:
    """Skin beside green, the border in the middle of what JPEG usually gives one colour: each keeps its own."""
    picture = np.full((32, 32, 3), (0, 255, 0), np.uint8)
    picture[:, 15:] = (140, 170, 220)
    spec = replace(SPEC, look=Look(Result.COLOUR, format=FrameFormat.JPEG))
    FolderSink(spec, tmp_path).write(0, Placed.whole(picture))
    read = cv2.imread(str(tmp_path / "frames" / "x_000001.jpg"))
    assert np.abs(read.astype(int) - picture).max() <= 25


def test_a_refusing_disk_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    """Where the last step fails, neither the frame nor its half is left."""
    sink = FolderSink(SPEC, tmp_path)
    (tmp_path / "frames" / "x_000001.png").mkdir()
    with pytest.raises(OutputFailed, match="x_000001"):
        sink.write(0, Placed.whole(tiny.barcode(3)))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_name_too_long_is_an_error_in_words(tmp_path: Path) -> None:
    """The file system's limit is told, and is no bug of ours."""
    with pytest.raises(OutputFailed, match="too long"):
        FolderSink(replace(SPEC, stem="人" * 100), tmp_path).write(0, Placed.whole(tiny.barcode(3)))


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A file in the way of the output folder is an error in words."""
    (tmp_path / "frames").write_text("in the way")
    with pytest.raises(OutputFailed, match="frames"):
        FolderSink(replace(SPEC, output="frames/deeper"), tmp_path)
