"""The sub-commands, one a file: each a thin face on the library, and the only room that prints.

Nothing here computes. Read `compare.py` first.
"""
