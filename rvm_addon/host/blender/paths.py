"""Paths as Blender writes them."""

import os

import bpy


def absolute(path: str) -> str:
    """Return a path of Blender's as an absolute one, without `..` in it.

    On Windows, Blender writes relative paths with backslashes, and reads them on every system; Python does not.
    """
    return os.path.normpath(bpy.path.abspath(path).replace("\\", "/"))
