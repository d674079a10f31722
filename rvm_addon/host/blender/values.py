"""Copy Blender's properties from one object to another of the same type."""

from typing import Any

_NOT_COPIED = frozenset({"rna_type", "name", "is_active", "active"})


def copy_values(source: Any, target: Any) -> None:
    """Copy every writable property, also those of nested structures (a colour balance, a curve mapping).

    `source` and `target` are of one type. Afterwards both refer to the same objects (a strip, a mask).
    """
    for described in source.bl_rna.properties:
        name = described.identifier
        if name in _NOT_COPIED:
            continue
        if described.type == "COLLECTION":
            if name == "curves":
                _copy_curve_maps(source, target)
        elif not described.is_readonly:
            setattr(target, name, getattr(source, name))
        elif described.type == "POINTER" and getattr(source, name) is not None:
            copy_values(getattr(source, name), getattr(target, name))


def _copy_curve_maps(source: Any, target: Any) -> None:
    """Copy the points of a curve mapping; a new one has at least two in every curve."""
    for drawn, copy in zip(source.curves, target.curves, strict=True):
        while len(copy.points) > len(drawn.points):
            copy.points.remove(copy.points[-1])
        while len(copy.points) < len(drawn.points):
            copy.points.new(0.5, 0.5)
        for point, new in zip(drawn.points, copy.points, strict=True):
            new.location = point.location
            new.handle_type = point.handle_type
    target.update()
