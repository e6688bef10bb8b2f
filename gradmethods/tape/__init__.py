"""Reverse mode over a recorded graph: vjp rules, sweep, simplification, compilation."""

from gradmethods.tape.compile import Program, compile_graph
from gradmethods.tape.simplify import recognise, simplify
from gradmethods.tape.sweep import differentiate

__all__ = ["Program", "compile_graph", "differentiate", "recognise", "simplify"]
