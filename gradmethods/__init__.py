"""Compare ways to compute a gradient: analytical, numerical and by backpropagation.

A loss is written once over an array namespace `xp`; every method evaluates that same function over
a different kind of array. Importing this package loads NumPy alone; SymPy, pandas, matplotlib and
python-flint load when first needed.
"""

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from gradmethods import problems
from gradmethods.comparison import (
    Advice,
    Check,
    Comparison,
    advise,
    assert_gradient,
    check_gradient,
    compare,
)
from gradmethods.errors import (
    BudgetExceeded,
    GradientError,
    GradientMismatch,
    InvalidOption,
    InvalidProblem,
    MissingPackage,
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
from gradmethods.studies.training import Training, train

if TYPE_CHECKING:
    from gradmethods.certified import (
        CertifiedGradient,
        CertifiedSample,
        certified_derivatives,
        certified_gradient,
        certified_sample,
    )

__version__ = version("gradmethods")

__all__ = [
    "PROVIDERS",
    "Advice",
    "Analytical",
    "Backprop",
    "BudgetExceeded",
    "CertifiedGradient",
    "CertifiedSample",
    "Check",
    "Comparison",
    "GradientError",
    "GradientMismatch",
    "GradientResult",
    "InvalidOption",
    "InvalidProblem",
    "MissingPackage",
    "NotDifferentiable",
    "Numerical",
    "PreparedGradient",
    "Problem",
    "Provider",
    "ShapeMismatch",
    "Training",
    "UnknownAttribute",
    "UnknownName",
    "UnsupportedOperation",
    "advise",
    "assert_gradient",
    "certified_derivatives",
    "certified_gradient",
    "certified_sample",
    "check_gradient",
    "compare",
    "get_provider",
    "gradient",
    "problems",
    "train",
]


def __getattr__(name: str) -> Any:
    """Load what is heavy, or heavy to load, when it is first asked for."""
    if name.lower().startswith("certified") and name in __all__:
        from gradmethods import certified

        return getattr(certified, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
