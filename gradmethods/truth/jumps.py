"""The slope that jumps of a loss hide: that of the error of a solver within it.

A solver that stops at a tolerance leaves an error of the same sign and size at every point near by,
up to where it takes a step more or less; there the loss jumps. Between two jumps the error has a
slope, which no difference of neighbouring values tells from that of the loss: it is as large as the
jumps, over the way from one to the next. So where a gradient disagrees with differences, jumps are
looked for farther away. Kinks and fast waves hide nothing: a jump is one at the finest look, too.

Source: B. Christianson, Reverse accumulation and attractive fixed points, Optimization Methods and
Software 3 (1994) 311-326, has the slope of what an iteration leaves when it stops.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.structure import Arrays
from gradmethods.providers.noise import ragged
from gradmethods.providers.probe import Probe, sizes_of
from gradmethods.truth.differences import Differences
from gradmethods.truth.error_bounds import CLAIM
from gradmethods.truth.stretch import Line
from gradmethods.truth.verdict import Index

Vector = NDArray[np.float64]

REACHES = (0.25, 0.04, 0.01, 0.75)
"""Half the lengths of the stretches that are looked at, in sizes of a parameter, until jumps on one
explain a disagreement, or nothing is hidden on one. Jumps that a long one cannot tell from what is
smooth show on a shorter one."""

SMOOTH = 7
"""Degree of the polynomial through all values, whose slope is that of the stretch, and order of the
differences that show a jump."""

PLACES = 2
"""Places where there may be a jump that are looked at, those with the largest differences."""

PARTS, LOOKS = 16, 4
"""Parts into which the way between two values is divided, and how often one of them is again."""

POWERS = np.array([[math.comb(part, order) for part in range(PARTS)] for order in range(3)])
"""What the changes over equal parts of a cubic are sums of."""

LASTS = 0.25
"""Part of a change that a jump keeps from one look to the next."""

CLEAR = 30.0
"""A jump is so many times the noise of the loss."""

WORTH = 3.0
"""What few jumps hide is at most so many times the size of one ÷ half the stretch. Where they are
everywhere, so that values are as ragged as noise of no more than their size, it is the slope of the
stretch, less that of a piece."""

STEPS = 1e3
"""The error of a solver that takes so many steps is so many times what one more changes in it, and
has a slope of that size, which may be the same on all of a stretch."""

FINE = 0.04
"""On stretches up to this one, what is ragged is no smooth loss that the points are too few for."""

SPREAD = 1e-2
"""The median of differences is so much of the largest where a stretch is ragged all over, not at an
end alone, where a power of a parameter that is no whole number may begin."""

SOLVED = 1e-2
"""Largest error, relative to the largest slope, that a tolerance within the loss may explain."""

FIRST = 4
"""The entries along which jumps are looked for first, the wrong ones before others: where none
shows any, no other does. A solver's error may be smooth along one, and jump along another."""


class Jumps(NamedTuple):
    """What a stretch along one parameter says.

    Attributes
    ----------
    size : float
        That of a jump, 0 if there is none.
    apart : float
        Half the length of the stretch, in the size of the parameter.
    hidden : float
        The slope that jumps hide there, per size.
    open : bool
        Whether more may be hidden: the slope of the stretch is not that of the differences, or a
        jump that matters would not be seen in it.
    level : float
        How ragged the stretch is, 0 where it is smooth or noise.
    """

    size: float = 0.0
    apart: float = 1.0
    hidden: float = 0.0
    open: bool = False
    level: float = 0.0

    @property
    def worth(self) -> float:
        """The slope that is hidden, at least that of one jump over half the stretch."""
        return max(self.hidden, self.size / self.apart)


def beyond_jumps(
    truth: Differences, wrong: Sequence[tuple[str, Index]], errors: Arrays
) -> Differences:
    """Return differences whose error bars know what jumps near by may hide.

    Parameters
    ----------
    truth : Differences
        Of a loss.
    wrong : sequence of (str, index)
        The entries in which a gradient disagrees, the worst first.
    errors : dict of str to numpy.ndarray
        By how much.

    Returns
    -------
    Differences
        The same object where no jump is found that may explain these errors.
    """
    structure = truth.problem.structure
    probe = Probe(truth.problem)
    slopes, sizes = structure.join(structure.check(truth.gradient)), sizes_of(probe.point)
    places = [_place(truth, name, index) for name, index in wrong]
    least = min(float(abs(structure.join(errors)[i]) * sizes[i]) for i in places) / CLAIM
    largest = float(np.nanmax(abs(slopes) * sizes))

    def look(i: int) -> Jumps:
        line, most = Line(probe, i, float(sizes[i])), Jumps()
        for reach in REACHES:
            found = _along(line, reach, float(slopes[i]), truth.noise, least)
            if reach <= FINE and STEPS * found.level <= SOLVED * largest:
                found = found._replace(
                    size=max(found.size, found.level),
                    hidden=max(found.hidden, STEPS * found.level),
                )
            most = max(most, found, key=lambda jumps: jumps.worth)
            if not found.open or most.hidden >= CLAIM * least:
                break
        return most

    others = (i for i in range(sizes.size) if i not in places)
    found = list(map(look, itertools.islice(itertools.chain(places, others), FIRST)))
    if not any(each.size for each in found):
        return truth
    found += map(look, places[FIRST:])
    # A stretch may happen to hold no jump: what is hidden along others is hidden there as well.
    return truth.widened(max(each.worth for each in found), max(each.size for each in found))


def _place(truth: Differences, name: str, index: Index) -> int:
    """Return the place of an entry in the flat vector of all."""
    first = 0
    for other, bar in truth.bars.items():
        if other == name:
            return first + (int(np.ravel_multi_index(index, bar.shape)) if index else 0)
        first += bar.size
    raise KeyError(name)


def _along(line: Line, reach: float, slope: float, noise: float, least: float) -> Jumps:
    """Look for jumps along one parameter that may explain a slope of `least` per size."""
    t, values = line.stretch(reach)
    if not t.size:
        return Jumps()
    half = float(np.ptp(t)) / 2
    fit = np.polynomial.Polynomial.fit(t, values, SMOOTH)
    hidden = abs(float(fit.deriv()(0.0)) - slope * line.size)
    matters = least * half / WORTH
    shown = abs(np.diff(values, SMOOTH))
    more = hidden >= least or bool(np.median(shown) > matters)
    if hidden < least and shown.max() < matters:
        return Jumps(open=more)
    level = ragged(values)  # many jumps of no more than that hide a slope, too
    jump, _ = _jump(line.loss, t, values, noise, min(matters, level or matters))
    if not 0 < level <= jump:
        hidden = min(hidden, WORTH * jump / half)
    everywhere = level > CLEAR * noise and np.median(shown) > SPREAD * shown.max()
    return Jumps(jump, half, hidden, more, level if everywhere else 0.0)


def jump_near(line: Line, reach: float, noise: float, matters: float) -> tuple[float, float]:
    """Return the size of the largest jump along one parameter, 0 if none matters, and where."""
    t, values = line.stretch(reach)
    return _jump(line.loss, t, values, noise, matters) if t.size else (0.0, 0.0)


def _jump(
    loss: Callable[[float], float], t: Vector, values: Vector, noise: float, matters: float
) -> tuple[float, float]:
    """Return the size of the largest jump that is found between values, 0 if none matters; where.

    Places are looked at where differences are largest: of a jump, the middle one is, or one beside,
    or the last one if it is beyond.
    """
    # Noise is known at the point; away from it, larger values are rounded by more.
    clear = CLEAR * max(noise, np.finfo(float).eps / 2 * float(abs(values).max()))
    best, shown = (0.0, 0.0), abs(np.diff(values, SMOOTH))
    for _ in range(PLACES):
        k = int(shown.argmax())
        if not shown[k] > clear:
            break
        low, high = k + SMOOTH // 2 - 1, k + SMOOTH // 2 + 2
        shown[max(low - SMOOTH, 0) : high] = 0.0  # what else such a jump shows
        for i in range(low if k else 0, high if k < shown.size - 1 else t.size - 1):
            found = _between(loss, t[i : i + 2], values[i : i + 2], max(clear, matters))
            best = max(best, found)
    return best


def _between(
    loss: Callable[[float], float], ends: Vector, values: Vector, least: float
) -> tuple[float, float]:
    """Return the size of a jump between two places, 0 if there is none of so much, and where.

    The part in which the loss is least like a cubic through most of the others is divided again: of
    what it is off, something smooth keeps 16⁻⁴ each time, a kink 1/16, a jump all.
    """
    change = math.inf
    for _ in range(LOOKS):
        t = np.linspace(ends[0], ends[1], PARTS + 1)
        values = np.array([values[0], *map(loss, t[1:-1]), values[1]])
        off = np.diff(values)
        for order in (2, 1, 0):  # a median knows nothing of the few that are off
            off -= np.median(np.diff(off, order)) * POWERS[order]
        k = int(abs(off).argmax())
        before, change = change, float(abs(off[k]))
        if not change > least:
            return 0.0, 0.0
        ends, values = t[k : k + 2], values[k : k + 2]
    return (change, float(ends.mean())) if change > LASTS * before else (0.0, 0.0)
