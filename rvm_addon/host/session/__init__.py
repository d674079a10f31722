"""What moves jobs along while Blender is open, what is left to a later session, and what jobs say of themselves."""
