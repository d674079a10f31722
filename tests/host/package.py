"""What the extension is called where Blender's own installer has put it."""

PACKAGE = "bl_ext.user_default.rvm_matting"
