"""The look of a result as the user chooses it: `outputs.Look` as Blender properties, in both directions."""

from typing import Any

import bpy

from ...engine.contract.outputs import (
    MOST_BLUR,
    MOST_GROWTH,
    EdgeColour,
    Edges,
    Fit,
    FrameFormat,
    Look,
    Result,
)
from ..blender import versions
from ..blender.paths import absolute

RESULTS = (
    ("CUTOUT", "Cut-out", "Transparent where the background was; the strips below show through"),
    ("COLOUR", "Over Colour", "The person over a plain colour, with nothing transparent"),
    ("BLUR", "Over Blur", "The person over the blurred original, as if the background were out of focus"),
    ("BACKDROP", "Over Picture or Movie", "The person over another file, with nothing transparent"),
    ("MATTE", "Matte", "The matte alone: white where the person is, black where nothing of it is"),
    (
        "MASK",
        "Mask on the Original",
        "The source strip stays in its place and gets the matte as a mask; its sound, trims and pixels are untouched",
    ),
)
FORMATS = (
    ("PNG", "PNG", "8 bits for each channel, lossless; fast, and read everywhere"),
    ("PNG16", "PNG, 16 Bit", "A finer matte than 8 bits can hold, lossless; twice the space and more"),
    ("EXR", "OpenEXR", "Half floats in linear light, premultiplied: for compositing"),
    ("WEBP", "WebP", "8 bits, lossless; the smallest files, and by far the slowest to write"),
)
OPAQUE_FORMATS = (*FORMATS, ("JPEG", "JPEG", "Small files that lose a little; only where nothing is transparent"))
FITS = (
    ("FILL", "Fill", "As large as it takes to leave nothing bare; what sticks out is cut off"),
    ("FIT", "Fit", "Seen whole, between black bars where its shape is another"),
)
EDGE_COLOURS = (
    (
        "MIXED",
        "Mixed",
        (
            "The source's own pixels where nothing shines through, so that faces stay as they are; at soft edges, the "
            "model's, or what Despill leaves of the source's"
        ),
    ),
    ("MODEL", "Model", "The model's guess of the person's own colours everywhere, without the background's"),
    ("SOURCE", "Source", "The source's pixels everywhere; soft edges keep a rim of the old background"),
)


_DEFAULT = Look()


def _despill_as_usual(settings: Any, _context: bpy.types.Context) -> None:
    """Set how much soft edges are despilled to what is usual with the chosen colours."""
    settings.despill = EdgeColour[settings.edge_colour].usual_despill


class LookSettings:
    """The properties of a look; part of `properties.MattingSettings`."""

    result: bpy.props.EnumProperty(
        name="Result", items=RESULTS, default=_DEFAULT.result.name, description="What the new strip holds"
    )
    background: bpy.props.FloatVectorProperty(
        name="Background",
        subtype="COLOR_GAMMA",  # the value is sRGB, as it is written to files, not scene linear
        size=3,
        min=0.0,
        max=1.0,
        default=tuple(value / 255 for value in _DEFAULT.background),
        description="The colour behind the person",
    )
    blur: bpy.props.FloatProperty(
        name="Blur",
        subtype="PIXEL",
        min=0.5,
        max=MOST_BLUR,
        soft_max=100.0,
        default=_DEFAULT.blur,
        description="How far the background is blurred, in pixels of the source",
    )
    backdrop: bpy.props.StringProperty(
        name="Backdrop",
        subtype="FILE_PATH",
        options=versions.PATH_OPTIONS,
        description="The picture or movie behind the person; a movie plays along and begins anew when it ends",
    )
    fit: bpy.props.EnumProperty(
        name="Fit", items=FITS, default=_DEFAULT.fit.name, description="How a backdrop of another shape is made to fit"
    )
    format: bpy.props.EnumProperty(
        name="Format", items=FORMATS, default=_DEFAULT.format.name, description="The file format of the frames"
    )
    opaque_format: bpy.props.EnumProperty(
        name="Format",
        items=OPAQUE_FORMATS,
        default=_DEFAULT.format.name,
        description="The file format of the frames",
    )
    edge_colour: bpy.props.EnumProperty(
        name="Colour",
        items=EDGE_COLOURS,
        default=_DEFAULT.edges.colour.name,
        description="Whose colours the person has; sets Despill to what is usual with them",
        update=_despill_as_usual,
    )
    black: bpy.props.FloatProperty(
        name="Black Point",
        subtype="FACTOR",
        min=0.0,
        max=0.99,
        default=_DEFAULT.edges.black,
        description="What the model is less sure of than this becomes transparent: removes haze and remnants",
    )
    white: bpy.props.FloatProperty(
        name="White Point",
        subtype="FACTOR",
        min=0.01,
        max=1.0,
        default=_DEFAULT.edges.white,
        description="What the model is surer of than this becomes opaque: closes holes",
    )
    grow: bpy.props.IntProperty(
        name="Grow",
        subtype="PIXEL",
        min=-MOST_GROWTH,
        max=MOST_GROWTH,
        soft_min=-10,
        soft_max=10,
        default=_DEFAULT.edges.grow,
        description="Moves the edge outwards by this many pixels; below nought it chokes the matte inwards",
    )
    feather: bpy.props.FloatProperty(
        name="Feather",
        subtype="PIXEL",
        min=0.0,
        max=float(MOST_GROWTH),
        soft_max=20.0,
        default=_DEFAULT.edges.feather,
        description="Softens the edge, by about this many pixels to each side",
    )
    despill: bpy.props.FloatProperty(
        name="Despill",
        subtype="FACTOR",
        min=0.0,
        max=1.0,
        default=_DEFAULT.edges.despill,
        description="Takes the old background's own colour, as it is nearby, out of soft edges; so they keep no rim",
    )


def chosen_look(settings: Any) -> Look:
    """Return the look that these properties describe; the black point is kept below the white point."""
    result = Result[settings.result]
    edges = Edges(
        colour=EdgeColour[settings.edge_colour],
        black=max(min(settings.black, settings.white - 0.01), 0.0),  # 0.01 as a 32-bit float is less than 0.01
        white=settings.white,
        grow=settings.grow,
        feather=settings.feather,
        despill=settings.despill,
    )
    return Look(
        result=result,
        background=tuple(round(value * 255) for value in settings.background),
        blur=settings.blur,
        backdrop=absolute(settings.backdrop) if settings.backdrop else "",
        fit=Fit[settings.fit],
        format=_format(settings, result),
        edges=edges,
    )


def _format(settings: Any, result: Result) -> FrameFormat:
    """Return the chosen format for this kind of result."""
    if result is Result.MASK:  # versions of Blender differ in how a mask modifier treats 16 bits and floats
        return FrameFormat.PNG
    return FrameFormat[settings.format if result.has_alpha else settings.opaque_format]


def show_look(look: Look, settings: Any) -> None:
    """Set the properties so that they describe a look."""
    settings.result = look.result.name
    settings.background = [value / 255 for value in look.background]
    settings.blur = look.blur
    settings.backdrop = look.backdrop
    settings.fit = look.fit.name
    if look.result.has_alpha:
        settings.format = look.format.name
    elif look.result is not Result.MASK:
        settings.opaque_format = look.format.name
    settings.edge_colour = look.edges.colour.name
    for name in ("black", "white", "grow", "feather", "despill"):
        setattr(settings, name, getattr(look.edges, name))
