"""Functions of truncated Taylor series of balls: `ts` in the field `series` of primitives' entries.

They are those that Arb's series lack, or name otherwise than its balls; the rest are operators.
"""

from __future__ import annotations

from typing import Any

from flint import arb, arb_series

from gradmethods.engines.certified.arrays import NAN, ONE
from gradmethods.engines.certified.functions import is_whole, whole_power

__all__ = ["ONE", "atan2", "head", "power", "root"]


def head(x: Any) -> arb:
    """Return the value of a series at step 0."""
    return x[0] if isinstance(x, arb_series) else x


def power(x: Any, c: Any) -> Any:
    """x**c, for whole c of any x, otherwise of x > 0."""
    if isinstance(c, arb_series):
        return (c * x.log()).exp() if head(x) > 0 else NAN
    if is_whole(c):
        return whole_power(x, int(c.unique_fmpz()))
    return (c * x.log()).exp() if head(x) > 0 else NAN


def atan2(y: Any, x: Any) -> Any:
    """Add the angle at step 0 to the series of atan of the tangent left after turning by it."""
    y0, x0 = head(y), head(x)
    if not (x0 > 0 or y0 > 0 or y0 < 0):
        return NAN
    return arb.atan2(y0, x0) + ((y * x0 - x * y0) / (x * x0 + y * y0)).atan()


def root(x: Any) -> Any:
    """√x, where it has a slope."""
    return x.sqrt() if head(x) > 0 else NAN
