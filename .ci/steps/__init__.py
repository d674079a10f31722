"""What `build.py` does, one module for each thing. Standard library only: this is what makes the environments.

The steps share the catalogue of weights and the errors with the product, whose `engine` contract is standard library
only as well.
"""
