"""Compare ways to compute a gradient: analytical, numerical and by backpropagation.

A loss is written once over an array namespace `xp`; every method evaluates that same function over
a different kind of array. Importing this package loads NumPy alone; SymPy, pandas, matplotlib and
python-flint load when first needed.
"""

from importlib.metadata import version

from gradmethods import problems
from gradmethods.accuracy import Comparison, compare
from gradmethods.errors import (
    BudgetExceeded,
    GradientError,
    InvalidOption,
    InvalidProblem,
    NotDifferentiable,
    ShapeMismatch,
    UnknownAttribute,
    UnknownName,
    UnsupportedOperation,
)
from gradmethods.problem import Problem
from gradmethods.provider import GradientResult, PreparedGradient, Provider
from gradmethods.providers import (
    PROVIDERS,
    Analytical,
    Backprop,
    Numerical,
    get_provider,
    gradient,
)

__version__ = version("gradmethods")

__all__ = [
    "PROVIDERS",
    "Analytical",
    "Backprop",
    "BudgetExceeded",
    "Comparison",
    "GradientError",
    "GradientResult",
    "InvalidOption",
    "InvalidProblem",
    "NotDifferentiable",
    "Numerical",
    "PreparedGradient",
    "Problem",
    "Provider",
    "ShapeMismatch",
    "UnknownAttribute",
    "UnknownName",
    "UnsupportedOperation",
    "compare",
    "get_provider",
    "gradient",
    "problems",
]
