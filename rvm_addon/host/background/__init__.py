"""What a background Blender does for a job: it renders strips that only Blender can show, and writes movies.

`rendering` and `encoding` write the orders, in the user's Blender; `entry.command` makes the command line, and `jobs`
starts it. `entry.main`, `background_rendering` and `background_encoding` run in the process that it starts.
"""
