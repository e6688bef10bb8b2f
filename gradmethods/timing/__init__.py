"""What a gradient costs: time, exact counts, and how they grow with the number of parameters.

Nothing here judges a gradient or writes a file. Read `timing.py` first.
"""
