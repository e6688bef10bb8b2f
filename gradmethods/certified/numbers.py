"""From balls to floating-point numbers, and to digits; every rounding on the safe side."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from flint import arb

LOG10_2 = math.log10(2)


def nearest(ball: arb) -> float:
    """Return the float64 nearest to the midpoint, infinity beyond the largest."""
    mantissa, exponent = (int(part) for part in ball.mid().man_exp())
    try:
        return float(Fraction(mantissa) * Fraction(2) ** exponent)
    except OverflowError:
        return math.copysign(math.inf, mantissa)


def rest(ball: arb, number: float) -> float:
    """Return the midpoint less its nearest float64."""
    return float(ball.mid() - arb(number)) if math.isfinite(number) else 0.0


def upper(ball: arb) -> float:
    """Return a float64 that is no less than any number in the ball."""
    if ball.is_zero():
        return 0.0
    return math.nextafter(float(ball.upper()), math.inf)


def distance(ball: arb, number: float, tail: float = 0.0) -> float:
    """Return a float64 that is no less than the distance of any number in the ball from another."""
    if not math.isfinite(number):
        return math.inf
    return upper((ball - arb(number) - arb(tail)).abs_upper())


def log10_size(ball: arb) -> float:
    """Return log10 of the midpoint's absolute value, also where float64 would underflow."""
    mantissa, exponent = (int(part) for part in ball.mid().man_exp())
    return (math.log2(abs(mantissa)) + exponent) * LOG10_2 if mantissa else -math.inf


def digits(ball: arb) -> float:
    """Return how many digits of a number are known, relative to itself: infinity if exact."""
    if ball.is_exact():
        return math.inf
    return log10_size(ball) - log10_size(ball.rad())


def norm(balls: Any) -> arb:
    """Return the Euclidean norm of a sequence of numbers."""
    total = arb(0)
    for ball in balls:
        total += ball * ball
    return total.sqrt()
