"""The extension's page in Blender's preferences."""

import bpy

from ...engine.contract.errors import ModelDamaged, ModelMissing
from ...engine.contract.spec import RAW_GIGABYTES
from ...engine.contract.weights import catalogue
from ..settings import preferences
from . import caches, self_test

_OWN_FILE_NUMBER = 1000
"""The number of the entry for the user's own file: it stays the same while the catalogue grows."""

PLACES = (
    ("BESIDE", "Beside the Project", "In a folder called “matte” beside the .blend file"),
    ("FOLDER", "In One Folder", "In a folder of your choice, for every project"),
)


class RVM_AP_preferences(bpy.types.AddonPreferences):
    """The page in Blender's preferences."""

    bl_idname = preferences.PACKAGE

    output_place: bpy.props.EnumProperty(
        name="Results", items=PLACES, default="BESIDE", description="Where frames go unless the project says otherwise"
    )
    output_folder: bpy.props.StringProperty(
        name="Folder", subtype="DIR_PATH", description="The folder for the results of every project"
    )
    discard_cancelled: bpy.props.BoolProperty(
        name="Delete Frames of Cancelled Jobs",
        default=False,
        description="Delete what a cancelled job has made so far; otherwise it stays in its folder",
    )
    raw_gigabytes: bpy.props.FloatProperty(
        name="Keep for Changes (GB)",
        default=RAW_GIGABYTES,
        min=0.0,
        soft_max=200.0,
        step=100,
        precision=1,
        description="Gigabytes in each folder of results for what the model said of each frame: with it, edges, "
        "colours, kind and format of a result can be changed without the model. The oldest gives way; 0 keeps nothing",
    )
    model: bpy.props.EnumProperty(
        name="Model", items=lambda self, context: _model_items(), description="The network that mattes the frames"
    )
    model_file: bpy.props.StringProperty(
        name="Model File",
        subtype="FILE_PATH",
        description="A Robust Video Matting model as ONNX, in 32 or 16 bits, such as one that you trained yourself",
    )
    device: bpy.props.EnumProperty(
        name="Device",
        items=preferences.DEVICE_ITEMS,
        default="CPU",
        description="What the network runs on. Where it is missing, the processor is used, and the job says so",
    )
    plugin: bpy.props.StringProperty(
        name="Plugin",
        subtype="FILE_PATH",
        description="The library (.so, .dll or .dylib) of an execution provider for ONNX Runtime, "
        "such as that of the package onnxruntime-ep-webgpu",
    )
    threads: bpy.props.IntProperty(
        name="Threads",
        default=0,
        min=0,
        max=256,
        soft_max=64,
        description="How many processor threads the network may use; 0 uses every core. "
        "Fewer leave more of the machine to Blender",
    )

    def draw(self, context: bpy.types.Context) -> None:
        """Draw where results go, how they are made, and the self-test."""
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        column = layout.column()
        column.prop(self, "output_place")
        if self.output_place == "FOLDER":
            column.prop(self, "output_folder")
        column.prop(self, "discard_cancelled")
        column.prop(self, "raw_gigabytes")
        caches.draw(column)
        column = layout.column()
        column.prop(self, "model")
        if self.model == preferences.OWN_FILE:
            column.prop(self, "model_file")
        column.prop(self, "device")
        if self.device == preferences.PLUGIN:
            column.prop(self, "plugin")
        column.prop(self, "threads")
        layout.separator()
        self_test.draw(layout.column(), context)


_offered: list[tuple[str, str, str, str, int]] = []
"""The latest choices of models: Blender itself keeps no reference to texts that an `items` function returns."""


def _model_items() -> list[tuple[str, str, str, str, int]]:
    """Return the models of the catalogue, and one entry for a file of the user's own."""
    try:
        entries = catalogue(preferences.weights_folder())
    except (ModelDamaged, ModelMissing):
        entries = ()
    _offered[:] = [(one.name, one.name, one.good_for, "NONE", number) for number, one in enumerate(entries)]
    _offered.append((preferences.OWN_FILE, "Own File", "A model file of your own", "NONE", _OWN_FILE_NUMBER))
    return _offered


classes = (RVM_AP_preferences,)
register, unregister = bpy.utils.register_classes_factory(classes)
