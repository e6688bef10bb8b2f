"""Error measures and bounds, gradients checked, and providers held against each other."""

from gradmethods.accuracy.bounds import bound
from gradmethods.accuracy.check import assert_gradient, check_gradient
from gradmethods.accuracy.checked import Check
from gradmethods.accuracy.compare import DEFAULT_PROVIDERS, Comparison, compare
from gradmethods.accuracy.errors import Error, error, gradient_error
from gradmethods.accuracy.measures import Measures, measure
from gradmethods.accuracy.tolerances import tolerance
from gradmethods.accuracy.verdict import Verdict, verdict

__all__ = [
    "DEFAULT_PROVIDERS",
    "Check",
    "Comparison",
    "Error",
    "Measures",
    "Verdict",
    "assert_gradient",
    "bound",
    "check_gradient",
    "compare",
    "error",
    "gradient_error",
    "measure",
    "tolerance",
    "verdict",
]
