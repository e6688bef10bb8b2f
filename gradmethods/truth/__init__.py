"""The truth about a gradient, and the one judge of the suite: error against truth, by a bound.

Nothing here times, compares methods with one another or draws. Read `verdict.py` first.
"""

from gradmethods.truth.error_bounds import Bound, bound
from gradmethods.truth.find import Found, find_truth
from gradmethods.truth.measures import Measures, measure
from gradmethods.truth.verdict import RIGHT, SUBGRADIENT, UNDECIDED, WRONG, Verdict

__all__ = [
    "RIGHT",
    "SUBGRADIENT",
    "UNDECIDED",
    "WRONG",
    "Bound",
    "Found",
    "Measures",
    "Verdict",
    "bound",
    "find_truth",
    "measure",
]
