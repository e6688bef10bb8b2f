"""What a user's gradient is held against: certified whole, or backpropagation certified in part.

Everything is certified while that takes seconds. Beyond, the reference is backpropagation in
float64, which must agree with certified components and directional derivatives first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gradmethods.accuracy.bounds import SLACK, exact_bound
from gradmethods.accuracy.truth import Truth, in_doubles, true_arrays
from gradmethods.distance import norm
from gradmethods.errors import BudgetExceeded, GradientError, NotDifferentiable
from gradmethods.problem import Problem
from gradmethods.providers import Backprop
from gradmethods.providers.backprop import textbook_gradient
from gradmethods.structure import Arrays, Parameters

if TYPE_CHECKING:
    from gradmethods.certified import CertifiedSample

DIGITS = 25
"""So many digits are certified: more than float64 has, so that its own error does not count."""

BUDGET = 20.0
"""Seconds that certifying a whole gradient may be predicted to take."""

SEEN = 1e3
"""A gradient may err so many times as backpropagation with textbook slopes is seen to, where
nothing better is known."""

COARSE = 1e-2
"""A proven bound above this part of an array's norm is too coarse to check it by."""

AGREES = 1e-6
"""So near, of the norm, backpropagation must be to what is certified."""


def reference(problem: Problem) -> Truth:
    """Return the truth about a problem's gradient: certified whole if that takes seconds.

    Raises
    ------
    NotDifferentiable
        If there is no gradient at this point, or it is not decided that there is.
    BudgetExceeded
        If the problem is too large to certify, and backpropagation does not agree with the part
        that is certified.
    """
    from gradmethods.certified import certified_gradient, certified_sample

    try:
        found = certified_gradient(problem, DIGITS, budget=BUDGET)
    except BudgetExceeded:
        return in_part(problem, certified_sample(problem, DIGITS))
    if found.digits < DIGITS:
        raise NotDifferentiable(
            f"Of the gradient of {problem.name!r} no more than {max(found.digits, 0)} digits are "
            f"certified with {found.bits} bits, too few to judge by."
        )
    return found


def in_part(problem: Problem, sample: CertifiedSample) -> InPart:
    """Let a sample certify what backpropagation gives."""
    double = problem.in_dtype(np.float64)
    gradient = Backprop().prepare(double)(double.params).gradient
    size = norm(double.structure.join(double.structure.check(gradient)))
    seen = [abs(sample.directional_error(gradient)), abs(sample.component_error(gradient))]
    # Along a direction an error of norm e shows as e times a standard normal number.
    largest = max(float(part.max(initial=0.0)) for part in seen)
    if not largest <= AGREES * size:
        raise BudgetExceeded(
            f"The problem {problem.name!r} is too large to certify every component, and "
            f"backpropagation is {largest:.1e} away from what is certified, of {size:.1e} in all. "
            "Check the gradient at a smaller size."
        )
    return InPart(problem, sample, gradient, largest / size if size else 0.0)


@dataclass(frozen=True, eq=False)
class InPart:
    """Backpropagation in float64, certified in part: a `Truth` that is known to some digits.

    Attributes
    ----------
    problem : Problem
        Whose gradient it is.
    sample : CertifiedSample
        What is certified.
    gradient : numpy.ndarray or dict
        By backpropagation.
    seen : float
        The largest error that the sample shows ÷ norm of the gradient.
    """

    problem: Problem
    sample: CertifiedSample
    gradient: Parameters
    seen: float

    @property
    def value(self) -> float:
        """The loss, certified."""
        return self.sample.value

    @property
    def digits(self) -> int:
        """Digits in which backpropagation and what is certified agree."""
        return math.floor(-math.log10(max(self.seen, 1e-16)))

    def error(self, gradient: Any) -> Arrays:
        """Return gradient - backpropagation, for each component."""
        given, true = in_doubles(self.problem).check(gradient), true_arrays(self)
        with np.errstate(all="ignore"):
            return {name: given[name] - true[name] for name in true}

    def rounding(self) -> Arrays:
        """Return what rounding is allowed by what was seen of it, the same for a whole array."""
        unit = max(float(np.finfo(self.problem.dtype).eps) / 2, self.seen)
        part = SEEN / SLACK * unit
        return {n: np.full(x.shape, part * norm(x)) for n, x in true_arrays(self).items()}

    def loss_rounding(self) -> float:
        """Return what is allowed of the loss."""
        return SEEN / SLACK * float(np.finfo(self.problem.dtype).eps) / 2 * abs(self.value)


@dataclass(frozen=True)
class Allowance:
    """The error that a right gradient may have, and the arrays for which no proof gives it.

    Attributes
    ----------
    errors : dict of str to numpy.ndarray
        For each component, absolute.
    coarse : tuple of str
        Arrays whose proven bound is too large to check anything by.
    rough : tuple of str
        Arrays in which backpropagation with textbook slopes errs by more than the proven bound.
    """

    errors: Arrays
    coarse: tuple[str, ...] = ()
    rough: tuple[str, ...] = ()


def allowance(truth: Truth, gradient: Parameters) -> Allowance:
    """Bound the error of a right gradient, such as this one may be.

    It is `exact_bound`, unless `SEEN` times the error that backpropagation is known to make serves
    better. Bounds on rounding assume the worst of every operation, and grow with depth beyond use:
    then it is less. And forward mode is not the measure of all formulas: σ′ = a (1 - a), as all
    write it, loses the digits of a saturated unit that the derivative of 1 / (1 + exp(-z)) keeps:
    then it is more, for an array of the gradient that has lost them.
    """
    allowed, true = exact_bound(truth), true_arrays(truth)
    errors = {} if isinstance(truth, InPart) else _of_backprop(truth)
    given = truth.error(gradient)
    unit = float(np.finfo(truth.problem.dtype).eps) / 2
    coarse, rough = [], []
    for name, error in errors.items():
        size = norm(true[name])
        seen = SEEN * max(norm(error), unit * size)
        if 0 < COARSE * size <= norm(allowed[name]):
            coarse.append(name)
            allowed[name] = np.full_like(allowed[name], seen)
        elif not any((abs(e) <= allowed[name]).all() for e in (given[name], error)):
            rough.append(name)
            allowed[name] = np.maximum(allowed[name], seen)
    return Allowance(allowed, tuple(coarse), tuple(rough))


def _of_backprop(truth: Truth) -> Arrays:
    """Return the errors of backpropagation; nothing if there is none, or they are not numbers."""
    try:
        gradient = textbook_gradient(truth.problem)
    except GradientError:
        return {}
    errors = truth.error(gradient)
    return {name: error for name, error in errors.items() if np.isfinite(error).all()}
