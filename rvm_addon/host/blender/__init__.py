"""Blender itself: its versions, words, paths, scenes, drivers and encoders. Nothing here knows of matting.

`versions` is the only module that knows how Blender 4.2, 4.5, 5.0 and 5.2 differ.
"""
