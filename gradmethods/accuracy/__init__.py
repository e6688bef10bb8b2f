"""Error measures, tolerances, and providers held against each other."""

from gradmethods.accuracy.compare import DEFAULT_PROVIDERS, Comparison, compare
from gradmethods.accuracy.errors import Error, error, gradient_error
from gradmethods.accuracy.tolerances import tolerance

__all__ = [
    "DEFAULT_PROVIDERS",
    "Comparison",
    "Error",
    "compare",
    "error",
    "gradient_error",
    "tolerance",
]
