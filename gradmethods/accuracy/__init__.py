"""Error measures and bounds, and answers judged by them."""

from gradmethods.accuracy.bounds import bound
from gradmethods.accuracy.measures import Measures, measure
from gradmethods.accuracy.tolerances import tolerance
from gradmethods.accuracy.verdict import Verdict, verdict
from gradmethods.distance import Error, error, gradient_error

__all__ = [
    "Error",
    "Measures",
    "Verdict",
    "bound",
    "error",
    "gradient_error",
    "measure",
    "tolerance",
    "verdict",
]
