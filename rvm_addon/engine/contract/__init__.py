"""What the worker and Blender's side agree on: jobs, events, errors, models, processes and a job's folder.

Standard library only, for Blender's process imports it. `jobs` and `host` may import nothing else of the engine.
"""
