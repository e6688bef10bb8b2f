"""Whether a loss is one function of its parameters: at every call, and over every kind of array.

Nothing that is said about a gradient holds of a loss that draws random numbers, that remembers its
calls, or that computes something else where `xp` is not NumPy.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.errors import InvalidProblem

if TYPE_CHECKING:
    from gradmethods.problem import Problem

APART = {"float64": 1e-7, "float32": 1e-3}
"""Relative difference of two evaluations from which on rounding is an unlikely reason."""

DRAWS = 8
ROUNDINGS = 8
"""Units in the last place by which inputs are moved, to see what rounding does to the loss."""

SPREADS = 100
"""Times the spread that rounding alone may explain."""


def check_repeats(problem: Problem, first: float, second: float) -> None:
    """Refuse a loss that gave two values at one point, in plain NumPy.

    Raises
    ------
    InvalidProblem
        Saying what to do.
    """
    if first == second or (math.isnan(first) and math.isnan(second)):
        return
    raise InvalidProblem(
        f"The loss {problem.name!r} is not a function of its parameters: two calls at one point "
        f"differ ({first!r} and {second!r}). If it draws random numbers, make the generator inside "
        "the loss from a fixed seed, or pass the noise as data; if it keeps or changes something "
        "from call to call, pass that as data instead."
    )


def check_agrees(problem: Problem, value: float, kind: str) -> None:
    """Refuse a loss that over other arrays is not what it is in plain NumPy.

    Nothing is said where one of the two is not finite, nor where the values of the loss close
    beside the point are as far apart as these two: then rounding can be the reason.

    Parameters
    ----------
    problem : Problem
        The loss, at its own parameters and data.
    value : float
        The loss as a method evaluated it there, in floating-point numbers.
    kind : str
        Over what it did.

    Raises
    ------
    InvalidProblem
        If the two differ by more than rounding explains.
    """
    known = problem.known_value
    if known is None or not differs(problem, known, value):
        return
    if abs(known - value) > SPREADS * _spread(problem):
        raise InvalidProblem(
            f"The loss {problem.name!r} is not one function of its parameters: it is {known:.8g} "
            f"in plain NumPy, and {value:.8g} over {kind} arrays at the same point. Compute the "
            "same for every xp, without asking which it is; pass what is drawn, counted or kept "
            "as data; and write a = a + x for a += x, which in NumPy changes every name of the "
            "array."
        )


def differs(problem: Problem, known: float, value: float) -> bool:
    """Say whether two values are farther apart than rounding mostly makes them."""
    if not (math.isfinite(known) and math.isfinite(value)):
        return False
    return abs(known - value) > APART[str(problem.dtype)] * max(abs(known), abs(value))


def _spread(problem: Problem) -> float:
    """Return how far the loss moves if parameters and data move by some units in the last place."""
    rng = np.random.default_rng(0)
    unit = float(np.finfo(problem.dtype).eps) * ROUNDINGS

    def moved(array: NDArray[Any]) -> NDArray[Any]:
        if array.dtype.kind != "f":
            return array
        near = array * (1 + unit * rng.uniform(-1, 1, array.shape))
        return np.asarray(near, array.dtype)

    arrays = problem.structure.check(problem.params)
    values = []
    for _ in range(DRAWS):
        params = problem.structure.restore({name: moved(x) for name, x in arrays.items()})
        data = {name: moved(x) for name, x in problem.data.items()}
        try:
            values.append(float(problem.value(params, **data)))
        except Exception:  # noqa: BLE001  # the user did not choose this point: it tells nothing
            return math.inf
    found = np.array([float(problem.value()), *values])
    return float(np.ptp(found)) if np.isfinite(found).all() else math.inf
