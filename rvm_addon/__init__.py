"""RVM Video Matting: cut people out of the strips of Blender's Video Sequence Editor."""


def register() -> None:
    """Register the extension; Blender calls this when it is enabled."""
    from . import host  # here, not above: the worker and the tests import `engine` and `jobs` without bpy

    host.register()


def unregister() -> None:
    """Unregister the extension; Blender calls this when it is disabled."""
    from . import host

    host.unregister()
