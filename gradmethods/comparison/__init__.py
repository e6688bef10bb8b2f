"""Compare providers, check a user's gradient, and explain where a NaN comes from.

Nothing here differentiates or decides who is right: that is the providers' and `truth`'s. Read
`compare.py` first; `explain.py`, which needs balls, is imported where it is asked for.
"""

from gradmethods.comparison.advice import Advice
from gradmethods.comparison.candidates import advise
from gradmethods.comparison.cheapest import Option
from gradmethods.comparison.check import assert_gradient, check_gradient
from gradmethods.comparison.check_result import Check
from gradmethods.comparison.compare import DEFAULT_PROVIDERS, compare
from gradmethods.comparison.comparison import Comparison
from gradmethods.comparison.several import check_gradients

__all__ = [
    "DEFAULT_PROVIDERS",
    "Advice",
    "Check",
    "Comparison",
    "Option",
    "advise",
    "assert_gradient",
    "check_gradient",
    "check_gradients",
    "compare",
]
