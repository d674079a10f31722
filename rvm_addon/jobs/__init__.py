"""Jobs: a folder, a process, a state. Standard library and the engine's contract only; no bpy, no numpy, no threads.

`JobQueue.tick()` is one step that never blocks. In Blender's window a timer calls it; in background mode, on the
command line and in tests a plain loop does.
"""
