"""The engine: a job description goes in, frames and a stream of events come out.

The contract (`spec`, `outputs`, `events`, `errors`, `weights`, `lifeline`, `locks`, `process`, `standby`, `view`,
`resume`, `digests`, `clips`, `files`, `whole`, `chunks`) uses the standard library only; other packages may import
nothing else. The rest runs in a worker process and may use numpy, OpenCV, ONNX Runtime and ISA-L. Nothing here knows
Blender, the queue of jobs or the window: never import `bpy`, `jobs` or `host` (`tests/test_layers.py` checks the
imports).
"""
