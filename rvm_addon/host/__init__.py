"""Blender's side: it describes jobs and shows their states. The only package that imports bpy.

`versions` is the only module that knows how Blender 4.2, 4.5, 5.0 and 5.2 differ. Nothing here touches a pixel or
waits for one; the worker processes do the work (see `jobs`).
"""

from . import (
    caches,
    cli,
    driver,
    job_operators,
    manual,
    operators,
    panel,
    preferences_page,
    presets,
    properties,
    result_operators,
    self_test,
    status_bar,
    translations,
    viewing,
)

_modules = (
    translations,
    self_test,
    caches,
    preferences_page,
    properties,
    operators,
    job_operators,
    viewing,
    result_operators,
    presets,
    manual,
    panel,
    status_bar,
    driver,
    cli,
)


def register() -> None:
    """Register everything, in order of need."""
    for module in _modules:
        module.register()


def unregister() -> None:
    """Take everything back, in reverse; jobs that still run are cancelled, their frames stay."""
    for module in reversed(_modules):
        module.unregister()
