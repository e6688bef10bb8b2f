"""Higher derivatives along coordinates: the loss over Taylor series whose coefficients are balls.

They say how difference quotients err: a truncation error is a derivative of higher order. Along one
coordinate a value is a series in the step, an `arb_series`; what does not depend on it stays a
ball.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np
from flint import arb, arb_series, ctx
from numpy.typing import NDArray

from gradmethods.core.problem import Problem
from gradmethods.engines.certified import series as truncated
from gradmethods.engines.certified.agreement import check_agreement
from gradmethods.engines.certified.arrays import NAN, SMOOTHLY, Ball, Objects, each, either
from gradmethods.engines.certified.decisions import Undecided
from gradmethods.engines.certified.decisions import order as order_of
from gradmethods.engines.certified.evaluate import point_of
from gradmethods.engines.certified.functions import smooth
from gradmethods.engines.certified.namespace import Balls
from gradmethods.engines.certified.numbers import is_known, rounded
from gradmethods.engines.certified.precision import raised, working
from gradmethods.engines.graph.record import call_loss
from gradmethods.errors import InvalidOption
from gradmethods.xp.array import Array
from gradmethods.xp.primitives import get_primitive

BITS = 128
DIGITS = 17
"""Each derivative gets as many digits as float64 can hold."""
Function = Callable[..., Any]


def _value(x: Any) -> Any:
    """Return the value at step 0 of a series that is one: its coefficients are numbers."""
    if not isinstance(x, arb_series):
        return x
    return x[0] if all(c.is_finite() for c in x.coeffs()) else NAN


def _larger(x: Any, y: Any) -> Any:
    """Return the larger of two balls that do not vary here; at a kink series have none."""
    return NAN if isinstance(x, arb_series) or isinstance(y, arb_series) else x.max(y)


class Series(Balls):
    """The namespace over series: branches go by their values at step 0."""

    kind = "series"
    edges = frozenset()  # what has no series is NaN, and decides nothing

    def _values(self, name: str, operands: list[Objects]) -> Objects:
        of_balls, series = smooth(name).value, get_primitive(name).series
        own = of_balls if series is None else partial(series, truncated)
        return each(guarded(own, of_balls), *operands)

    def _here(self, ball: Ball) -> Ball:
        return Ball(each(_value, ball.values), ball.dtype, None, ball.varying)

    def _maximum(self, a: Ball, b: Ball) -> Ball:
        x, y = np.broadcast_arrays(a.values, b.values)
        below, above, _ = order_of(self._here(a).values, self._here(b).values)
        values = np.where(above, x, np.where(below, y, each(_larger, x, y)))
        varying = np.where(above, a.levels, np.where(below, b.levels, either(a, b)))
        return Ball(values, a.dtype, None, varying)


def guarded(function: Function, of_balls: Function) -> Function:
    """Take the function of balls where there are only balls; what has no series is NaN."""

    def guarded(*operands: Any) -> Any:
        if not any(isinstance(x, arb_series) for x in operands):
            return of_balls(*operands)
        try:
            return function(*operands)
        except (ValueError, ZeroDivisionError):
            return NAN

    return guarded


def certified_derivatives(
    problem: Problem, order: int = 5, components: Iterable[int] | None = None
) -> NDArray[np.float64]:
    """Differentiate a loss several times along coordinates.

    Parameters
    ----------
    problem : Problem
        The loss, at its own parameters and data.
    order : int, default 5
        The highest derivative.
    components : iterable of int, optional
        Positions in the flat vector of parameters; all of them if not given.

    Returns
    -------
    numpy.ndarray of float64
        Shape (components, order + 1): the loss and its derivatives of order 1, 2, … along each
        coordinate, from balls that are known to 17 digits; one that cannot be told from 0 by a
        float64 counts as 0.

    Raises
    ------
    NotDifferentiable
        As in `certified_gradient`.

    Examples
    --------
    >>> import numpy as np
    >>> import gradmethods as gm
    >>> problem = gm.Problem(lambda w, xp=np: xp.sum(w**4), np.array([1.0, 2.0]))
    >>> certified_derivatives(problem, 3)
    array([[17.,  4., 12., 24.],
           [17., 32., 48., 48.]])
    """
    if type(order) is not int or not 0 <= order <= 50:
        raise InvalidOption(f"order must be a whole number from 0 to 50, got {order!r}.")
    chosen = list(range(problem.size) if components is None else components)
    if not all(0 <= component < problem.size for component in chosen):
        raise InvalidOption(
            f"components must be positions from 0 to {problem.size - 1} in the flat vector of "
            f"parameters, got {chosen}."
        )

    def attempt(bits: int) -> tuple[NDArray[np.float64], bool]:
        with working(bits, terms=order + 1):
            balls = [ball for i in chosen for ball in _along(problem, order, int(i))]
        enough = all(is_known(ball, DIGITS) for ball in balls)
        return np.array([*map(rounded, balls)]).reshape(len(chosen), order + 1), enough

    found = raised(problem, BITS, attempt)
    if chosen:
        check_agreement(problem, arb(found[0, 0]))
    return found


def _along(problem: Problem, order: int, component: int) -> list[arb]:
    """Enclose the loss and its derivatives along one coordinate."""
    direction = [arb(int(i == component)) for i in range(problem.size)]
    coefficients = taylor(problem, Series(), direction, order + 1)
    return [c * math.factorial(k) for k, c in enumerate(coefficients)]


def taylor(problem: Problem, xp: Series, direction: Sequence[arb], terms: int) -> list[arb]:
    """Enclose the first coefficients of the loss as a series along a direction.

    Work with series that are no shorter: terms get lost where a root is taken.

    Raises
    ------
    Undecided
        If one of them is not finite, or a comparison is open.
    """
    result = evaluate_along(problem, xp, direction)
    series = result if isinstance(result, arb_series) else arb_series([result], prec=terms)
    coefficients = [series[k] for k in range(terms)]
    if series.prec < terms or not all(c.is_finite() for c in coefficients):
        raise Undecided("A derivative is not a finite number")
    return coefficients


def evaluate_along(problem: Problem, xp: Series, direction: Sequence[arb]) -> Any:
    """Evaluate the loss over series along a direction, whatever comes of it."""
    flat = np.concatenate([values.ravel() for values in point_of(problem).values()])
    for i, slope in enumerate(direction):
        if not slope.is_zero():
            flat[i] = arb_series([flat[i], slope], prec=ctx.cap)
    params = {
        name: Array(xp, Ball(values, problem.dtype, None, SMOOTHLY))
        for name, values in problem.structure.split(flat).items()
    }
    data = {name: Array(xp, array) for name, array in problem.data.items()}
    return xp.ball(call_loss(problem, params, data, xp).payload).values[()]
