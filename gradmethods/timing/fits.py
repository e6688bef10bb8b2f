"""How a cost grows: power laws fitted on log-log, with intervals.

Exponents describe the sizes that were measured. Nothing here extrapolates or measures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradmethods.errors import InvalidOption

TOLERANCE = 0.1
"""Largest deviation from its line, as a fraction, of a fit that is called settled."""

FEWEST_POINTS = 4
"""Number of sizes that a fit needs: through three, the interval is 12 standard errors wide."""

# 97.5 % quantiles of Student's t for 1, 2, 3, … degrees of freedom.
_T = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
)  # fmt: skip


@dataclass(frozen=True)
class PowerLaw:
    """A fitted law ``constant * n ** exponent``.

    Attributes
    ----------
    exponent : float
        The slope on log-log axes.
    low, high : float
        Its 95 % interval: Student's t, from the scatter of the points about the line. It holds
        both the noise of the measurements and the curvature that a straight line leaves over.
    constant : float
        The factor in front.
    start, end : float
        Smallest and largest n of the fit.
    points : int
        Sizes fitted.
    settled : bool
        Whether every fitted point lies within the tolerance of the line.
    """

    exponent: float
    low: float
    high: float
    constant: float
    start: float
    end: float
    points: int
    settled: bool = True

    def __call__(self, n: ArrayLike) -> NDArray[np.float64]:
        """Evaluate the law at `n`."""
        return np.asarray(self.constant * np.asarray(n, dtype=float) ** self.exponent)


def fit_power_law(sizes: ArrayLike, values: ArrayLike, *, last: int | None = None) -> PowerLaw:
    """Fit ``values = constant * sizes ** exponent`` by least squares of the logarithms.

    Parameters
    ----------
    sizes, values : array_like
        Positive, of one length, in any order.
    last : int, optional
        Fit the largest `last` sizes only; all by default.

    Returns
    -------
    PowerLaw

    Raises
    ------
    InvalidOption
        With fewer than three distinct sizes, or values that have no logarithm.

    Examples
    --------
    >>> law = fit_power_law([1, 2, 4, 8], [3.0, 6.0, 12.0, 24.0])
    >>> round(law.exponent, 6), round(law.constant, 6)
    (1.0, 3.0)
    """
    n, v = _sorted(sizes, values)
    n, v = (n, v) if last is None else (n[-last:], v[-last:])
    if np.unique(n).size < 3:
        raise InvalidOption(f"A fit with an interval needs three sizes, got {n.tolist()}.")
    x, y = np.log(n), np.log(v)
    centred = x - x.mean()
    squares = float(centred @ centred)
    slope = float(centred @ y) / squares
    residuals = y - y.mean() - slope * centred
    freedom = n.size - 2
    error = math.sqrt(float(residuals @ residuals) / freedom / squares)
    reach = student(freedom) * error
    return PowerLaw(
        exponent=slope,
        low=slope - reach,
        high=slope + reach,
        constant=math.exp(float(y.mean()) - slope * float(x.mean())),
        start=float(n[0]),
        end=float(n[-1]),
        points=int(n.size),
        settled=bool(np.abs(residuals).max() <= math.log1p(TOLERANCE)),
    )


def fit_asymptote(sizes: ArrayLike, values: ArrayLike) -> PowerLaw:
    """Fit the longest run of largest sizes that a power law describes.

    Small sizes are dominated by overheads that do not grow. The asymptote starts at the smallest
    size from which on all points lie within `TOLERANCE` of one fitted line. If not even the last
    four do, these are fitted and the law says that it is not settled.

    Parameters
    ----------
    sizes, values : array_like
        As for `fit_power_law`; at least four sizes.

    Returns
    -------
    PowerLaw
    """
    n, v = _sorted(sizes, values)
    if n.size < FEWEST_POINTS:
        raise InvalidOption(f"An asymptote needs {FEWEST_POINTS} sizes, got {n.size}.")
    for count in range(n.size, FEWEST_POINTS, -1):
        law = fit_power_law(n, v, last=count)
        if law.settled:
            return law
    return fit_power_law(n, v, last=FEWEST_POINTS)


def _sorted(sizes: ArrayLike, values: ArrayLike) -> tuple[NDArray[np.float64], ...]:
    n, v = np.asarray(sizes, dtype=float), np.asarray(values, dtype=float)
    if n.ndim != 1 or n.shape != v.shape:
        raise InvalidOption(f"sizes and values must be of one length, got {n.shape}, {v.shape}.")
    positive = (n > 0) & (v > 0) & np.isfinite(n) & np.isfinite(v)
    if not positive.all():
        raise InvalidOption("A power law needs sizes and values that are positive and finite.")
    order = np.argsort(n, kind="stable")
    return n[order], v[order]


def student(freedom: int) -> float:
    """Return the 97.5 % quantile of Student's t."""
    # Beyond the table 1.96 + 2.4/ν is right to three digits.
    return _T[freedom - 1] if freedom <= len(_T) else 1.96 + 2.4 / freedom
