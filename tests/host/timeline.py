"""A timeline to try things on, in whatever version of Blender runs the tests."""

import itertools
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import cv2
import numpy as np
from numpy.typing import NDArray

from tests import tiny
from tests.waiting import wait


class Timeline:
    """A scene of its own, shown in a sequencer area, rendered frame by frame."""

    def __init__(self, addon: SimpleNamespace, folder: Path) -> None:
        """Make an empty scene whose pictures have the barcodes' size and the files' own colours."""
        self.addon = addon
        self.folder = folder
        self.scene = bpy.data.scenes.new("timeline")
        self.editor = self.scene.sequence_editor_create()
        addon.scenes.set_picture(self.scene, *tiny.SIZE)
        self.scene.render.fps, self.scene.render.fps_base = 24, 1.0
        self.scene.render.image_settings.file_format = "PNG"
        self.scene.render.image_settings.color_mode = "RGBA"
        self.scene.render.dither_intensity = 0.0  # noise, wherever a picture has more than 8 bits
        self.scene.rvm_matting.output = str(folder / "results")
        window = bpy.context.window
        window.scene = self.scene
        if hasattr(window.workspace, "sequencer_scene"):
            window.workspace.sequencer_scene = self.scene
        window.screen.areas[0].type = "SEQUENCE_EDITOR"
        self._shots = itertools.count()

    @property
    def strips(self) -> Any:
        """The strips outside meta strips."""
        return self.addon.versions.top_strips(self.editor)

    def movie(self, path: Path, channel: int = 1, start: int = 1, name: str = "") -> Any:
        """Add a movie strip."""
        return self.strips.new_movie(name=name or path.name, filepath=str(path), channel=channel, frame_start=start)

    def movie_by_operator(self, path: Path, start: int = 1, **options: Any) -> Any:
        """Add a movie strip as the menu does, which makes its length follow the scene's frame rate."""
        if bpy.app.version >= (5, 0, 0):
            options["move_strips"] = False  # its default crashes without a window
        before = set(self.strips.keys())
        with self.shown():
            bpy.ops.sequencer.movie_strip_add(
                filepath=str(path), frame_start=start, channel=1, sound=False, set_view_transform=False,
                use_framerate=False, **options,
            )  # fmt: skip
        (name,) = set(self.strips.keys()) - before
        return self.strips[name]

    def pictures(self, paths: list[Path], channel: int = 1, start: int = 1, name: str = "pictures") -> Any:
        """Add an image strip of one picture per frame."""
        strip = self.strips.new_image(name=name, filepath=str(paths[0]), channel=channel, frame_start=start)
        for path in paths[1:]:
            strip.elements.append(path.name)
        return strip

    def effect(self, kind: str, length: int, *inputs: Any, channel: int = 1, start: int = 1) -> Any:
        """Add an effect strip, called by its kind in small letters."""
        extent = {"length": length} if bpy.app.version >= (5, 0, 0) else {"frame_end": start + length}
        names = ("input1", "input2") if bpy.app.version >= (4, 4, 0) else ("seq1", "seq2")
        return self.strips.new_effect(
            name=kind.lower(),
            type=kind,
            channel=channel,
            frame_start=start,
            **extent,
            **dict(zip(names, inputs, strict=False)),
        )

    def retime(self, strip: Any, frame: int, moved: int) -> None:
        """Let what a strip shows up to a timeline frame last until another; the rest is moved along."""
        self.select([strip])
        self.editor.active_strip = strip
        with self.shown():  # to add a key from Python crashes up to 5.0
            bpy.ops.sequencer.retiming_key_add(timeline_frame=frame)
        strip.retiming_keys[1].timeline_frame = moved

    def meta(self, strips: Iterable[Any]) -> Any:
        """Gather strips in a meta strip, as the menu does it: one made from Python has no length before 5.0."""
        before = set(self.strips.keys())
        self.select(strips)
        with self.shown():
            bpy.ops.sequencer.meta_make()
        (name,) = set(self.strips.keys()) - before
        return self.strips[name]

    def select(self, strips: Iterable[Any]) -> None:
        """Select exactly these strips."""
        chosen = {strip.name for strip in strips}
        for strip in self.addon.versions.all_strips(self.editor):
            strip.select = strip.name in chosen

    def shown(self) -> Any:
        """Return the context of the sequencer area, as the button has it."""
        window = bpy.context.window
        area = window.screen.areas[0]
        region = next(region for region in area.regions if region.type == "WINDOW")
        return bpy.context.temp_override(window=window, area=area, region=region)

    def press_button(self, *strips: Any) -> set[str]:
        """Select the strips and run the operator, which in background mode works to its end."""
        self.select(strips)
        with self.shown():
            return bpy.ops.rvm.matte_strips()

    def submit(self, *strips: Any) -> tuple[list[Any], list[str]]:
        """Select the strips and queue their jobs without running them."""
        self.select(strips)
        with self.shown():
            return self.addon.submitting.submit_selected(bpy.context)

    def drive(self, until: Callable[[], bool]) -> None:
        """Call the runner's step, as the window's timer does, until something holds."""
        wait(until, lambda: self.addon.runner.current().step())

    def finish(self) -> None:
        """Call it until nothing runs or waits, and every result is on its timeline."""
        self.drive(lambda: not self.addon.runner.current().busy)

    def result_of(self, strip: Any) -> Any:
        """Return the matted strip of a strip."""
        return self.addon.versions.all_strips(self.editor)[f"{strip.name} matte"]

    def render(self, frame: int) -> NDArray[np.uint8]:
        """Return what the sequencer shows at a frame: H x W x 4, BGRA."""
        path = self.folder / f"render_{next(self._shots)}.png"
        self.scene.frame_set(frame)
        # 5.x keeps pictures of slow strips by a rounded index, so that they depend on what was rendered before.
        for strip in self.strips:
            strip.invalidate_cache("RAW")
        self.scene.render.filepath = str(path)
        bpy.ops.render.render(write_still=True, scene=self.scene.name)
        picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert picture is not None
        return picture  # type: ignore[return-value]

    def compare(self, strip: Any, frames: Iterable[int] | None = None) -> list[tuple[int, int, int]]:
        """Render a strip and its result frame by frame, each alone; return (frame, source's number, result's number).

        Every frame's pixels are compared too.
        """
        result = self.result_of(strip)
        start, end = self.addon.versions.handles(result)
        told = []
        for frame in range(start, end) if frames is None else frames:
            strip.mute, result.mute = False, True
            source = self.render(frame)
            strip.mute, result.mute = True, False
            matted = self.render(frame)
            told.append((frame, tiny.read_barcode(source), tiny.read_barcode(matted)))
            # Blender's own decoder and OpenCV's differ by up to 3 from 4.5 on: two conversions from YUV.
            assert np.abs(source.astype(int) - matted).max() <= 4, f"other pixels at frame {frame}"
        return told

    def close(self) -> None:
        """Take the scene away."""
        with_another = next(scene for scene in bpy.data.scenes if scene != self.scene)
        bpy.context.window.scene = with_another
        bpy.data.scenes.remove(self.scene)
