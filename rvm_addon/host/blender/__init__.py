"""Blender itself: its versions, paths, drivers, scenes and movie formats. Nothing here knows of jobs or of mattes.

`versions` is the only module that knows how Blender 4.2, 4.5, 5.0 and 5.2 differ.
"""
