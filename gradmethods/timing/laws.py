"""Growth of an exact count with depth or width: polynomial or exponential.

A time has noise, and a power law is as much as can be said of it. A count of operations has none:
that of a layered network's program is often a polynomial to the last digit, and then its degree and
its leading coefficient are known, not estimated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradmethods.errors import InvalidOption
from gradmethods.timing.fits import FEWEST_POINTS, student

HIGHEST = 3
"""Highest degree of a polynomial: a higher one through few sizes describes anything."""

CLOSE = 0.03
"""Largest deviation of a count from a polynomial that describes it, as a fraction."""

NEAR = 0.1
"""The same for exponential growth, which is not stated in closed form but shown to be there."""


@dataclass(frozen=True)
class Law:
    """The law by which a count c grows with a scale s.

    Attributes
    ----------
    degree : int or None
        Of the polynomial; None if none of degree 3 or less describes the count.
    leading : float
        Its leading coefficient; or by how much one more unit of s multiplies the count. NaN if
        not even that is steady.
    low, high : float
        The 95 % interval of `leading`: Student's t, from the scatter of the counts about the law.
        Of an exact polynomial it has no width.
    deviation : float
        Largest distance of a count from the law, as a fraction: 0 if it passes through every one.
    start, end : int
        Smallest and largest s that the law describes.
    points : int
        Sizes that it is fitted to.
    """

    degree: int | None
    leading: float
    low: float
    high: float
    deviation: float
    start: int
    end: int
    points: int

    @property
    def exact(self) -> bool:
        """Whether it is a polynomial through every count."""
        return self.degree is not None and self.deviation == 0


def fit_count(scales: ArrayLike, counts: ArrayLike) -> Law:
    """Find the polynomial of lowest degree that describes a count, or exponential growth.

    A polynomial of degree k, up to the third, needs k + 2 sizes at least, one more than determine
    it. An exact one is preferred, then the first within 3 % of every count. Where there is none, an
    exponential is fitted to the longest run of largest sizes, at least four, that it describes
    within 10 %. Where it describes not even the last four, there is no law.

    Parameters
    ----------
    scales, counts : array_like
        Positive, of one length; at least four different scales.

    Returns
    -------
    Law

    Examples
    --------
    >>> law = fit_count([1, 2, 3, 4, 5], [32, 59, 96, 143, 200])
    >>> law.degree, law.leading, law.exact
    (2, 5.0, True)
    """
    s, c = np.asarray(scales, dtype=float), np.asarray(counts, dtype=float)
    if s.ndim != 1 or s.shape != c.shape or not (np.isfinite(c) & (c > 0) & (s > 0)).all():
        raise InvalidOption("scales and counts must be positive numbers, one count for each scale.")
    if np.unique(s).size < max(FEWEST_POINTS, s.size):
        raise InvalidOption(f"A law needs {FEWEST_POINTS} different scales, got {s.tolist()}.")
    order = np.argsort(s)
    s, c = s[order], c[order]
    polynomials = [_polynomial(s, c, k) for k in range(min(HIGHEST, s.size - 2) + 1)]
    exponentials = [_exponential(s[-k:], c[-k:]) for k in range(s.size, FEWEST_POINTS - 1, -1)]
    for law in sorted(polynomials, key=lambda law: not law.exact):  # stable
        if law.deviation <= CLOSE:
            return law
    for law in exponentials:
        if law.deviation <= NEAR:
            return law
    return replace(exponentials[-1], leading=math.nan, low=math.nan, high=math.nan)


def _polynomial(s: NDArray[np.float64], c: NDArray[np.float64], degree: int) -> Law:
    points = list(zip(map(int, s), map(int, c), strict=True))
    if not any(_differences(points, degree + 1)):
        leading = float(_differences(points, degree)[0])
        return Law(degree, leading, leading, leading, 0.0, int(s[0]), int(s[-1]), s.size)
    powers = np.vander(s, degree + 1)  # the leading one first
    # All counts weigh alike, relative to their size.
    leading, low, high, deviation = _least_squares(powers / c[:, None], np.ones_like(c))
    return Law(degree, leading, low, high, deviation, int(s[0]), int(s[-1]), s.size)


def _exponential(s: NDArray[np.float64], c: NDArray[np.float64]) -> Law:
    slope, low, high, deviation = _least_squares(np.vander(s, 2), np.log(c))
    factor, low, high = (float(np.exp(x)) for x in (slope, low, high))
    distance = float(np.expm1(deviation))
    return Law(None, factor, low, high, distance, int(s[0]), int(s[-1]), s.size)


def _least_squares(
    columns: NDArray[np.float64], wanted: NDArray[np.float64]
) -> tuple[float, float, float, float]:
    """Return the first coefficient, the ends of its interval, and the largest residual."""
    scale = np.abs(columns).max(axis=0)
    q, r = np.linalg.qr(columns / scale)
    coefficients = np.linalg.solve(r, q.T @ wanted)
    residuals = wanted - columns / scale @ coefficients
    freedom = wanted.size - coefficients.size
    inverse = np.linalg.solve(r, np.eye(r.shape[0]))
    error = float(np.linalg.norm(inverse[0]) * np.linalg.norm(residuals)) / np.sqrt(freedom)
    middle, reach = coefficients[0] / scale[0], student(freedom) * error / scale[0]
    deviation = float(np.abs(residuals).max())
    return float(middle), float(middle - reach), float(middle + reach), deviation


def _differences(points: list[tuple[int, int]], order: int) -> list[Fraction]:
    """Return the divided differences: of a polynomial of lower degree they all vanish."""
    table = [Fraction(count) for _, count in points]
    for step in range(1, order + 1):
        gaps = [points[i + step][0] - points[i][0] for i in range(len(table) - 1)]
        table = [(b - a) / gap for (a, b), gap in zip(pairwise(table), gaps, strict=True)]
    return table
