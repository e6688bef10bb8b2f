"""Runs that take minutes: the benchmark, accuracy, claims, a million passes, the article.

Each keeps what it finishes at once, and divides its time; what is measured is in `cost`,
`accuracy` and `studies`, what is written in `report`. Read `bench.py` first.
"""
