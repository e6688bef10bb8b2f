"""What infinite constants, as masks have them, make of functions of balls.

Balls have no logarithm of 0, nor erf of infinity. NumPy has, and where a constant is meant they are
as exact as any number.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial, reduce
from typing import Any

import numpy as np
from flint import arb, arb_series

from gradmethods.engines.certified.arrays import NAN, Ball, Mask, Objects, boxed, each, holds
from gradmethods.engines.certified.numbers import is_infinity
from gradmethods.xp.primitives import TABLE

NEAR = 1000.0
"""Functions have their poles no farther from 0; what is infinite beyond has overflowed."""


def of_sum(name: str, value: Any, x: Any, y: Any) -> Any:
    """Return the infinity that is one of two terms, of which the other one is finite.

    Of an infinity and a ball with a radius, Arb says that their sum may be either infinity.
    """
    if is_infinity(x) and y.is_finite():
        return x
    if is_infinity(y) and x.is_finite():
        return -y if name == "subtract" else y
    return value


def stays_infinite(terms: Sequence[Ball]) -> Mask | None:
    """Say where a sum is infinite whatever the parameters, as one term is; None if nowhere."""
    found = reduce(np.logical_or, (holds(is_infinity, x.values) & ~x.varies for x in terms))
    return np.asarray(found) if found.any() else None


def limits(name: str, values: Objects, operands: Sequence[Ball]) -> Objects:
    """Take NumPy's values of a function of constants, where balls have none and these are exact.

    They are infinite, or at an infinity a whole number; and they do not hang on the sign of a zero.
    """
    if not holds(_is_endless, values).any():
        return values
    constants = [boxed(np.where(ball.varies, NAN, ball.values)) for ball in operands]
    return each(partial(_limit, name), values, *constants)


def _is_endless(x: Any) -> bool:
    return not isinstance(x, arb_series) and not x.is_finite()


def _limit(name: str, value: Any, *constants: Any) -> Any:
    balls = [getattr(x, "hull", x) for x in constants]
    if not _is_endless(value) or not all(ball.is_exact() for ball in balls):
        return value
    numbers = [float(ball) for ball in balls]
    if any(np.isfinite(x) and abs(x) > NEAR for x in numbers):
        return value
    with np.errstate(all="ignore"):
        found, other = (
            float(TABLE[name].numpy(*(x or zero for x in numbers))) for zero in (0.0, -0.0)
        )
    known = np.isinf(found) or (np.isinf(numbers).any() and found.is_integer())
    return arb(found) if known and found == other else value
