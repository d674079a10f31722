"""ONNX files as sessions that fit the rest of the worker."""

from pathlib import Path

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from .errors import ModelUnsuitable

Value = onnxruntime.OrtValue
"""A tensor that stays with ONNX Runtime."""
PROVIDER = "CPUExecutionProvider"

_REFUSALS = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NoModel,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)


def load(path: Path, threads: int, sizes: dict[str, int] | None = None) -> onnxruntime.InferenceSession:
    """Return a session of the file on `threads` threads, 0 being one per core, the sizes with these names fixed."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    for name, size in (sizes or {}).items():
        options.add_free_dimension_override_by_name(name, size)
    # Decode and encode share the cores with the network: threads that spin while they wait cost 15 to 20 %.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=[PROVIDER])
    except _REFUSALS as error:
        raise ModelUnsuitable(path, str(error).splitlines()[0]) from error


def check_signature(
    path: Path, session: onnxruntime.InferenceSession, wanted: tuple[str, ...], promised: tuple[str, ...]
) -> None:
    """Raise ModelUnsuitable unless the graph has these inputs and outputs, and takes pictures in float32."""
    inputs = {value.name: value.type for value in session.get_inputs()}
    outputs = {value.name for value in session.get_outputs()}
    missing = [name for name in wanted if name not in inputs] + [name for name in promised if name not in outputs]
    if missing:
        raise ModelUnsuitable(path, f"it has no {', '.join(missing)}")
    if inputs[wanted[0]] != "tensor(float)":
        raise ModelUnsuitable(path, f"it wants {inputs[wanted[0]]}; only 32-bit weights are supported so far")
