"""The truth about a gradient, and the one judge of the suite: error against truth, by a bound.

Nothing here times, compares methods with one another or draws. Read `verdict.py` first.
"""
