"""A loss as SymPy expressions: building, proving, differentiating, printing as code.

Importing this folder imports SymPy; providers do so when they prepare, never at their top.
"""
