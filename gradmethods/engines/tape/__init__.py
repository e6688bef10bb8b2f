"""Reverse mode over a recorded graph: the sweep by vjp rules, and what it selects."""

from gradmethods.engines.tape.factors import count_factors
from gradmethods.engines.tape.sweep import differentiate
from gradmethods.engines.tape.trace import Trace, trace

__all__ = [
    "Trace",
    "count_factors",
    "differentiate",
    "trace",
]
