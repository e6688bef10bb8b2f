"""From balls to floating-point numbers, and to digits; every rounding on the safe side."""

from __future__ import annotations

import copyreg
import math
from fractions import Fraction
from typing import Any

from flint import arb

LOG10_2 = math.log10(2)


TINIEST = arb(5e-324)
"""The least positive float64."""

MAG_BITS = 30
"""Bits of the mantissa of a radius."""

FAR = 1100
"""Powers of 2 beyond which float64 has only infinity and 0."""


def nearest(ball: arb) -> float:
    """Return the float64 nearest to the midpoint, infinity beyond the largest."""
    mantissa, exponent = parts(ball)
    sign = -1.0 if mantissa < 0 else 1.0
    if abs(mantissa.bit_length() + exponent) > FAR:  # as an integer it might fill the memory
        return sign * (math.inf if exponent > 0 else 0.0)
    try:
        return float(Fraction(mantissa) * Fraction(2) ** exponent)
    except OverflowError:
        return sign * math.inf


def parts(ball: arb) -> tuple[int, int]:
    """Return the integers m and e of the midpoint, m·2**e."""
    mantissa, exponent = ball.mid().man_exp()
    return int(mantissa), int(exponent)


def rounded(ball: arb) -> float:
    """Return the nearest float64, or 0 for what cannot be told from 0."""
    return 0.0 if is_zero(ball) else nearest(ball)


def rest(ball: arb, number: float) -> float:
    """Return the midpoint less its nearest float64."""
    return float(ball.mid() - arb(number)) if math.isfinite(number) else 0.0


def upper(ball: arb) -> float:
    """Return a float64 that is no less than any number in the ball."""
    if ball.is_zero():
        return 0.0
    return math.nextafter(float(ball.upper()), math.inf)


def farthest(ball: arb, truth: arb) -> float:
    """Return a float64 that is no less than the distance of any number in a ball from the truth."""
    return upper((ball - truth).abs_upper()) if ball.is_finite() else math.inf


def distance(ball: arb, number: float, tail: float = 0.0) -> float:
    """Return a float64 that is no less than the distance of any number in the ball from another."""
    if not math.isfinite(number):
        return math.inf
    return upper((ball - arb(number) - arb(tail)).abs_upper())


def orders(x: arb, y: arb) -> float:
    """Return log10 of the ratio of two midpoints, of any size: infinity where y is 0.

    Examples
    --------
    >>> from flint import arb
    >>> tiny = arb(-1000).exp()  # float64 has none so small
    >>> round(orders(tiny, tiny / 100), 12)
    2.0
    """
    (a, i), (b, j) = parts(x), parts(y)
    if not b:
        return math.inf
    return (math.log2(abs(a)) - math.log2(abs(b)) + (i - j)) * LOG10_2 if a else -math.inf


def digits(ball: arb) -> float:
    """Return how many digits of a number are known, relative to itself: infinity if exact."""
    return orders(ball, ball.rad())


def is_zero(ball: arb) -> bool:
    """Say whether a ball holds 0, and nothing else that float64 can tell from it."""
    return bool(ball.contains(0) and ball.abs_upper() < TINIEST)


def is_infinity(ball: Any) -> bool:
    """Whether a ball is one of the two infinities for certain."""
    ball = getattr(ball, "hull", ball)  # of a number that depends on choices
    return isinstance(ball, arb) and ball.is_exact() and not ball.is_finite()


def tied(x: Any, y: Any) -> bool:
    """Whether two numbers are equal for certain."""
    return bool(x.is_exact() and y.is_exact() and x == y)


def is_known(ball: arb, wanted: float) -> bool:
    """Say whether a ball has the digits wanted, or counts as 0."""
    return is_zero(ball) or digits(ball) >= wanted


def norm(balls: Any) -> arb:
    """Return the Euclidean norm of a sequence of numbers."""
    total = arb(0)
    for ball in balls:
        total += ball * ball
    return total.sqrt()


def _exact_ball(middle: tuple[int, int], radius: tuple[int, int]) -> arb:
    """Make a ball of the integers m and e of its midpoint m·2**e, and of those of its radius."""
    m, e = radius
    spare = MAG_BITS - m.bit_length()
    # Arb rounds a radius up by one unit, which is taken off beforehand where it does.
    for less in (0, 1):
        ball = arb(arb(middle), arb(((m << spare) - less, e - spare)))
        if parts(ball.rad()) == radius:
            return ball
    return arb(arb(middle), arb(radius))


def _reduced(ball: arb) -> tuple[Any, ...]:
    if not ball.is_finite():
        return arb, (str(ball),)
    return _exact_ball, (parts(ball), parts(ball.rad()))


copyreg.pickle(arb, _reduced)
