"""The yardstick: the shortest script that does the job, as the model's own page invites one to write it.

Usage: simplest.py MODEL.onnx CLIP FOLDER FRAMES. OpenCV reads, ONNX Runtime runs the whole published graph,
`cv2.imwrite` writes RGBA. Nothing is tuned, and nothing is done badly on purpose.
"""

import sys

import cv2
import numpy as np
import onnxruntime


def main(model: str, clip: str, folder: str, frames: int) -> None:
    """Write the cut-outs of a clip's first frames."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    capture = cv2.VideoCapture(clip)
    rec = [np.zeros((1, 1, 1, 1), np.float32)] * 4
    for number in range(frames):
        more, picture = capture.read()
        if not more:
            sys.exit(f"{clip} ends before frame {number + 1}")
        ratio = np.array([min(512 / max(picture.shape[:2]), 1.0)], np.float32)
        src = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB).astype(np.float32).transpose(2, 0, 1)[None] / 255
        inputs = dict(zip(("src", "r1i", "r2i", "r3i", "r4i", "downsample_ratio"), (src, *rec, ratio), strict=True))
        fgr, pha, *rec = session.run(None, inputs)
        rgba = np.concatenate([fgr, pha], axis=1)[0].transpose(1, 2, 0) * 255
        cv2.imwrite(f"{folder}/{number:06d}.png", cv2.cvtColor(rgba.round().astype(np.uint8), cv2.COLOR_RGBA2BGRA))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
