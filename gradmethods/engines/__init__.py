"""The machines that methods run on: the graph of a loss, and what differentiates it.

Engines may import the graph, never one another. Read `graph/record.py` first.
"""
