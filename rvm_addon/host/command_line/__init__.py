"""The command line: `python -m rvm_addon.host …`, or Blender's own `--command`."""
