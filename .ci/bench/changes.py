"""The changes of a finished cut-out whose updates are timed."""

from dataclasses import replace

from rvm_addon.engine.contract.outputs import USUAL, EdgeColour, Edges, FrameFormat, Look, Result

CHANGES = {
    "matte": Look(result=Result.MATTE),
    "source colours": Look(edges=Edges(colour=EdgeColour.SOURCE)),
    "black point": Look(edges=replace(USUAL, black=0.1)),
    "over a colour": Look(result=Result.COLOUR),
    "grow": Look(edges=replace(USUAL, grow=5)),
    "despill": Look(edges=replace(USUAL, despill=0.7)),
    "feather": Look(edges=replace(USUAL, feather=3.0)),
    "over blur": Look(result=Result.BLUR),
    "16 bits": Look(format=FrameFormat.PNG16),
    "OpenEXR": Look(format=FrameFormat.EXR),
}
