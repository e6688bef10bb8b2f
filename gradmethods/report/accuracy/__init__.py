"""The part of the report about accuracy: tables and figures from the records of an accuracy run.

Nothing here knows of costs. Read `sections.py` first.
"""
