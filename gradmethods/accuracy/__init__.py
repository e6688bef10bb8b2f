"""Error measures and bounds, answers judged, and gradients checked."""

from gradmethods.accuracy.bounds import bound
from gradmethods.accuracy.check import assert_gradient, check_gradient
from gradmethods.accuracy.check_result import Check
from gradmethods.accuracy.measures import Measures, measure
from gradmethods.accuracy.tolerances import tolerance
from gradmethods.accuracy.verdict import Verdict, verdict
from gradmethods.distance import Error, error, gradient_error

__all__ = [
    "Check",
    "Error",
    "Measures",
    "Verdict",
    "assert_gradient",
    "bound",
    "check_gradient",
    "error",
    "gradient_error",
    "measure",
    "tolerance",
    "verdict",
]
