"""Strips of the kinds that only Blender can show, each put on a timeline in a way that is hard to get right."""

from pathlib import Path
from typing import Any

import av
import bpy
import cv2
import numpy as np
import pytest
from PIL import Image

from tests import movies, tiny
from tests.host.timeline import Timeline

LENGTH = 12
"""Timeline frames of those that have no length of their own."""


def colour(timeline: Timeline, _clip: Path) -> Any:
    """A plain colour, half transparent and turned: its look is the result's, too."""
    strip = timeline.effect("COLOR", LENGTH)
    strip.color = (0.2, 0.5, 0.9)
    strip.blend_alpha, strip.transform.rotation = 0.5, 0.4
    return strip


def text(timeline: Timeline, _clip: Path) -> Any:
    """A title that moves."""
    strip = timeline.effect("TEXT", LENGTH)
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
    timeline.addon.scenes.set_picture(inner, 64, 32)
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
    return timeline.effect("CROSS", LENGTH, one, two, channel=3)


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


def adjustment(timeline: Timeline, clip: Path) -> Any:
    """What lies below, brighter; below is a movie that is cropped."""
    timeline.movie(clip).crop.min_x = 20
    strip = timeline.effect("ADJUSTMENT", LENGTH, channel=2)
    strip.modifiers.new("brighter", "BRIGHT_CONTRAST").bright = 20
    return strip


def multicam(timeline: Timeline, clip: Path) -> Any:
    """The second of two cameras."""
    timeline.movie(clip)
    timeline.movie(clip, channel=2, start=-4, name="second camera")
    strip = timeline.effect("MULTICAM", LENGTH, channel=3)
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
    timeline.addon.scenes.set_picture(inner, 64, 32)
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


def hdr(timeline: Timeline, _clip: Path) -> Any:
    """A movie whose light goes beyond white, as phones make it."""
    return timeline.movie(movies.hdr(timeline.folder / "hdr.mp4", frames=LENGTH))


def interlaced(timeline: Timeline, _clip: Path) -> Any:
    """Two fields a picture, as camcorders film; OpenCV shows it black."""
    return timeline.movie(movies.interlaced(timeline.folder / "camcorder.mp4", LENGTH))


def interlaced_hevc(timeline: Timeline, _clip: Path) -> Any:
    """Fields as pictures of their own, of half the height; OpenCV shows noise."""
    return timeline.movie(movies.interlaced(timeline.folder / "broadcast.mp4", LENGTH, "libx265"))


def av1(timeline: Timeline, _clip: Path) -> Any:
    """A movie of a codec that OpenCV's FFmpeg has no decoder for on most machines."""
    return timeline.movie(movies.write(timeline.folder / "av1.mp4", "libsvtav1", "yuv420p", frames=LENGTH))


def wide(timeline: Timeline, _clip: Path) -> Any:
    """A movie in Display P3, as phones make it."""
    return timeline.movie(movies.wide(timeline.folder / "p3.mov", frames=LENGTH))


def bitmap(timeline: Timeline, _clip: Path) -> Any:
    """A BMP whose fourth byte is an alpha to Blender, and nothing to OpenCV."""
    alpha = np.linspace(255, 0, tiny.SIZE[0], dtype=np.uint8)[None].repeat(tiny.SIZE[1], 0)
    path = timeline.folder / "alpha.bmp"
    Image.fromarray(np.dstack([tiny.barcode(170)[..., ::-1], alpha])).save(path)
    return timeline.pictures([path])


def second_angle(timeline: Timeline, _clip: Path) -> Any:
    """The second of two streams of pictures in a file."""
    path = timeline.folder / "angles.mkv"
    with av.open(str(path), "w") as movie:
        streams = [movie.add_stream("libx264", rate=24) for _ in range(2)]
        for stream in streams:
            (stream.width, stream.height), stream.pix_fmt = tiny.SIZE, "yuv420p"
        for number in range(LENGTH):
            for stream, shown in zip(streams, (number, 255 - number), strict=True):
                picture = av.VideoFrame.from_ndarray(tiny.barcode(shown), format="bgr24")
                movie.mux(stream.encode(picture.reformat(format="yuv420p")))
        for stream in streams:
            movie.mux(stream.encode())
    strip = timeline.movie(path)
    strip.stream_index = 1
    return strip


def large_clip(timeline: Timeline, _clip: Path) -> Any:
    """A clip that is larger than the timeline, and made to fit."""
    bpy.data.batch_remove(bpy.data.movieclips)  # 4.2 tells a strip's clip only where it is the only one
    clip = tiny.barcode_movie(timeline.folder / "large.avi", LENGTH, fourcc="MJPG", size=(256, 128))
    strip = movie_clip(timeline, clip)
    strip.transform.scale_x = strip.transform.scale_y = 0.5
    return strip


def odd_size(timeline: Timeline, clip: Path) -> Any:
    """What a camera sees at 57 percent of 100 pixels, which in floats are less than 57."""
    strip = camera(timeline, clip)
    inner = strip.scene.render
    inner.resolution_x = inner.resolution_y = 100
    inner.resolution_percentage = 57
    return strip


def balanced(timeline: Timeline, clip: Path) -> Any:
    """A movie in a scene whose view has a white balance of its own."""
    view = timeline.scene.view_settings
    if not hasattr(view, "use_white_balance"):
        pytest.skip("no view has a white balance in this version")
    view.use_white_balance, view.white_balance_temperature = True, 4000
    return retimed(timeline, clip)


def adjusting_meta(timeline: Timeline, clip: Path) -> Any:
    """A meta strip of nothing but an adjustment strip, which is of what lies below the meta strip."""
    timeline.movie(clip).crop.min_x = 20
    adjustment = timeline.effect("ADJUSTMENT", LENGTH, channel=2)
    adjustment.modifiers.new("other colours", "CURVES").curve_mapping.curves[3].points[0].location.y = 0.5
    return timeline.meta([adjustment])


def blurred_camera(timeline: Timeline, clip: Path) -> Any:
    """An effect of a strip that shows one of the channels below."""
    strip = timeline.effect("GAUSSIAN_BLUR", LENGTH, multicam(timeline, clip), channel=4)
    strip.size_x = 5
    return strip


def interlaced_pictures(timeline: Timeline, _clip: Path) -> Any:
    """Pictures whose every second line is of another moment, and is left out."""
    paths = tiny.barcode_pictures(timeline.folder / "interlaced", range(10))
    for path in paths:
        picture = cv2.imread(str(path))
        assert picture is not None
        picture[::2] = 255 - picture[::2]
        cv2.imwrite(str(path), picture)
    strip = timeline.pictures(paths)
    strip.use_deinterlace = True
    return strip


def growing(timeline: Timeline, _clip: Path) -> Any:
    """A title that grows, and whose red an expression sets: both move inside the picture."""
    strip = timeline.effect("TEXT", LENGTH)
    strip.text = "人"
    for frame, size in ((1, 10), (LENGTH, 60)):
        strip.font_size = size
        strip.keyframe_insert("font_size", frame=frame)
    strip.driver_add("color", 0).driver.expression = f"frame / {LENGTH}"
    return strip


def by_hand(timeline: Timeline, clip: Path) -> Any:
    """From one movie to the other and back, as keys say."""
    strip = cross(timeline, clip)
    strip.use_default_fade = False
    for frame, fader in ((1, 0.0), (15, 1.0), (30, 0.2)):
        strip.effect_fader = fader
        strip.keyframe_insert("effect_fader", frame=frame)
    return strip


ALL = (
    *(colour, text, retimed, meta, scene, cross, linear, see_through, nested),
    *(deep, adjustment, multicam, movie_clip, camera, slowed_pictures),
    *(hdr, interlaced, interlaced_hevc, av1, wide, bitmap, second_angle),
    *(large_clip, odd_size, balanced, adjusting_meta, blurred_camera, interlaced_pictures, growing, by_hand),
)
