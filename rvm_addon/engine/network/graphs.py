"""ONNX files as sessions, with the options that suit the worker."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from ..contract.errors import DeviceMissing, ModelUnsuitable
from .devices import PROCESSOR, Device

Value = onnxruntime.OrtValue
"""A tensor that stays with ONNX Runtime."""

_FLOATS: dict[str, type[np.floating]] = {"tensor(float)": np.float32, "tensor(float16)": np.float16}
"""What RVM's exports take, by ONNX Runtime's names: the downsample ratio has 32 bits in all of them."""

REFUSALS = (
    ort_errors.EngineError,
    ort_errors.EPFail,
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NoModel,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)


def load(
    path: Path,
    threads: int,
    sizes: dict[str, int] | None = None,
    device: Device = PROCESSOR,
    *,
    keeps_memory: bool = True,
) -> onnxruntime.InferenceSession:
    """Return a session of the file on a device, with the dimensions named in `sizes` fixed.

    Nodes that the device cannot run use `threads` threads of the processor, 0 being one per core. A session that does
    not keep its memory between runs is a fifth slower where it needs much, and no slower where it needs little.

    Raises:
        ModelUnsuitable: ONNX Runtime refuses the file.
        DeviceMissing: ONNX Runtime cannot use the device after all.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    for name, size in (sizes or {}).items():
        options.add_free_dimension_override_by_name(name, size)
    options.enable_cpu_mem_arena = keeps_memory
    # Decode and encode share the cores with the network: threads that spin while they wait cost 15 to 20 %.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        if device.plugged:
            options.add_provider_for_devices(list(device.plugged), {})
            session = onnxruntime.InferenceSession(str(path), options)
        else:
            names = dict.fromkeys((device.provider, PROCESSOR.provider))
            session = onnxruntime.InferenceSession(str(path), options, providers=list(names))
    except REFUSALS as error:
        reason = str(error).splitlines()[0]
        raise (ModelUnsuitable(path, reason) if device.is_cpu else DeviceMissing(device.name, reason)) from error
    if session.get_providers()[0] != device.provider:  # ONNX Runtime reports this only in its log
        raise DeviceMissing(device.name, "its libraries or its driver are missing")
    return session


@contextlib.contextmanager
def running_on(device: Device) -> Iterator[None]:
    """Turn ONNX Runtime's errors inside the block into the device's failure; on the processor they are bugs and pass.

    Raises:
        DeviceMissing: the device fails; for example, it has too little memory for a frame of this size.
    """
    try:
        yield
    except REFUSALS as error:
        if device.is_cpu:
            raise
        raise DeviceMissing(device.name, str(error).splitlines()[0]) from error


def signature(
    path: Path, session: onnxruntime.InferenceSession, wanted: tuple[str, ...], promised: tuple[str, ...]
) -> dict[str, type[np.floating]]:
    """Return the type of each wanted input: float32, or float16 where the graph was exported in half precision.

    Raises:
        ModelUnsuitable: the graph lacks one of these inputs and outputs, or takes other numbers.
    """
    inputs = {value.name: value.type for value in session.get_inputs()}
    outputs = {value.name for value in session.get_outputs()}
    missing = [name for name in wanted if name not in inputs] + [name for name in promised if name not in outputs]
    if missing:
        raise ModelUnsuitable(path, f"it has no {', '.join(missing)}")
    other = next((inputs[name] for name in wanted if inputs[name] not in _FLOATS), None)
    if other is not None:
        raise ModelUnsuitable(path, f"it wants {other}; only floats of 32 and 16 bits are supported")
    return {name: _FLOATS[inputs[name]] for name in wanted}
