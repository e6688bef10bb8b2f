"""Smooth functions of balls: one line a primitive, its value and its slopes.

A slope is the partial derivative with respect to an operand, written out by hand in the operands
and the value; None stands for 1. Beyond a function's domain, and at ends where its slope is
infinite, Arb gives NaN, and a gradient that NaN reaches is not certified.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import methodcaller
from typing import Any

from flint import arb

from gradmethods.certified.arrays import NAN, ONE, ZERO

Function = Callable[..., Any]
of = methodcaller


def whole_power(x: Any, n: int) -> Any:
    """x**n, also of a ball that holds 0, by squaring; Arb's own takes a logarithm of it."""
    if n < 0:
        return ONE / whole_power(x, -n)
    result, square = ONE, x
    while n:
        if n & 1:
            result = result * square
        square, n = square * square, n >> 1
    return result


MOST_SQUARINGS = 64
"""Bits of an exponent for which a power is made by squaring; larger ones might fill the memory."""


def is_whole(c: Any) -> bool:
    """Say whether an exponent is a whole number, and one of a size to multiply by."""
    return bool(c.is_integer() and abs(c) < arb(2) ** MOST_SQUARINGS)


def power(x: Any, c: Any) -> Any:
    """x**c; for whole c of any x, otherwise of x > 0, and 0**c for c > 0."""
    if is_whole(c):
        return whole_power(x, int(c.unique_fmpz()))
    if x.is_zero() and c > 0:
        return ZERO
    return x**c if x > 0 else _power_of_negative(x, c)


def _power_of_negative(x: Any, c: Any) -> Any:
    """x**c for x < 0, which a whole number too long to multiply by still has."""
    if not (x < 0 and c.is_integer()):
        return NAN
    size = (-x) ** c
    return size if (c / 2).is_integer() else -size


def power_slope(x: Any, c: Any, y: Any) -> Any:
    """C x**(c - 1), without asking for a power of 0 that has none."""
    if c.is_zero():
        return ZERO
    if c.is_integer():
        return c * power(x, c - 1)
    return c * x ** (c - 1) if x > 0 else NAN


def exponent_slope(x: Any, c: Any, y: Any) -> Any:
    """x**c log x."""
    return y * x.log() if x > 0 else NAN


def hypot(x: Any, y: Any) -> Any:
    """√(x² + y²)."""
    return (x * x + y * y).sqrt()


def atan2(y: Any, x: Any) -> Any:
    """Return the angle of (x, y)."""
    return type(y).atan2(y, x)


def atan2_slope(y: Any, x: Any, z: Any) -> Any:
    """X / (x² + y²), but where the angle may jump by 2π there is none."""
    return x / (x * x + y * y) if x > 0 or y > 0 or y < 0 else NAN


def logaddexp(x: Any, y: Any) -> Any:
    """log(e^x + e^y), by the larger of the two, so that no exponential overflows."""
    larger, smaller = (x, y) if x.mid() > y.mid() else (y, x)
    return larger + (smaller - larger).exp().log1p() if larger.is_finite() else _of_infinity(x, y)


def _of_infinity(x: Any, y: Any) -> Any:
    return (x.exp() + y.exp()).log()


def share(x: Any, y: Any) -> Any:
    """e^x / (e^x + e^y)."""
    return ONE / (ONE + (y - x).exp())


# fmt: off
UNARY: dict[str, tuple[Function, Function]] = {
    "negative": (lambda x: -x, lambda x, y: -ONE),
    "square": (lambda x: x * x, lambda x, y: 2 * x),
    "sqrt": (of("sqrt"), lambda x, y: ONE / (2 * y)),
    "reciprocal": (lambda x: ONE / x, lambda x, y: -y * y),
    "exp": (of("exp"), lambda x, y: y),
    "expm1": (of("expm1"), lambda x, y: x.exp()),
    "log": (of("log"), lambda x, y: ONE / x),
    "log1p": (of("log1p"), lambda x, y: ONE / (ONE + x)),
    "log2": (lambda x: x.log() / arb(2).log(), lambda x, y: ONE / (x * arb(2).log())),
    "log10": (lambda x: x.log() / arb(10).log(), lambda x, y: ONE / (x * arb(10).log())),
    "sin": (of("sin"), lambda x, y: x.cos()),
    "cos": (of("cos"), lambda x, y: -x.sin()),
    "tan": (of("tan"), lambda x, y: ONE + y * y),
    "asin": (of("asin"), lambda x, y: ONE / (ONE - x * x).sqrt()),
    "acos": (of("acos"), lambda x, y: -ONE / (ONE - x * x).sqrt()),
    "atan": (of("atan"), lambda x, y: ONE / (ONE + x * x)),
    "sinh": (of("sinh"), lambda x, y: x.cosh()),
    "cosh": (of("cosh"), lambda x, y: x.sinh()),
    "tanh": (of("tanh"), lambda x, y: whole_power(x.sech(), 2)),  # 1 - y² would cancel
    "asinh": (of("asinh"), lambda x, y: ONE / (ONE + x * x).sqrt()),
    "acosh": (of("acosh"), lambda x, y: ONE / (x * x - ONE).sqrt()),
    "atanh": (of("atanh"), lambda x, y: ONE / (ONE - x * x)),
}
"""Name → value of x; slope from x and the value y."""

BINARY: dict[str, tuple[Function, Function | None, Function | None]] = {
    "add": (lambda x, y: x + y, None, None),
    "subtract": (lambda x, y: x - y, None, lambda x, y, z: -ONE),
    "multiply": (lambda x, y: x * y, lambda x, y, z: y, lambda x, y, z: x),
    "divide": (lambda x, y: x / y, lambda x, y, z: ONE / y, lambda x, y, z: -z / y),
    "pow": (power, power_slope, exponent_slope),
    "hypot": (hypot, lambda x, y, z: x / z, lambda x, y, z: y / z),
    "atan2": (atan2, atan2_slope, lambda y, x, z: -y / (x * x + y * y)),
    "logaddexp": (logaddexp, lambda x, y, z: share(x, y), lambda x, y, z: share(y, x)),
}
"""Name → value of x and y; slopes from x, y and the value z."""
# fmt: on
