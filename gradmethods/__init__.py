"""Compare ways to compute a gradient: analytical, numerical and by backpropagation.

A loss is written once over an array namespace `xp`; every method evaluates that same function over
a different kind of array. Importing this package loads nothing else: its rooms load when a name of
theirs is first used, and SymPy, pandas, matplotlib and python-flint when first needed.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradmethods import problems
    from gradmethods.comparison import (
        Advice,
        Check,
        Comparison,
        advise,
        assert_gradient,
        check_gradient,
    )
    from gradmethods.comparison.compare import compare
    from gradmethods.comparison.explain import Explanation, explain
    from gradmethods.core.problem import Problem
    from gradmethods.core.provider import GradientResult, PreparedGradient, Provider
    from gradmethods.engines.certified import (
        CertifiedGradient,
        CertifiedSample,
        certified_derivatives,
        certified_gradient,
        certified_sample,
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
        WorkerFault,
    )
    from gradmethods.providers import (
        PROVIDERS,
        Analytical,
        Backprop,
        Forward,
        Handwritten,
        Numerical,
        get_provider,
        gradient,
        peers,
    )
    from gradmethods.report.formulas_written import formulas
    from gradmethods.report.show import graph
    from gradmethods.studies.training import Training, train

    __version__: str

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
    "Explanation",
    "Forward",
    "GradientError",
    "GradientMismatch",
    "GradientResult",
    "Handwritten",
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
    "WorkerFault",
    "advise",
    "assert_gradient",
    "certified_derivatives",
    "certified_gradient",
    "certified_sample",
    "check_gradient",
    "compare",
    "explain",
    "formulas",
    "get_provider",
    "gradient",
    "graph",
    "peers",
    "problems",
    "train",
]

_ROOMS = {
    "engines.certified": (
        "CertifiedGradient",
        "CertifiedSample",
        "certified_derivatives",
        "certified_gradient",
        "certified_sample",
    ),
    "comparison": (
        "Advice",
        "Check",
        "Comparison",
        "advise",
        "assert_gradient",
        "check_gradient",
        "compare",
    ),
    "comparison.explain": ("Explanation", "explain"),
    "errors": (
        "BudgetExceeded",
        "GradientError",
        "GradientMismatch",
        "InvalidOption",
        "InvalidProblem",
        "MissingPackage",
        "NotDifferentiable",
        "ShapeMismatch",
        "UnknownAttribute",
        "UnknownName",
        "UnsupportedOperation",
        "WorkerFault",
    ),
    "core.problem": ("Problem",),
    "core.provider": ("GradientResult", "PreparedGradient", "Provider"),
    "providers": (
        "PROVIDERS",
        "Analytical",
        "Backprop",
        "Forward",
        "Handwritten",
        "Numerical",
        "get_provider",
        "gradient",
    ),
    "report.formulas_written": ("formulas",),
    "report.show": ("graph",),
    "studies.training": ("Training", "train"),
}
"""Where each name comes from: the same as above, where type checkers read it."""

_HOMES = {name: room for room, names in _ROOMS.items() for name in names}


def _loaded(name: str) -> Any:
    """Import what a name of the package stands for, when it is first asked for."""
    if name == "__version__":
        from importlib.metadata import version

        value: Any = version(__name__)
    elif name == "peers":  # a room within a room
        value = import_module(f"{__name__}.providers.peers")
    elif name in _HOMES:
        value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    elif not name.startswith("_") and find_spec(f"{__name__}.{name}"):
        return import_module(f"{__name__}.{name}")
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
    globals()[name] = value  # the next time it is found at once
    return value


if not TYPE_CHECKING:  # with which type checkers would believe in any name
    __getattr__ = _loaded


def __dir__() -> list[str]:
    """List what the package has, loaded or not."""
    return sorted({*globals(), *__all__, "__version__"})
