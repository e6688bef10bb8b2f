"""The shared ground of everything that shows or writes: files, numbers, tables, figures.

Nothing here knows what is shown: no method, no measurement, no verdict. Read `files.py` first.
"""
