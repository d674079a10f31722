"""The network against the processor: its time, and that of its multiply-adds at the speed of a large matrix product.

Usage: python -m bench.network MODEL.onnx CLIP [--rate], with numpy's library kept to one thread. Prints a JSON object.
With `--rate` it holds only the network's frames per second by itself, on every core.
"""

import json
import math
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import onnxruntime

from rvm_addon.engine.network.model import MattingModel
from rvm_addon.engine.network.rvm import WHOLE_OUTPUTS, open_model
from rvm_addon.engine.pictures.tensors import Picture

from .measure import complain, job_spec

SIDE = 1536
"""Rows and columns of the matrices: too large for any cache, as the network is."""
TIMES = 12
RUNS = 30
WARM_UP_RUNS = 5


def main(model: Path, clip: Path) -> dict[str, float]:
    """Return billions of multiply-adds per frame and per second of one core, and the network's milliseconds per frame.

    The milliseconds are processor time.
    """
    picture, rvm = _picture(clip), _warm(model, clip)
    begun = time.process_time()
    for _ in range(RUNS):
        _matte(rvm, picture)
    milliseconds = (time.process_time() - begun) / RUNS * 1e3
    src = rvm.prepared(picture).src
    return {"gmac": multiply_adds(model, src) / 1e9, "gmac_per_second": peak() / 1e9, "milliseconds": milliseconds}


def rate(model: Path, clip: Path) -> dict[str, float]:
    """Return the total frames per second of one network per core, all in parallel: an upper bound for any run."""
    picture, cores = _picture(clip), os.cpu_count() or 1
    networks = [_warm(model, clip) for _ in range(cores)]

    def run(rvm: MattingModel) -> None:
        for _ in range(RUNS):
            _matte(rvm, picture)

    with ThreadPoolExecutor(cores) as executor:
        begun = time.perf_counter()
        for running in [executor.submit(run, rvm) for rvm in networks]:
            running.result()
        return {"frames_per_second": cores * RUNS / (time.perf_counter() - begun)}


def _picture(clip: Path) -> Picture:
    """Return a clip's first picture."""
    more, read = cv2.VideoCapture(str(clip)).read()
    if not more:
        raise SystemExit(f"{clip} has no picture")
    picture: Picture = read
    return picture


def _warm(model: Path, clip: Path) -> MattingModel:
    """Return the network on one thread, after a few runs."""
    rvm = open_model(job_spec(clip, model, 1, threads=1), complain)
    for _ in range(WARM_UP_RUNS):
        _matte(rvm, _picture(clip))
    return rvm


def _matte(rvm: MattingModel, picture: Picture) -> None:
    """Run the whole network, its deferred part included; downsampling, also included, takes 2 % of the time."""
    _ = rvm.matte(picture, rvm.prepared(picture)).maps


def peak() -> float:
    """Return one core's multiply-adds per second in a large matrix product, the best of a few."""
    a = np.random.default_rng(0).random((SIDE, SIDE), np.float32)
    best = math.inf
    for _ in range(TIMES):
        begun = time.perf_counter()
        a @ a
        best = min(best, time.perf_counter() - begun)
    return SIDE**3 / best


def multiply_adds(model: Path, src: np.ndarray) -> float:
    """Return the multiply-adds of the published graph's convolutions at this downsampled `src`, from a profile."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.enable_profiling = True
    with tempfile.TemporaryDirectory() as folder:
        options.profile_file_prefix = str(Path(folder, "run"))
        session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        inputs = {f"r{number}i": np.zeros((1, 1, 1, 1), np.float32) for number in range(1, 5)}
        session.run(WHOLE_OUTPUTS, {"src": src, **inputs, "downsample_ratio": np.ones(1, np.float32)})
        told = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    nodes = [entry["args"] for entry in told if entry.get("args", {}).get("op_name") == "Conv"]
    return sum(_multiply_adds(node) for node in nodes if "output_type_shape" in node)


def _multiply_adds(conv: dict[str, list[dict[str, list[int]]]]) -> int:
    """Return the multiply-adds of one convolution, from the shapes of weights and output."""
    _, per_group, rows, columns = conv["input_type_shape"][1]["float"]
    return math.prod(conv["output_type_shape"][0]["float"]) * per_group * rows * columns


if __name__ == "__main__":
    measure = rate if "--rate" in sys.argv else main
    sys.stdout.write(json.dumps(measure(Path(sys.argv[1]), Path(sys.argv[2]))))
