"""The error function and its kin, evaluated to a few units in the last place.

Everything goes by exp(x²) erfc(x), one series of Chebyshev polynomials for all x >= 0, and by the
exponential of a square, whose rounding is undone. The coefficients were computed in 60 digits; the
series end where terms fall below 2**-58 of the first.

Source: J. L. Schonfelder, Chebyshev expansions for the error and related functions, Mathematics of
Computation 32 (1978) 1232-1240.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradmethods.xp.special_values import Numbers, by_region, evaluated, series

SCALE = 3.75
"""The scale of the series of tails, whose variable is (x - SCALE)/(x + SCALE)."""

TAILS = (
    1.1775789345674017, -0.004590054580646478, -0.08424913336651792, 0.05920993999819189,
    -0.026658668435305753, 0.009074997670705265, -0.002413163540417608, 0.0004907758365258086,
    -6.916973302501207e-05, 4.13902798607301e-06, 7.74038306619849e-07, -2.1886401049234397e-07,
    1.076499946567091e-08, 4.521959811218287e-09, -7.754400208831351e-10, -6.318088340886684e-11,
    2.86879501093067e-11, 1.9455868545777347e-13, -9.65469674843344e-13, 3.25254814814874e-14,
    3.3478119482868056e-14, -1.864562880419313e-15, -1.2507950530688648e-15, 7.418235256624044e-17,
    5.068148904796111e-17,
)  # fmt: skip
"""Coefficients of the Chebyshev series of (1 + 2 x) exp(x²) erfc(x) for x >= 0."""

CENTRE = (
    0.9754769393826541, -0.14226120510371365, 0.010035582187599796, -0.0005768764699767485,
    2.741993125219606e-05, -1.1043175507344507e-06, 3.8488755420345036e-08, -1.1808582533875466e-09,
    3.2334215826050907e-11, -7.991015947004549e-13, 1.7990725113961456e-14, -3.718635487818693e-16,
    7.103599003714253e-18,
)  # fmt: skip
"""Coefficients of the Chebyshev series of erf(x)/x for x² from 0 to 1."""

HALF = math.sqrt(0.5)

ROOT_TWO_OVER_PI = math.sqrt(2 / math.pi)


def _exp_of_square(x: Numbers, factor: float) -> Numbers:
    """exp(factor x²): x² is the exact square of a shorter number, and a small rest."""
    a, b = x.real, x.imag if np.iscomplexobj(x) else None
    short = a.astype(np.float32).astype(np.float64)
    short = np.where(np.isfinite(short), short, a)
    rest = np.where(np.isfinite(a), (a - short) * (a + short), 0)
    size: Numbers = np.exp(factor * short * short) * np.exp(factor * rest)
    if b is None:
        return size
    return np.asarray(size * np.exp(-factor * b * b) * np.exp(2j * factor * a * b))


def _scaled_tail(x: Numbers) -> Numbers:
    """exp(x²) erfc(x), for x >= 0."""
    t = 1 - 2 * SCALE / (x + SCALE)
    return np.asarray(series(TAILS, t, -1, 1) / (1 + 2 * x))


def _tail(x: Numbers) -> Numbers:
    """Return erfc(x), for x >= 0."""
    return _exp_of_square(x, -1) * _scaled_tail(x)


def _inner(x: Numbers) -> Numbers:
    """Return erf(x), for |x| < 1."""
    return x * series(CENTRE, x * x, 0, 1)


def _log1p(x: Numbers) -> Numbers:
    """log(1 + x), which NumPy has not for small complex numbers."""
    if not np.iscomplexobj(x):
        return np.asarray(np.log1p(x))
    a, b = x.real, x.imag
    return np.asarray(np.log1p(2 * a + a * a + b * b) / 2 + 1j * np.atan2(b, 1 + a))


@evaluated
def erf(x: Any) -> Numbers:
    """Return 2/√π times the integral of exp(-t²) from 0 to x."""
    a = x.real
    return by_region(
        x,
        (abs(a) < 1, _inner),
        (a >= 1, lambda x: 1 - _tail(x)),
        (a <= -1, lambda x: _tail(-x) - 1),
    )


@evaluated
def erfc(x: Any) -> Numbers:
    """Return 1 - erf(x), also where it is tiny."""
    a = x.real
    return by_region(
        x,
        (a >= 0.5, _tail),
        ((a < 0.5) & (a > -1), lambda x: 1 - _inner(x)),
        (a <= -1, lambda x: 2 - _tail(-x)),
    )


def _normal_tail(x: Numbers) -> Numbers:
    """Return the probability of values above x, for x >= 0."""
    return np.asarray(_exp_of_square(x, -0.5) * _scaled_tail(HALF * x) / 2)


@evaluated
def ndtr(x: Any) -> Numbers:
    """Return the normal distribution function."""
    return by_region(
        x,
        (x.real <= 0, lambda x: _normal_tail(-x)),
        (x.real > 0, lambda x: 1 - _normal_tail(x)),
    )


@evaluated
def mills(x: Any) -> Numbers:
    """Return the density of the normal distribution over its distribution function."""
    return by_region(
        x,
        (x.real <= 0, lambda x: ROOT_TWO_OVER_PI / _scaled_tail(-HALF * x)),
        (
            x.real > 0,
            lambda x: ROOT_TWO_OVER_PI / 2 * _exp_of_square(x, -0.5) / (1 - _normal_tail(x)),
        ),
    )


@evaluated
def log_ndtr(x: Any) -> Numbers:
    """Return the logarithm of the normal distribution function, also where that underflows."""
    return by_region(
        x,
        (x.real < -1, lambda x: np.log(_scaled_tail(-HALF * x) / 2) - x * x / 2),
        (
            (x.real >= -1) & (x.real < 0),
            lambda x: np.log(_normal_tail(-x)),
        ),
        (
            x.real >= 0,
            lambda x: _log1p(-_normal_tail(x)),
        ),
    )
