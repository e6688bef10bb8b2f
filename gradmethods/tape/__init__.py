"""Reverse mode over a recorded graph: vjp rules, the sweep, and compilation to NumPy."""

from gradmethods.tape.compile import Program, compile_graph
from gradmethods.tape.sweep import differentiate

__all__ = ["Program", "compile_graph", "differentiate"]
