"""The engine: a job description goes in, finished frames and a stream of events come out.

`contract` uses the standard library only; `jobs` and `host` may import nothing else of the engine. The rest runs in a
worker process and may use numpy, OpenCV, ONNX Runtime and ISA-L: `pipeline` is one run, and its `stages` lead a frame
from `footage` through the `network`, `drawing` and what is `kept` of it to its file (`pictures`). Nothing here knows
Blender, the queue of jobs or the window (`tests/test_layers.py` checks the imports).
"""
