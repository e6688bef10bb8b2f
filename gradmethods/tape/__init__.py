"""Reverse mode over a recorded graph: the sweep by vjp rules, and what it selects."""

from gradmethods.tape.factors import Factors, count_factors
from gradmethods.tape.sweep import cotangents, differentiate
from gradmethods.tape.trace import Trace, trace

__all__ = [
    "Factors",
    "Trace",
    "cotangents",
    "count_factors",
    "differentiate",
    "trace",
]
