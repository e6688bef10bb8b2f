"""Whether a loss is one function of its parameters: at every call, and over every kind of array.

Nothing that is said about a gradient holds of a loss that draws random numbers, that remembers its
calls, or that computes something else where `xp` is not NumPy.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.declared import Declared
from gradmethods.core.first_call import writes
from gradmethods.core.structure import Arrays, Structure
from gradmethods.errors import InvalidProblem

Rounding = Callable[[NDArray[Any]], NDArray[Any]]
"""Type of a function that moves the numbers of an array as rounding might have."""

Recorded = Callable[[Arrays, Rounding | None], float]
"""Type of a function that evaluates a recorded loss, each result moved by a rounding."""

NEAR = 1e-3
"""Relative distance of the second point from the first."""

ROUNDINGS = 8
"""Units in the last place that are no difference, and by which results are moved to see more."""

DRAWS = 8

CALLS = 4
"""Arrays that a loss that keeps its arguments is given, of which some should be gone afterwards."""

SEARCHED, MOST = 256, 10**7
"""New arrays, and entries of them, at most, among which their addresses are looked for."""

SPREADS = 100
"""Times the spread that rounding alone may explain: a sum of half a million terms, one after
another, errs by some hundred times as much as its terms do."""


class Seen(NamedTuple):
    """The values of a loss that were seen when its problem was made.

    Attributes
    ----------
    value : float
        The loss at the problem's own point.
    side : int
        To which side of it the second point is.
    beside : float
        The loss at that point; NaN if it raised on either side.
    keeps : bool
        Whether the loss keeps arrays that it is given, so that it must not see them change.
    """

    value: float
    side: int
    beside: float
    keeps: bool

    def points(self, problem: Declared) -> list[tuple[Arrays, float]]:
        """Return the points at which the loss is known, and its values there."""
        arrays = problem.structure.check(problem.params)
        beyond = [(beside(arrays, self.side), self.beside)] if self.side else []
        return [(arrays, self.value), *beyond]


def beside(arrays: Arrays, side: float) -> Arrays:
    """Return copies of arrays, every entry moved to one side by about a thousandth of its size."""
    rng = np.random.default_rng(0)
    moved = {}
    for name, array in arrays.items():
        moved[name] = twin = np.array(array)  # in the same memory order: sums round alike
        sizes = abs(array.astype(float))
        typical = min(1.0, float(sizes.mean(where=sizes > 0))) if sizes.any() else 1.0
        with np.errstate(all="ignore"):
            twin += (
                side * NEAR * np.where(sizes > 0, sizes, typical) * rng.uniform(0.5, 1, array.shape)
            )
    return moved


def look(problem: Declared, arrays: Arrays, moving: Arrays, own: Any, value: float) -> Seen:
    """Evaluate a loss beside a point, in the arrays in which it was given that, and in new ones.

    The old ones are moved back before it is given the new ones: it may look through all that it has
    seen.

    Parameters
    ----------
    problem : Declared
        The loss, and its data.
    arrays : dict of str to numpy.ndarray
        The point.
    moving : dict of str to numpy.ndarray
        Copies of them, of which the loss gave its `value`.
    own : numpy.ndarray, or containers of them
        The very object that it was given, of the copies.
    value : float
        What it gave.

    Raises
    ------
    InvalidProblem
        If two calls at one point differ, if the loss writes into its arrays, or takes one for
        another.
    """

    def evaluate(params: Any) -> float:
        with np.errstate(all="ignore"):
            return float(problem.loss(params, **problem.data, xp=np))

    def in_new(point: Arrays) -> float:
        return evaluate(structure.restore(copied(point)))

    structure = problem.structure
    if any((moving[name] != array).any() for name, array in arrays.items()):
        raise writes(problem)
    for side in (1, -1):
        there = beside(arrays, side)
        with suppress(Exception):  # the user did not choose this point: it tells nothing
            _move(moving, there)
            in_old = evaluate(_filled(structure, own, moving))
            _move(moving, arrays)
            if math.isfinite(in_old):
                found = in_new(there)
                break
    else:
        _move(moving, arrays)
        check_repeats(problem, value, in_new(arrays))
        return Seen(value, 0, math.nan, keeps=False)
    keeps = not same(in_old, found)
    if keeps:
        check_repeats(problem, found, in_new(there))
    if keeps and _confuses(evaluate, structure, there, arrays, value):
        raise InvalidProblem(
            f"The loss {problem.name!r} takes one array for another: called with new arrays, it "
            "returns what it had computed for arrays that are no more. An id() is given again as "
            "soon as an object is gone. Know points by their values, as in x.tobytes(), or compare "
            "with a copy of the last one."
        )
    return Seen(value, side, found, keeps)


def _confuses(
    evaluate: Callable[[Any], float],
    structure: Structure,
    there: Arrays,
    home: Arrays,
    value: float,
) -> bool:
    """Say whether a loss mistakes new arrays for earlier ones at the same address."""
    gone: set[int] = set()
    for _ in range(CALLS):
        arrays = copied(there)
        gone |= {*map(id, arrays.values())}
        params = structure.restore(arrays)
        evaluate(params)
    if not same(value, evaluate(_filled(structure, params, copied(home)))):
        return True
    del arrays, params
    kept = []
    for _ in range(max(CALLS, min(SEARCHED, MOST // structure.size))):
        kept.append(copied(home))
        again = gone & {*map(id, kept[-1].values())}
        gone -= again
        if again and not same(value, evaluate(structure.restore(kept[-1]))):
            return True
    return False


def _filled(structure: Structure, params: Any, arrays: Arrays) -> Any:
    """Put arrays into a dict again, which may hold others by now; into new containers if nested."""
    if not structure.is_dict:
        return structure.restore(arrays)
    params.clear()
    params.update(arrays)
    return params


def _move(arrays: Arrays, to: Arrays) -> None:
    for name, array in arrays.items():
        array.flags.writeable = True
        array[...] = to[name]
        array.flags.writeable = False


def copied(arrays: Arrays) -> Arrays:
    """Copy arrays into new ones that are only for reading."""
    return _reading({name: array.copy(order="K") for name, array in arrays.items()})


def _reading(arrays: Arrays) -> Arrays:
    for array in arrays.values():
        array.flags.writeable = False
    return arrays


def same(first: float, second: float) -> bool:
    """Say whether two values are equal, as NaN here is to itself."""
    return first == second or (math.isnan(first) and math.isnan(second))


def check_repeats(problem: Declared, first: float, second: float) -> None:
    """Refuse a loss that gave two values at one point, in plain NumPy.

    Raises
    ------
    InvalidProblem
        Saying what to do.
    """
    if same(first, second):
        return
    raise InvalidProblem(
        f"The loss {problem.name!r} is not a function of its parameters: two calls at one point "
        f"differ ({first!r} and {second!r}). If it draws random numbers, make the generator inside "
        "the loss from a fixed seed, or pass the noise as data; if it keeps or changes something "
        "from call to call, pass that as data instead."
    )


def check_recorded(problem: Declared, seen: Seen, recorded: Recorded) -> None:
    """Refuse a loss that, recorded over other arrays, is not what it is in plain NumPy.

    The two are compared at the problem's own point, and beside it. Nothing is said where one of
    them is not finite, nor where rounding can be the reason that they differ: it is let in at every
    operation that was recorded, to see how far it moves the loss.

    Parameters
    ----------
    problem : Declared
        The loss.
    seen : Seen
        What it is in plain NumPy.
    recorded : callable
        What was recorded of it.

    Raises
    ------
    InvalidProblem
        If the two differ by more than rounding explains.

    Notes
    -----
    Source: J. Vignes, A stochastic arithmetic for reliable scientific computation, Mathematics and
    Computers in Simulation 35 (1993) 233-261.
    """
    for point, known in seen.points(problem):
        value = recorded(point, None)
        if not is_rounding(problem, recorded, point, known, value):
            digits = 8 if f"{known:.8g}" != f"{value:.8g}" else 17
            where = "this point" if known is seen.value else "a point close to the given one"
            raise InvalidProblem(
                f"The loss {problem.name!r} is not one function of its parameters: at {where} it "
                f"is {known:.{digits}g} in plain NumPy, and {value:.{digits}g} over other arrays. "
                "Compute the same for every xp, without asking which it is; pass what is drawn, "
                "counted or kept as data; and write a = a + x for a += x, which in NumPy changes "
                "every name of the array."
            )


def is_rounding(
    problem: Declared,
    recorded: Recorded,
    point: Arrays,
    known: float,
    value: float,
    *,
    whole: bool = False,
) -> bool:
    """Say whether rounding can be why a value differs from the known one at a point.

    By default, small whole numbers are taken to be exact; with `whole`, they may be rounded, too.
    """
    if not differs(problem, known, value):
        return True
    rounding = partial(rounded, np.random.default_rng(0), whole=whole)
    draws = [recorded(point, None), *(recorded(point, rounding) for _ in range(DRAWS))]
    spread = float(np.ptp(draws)) if np.isfinite(draws).all() else math.inf
    return abs(known - value) <= SPREADS * spread


def differs(problem: Declared, known: float, value: float) -> bool:
    """Say whether two values are farther apart than rounding of a few results makes them."""
    if not (math.isfinite(known) and math.isfinite(value)):
        return False
    unit = ROUNDINGS * float(np.finfo(problem.dtype).eps)
    return abs(known - value) > unit * max(abs(known), abs(value))


def rounded(rng: np.random.Generator, array: NDArray[Any], *, whole: bool = False) -> NDArray[Any]:
    """Move the numbers of an array by some units in the last place, small `whole` ones if asked."""
    array = np.asarray(array)
    if array.dtype.kind != "f":
        return array
    info = np.finfo(array.dtype)
    exact = (array == np.rint(array)) & (abs(array) * float(info.eps) < 1 / 64) & (array != 0)
    unit = ROUNDINGS * rng.uniform(-1, 1, array.shape)
    # What underflow may have taken; it leaves the sign.
    lost = np.copysign(unit * float(info.smallest_subnormal), array)
    return np.where(exact & (not whole), array, array * (1 + unit * float(info.eps)) + lost).astype(
        array.dtype
    )
