"""Reverse mode over a recorded graph: the sweep by vjp rules, and what it selects."""

from gradmethods.engines.tape.factors import Factors, count_factors
from gradmethods.engines.tape.sweep import cotangents, differentiate
from gradmethods.engines.tape.trace import Trace, trace

__all__ = [
    "Factors",
    "Trace",
    "cotangents",
    "count_factors",
    "differentiate",
    "trace",
]
