"""What a background Blender does for a job: it renders strips that only Blender can show, and writes movies.

`rendering` and `encoding` run in the user's Blender and order this work; `entry` starts the process that does it.
"""
