"""From a graph to a straight-line NumPy program: rewriting, order, buffers, code.

Whatever the graph computes: no derivative rule is known here. Read `compile` first.
"""

from gradmethods.engines.program.compile import Program, compile_graph
from gradmethods.engines.program.simplify import recognise, share, simplify

__all__ = ["Program", "compile_graph", "recognise", "share", "simplify"]
