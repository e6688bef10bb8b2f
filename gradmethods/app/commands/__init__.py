"""The sub-commands, one a file: thin faces on the library, and the only place that prints.

Nothing here computes. Read `compare.py` first.
"""
