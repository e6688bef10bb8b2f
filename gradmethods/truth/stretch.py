"""A loss over a stretch along one parameter: what many values tell where neighbours tell nothing.

Random noise drowns differences of neighbouring values. A polynomial through many values has a slope
with an error that statistics knows, and that falls as the stretch grows, until what the polynomial
leaves out is larger.

Source: T. Hastie, R. Tibshirani and J. Friedman, The Elements of Statistical Learning, 2nd edition,
Springer 2009, sections 3.2 (variance of coefficients) and 6.1 (local polynomials).
"""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradmethods.providers.probe import Probe

Vector = NDArray[np.float64]

POINTS = 33
"""Values on a stretch."""

LEAST = 17
"""Values around the point that must be finite."""

REACHES = (0.25, 0.08, 0.75)
"""Half the lengths of stretches, in sizes of a parameter, until one tells the slope."""

DEGREES = (1, 3, 5, 7)
"""The degrees of the polynomials: each shows what the one before leaves out."""

MORE = 3.0
"""What polynomials leave out is noise up to so many times the noise level of the loss."""

BEND = 0.1
"""No slope on a stretch is ruled out: the error is this part of their change."""

ENOUGH = 0.01
"""An error of this part of a slope needs no longer stretch."""


class Line(NamedTuple):
    """The loss along one parameter, in units of its size."""

    probe: Probe
    place: int
    size: float

    def loss(self, t: float) -> float:
        """Evaluate the loss so many sizes away."""
        return self.probe.moved(self.place, float(self.probe.point[self.place]) + t * self.size)

    def stretch(self, reach: float) -> tuple[Vector, Vector]:
        """Return places and values on the longest part around the point where all are finite.

        Both are empty where these are fewer than `LEAST`. Beyond a bound there are none: what
        continues the loss there joins it with a jump of its own.
        """
        t = np.linspace(-reach, reach, POINTS)
        values = np.array([self.loss(each) if self.allows(each) else math.nan for each in t])
        middle, bad = t.size // 2, np.flatnonzero(~np.isfinite(values))
        inside = slice(
            int(bad[bad < middle].max(initial=-1)) + 1,
            int(bad[bad >= middle].min(initial=t.size)),
        )
        t, values = t[inside], values[inside]
        return (t, values) if t.size >= LEAST else (t[:0], values[:0])

    def allows(self, t: float) -> bool:
        """Whether bounds allow to go so many sizes away."""
        bounds, i = self.probe.bounds, self.place
        place = float(self.probe.point[i]) + t * self.size
        return bounds is None or bool(bounds.low[i] <= place <= bounds.high[i])


def trend(line: Line, noise: float) -> tuple[float, float]:
    """Return the slope of a noisy loss per unit of a parameter, and its error bar.

    It is infinite where too few values are finite, or where polynomials leave out more than noise:
    waves that are shorter than the way between two values look like noise, too.
    """
    best = 0.0, math.inf
    for reach in REACHES:
        t, values = line.stretch(reach)
        if t.size:
            best = min(best, _sloped(t, values, noise), key=lambda found: found[1])
        if best[1] <= ENOUGH * abs(best[0]):
            break
    return best[0] / line.size, best[1] / line.size


def _sloped(t: Vector, values: Vector, level: float) -> tuple[float, float]:
    """Return the slope at 0, of the polynomial whose error is least, and that error."""
    half = float(abs(t).max())
    all_powers = np.vander(t / half, max(DEGREES) + 1, increasing=True)
    found = []
    for degree in DEGREES:
        powers = all_powers[:, : degree + 1]
        fitted, *_ = np.linalg.lstsq(powers, values, rcond=None)
        spread = math.sqrt(float(np.linalg.inv(powers.T @ powers)[1, 1]))
        found.append((fitted, spread))
    left = values - all_powers @ found[-1][0]
    noise = math.sqrt(float(left @ left) / (t.size - max(DEGREES) - 1))
    if noise > MORE * level:
        return 0.0, math.inf
    change = 2 * abs(float(found[1][0][2]))
    return min(
        (
            (
                float(fitted[1]) / half,
                max(noise * spread + abs(float(fitted[1] - finer[1])), BEND * change) / half,
            )
            for (fitted, spread), (finer, _) in itertools.pairwise(found)
        ),
        key=lambda one: one[1],
    )
