"""Reverse mode over a recorded graph: vjp rules, sweep, simplification, compilation."""

from gradmethods.tape.compile import Program, compile_graph
from gradmethods.tape.factors import Factors, count_factors
from gradmethods.tape.simplify import recognise, simplify
from gradmethods.tape.sweep import cotangents, differentiate
from gradmethods.tape.trace import Trace, trace

__all__ = [
    "Factors",
    "Program",
    "Trace",
    "compile_graph",
    "cotangents",
    "count_factors",
    "differentiate",
    "recognise",
    "simplify",
    "trace",
]
