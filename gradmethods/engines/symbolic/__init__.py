"""A loss as SymPy expressions: building, differentiating, printing as code.

Importing this folder imports SymPy; providers do so when they prepare, never at their top.
"""
