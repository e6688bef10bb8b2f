"""Functions of balls, and the primitives over them.

The entries of primitives are written in these: `balls` in their fields `ball`, `slopes` and
`jumps`. Beyond a function's domain, and at ends where its slope is infinite, Arb gives NaN, and a
gradient that NaN reaches is not certified.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from flint import arb

from gradmethods.engines.certified.arrays import NAN, ONE, ZERO
from gradmethods.errors import UnsupportedOperation
from gradmethods.xp.primitives import Kind, Primitive, follow

Function = Callable[..., Any]


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
    if isinstance(x, arb) and x >= 0 and not x > 0 and c > 0:  # of 0, or more
        return ZERO.union(x.upper() ** c)
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


def atan2(y: Any, x: Any) -> Any:
    """Return the angle of (x, y)."""
    return type(y).atan2(y, x)


def atan2_slope(y: Any, x: Any) -> Any:
    """X / (x² + y²), but where the angle may jump by 2π there is none."""
    return x / (x * x + y * y) if x > 0 or y > 0 or y < 0 else NAN


def logaddexp(x: Any, y: Any) -> Any:
    """log(e^x + e^y), by the larger of the two, so that no exponential overflows."""
    larger, smaller = (x, y) if x.mid() > y.mid() else (y, x)
    return larger + (smaller - larger).exp().log1p() if larger.is_finite() else _of_infinity(x, y)


def _of_infinity(x: Any, y: Any) -> Any:
    return (x.exp() + y.exp()).log()


def log_ndtr(x: Any) -> Any:
    """Return the logarithm of the normal distribution function, of the smaller of its two parts."""
    far = x * HALF.sqrt()
    return (-far.erfc() / 2).log1p() if x > 0 else ((-far).erfc() / 2).log()


def mills(x: Any) -> Any:
    """Return the slope of `log_ndtr`."""
    return (-x * x / 2).exp() * (2 / arb.pi()).sqrt() / (-x * HALF.sqrt()).erfc()


def gammaln(x: Any) -> Any:
    """Log |Γ(x)|."""
    return x.lgamma() if x > 0 else abs(x.gamma()).log()


def trigamma(x: Any) -> Any:
    """Return the second derivative of log |Γ(x)|, a value of Hurwitz's zeta function."""
    if x > 0:
        return arb(2).zeta(x)
    sine = (arb.pi() * x).sin()
    return (arb.pi() / sine) ** 2 - arb(2).zeta(1 - x)


HALF: Any = arb(0.5)


def nearest(x: Any) -> Any:
    """Round to the nearest whole number, halves to even."""
    if x.is_integer():
        return x
    nearest = (x + HALF).floor()
    half, even = (x + HALF).is_integer(), (nearest * HALF).is_integer()
    return nearest - 1 if half and not even else nearest


def over_balls(function: Function | None) -> Function:
    """Give a function of an entry this module to work with."""
    assert function is not None
    return partial(function, sys.modules[__name__])


class Smooth(NamedTuple):
    """A smooth function of balls.

    Attributes
    ----------
    value : callable
        From the operands.
    slopes : tuple of callable
        One for each operand, from the operands and the value; None stands for 1.
    """

    value: Function
    slopes: tuple[Function | None, ...]


SMOOTH: dict[str, Smooth] = {}


@follow
def _smooth(p: Primitive) -> None:
    if p.kind is Kind.SMOOTH and p.ball is not None and p.slopes is not None:
        slopes = tuple(slope and over_balls(slope) for slope in p.slopes)
        SMOOTH[p.name] = Smooth(over_balls(p.ball), slopes)


def smooth(name: str) -> Smooth:
    """Return the smooth function of balls that a primitive is.

    Raises
    ------
    UnsupportedOperation
        If its entry has none.
    """
    if name not in SMOOTH:
        raise UnsupportedOperation(
            f"A certificate has no function of balls for the primitive {name!r}. Give its entry in "
            "gradmethods.xp.primitives the fields ball and slopes, or write the loss without it."
        )
    return SMOOTH[name]
