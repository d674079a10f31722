"""Jobs while Blender is open: how strips become jobs, what moves them along, what is left to a later session.

Also what is said of them, before the press (`plan`) and after it (`words`).
"""
