"""RVM Video Matting: cut people out of the strips of Blender's Video Sequence Editor."""


def register() -> None:
    """Blender enables the extension."""
    from . import host  # here, not above: the worker and the tests import `engine` and `jobs` without bpy

    host.register()


def unregister() -> None:
    """Blender disables the extension."""
    from . import host

    host.unregister()
