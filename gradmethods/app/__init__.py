"""The command line, and the runs of minutes that it starts: measure, keep, go on, report.

Nothing here computes a gradient or draws a figure. Read `cli.py` first; a sub-command is a file in
`commands/`.
"""
