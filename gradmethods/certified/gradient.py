"""The certified gradient: precision is raised until the balls are small enough."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from gradmethods.certified.decisions import Undecided
from gradmethods.certified.enclosure import CertifiedGradient
from gradmethods.certified.evaluate import enclose
from gradmethods.certified.numbers import LOG10_2
from gradmethods.errors import InvalidOption, InvalidProblem, NotDifferentiable
from gradmethods.problem import Problem

GUARD = 32
"""Bits beyond those of the digits asked for: rounding and mild cancellation take them."""

MOST_BITS = 8192
"""Where raising the precision ends."""

ZERO_BITS = 4
"""A component that still cannot be told from 0 at so many times the first precision counts as 0."""

BUDGET = 600.0
"""Seconds that one run over all components may be predicted to take."""

Result = TypeVar("Result")


def certified_gradient(
    problem: Problem, digits: int = 30, *, budget: float = BUDGET
) -> CertifiedGradient:
    """Enclose the gradient of a loss: every digit given is proven.

    The loss is evaluated in ball arithmetic, in forward mode: parameters and data are the exact
    binary numbers that they are, and every rounding is in the radii. The working precision is
    doubled until all components have the digits asked for, relative to themselves. A component that
    cannot be told from 0 at four times the first precision counts as 0, and its radius says how
    near it is; so precision is not raised for ever at stationary points.

    Parameters
    ----------
    problem : Problem
        The loss, at its own parameters and data.
    digits : int, default 30
        Decimal digits wanted. Fewer come back if 8192 bits do not yield them: see ``.digits``.
    budget : float, default 600
        Seconds that the work at one precision may be predicted to take.

    Returns
    -------
    CertifiedGradient
        With ``.value``, ``.gradient``, ``.radius``, ``.digits``.

    Raises
    ------
    NotDifferentiable
        If there is no gradient at this point, or the balls do not decide whether there is: at a
        kink, where a comparison has equal sides, where a function leaves its domain. Nothing is
        guessed.
    BudgetExceeded
        If it takes too long; `certified_sample` then certifies some components.
    UnsupportedOperation
        If the loss leaves the namespace `xp`.

    Notes
    -----
    Sources: F. Johansson, Arb: efficient arbitrary-precision midpoint-radius interval arithmetic,
    IEEE Transactions on Computers 66 (2017) 1281-1292; W. Tucker, Validated Numerics, Princeton
    2011, chapter 4 (derivatives enclosed).

    Examples
    --------
    >>> import numpy as np
    >>> import gradmethods as gm
    >>> problem = gm.Problem(lambda w, xp=np: xp.sum(w**2) / 3, np.array([1.0, 2.0]))
    >>> truth = gm.certified_gradient(problem)
    >>> truth.gradient
    array([0.66666667, 1.33333333])
    >>> truth.digits >= 30
    True
    >>> truth.radius  # of the nearest float64; the balls themselves are smaller
    array([3.70074342e-17, 7.40148683e-17])
    """
    _check(problem, digits)
    start = time.perf_counter()
    first = _first_bits(digits)

    def attempt(bits: int) -> tuple[CertifiedGradient, bool]:
        loss, enclosure = enclose(problem, bits, budget=budget)
        found = CertifiedGradient(problem, loss, enclosure, bits, time.perf_counter() - start)
        zeros = bits >= ZERO_BITS * first or not any(
            (zero & ~exact).any()
            for zero, exact in zip(found.is_zero.values(), found.is_exact.values(), strict=True)
        )
        known = min(array.min(initial=math.inf) for array in found.component_digits.values())
        return found, zeros and known >= digits

    return raised(problem, first, attempt)


def raised(problem: Problem, first: int, attempt: Callable[[int], tuple[Result, bool]]) -> Result:
    """Double the precision until an attempt is good enough, or the limit is reached.

    Raises
    ------
    NotDifferentiable
        If no precision decides.
    """
    for bits in _doublings(first):
        try:
            result, enough = attempt(bits)
        except NotDifferentiable as error:
            open_still = isinstance(error, Undecided)
            if open_still and 2 * bits <= MOST_BITS:
                continue
            raise NotDifferentiable(
                f"The loss {problem.name!r} is not differentiable at this point, or it is not "
                f"decided{f' with {bits} bits' if open_still else ''}. {error}."
            ) from error
        if enough or 2 * bits > MOST_BITS:
            return result
    raise AssertionError


def _doublings(bits: int) -> Iterator[int]:
    while True:
        yield bits
        bits *= 2


def _first_bits(digits: int) -> int:
    return math.ceil(digits / LOG10_2) + GUARD


def _check(problem: Problem, digits: int) -> None:
    if not isinstance(problem, Problem):
        raise InvalidProblem(
            f"Expected a problem, got {type(problem).__name__}. Make one with "
            "gm.Problem(loss, params, data), or take one from gm.problems.get(name)."
        )
    if type(digits) is not int or not 1 <= digits <= 1000:
        raise InvalidOption(f"digits must be a whole number from 1 to 1000, got {digits!r}.")
