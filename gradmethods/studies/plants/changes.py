"""Mistakes that change the numbers of the right gradient, from coarse to fine."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.distance import norm
from gradmethods.studies.plants.ground import Ground, Mistake, NotHere, Sown
from gradmethods.truth.verdict import place

LADDER = "one entry off by a little"

RUNGS = tuple(10.0**-k for k in range(2, 16))
"""Relative changes of one component; the last rung of each ladder is just above the bound."""

JUST_ABOVE = 1.5
"""Times the bound: the smallest change that is planted."""


def _zero(ground: Ground) -> Sown:
    yield "all", ground.mapped(np.zeros_like)
    for name in ground.names if len(ground.names) > 1 else ():
        yield name, ground.changed(name, np.zeros_like(ground.gradient[name]))


def _sign(ground: Ground) -> Sown:
    yield "all", ground.mapped(np.negative)
    for name in ground.names if len(ground.names) > 1 else ():
        yield name, ground.changed(name, -ground.gradient[name])


def _scaled(factor: float) -> Mistake:
    def plant(ground: Ground) -> Sown:
        yield "all", ground.mapped(lambda array: factor * array)
        for name in ground.names if len(ground.names) > 1 else ():
            yield name, ground.changed(name, factor * ground.gradient[name])

    return plant


def _transposed(ground: Ground) -> Sown:
    matrices = [name for name in ground.names if ground.gradient[name].ndim > 1]
    if not matrices:
        raise NotHere("no array has rows and columns")
    for name in matrices:
        array = ground.gradient[name]
        yield name, ground.changed(name, array.T.reshape(array.shape))


def _entries(times: float, plus: float = 0.0) -> Mistake:
    """Make a mistake of one entry, from it and the norm of its array."""

    def plant(ground: Ground) -> Sown:
        for name in ground.names:
            array = ground.gradient[name]
            size = norm(np.asarray(array, float))
            for index in ground.notable(name):
                value = times * float(array[index]) + plus * size
                yield f"{name}{place(index)}", ground.entry(name, index, value)

    return plant


def _all(value: float) -> Mistake:
    def plant(ground: Ground) -> Sown:
        yield "all", ground.mapped(lambda array: np.full_like(array, value))

    return plant


def _swapped(ground: Ground) -> Sown:
    found = False
    for i, name in enumerate(ground.names):
        for other in ground.names[i + 1 :]:
            a, b = ground.gradient[name], ground.gradient[other]
            if a.shape == b.shape:
                found = True
                yield f"{name}, {other}", ground.gradient | {name: b, other: a}
    if not found:
        raise NotHere("no two arrays have one shape")


def _reordered(order: Callable[[NDArray[Any]], NDArray[Any]]) -> Mistake:
    def plant(ground: Ground) -> Sown:
        longer = [name for name in ground.names if ground.gradient[name].size > 1]
        if not longer:
            raise NotHere("no array has two entries")
        for name in longer:
            array = ground.gradient[name]
            yield name, ground.changed(name, order(array.ravel()).reshape(array.shape))

    return plant


def _without_last(flat: NDArray[Any]) -> NDArray[Any]:
    return np.append(flat[:-1], flat.dtype.type(0))


def _ladder(ground: Ground) -> Sown:
    """Yield changes of one component down to the bound, for a large and a tiny component."""
    notable = [
        (abs(float(ground.gradient[name][index])), name, index)
        for name in ground.names
        for index in ground.notable(name)
    ]
    unit = float(np.finfo(ground.problem.dtype).eps)
    # In an order that is the same in every process, as that of a set is not.
    for value, name, index in dict.fromkeys((min(notable), max(notable))) if notable else ():
        x = float(ground.gradient[name][index])
        least = JUST_ABOVE * float(ground.allowed[name][index]) / value + unit
        for amount in [*(rung for rung in RUNGS if rung > least), least]:
            yield (
                f"{name}{place(index)} by {amount:.1e}",
                ground.entry(name, index, x * (1 + amount)),
            )


CHANGES: Mapping[str, Mistake] = {
    "zero": _zero,
    "NaN": _all(math.nan),
    "infinite": _all(math.inf),
    "one entry NaN": _entries(math.nan),
    "one entry infinite": _entries(-math.inf),
    "sign flipped": _sign,
    "sign of one entry flipped": _entries(-1.0),
    "twice": _scaled(2.0),
    "half": _scaled(0.5),
    "one entry wrong": _entries(1.0, plus=1.0),
    "one entry zero": _entries(0.0),
    "last entry forgotten": _reordered(_without_last),
    "transposed": _transposed,
    "arrays swapped": _swapped,
    "entries reversed": _reordered(lambda flat: flat[::-1]),
    "entries shifted": _reordered(lambda flat: np.roll(flat, 1)),
    LADDER: _ladder,
}
"""By name."""
