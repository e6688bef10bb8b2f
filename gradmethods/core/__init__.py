"""A problem: its loss, its parameters, its data; and what every room needs to speak of it.

Nothing here differentiates. Read `problem.py` first.
"""
