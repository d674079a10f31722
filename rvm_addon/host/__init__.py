"""Blender's side: it describes jobs, shows their states and puts results on timelines. The only package with bpy.

In the user's window nothing here works on pixels or waits for them, but for single pictures that tell of their file:
the worker processes do (see `jobs`), and a Blender of its own for what only Blender can do (`background`).
"""

from .command_line import cli
from .language import translations
from .session import driver
from .settings import properties
from .window import (
    caches,
    job_operators,
    manual,
    operators,
    panel,
    preferences_page,
    presets,
    result_operators,
    self_test,
    status_bar,
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
    """Register all modules, each after those that it needs."""
    for module in _modules:
        module.register()


def unregister() -> None:
    """Unregister all modules in reverse order; running jobs are cancelled, and their frames stay."""
    for module in reversed(_modules):
        module.unregister()
