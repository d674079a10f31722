"""The matting network on ONNX Runtime, and the mattes that come out of it.

Nothing leaves the machine: from 1.32 on, ONNX Runtime's wheels write down what they do in the user's folder of caches,
with a number for the machine, and send it to their maker. They read this variable once, while they are imported; on
Windows, where the system sends it, `devices` turns it off.
"""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
