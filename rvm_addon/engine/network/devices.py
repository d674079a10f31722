"""Where the network runs: the processor, or another device that ONNX Runtime offers here, plugins included."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from ..contract.errors import DeviceMissing
from ..contract.spec import CPU, DEVICES

onnxruntime.disable_telemetry_events()  # the wheel for Windows, which uses the system's way, reads no variable


@dataclass(frozen=True)
class Device:
    """An execution provider of ONNX Runtime."""

    name: str
    """The user's name for it: a key of `DEVICES`, or the name of a plugin's file."""
    provider: str
    """ONNX Runtime's name for it."""
    plugged: tuple[Any, ...] = ()
    """A plugin's devices, as ONNX Runtime lists them; empty for a built-in provider."""

    @property
    def is_cpu(self) -> bool:
        """Whether the device is the processor."""
        return self.name == CPU


PROCESSOR = Device(CPU, DEVICES[CPU])


def find(name: str, warn: Callable[[str], None]) -> Device:
    """Return the device of this name; if it is missing, warn and return the processor."""
    try:
        return _plugged(Path(name)) if name not in DEVICES else _offered(name)
    except DeviceMissing as error:
        warn(f"{error}; the processor (CPU) is used instead")
        return PROCESSOR


def _offered(name: str) -> Device:
    """Return the device of a key of `DEVICES`.

    Raises:
        DeviceMissing: this ONNX Runtime has no such provider.
    """
    if DEVICES[name] not in onnxruntime.get_available_providers():
        raise DeviceMissing(name, "the ONNX Runtime here does not offer it")
    return Device(name, DEVICES[name])


def _plugged(library: Path) -> Device:
    """Return the device of a plugin.

    Raises:
        DeviceMissing: the file is no plugin for this ONNX Runtime, or finds no device on this machine.
    """
    if not hasattr(onnxruntime, "register_execution_provider_library"):
        raise DeviceMissing(library.name, f"ONNX Runtime {onnxruntime.__version__} takes no plugins")
    built_in = {device.ep_name for device in onnxruntime.get_ep_devices()}
    try:
        onnxruntime.register_execution_provider_library(library.stem, str(library))
    except (ort_errors.Fail, ort_errors.InvalidArgument, ort_errors.NoSuchFile, RuntimeError) as error:
        raise DeviceMissing(library.name, str(error).splitlines()[0]) from error
    plugged = [device for device in onnxruntime.get_ep_devices() if device.ep_name not in built_in]
    if not plugged:
        raise DeviceMissing(library.name, "it finds nothing on this machine to run on")
    return Device(library.name, plugged[0].ep_name, (plugged[0],))
