"""The Taylor test: along a direction, what a right gradient leaves of a loss falls as h².

It asks for a few values of the loss and rests on nothing else. Without the gradient the remainder
falls as h; at an optimum as h² too, so that the test says nothing there.

Source: P. E. Farrell, D. A. Ham, S. W. Funke and M. E. Rognes, Automated derivation of the adjoint
of high-level transient finite element programs, SIAM Journal on Scientific Computing 35 (2013)
C369-C393, section 5.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.core.structure import Arrays
from gradmethods.providers.moved_loss import over_reals
from gradmethods.providers.schemes import or_nan
from gradmethods.truth.along import draw

STEPS = tuple(0.25**k for k in range(2, 12))
"""Steps in units of the typical size of each array, from 6e-2 to 2e-7."""

CLEAR = 100.0
"""Remainder ÷ noise of the loss from which a remainder counts as measured."""


class Taylor(NamedTuple):
    """The result of a Taylor test along one direction.

    Attributes
    ----------
    steps : tuple of float
        h, those at which the remainder is above the noise.
    without : tuple of float
        |f(x + hv) − f(x)| there.
    remainders : tuple of float
        |f(x + hv) − f(x) − h g·v| there.
    """

    steps: tuple[float, ...]
    without: tuple[float, ...]
    remainders: tuple[float, ...]

    @property
    def order(self) -> float:
        """The power of h that the remainder falls by at the least steps, NaN if it is not seen."""
        return _order(self.steps, self.remainders)

    @property
    def order_without(self) -> float:
        """The same without the gradient."""
        return _order(self.steps, self.without)


def taylor(problem: Problem, gradient: Arrays, noise: float, seed: int = 0) -> Taylor:
    """Test a gradient along a random direction of all parameters.

    Parameters
    ----------
    problem : Problem
    gradient : dict of str to numpy.ndarray
        By parameter array.
    noise : float
        The noise level of the loss.
    seed : int
        Of the direction.
    """
    structure = problem.structure
    home = structure.join(structure.check(problem.params))
    point = home.copy()
    evaluate = or_nan(over_reals(problem, point, problem.data))
    rows = draw(problem, 0, 1, seed).rows
    moves = {name: np.zeros(gradient[name].size) for name in rows}
    for name, each in rows.items():
        for row in each:
            moves[name][row.places] += row.moves
    along, slope = structure.join(moves), 0.0
    for name, move in moves.items():
        slope += float(np.sum(np.asarray(gradient[name], float).ravel() * move))
    value = evaluate()
    seen = []
    for h in STEPS:
        point[:] = home + h * along
        change = evaluate() - value
        remainder = abs(change - h * slope)
        if math.isfinite(remainder) and remainder > CLEAR * noise:
            seen.append((h, abs(change), remainder))
    steps, without, remainders = zip(*seen, strict=True) if seen else ((), (), ())
    return Taylor(steps, without, remainders)


def _order(steps: tuple[float, ...], values: tuple[float, ...]) -> float:
    """Return the slope of the logarithms over the last three steps."""
    if len(steps) < 2 or not all(values[-3:]):
        return math.nan
    return float(np.polyfit(np.log(steps[-3:]), np.log(values[-3:]), 1)[0])


def taylor_text(tests: tuple[Taylor, ...]) -> str:
    """Say how the remainders of the Taylor expansion fall."""
    seen = [test for test in tests if math.isfinite(test.order)]
    if not tests:
        return ""
    if not seen:
        return " Taylor test: the remainder is lost in the noise at every step."
    with_it = " and ".join([f"h^{test.order:.2f}" for test in seen])
    without = " and ".join([f"h^{test.order_without:.2f}" for test in seen])
    return (
        f" Taylor test along {len(seen)} random direction{'s' * (len(seen) > 1)}: the remainder "
        f"falls as {with_it} (a right gradient: h²), without the gradient as {without}."
    )
