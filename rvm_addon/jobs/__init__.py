"""Jobs: a folder, a process, a state. Standard library and the engine's contract only; no bpy, no numpy, no threads.

`JobQueue.tick()` is one short step, which waits for nothing but, for a moment, another process's look at a lock. In
Blender's window a timer calls it; in background mode, on the command line and in tests a plain loop does.
"""
