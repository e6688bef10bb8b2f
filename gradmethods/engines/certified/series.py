"""Functions of truncated Taylor series of balls: `ts` in the field `series` of primitives' entries.

They are those that Arb's series lack, or name otherwise than its balls; the rest are operators.
"""

from __future__ import annotations

from typing import Any

from flint import arb, arb_series, ctx

from gradmethods.engines.certified.arrays import NAN, ONE, ZERO
from gradmethods.engines.certified.functions import is_whole, whole_power

__all__ = ["ONE", "atan2", "digamma", "gammaln", "head", "log_ndtr", "power", "root", "xlogy"]


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


def gammaln(x: Any) -> Any:
    """Log |Γ(x)|."""
    if head(x) > 0:
        return x.lgamma()
    gamma = x.gamma()
    return (gamma if head(gamma) > 0 else -gamma).log()


def digamma(x: Any) -> Any:
    """Return the derivative of log |Γ(x)|: that along the line, taken at the series."""
    start, terms = head(x), ctx.cap
    try:
        ctx.cap = terms + 1  # one term gets lost
        along = gammaln(arb_series([start, 1], prec=terms + 1)).derivative()
    finally:
        ctx.cap = terms
    return along(x - start)


def log_ndtr(x: Any) -> Any:
    """Return the logarithm of the normal distribution function, of the smaller of its two parts."""
    half = (ONE / 2).sqrt()
    if head(x) > 0:
        return (1 - (x * half).erfc() / 2).log()
    return ((-x * half).erfc() / 2).log()


def xlogy(x: Any, y: Any) -> Any:
    """X log y, and 0 for a constant 0."""
    constant = not isinstance(x, arb_series) and x.is_zero()
    return ZERO if constant else x * y.log()


def root(x: Any) -> Any:
    """√x, where it has a slope."""
    return x.sqrt() if head(x) > 0 else NAN
