"""The benchmark that holds our providers beside other packages: ``make bench-peers``.

No provider is here but the pass by hand, which is for the catalogue's networks alone. Read `cases`
first.
"""
