"""The exhibits of the report: a figure or table a file, or several of one kind.

Each says what records it needs, how its data are made, how it is drawn and what its caption says; a
new file is all that a new one takes. Nothing here writes files. Read `gradmethods.report.exhibit`
first, then `tab_noise.py`, which is short.
"""
