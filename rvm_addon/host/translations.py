"""The words in other languages than English."""

from bpy.app.translations import pgettext_iface


def say(text: str, /, **values: object) -> str:
    """Return `text` in the user's language, its {names} filled in: what Blender cannot translate when it draws."""
    return str(pgettext_iface(text)).format(**values)
