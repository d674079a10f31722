"""The steps of `build.py`, a module for each. Standard library only, for these steps make the environments.

They share the catalogue of weights and the errors with the product, whose `engine/contract` also needs only the
standard library.
"""
