"""What the worker and Blender's side agree on: jobs, events, errors, and the files of a job's folder.

Standard library only, for Blender's process imports it. Other packages may import nothing else of the engine.
"""
