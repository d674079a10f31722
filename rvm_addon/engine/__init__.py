"""The engine: a job description goes in, finished frames and a stream of events come out.

`contract` uses the standard library only; `jobs` and `host` may import nothing else of the engine. The rest runs in a
worker process and may use numpy, OpenCV, ONNX Runtime and ISA-L. `pipeline` is one run; its `stages` lead a frame from
its source (`footage`) through the `network` and `drawing` to its file (`footage` again, in the formats of `pictures`),
and keep what later changes need (`kept`). Nothing here knows Blender, the queue of jobs or the window
(`tests/test_layers.py` checks the imports).
"""
