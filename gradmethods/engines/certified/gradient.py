"""The certified gradient: precision is raised until the balls are small enough."""

from __future__ import annotations

import time
from contextlib import suppress

from gradmethods.core.problem import Problem
from gradmethods.engines.certified.agreement import check_agreement
from gradmethods.engines.certified.enclosure import CertifiedGradient
from gradmethods.engines.certified.evaluate import enclose, point_of, value_at
from gradmethods.engines.certified.harmless import Ties
from gradmethods.engines.certified.numbers import is_known
from gradmethods.engines.certified.precision import check_request, first_bits, raised, working
from gradmethods.engines.certified.rays import TERMS, enclose_roots
from gradmethods.errors import NotDifferentiable

BUDGET = 600.0
"""Seconds that one run over all components may be predicted to take."""


def certified_gradient(
    problem: Problem, digits: int = 30, *, budget: float = BUDGET
) -> CertifiedGradient:
    """Enclose the gradient of a loss: every digit given is proven.

    The loss is evaluated in ball arithmetic, and all components come from one sweep back:
    parameters and data are the exact binary numbers that they are, and every rounding is in the
    radii. The working precision is
    doubled until the loss and all components have the digits asked for, relative to themselves. A
    number that cannot be told from 0 counts as 0 once its ball holds no other float64: so precision
    is not raised for ever at stationary points.

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
    InvalidProblem
        If the loss over balls is another function than in plain NumPy.
    NotDifferentiable
        If there is no gradient at this point, or it is not decided whether there is: where branches
        meet, unless it provably does not matter which is taken; where a decision rests on a value
        at a jump or at the edge of a function's domain; where the loss in NumPy is another one, by
        more than rounding. Nothing is guessed. `certified_truth` says which of these it is.
    BudgetExceeded
        If it takes too long; `certified_sample` then certifies some components.
    UnsupportedOperation
        If the loss leaves the namespace `xp`.

    Notes
    -----
    Where branches meet, the loss is one of several smooth functions, and its gradient is certified
    if all of them have the same value and the same gradient at the point: one unknown stands for
    each choice, and that nothing depends on the unknowns is found out in exact arithmetic modulo a
    random prime (see the modules `ties` and `residues`; the chance of an error there is below
    1e-15).

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
    check_request(problem, digits)
    start = time.perf_counter()
    first, ties = first_bits(digits), Ties(problem)

    def attempt(bits: int) -> tuple[CertifiedGradient, bool]:
        with working(bits):
            loss, enclosure = ties.beyond(
                lambda choices: enclose(problem, bits, budget=budget, choices=choices)
            )
        seconds = time.perf_counter() - start
        found = CertifiedGradient(problem, loss, enclosure, bits, seconds, ties.choices)
        balls = (loss, *(ball for array in enclosure.values() for ball in array.flat))
        return found, all(is_known(ball, digits) for ball in balls)

    try:
        found = raised(problem, first, attempt)
    except NotDifferentiable:
        flat = _at_flat_roots(problem, digits, start)
        if flat is None:
            raise
        found = flat
    check_agreement(problem, found.loss)
    return found


def _at_flat_roots(problem: Problem, digits: int, start: float) -> CertifiedGradient | None:
    """Certify a gradient where roots of 0 are as flat as √(x⁴), so that all subgradients are one.

    A loss with one subgradient is differentiable (F. H. Clarke, Optimization and Nonsmooth
    Analysis, Wiley 1983, proposition 2.2.4).
    """
    bits = first_bits(digits)
    with suppress(NotDifferentiable), working(bits, terms=TERMS):
        choices, enclosure = enclose_roots(problem) or (None, {})
        balls = [ball for array in enclosure.values() for ball in array.flat]
        if choices and all(is_known(ball, digits) for ball in balls):
            loss = value_at(problem, point_of(problem))
            seconds = time.perf_counter() - start
            return CertifiedGradient(problem, loss, enclosure, bits, seconds, choices)
    return None
