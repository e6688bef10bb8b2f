"""The logarithm of the gamma function and its derivatives, to a few units in the last place.

Between 0.5 and 3 they are series of Chebyshev polynomials, which leave out the zeros; from 10 on
asymptotic series; between, recurrences lead from one to the other, and below 0 reflections. Beside
the zeros between negative integers digits are lost. The coefficients were computed in 60 digits.

Source: M. Abramowitz, I. A. Stegun, Handbook of Mathematical Functions, Dover 1972, chapter 6.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradmethods.xp.special_values import Numbers, by_region, evaluated, polynomial, series

AROUND_ONE = (
    -0.633011426275031, 0.4405675574678963, -0.057857409449912446, 0.010513973690267811,
    -0.002163989092091715, 0.0004744402338724658, -0.00010799644528099427, 2.5201155299530276e-05,
    -5.986014498026819e-06, 1.4410616180293054e-06, -3.5060690575761177e-07, 8.603823016763753e-08,
    -2.126510912478688e-08, 5.287778091463614e-09, -1.3217135752166157e-09, 3.3186698554450495e-10,
    -8.365902567746219e-11, 2.116338666160694e-11, -5.370507653794381e-12, 1.3666688100545857e-12,
    -3.486660039885161e-13, 8.915622432767707e-14, -2.28454959350908e-14, 5.86514671522212e-15,
    -1.5084071183968602e-15, 3.885614648428306e-16, -1.0024188186640361e-16, 2.5896418565384152e-17,
    -6.69867474095857e-18,
)  # fmt: skip
"""Coefficients of the Chebyshev series of log Γ(x)/(x - 1), from 0.5 to 1.5."""

AROUND_TWO = (
    0.48362763659842517, 0.22408351337696908, -0.016061611364725618, 0.0016796351005504537,
    -0.000206207082576848, 2.7619482587698902e-05, -3.902432064395172e-06, 5.712600238782988e-07,
    -8.57232441585347e-08, 1.3098706178370361e-08, -2.0291174319191596e-09, 3.177019404112652e-10,
    -5.0168902255267044e-11, 7.977607508944761e-12, -1.2759320707466868e-12, 2.0507506001786822e-13,
    -3.309998326505828e-14, 5.362087191185866e-15, -8.714427500704616e-16, 1.4203170417419452e-16,
    -2.3208252786405174e-17, 3.801021892031957e-18,
)  # fmt: skip
"""Coefficients of the Chebyshev series of log Γ(x)/(x - 2), from 1.5 to 3."""

AROUND_ROOT = (
    0.983570260441567, -0.2270640863346444, 0.03336889902393011, -0.005320077271596548,
    0.0008788656937820505, -0.00014773492650606044, 2.5060543468359146e-05, -4.2721034029993324e-06,
    7.302769272465923e-07, -1.2502886813559594e-07, 2.1425009322359472e-08, -3.673295918565179e-09,
    6.299717236108931e-10, -1.080593028883266e-10, 1.853735192053638e-11, -3.18023536582553e-12,
    5.456147570322795e-13, -9.360993131036438e-14, 1.606064636295075e-14, -2.7555431377438815e-15,
    4.727736178601912e-16, -8.11148420346509e-17, 1.391707769474154e-17,
)  # fmt: skip
"""Coefficients of the Chebyshev series of the derivative of log Γ over its distance from its root,
from 1 to 2."""

ROOT = 1.4616321449683622, 9.549995429965697e-17
"""The positive root of the derivative of log Γ, and what that number lacks."""

BERNOULLI = (
    1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798,
    -174611 / 330,
)  # fmt: skip
"""The numbers with indices 2, 4, … of Bernoulli."""

OF_LOGARITHM = tuple(b / (2 * n * (2 * n - 1)) for n, b in enumerate(BERNOULLI, 1))
OF_DERIVATIVE = tuple(b / (2 * n) for n, b in enumerate(BERNOULLI, 1))

FAR = 10
"""From where on asymptotic series have all digits."""

HALF_LOG_TAU = math.log(2 * math.pi) / 2


def _to_nearest(x: Numbers) -> Numbers:
    """Return the distance from the nearest integer."""
    return np.asarray(x - np.rint(x.real))


def _positive(x: Numbers) -> Numbers:
    """Return a number with its sign, or that of its real part, made positive."""
    return np.asarray(np.where(x.real < 0, -x, x))


def _stirling(x: Numbers) -> Numbers:
    rest = polynomial(OF_LOGARITHM, 1 / (x * x)) / x
    large = (x - 0.5) * (np.log(x) - 1) + (HALF_LOG_TAU - 0.5)
    return np.asarray(np.where(np.isinf(x.real), x, large + rest))


def _by_product(x: Numbers) -> Numbers:
    """Step down to between 2 and 3."""
    product = np.ones_like(x)
    for _ in range(FAR - 3):
        above = x.real >= 3
        x = np.where(above, x - 1, x)
        product = np.where(above, product * x, product)
    return np.asarray(np.log(product) + (x - 2) * series(AROUND_TWO, x, 1.5, 3))


def _near_zero(x: Numbers) -> Numbers:
    """Return log |Γ(x)| for |x| < 0.5, from that of 1 + x."""
    return x * series(AROUND_ONE, x, -0.5, 0.5) - np.log(_positive(x))


def _log_of_positive(x: Numbers) -> Numbers:
    a = x.real
    return by_region(
        x,
        ((a > 0) & (a < 0.5), _near_zero),
        ((a >= 0.5) & (a < 1.5), lambda x: (x - 1) * series(AROUND_ONE, x, 0.5, 1.5)),
        ((a >= 1.5) & (a < 3), lambda x: (x - 2) * series(AROUND_TWO, x, 1.5, 3)),
        ((a >= 3) & (a < FAR), _by_product),
        (a >= FAR, _stirling),
    )


def _reflected(x: Numbers) -> Numbers:
    """Return log |Γ(x)| of x <= -0.5 by log |π/(x sin πx)| - log Γ(-x)."""
    sine = _positive(np.sin(np.pi * _to_nearest(x)))
    return np.log(np.pi / (-x * sine)) - _log_of_positive(-x)


@evaluated
def gammaln(x: Any) -> Numbers:
    """Return log |Γ(x)|, which is infinite at 0, -1, -2, …."""
    a = x.real
    poles = (a <= 0) & (a == np.rint(a))
    return by_region(
        x,
        (a > 0, _log_of_positive),
        ((a < 0) & (a > -0.5), _near_zero),
        ((a <= -0.5) & ~poles, _reflected),
        (poles, lambda x: np.full(x.shape, np.inf)),
    )


def _by_sum(x: Numbers) -> Numbers:
    """Step down to between 1 and 2."""
    total = np.zeros_like(x)
    for _ in range(FAR - 2):
        above = x.real >= 2
        x = np.where(above, x - 1, x)
        total = np.where(above, total + 1 / x, total)
    return total + ((x - ROOT[0]) - ROOT[1]) * series(AROUND_ROOT, x, 1, 2)


def _derivative_far(x: Numbers) -> Numbers:
    square = 1 / (x * x)
    return np.log(x) - 0.5 / x - square * polynomial(OF_DERIVATIVE, square)


def _derivative_of_positive(x: Numbers) -> Numbers:
    a = x.real
    return by_region(
        x,
        ((a > 0) & (a < 1), lambda x: _by_sum(x + 1) - 1 / x),
        ((a >= 1) & (a < FAR), _by_sum),
        (a >= FAR, _derivative_far),
    )


@evaluated
def digamma(x: Any) -> Numbers:
    """Return the derivative of log |Γ(x)|; there is none at 0, -1, -2, …."""
    a = x.real
    return by_region(
        x,
        (a > 0, _derivative_of_positive),
        (
            (a < 0) & (a != np.rint(a)),
            lambda x: _derivative_of_positive(1 - x) - np.pi / np.tan(np.pi * _to_nearest(x)),
        ),
    )


def _second_of_positive(x: Numbers) -> Numbers:
    total = np.zeros_like(x)
    for _ in range(FAR):
        near = x.real < FAR
        total = np.where(near, total + 1 / (x * x), total)
        x = np.where(near, x + 1, x)
    square = 1 / (x * x)
    return total + (1 + (0.5 + polynomial(BERNOULLI, square) / x) / x) / x


@evaluated
def trigamma(x: Any) -> Numbers:
    """Return the second derivative of log |Γ(x)|."""
    a = x.real
    return by_region(
        x,
        (a > 0, _second_of_positive),
        (
            (a < 0) & (a != np.rint(a)),
            lambda x: (
                np.square(np.pi / np.sin(np.pi * _to_nearest(x))) - _second_of_positive(1 - x)
            ),
        ),
    )
