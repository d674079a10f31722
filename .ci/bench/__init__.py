"""The measurements of `build.py bench`, run inside an environment that has Blender and the product's libraries.

Everything is compared within one run on one machine: ours and the yardstick take turns, and the median of the ratios
counts.
"""
