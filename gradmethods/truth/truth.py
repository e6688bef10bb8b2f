"""The true gradient against which errors are measured, and how well it can be computed.

`gradmethods.engines.certified` gives it with proof. Whatever else has these members serves too, for
a loss whose gradient is known in closed form.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.core.structure import Arrays, Parameters, Structure


class Truth(Protocol):
    """A gradient that is known to more digits than it can be computed to."""

    @property
    def problem(self) -> Problem:
        """The problem, at whose point it is the gradient."""
        ...

    @property
    def value(self) -> float:
        """The loss, rounded to float64."""
        ...

    @property
    def gradient(self) -> Parameters:
        """The gradient, rounded to float64, in the structure of the parameters; 0 is exactly 0."""
        ...

    @property
    def digits(self) -> int:
        """How many decimal digits of the truth are known, relative to the norm of each array."""
        ...

    def error(self, gradient: Any) -> Arrays:
        """Return gradient - truth for each component, in float64; NaN stays NaN."""
        ...

    def rounding(self) -> Arrays:
        """Bound, for each component, what rounding does to it in the problem's own precision."""
        ...

    def branching(self) -> Arrays:
        """Say for each component whether rounding may take another branch, or leave the domain."""
        ...

    def loss_rounding(self) -> float:
        """Bound the same for the loss."""
        ...


def in_doubles(problem: Problem) -> Structure:
    """Return the structure of a problem's parameters in float64, whatever their own dtype.

    The truth of a float32 problem is no float32 number, and must not be rounded to one.
    """
    return replace(problem.structure, dtype=np.dtype(np.float64))


def true_arrays(truth: Truth) -> Arrays:
    """Return the true gradient, rounded to float64, by parameter array."""
    return in_doubles(truth.problem).check(truth.gradient)
