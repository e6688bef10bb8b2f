"""Bounds on parameters, outside of which a loss is never called."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.structure import Arrays, Structure
from gradmethods.errors import InvalidProblem

WANTED = (
    "Write bounds=(low, high), each a number, None for no bound, or numbers in the structure of "
    "the parameters"
)


class Bounds(NamedTuple):
    """The least and the largest value of each parameter, flat, in float64; infinite without one."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]

    def hold(self, point: NDArray[Any]) -> bool:
        """Whether a flat point lies within them."""
        return not bool(((point < self.low) | (point > self.high)).any())

    def part(self, components: NDArray[np.intp]) -> Bounds:
        """Return the bounds of some of the parameters."""
        return Bounds(self.low[components], self.high[components])

    def beside(self, home: NDArray[Any], point: NDArray[Any]) -> NDArray[Any]:
        """Mirror at `home` what of a flat point is not between them, or go half way to a bound.

        No entry lies on a bound then, where a loss may have no gradient, nor a solver a solution.
        """
        mirrored = 2 * home - point
        half = (home + np.where(home - self.low > self.high - home, self.low, self.high)) / 2
        inside = [(self.low < x) & (x < self.high) for x in (point, mirrored)]
        return np.asarray(np.select(inside, [point, mirrored], half), point.dtype)


def read_bounds(given: Any, structure: Structure, arrays: Arrays) -> Bounds | None:
    """Read bounds on parameters.

    Raises
    ------
    InvalidProblem
        If they are no pair, if a lower one is not below the upper one, or if the point is outside.
    """
    if given is None or isinstance(given, Bounds):
        return given
    try:
        low, high = given
    except (TypeError, ValueError):
        raise InvalidProblem(f"{WANTED}, got {given!r}.") from None
    bounds = Bounds(_side(low, -np.inf, structure), _side(high, np.inf, structure))
    if not (bounds.low < bounds.high).all():
        raise InvalidProblem("Every lower bound must be below the upper one. " + WANTED + ".")
    point = structure.join(arrays)
    if not bounds.hold(point):
        where = int(np.flatnonzero((point < bounds.low) | (point > bounds.high))[0])
        raise InvalidProblem(
            f"The point is outside of the bounds: parameter {where} is {point[where]}, and must "
            f"lie between {bounds.low[where]} and {bounds.high[where]}."
        )
    return bounds


def _side(given: Any, nothing: float, structure: Structure) -> NDArray[np.float64]:
    if given is None or (np.ndim(given) == 0 and isinstance(given, int | float | np.number)):
        return np.full(structure.size, nothing if given is None else float(given))
    found = []
    for name, value in structure.leaves(given, "bounds").items():
        shape = structure.shapes[name]
        try:
            array = np.asarray(nothing if value is None else value, dtype=float)
            found.append(np.broadcast_to(array, shape).ravel())
        except (TypeError, ValueError) as error:
            raise InvalidProblem(f"{WANTED}: {error}.") from error
    return np.concatenate(found)
