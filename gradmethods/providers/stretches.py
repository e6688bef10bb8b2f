"""Stretches of parameters whose ladders are climbed in turn, each from where one alike ended.

The first stretch begins with nothing. All others begin with what the first has found, and know
nothing of one another: so they can be climbed anywhere, in any order. They depend on the number of
parameters alone, and so does every number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from gradmethods.providers.balance import Choice
from gradmethods.providers.entry import KEPT, Guess
from gradmethods.providers.ladder import Ladder
from gradmethods.providers.noise import RoundOff
from gradmethods.providers.schemes import or_nan

FIRST = KEPT
"""Entries of the first stretch: as many as are remembered."""

LENGTHS = (64, 256)
"""Entries of every other stretch, at most: the 64th part of all, between these."""

Look = Callable[[Ladder, int, float, Guess], Choice]
"""Chooses for one entry, of a size, and leaves a note for those that come after it."""


class Trail(NamedTuple):
    """What is known of a loss before its ladders are climbed.

    Attributes
    ----------
    value : float
        The loss at the point.
    round_off : RoundOff
        What is known of it.
    noted : tuple of (float, float)
        Sizes and steps of entries before, the last one first.
    """

    value: float
    round_off: RoundOff
    noted: tuple[tuple[float, float], ...] = ()


QUOTIENT, ERROR, BEND, SHOWN, STEP, PASSES = range(6)
"""Rows of what is found, a column for each entry."""

NOWHERE = (math.nan, math.inf, 0.0, 0.0, math.nan, 0.0)
"""What is found beside a parameter that is no number."""


def stretches(size: int, start: int = 0, stop: int | None = None) -> Iterator[slice]:
    """Cut so many entries into stretches; yield those between the borders of two.

    Examples
    --------
    >>> [(part.start, part.stop) for part in stretches(100)]
    [(0, 32), (32, 66), (66, 100)]
    """
    rest, most = max(size - FIRST, 1), min(max(size // 64, LENGTHS[0]), LENGTHS[1])
    length = math.ceil(rest / math.ceil(rest / most))
    stop = size if stop is None else stop
    while start < stop:
        end = min(stop, start + length if start else FIRST)
        yield slice(start, end)
        start = end


def climb_stretches(
    moved: Callable[[int, Any], float],
    point: NDArray[Any],
    part: slice,
    sizes: NDArray[np.float64],
    trail: Trail,
    look: Look,
    rng: np.random.Generator | None = None,
) -> NDArray[np.float64]:
    """Climb the ladders of a part that is made of whole stretches.

    Parameters
    ----------
    moved : callable
        ``moved(i, place)``: the loss with one parameter moved.
    point : numpy.ndarray
        The flat parameters.
    part : slice
        Which of them.
    sizes : numpy.ndarray
        Of the part.
    trail : Trail
        What is known before.
    look : callable
        Chooses for an entry.
    rng : numpy.random.Generator, optional
        For the first stretch; every other one has its own.

    Returns
    -------
    numpy.ndarray, shape (6, entries)
    """
    found = np.empty((6, part.stop - part.start))
    for stretch in stretches(point.size, part.start, part.stop):
        own = np.random.default_rng([0, stretch.start]) if stretch.start else rng
        own = own or np.random.default_rng(0)
        guess = Guess(trail.round_off, trail.value, trail.noted)
        for i in range(stretch.start, stretch.stop):
            if not math.isfinite(point[i]):
                found[:, i - part.start] = NOWHERE
                continue
            ladder = Ladder(partial(moved, i), point[i], trail.value, trail.round_off, own)
            c = look(ladder, i, float(sizes[i - part.start]), guess)
            row = c.quotient, c.error, c.bend, c.shown, c.step, ladder.passes
            found[:, i - part.start] = row
    return found


class Climbers(Protocol):
    """Climbs ladders by workers."""

    def first(
        self, climb: Callable[[], NDArray[np.float64]], part: slice, arguments: tuple[Any, ...]
    ) -> NDArray[np.float64]:
        """Return what is found in the first stretch, here, unless it is known already."""
        ...

    def others(
        self, trail: Trail, arrays: tuple[NDArray[Any], ...]
    ) -> Iterator[NDArray[np.float64]]:
        """Yield what is found in all stretches but the first, in their order."""
        ...


def in_stretches(
    climb: Callable[..., NDArray[np.float64]],
    trail: Trail,
    arrays: tuple[NDArray[Any], ...],
    climbers: Climbers | None = None,
) -> NDArray[np.float64]:
    """Climb all ladders: the first stretch, and with what was found there the others.

    Parameters
    ----------
    climb : callable
        ``climb(part, trail, *arrays of the part)``.
    trail : Trail
        What is known before.
    arrays : tuple of numpy.ndarray
        The sizes of all parameters, and what else `climb` wants of them.
    climbers : Climbers, optional
        Who climbs, if it is not to be done here.
    """
    size = arrays[0].size
    first, rest = slice(0, min(FIRST, size)), slice(FIRST, size)
    arguments = (trail, *(array[first] for array in arrays))
    here = partial(climb, first, *arguments)
    found = climbers.first(here, first, arguments) if climbers else here()
    if rest.start >= size:
        return found
    trail = trail._replace(noted=noted(arrays[0][first], found))
    if climbers:
        others = list(climbers.others(trail, arrays))
    else:
        others = [climb(rest, trail, *(a[rest] for a in arrays))]
    return np.concatenate([found, *others], axis=1)


def mover(evaluate: Callable[[], float], point: NDArray[Any]) -> Callable[[int, Any], float]:
    """Make the function that evaluates a loss at `point` with one entry moved, NaN if it raises."""
    evaluate = or_nan(evaluate)

    def moved(i: int, place: Any) -> float:
        before = point[i]
        point[i] = place
        try:
            return evaluate()
        finally:
            point[i] = before

    return moved


def noted(
    sizes: NDArray[np.float64], found: NDArray[np.float64]
) -> tuple[tuple[float, float], ...]:
    """Return what others may begin with, from what was found in the first stretch."""
    resolved = np.isfinite(found[ERROR])
    pairs = zip(sizes[resolved].tolist(), found[STEP][resolved].tolist(), strict=True)
    return tuple(pairs)[::-1]
