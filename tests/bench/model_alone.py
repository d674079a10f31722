"""The yardstick: the published graph by itself, on a frame that lies ready; nothing is read, drawn or written.

Usage: model_alone.py MODEL.onnx CLIP RUNS. Prints the frames per second of `session.run`, the state carried along.
"""

import sys
import time

import cv2
import numpy as np
import onnxruntime

WARM_UP_RUNS = 3


def main(model: str, clip: str, runs: int) -> None:
    """Time the runs."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    more, picture = cv2.VideoCapture(clip).read()
    if not more:
        sys.exit(f"{clip} has no picture")
    ratio = np.array([min(512 / max(picture.shape[:2]), 1.0)], np.float32)
    src = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB).astype(np.float32).transpose(2, 0, 1)[None] / 255
    rec = [np.zeros((1, 1, 1, 1), np.float32)] * 4
    begun = 0.0
    for number in range(WARM_UP_RUNS + runs):
        if number == WARM_UP_RUNS:
            begun = time.perf_counter()
        inputs = dict(zip(("src", "r1i", "r2i", "r3i", "r4i", "downsample_ratio"), (src, *rec, ratio), strict=True))
        _, _, *rec = session.run(None, inputs)
    print(runs / (time.perf_counter() - begun))  # noqa: T201  # this is what it is run for


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
