"""Error measures, tolerances, and providers held against each other."""

from gradmethods.accuracy.compare import Comparison, compare
from gradmethods.accuracy.errors import Error, error, gradient_error
from gradmethods.accuracy.tolerances import tolerance

__all__ = ["Comparison", "Error", "compare", "error", "gradient_error", "tolerance"]
