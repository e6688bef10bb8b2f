"""Two runs held against each other: what got faster, slower, more or less accurate, lost or new.

Nothing here measures, and nothing is compared that the records of both runs do not hold. Read
`two_runs.py` first.
"""
