"""The choice of a device: what is missing gives way to the processor, and says so with both names."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest

from rvm_addon.engine import pipeline
from rvm_addon.engine.contract.errors import DeviceMissing, SpecError
from rvm_addon.engine.contract.events import Event, Started, Warned
from rvm_addon.engine.contract.spec import CPU, DEVICES, JobSpec, Source, SourceKind
from rvm_addon.engine.network.devices import PROCESSOR, Device
from rvm_addon.engine.network.graphs import REFUSALS
from rvm_addon.engine.network.rvm import CutRvm
from tests import tiny

MISSING = next(word for word, provider in DEVICES.items() if provider not in onnxruntime.get_available_providers())


def run(model: Path, device: str, folder: Path) -> tuple[list[Event], list[bytes]]:
    """Matte three pictures on a device; return what was said, and the frames."""
    paths = tuple(map(str, tiny.barcode_pictures(folder / "in", range(3))))
    spec = JobSpec("x", Source(SourceKind.IMAGES, paths), "frames", "x", str(model), device=device)
    events: list[Event] = []
    pipeline.run(spec, folder, events.append)
    return events, [path.read_bytes() for path in sorted((folder / "frames").iterdir())]


def told(events: list[Event]) -> list[str]:
    """Return the warnings that speak of devices."""
    return [event.message for event in events if isinstance(event, Warned) and "device" in event.message.lower()]


def provider(events: list[Event]) -> str:
    """Return what the network ran on."""
    (started,) = [event for event in events if isinstance(event, Started)]
    return started.provider


def test_a_missing_device_gives_way(counting: Path, tmp_path: Path) -> None:
    """The warning names what was wanted and what is used; the frames are those of the processor."""
    events, frames = run(counting, MISSING, tmp_path / MISSING)
    plain_events, plain = run(counting, CPU, tmp_path / "cpu")
    (warning,) = told(events)
    assert f"“{MISSING}” cannot be used" in warning and "the processor (CPU) is used instead" in warning
    assert provider(events) == provider(plain_events) == "CPUExecutionProvider"
    assert told(plain_events) == []
    assert frames == plain and len(frames) == 3


@pytest.mark.parametrize("content", [b"no library", None])
def test_what_is_no_plugin_gives_way(counting: Path, tmp_path: Path, content: bytes | None) -> None:
    """A file that is none, or that is not there, is named, too."""
    library = tmp_path / "libsomething.so"
    if content is not None:
        library.write_bytes(content)
    events, frames = run(counting, str(library), tmp_path / "job")
    (warning,) = told(events)
    assert "libsomething.so" in warning and "CPU" in warning
    assert len(frames) == 3


def test_a_device_that_nobody_knows_is_refused(counting: Path) -> None:
    """Before anything runs, with those that there are."""
    source = Source(SourceKind.IMAGES, ("/x.png",))
    with pytest.raises(SpecError, match=r"abacus.*cpu.*cuda"):
        JobSpec("x", source, "frames", "x", str(counting), device="abacus").validate()


def test_the_device_is_no_part_of_the_recipe(counting: Path) -> None:
    """Frames that were made on one serve on another."""
    spec = JobSpec("x", Source(SourceKind.IMAGES, ("/x.png",)), "frames", "x", str(counting))
    assert replace(spec, device="cuda").recipe_digest == spec.recipe_digest
    assert JobSpec.from_json(replace(spec, device="cuda").to_json()).device == "cuda"


@pytest.mark.parametrize("word", [word for word in DEVICES if word != CPU])
def test_an_offered_device_makes_alike_frames(rvm_weights: Path, real_clips: Path, word: str, tmp_path: Path) -> None:
    """Within what a device's own arithmetic costs."""
    if DEVICES[word] not in onnxruntime.get_available_providers():
        pytest.skip("it is not offered here")
    source = Source(SourceKind.IMAGES, (str(real_clips / "stills" / "p_a09f6d7a.jpg"),))
    mattes = []
    for device in (CPU, word):
        spec = JobSpec("x", source, "frames", "x", str(rvm_weights), device=device)
        pipeline.run(spec, tmp_path / device, lambda _: None)
        mattes.append(cv2.imread(str(tmp_path / device / "frames" / "x.png"), cv2.IMREAD_UNCHANGED)[..., 3].astype(int))
    assert np.abs(mattes[0] - mattes[1]).mean() < 2


@pytest.mark.parametrize("piece", ["backbone", "decoder", "refiner"])
def test_a_device_that_fails_after_its_trial_is_named(tmp_path: Path, piece: str) -> None:
    """A real frame may take more memory than it has."""
    files = tiny.pieces(tmp_path, fails_at_white=piece)
    with pytest.raises(DeviceMissing, match=r"“gpu” cannot be used .*Gather"):
        try_and_run(files, Device("gpu", PROCESSOR.provider))


def test_what_the_processor_fails_at_is_a_bug(tmp_path: Path) -> None:
    """Nobody is told to choose another device."""
    with pytest.raises(REFUSALS, match="Gather"):
        try_and_run(tiny.pieces(tmp_path, fails_at_white="backbone"), PROCESSOR)


def try_and_run(files: tuple[Path, ...], device: Device) -> None:
    """Let the pieces of a model make all of a grey picture, and then of a white one."""
    model = CutRvm(JobSpec("x", Source(SourceKind.IMAGES, ("/x.png",)), "frames", "x", "/m.onnx"), files, device)
    shown(model, 127)
    shown(model, 255)


def shown(model: CutRvm, grey: int) -> None:
    """Let a model make all of one grey picture."""
    picture = np.full((144, 256, 3), grey, np.uint8)
    model.matte(picture, model.prepared(picture)).alpha(deep=False)
