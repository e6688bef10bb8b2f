"""Special functions: the error function and its kin, the gamma function's logarithm, x log y."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.xp import error_values, gamma_values
from gradmethods.xp.primitives.primitive import Behaviour, Function, Primitive, binary, unary
from gradmethods.xp.primitives.recognised import MILLS, TRIGAMMA

TWO_OVER_ROOT_PI = 2 / math.sqrt(math.pi)

ONE_OVER_ROOT_TAU = 1 / math.sqrt(2 * math.pi)

MODULE = "special"


def _bell(xp: Any, x: Any) -> Any:
    """Return the slope of erf, from a factor that keeps the dtype."""
    return TWO_OVER_ROOT_PI * xp.exp(-xp.square(x))


def _density(xp: Any, x: Any) -> Any:
    """Return the density of the normal distribution."""
    return ONE_OVER_ROOT_TAU * xp.exp(-xp.square(x) / 2)


def _still_at_infinity(slope: Function) -> Function:
    """Make a slope 0 where the number is infinite: it does not vary with what is finite.

    Cut points of -∞ and ∞ are data that people have, and an infinite slope times 0 would be NaN.
    """
    return lambda xp, x: xp.where(xp.isinf(x), 0, slope(xp, x))


def xlogy(x: Any, y: Any, out: NDArray[Any] | None = None) -> Any:
    """Return x log y, and 0 where x is 0, unless y is NaN."""
    dtype = np.result_type(x, y)
    a, b = (np.asarray(z, dtype if dtype.kind == "f" else np.float64) for z in (x, y))
    with np.errstate(all="ignore"):
        empty = (a == 0) & ~np.isnan(b)
        value = np.where(empty, 0, a * np.log(np.where(empty, 1, b)))
    if out is None:
        return value[()]
    out[...] = value
    return out


def _log(xp: Any, y: Any, b: Any) -> Any:
    """Return a logarithm in the dtype of the result: of small integers NumPy's has three digits."""
    return xp.log(xp.astype(xp.asarray(b), y.dtype))


def _share(xp: Any, x: Any, y: Any) -> Any:
    """Return x/y, and 0 where x is 0: there the function is 0 for all y."""
    nothing = x == 0
    return xp.where(nothing, 0, x / xp.where(nothing, 1, y))


def _to_pole(z: Any) -> Any:
    """Return the distance from the nearest of 0, -1, -2, …."""
    x = z.real
    return np.where(x > 0, x, np.abs(x - np.rint(x)))


def _of_scale(z: Any) -> Any:
    """Return the distance on which exp(-x²) varies."""
    return 1 / (1 + np.abs(z.real))


def _function(
    name: str, numpy: Function, slope: Function, *, ball_slope: Function, **fields: Any
) -> Primitive:
    """Make the entry of a function of one number, whose slope is written in functions of `xp`."""
    return unary(
        name,
        module=MODULE,
        numpy=numpy,
        vjp=lambda xp, g, y, x: g * slope(xp, x),
        jvp=lambda xp, t, y, x: t * slope(xp, x),
        complex=lambda cx, z: numpy(z),
        slope=ball_slope,
        **fields,
    )


ENTRIES: tuple[Primitive, ...] = (
    _function(
        "erf",
        error_values.erf,
        _bell,
        sympy=lambda sp, x: sp.Erf(x),
        ball=lambda balls, x: x.erf(),
        ball_slope=lambda balls, x, y: 2 * (-x * x).exp() / balls.arb.pi().sqrt(),
        radius=_of_scale,
    ),
    _function(
        "erfc",
        error_values.erfc,
        lambda xp, x: -_bell(xp, x),
        sympy=lambda sp, x: sp.Erfc(x),
        ball=lambda balls, x: x.erfc(),
        ball_slope=lambda balls, x, y: -2 * (-x * x).exp() / balls.arb.pi().sqrt(),
        radius=_of_scale,
        behaviour=Behaviour.NEVER_NEGATIVE,
    ),
    _function(
        "ndtr",
        error_values.ndtr,
        _density,
        sympy=lambda sp, x: sp.Ndtr(x),
        ball=lambda balls, x: (-x * balls.HALF.sqrt()).erfc() / 2,
        ball_slope=lambda balls, x, y: (-x * x / 2).exp() / (2 * balls.arb.pi()).sqrt(),
        radius=_of_scale,
        behaviour=Behaviour.NEVER_NEGATIVE,
    ),
    _function(
        "log_ndtr",
        error_values.log_ndtr,
        _still_at_infinity(lambda xp, x: xp.bind(MILLS, x)),
        sympy=lambda sp, x: sp.LogNdtr(x),
        ball=lambda balls, x: balls.log_ndtr(x),
        ball_slope=lambda balls, x, y: balls.mills(x),
        series=lambda ts, x: ts.log_ndtr(x),
        radius=_of_scale,
    ),
    _function(
        "gammaln",
        gamma_values.gammaln,
        _still_at_infinity(lambda xp, x: xp.bind("digamma", x)),
        sympy=lambda sp, x: sp.LogGamma(x),
        ball=lambda balls, x: balls.gammaln(x),
        ball_slope=lambda balls, x, y: x.digamma(),
        series=lambda ts, x: ts.gammaln(x),
        radius=_to_pole,
        behaviour=Behaviour.POLE | Behaviour.UNBOUNDED,
    ),
    _function(
        "digamma",
        gamma_values.digamma,
        lambda xp, x: xp.bind(TRIGAMMA, x),
        sympy=lambda sp, x: sp.Digamma(x),
        ball=lambda balls, x: x.digamma(),
        ball_slope=lambda balls, x, y: balls.trigamma(x),
        series=lambda ts, x: ts.digamma(x),
        radius=_to_pole,
        behaviour=Behaviour.POLE | Behaviour.UNBOUNDED,
    ),
    binary(
        "xlogy",
        module=MODULE,
        numpy=xlogy,
        vjp=(
            lambda xp, g, y, a, b: g * _log(xp, y, b),
            lambda xp, g, y, a, b: g * _share(xp, a, b),
        ),
        jvp=(
            lambda xp, t, y, a, b: t * _log(xp, y, b),
            lambda xp, t, y, a, b: t * _share(xp, a, b),
        ),
        sympy=lambda sp, a, b: sp.XLogY(a, b),
        ball=lambda balls, x, y: balls.ZERO if x.is_zero() else x * y.log(),
        slopes=(
            lambda balls, x, y, z: y.log(),
            lambda balls, x, y, z: balls.ZERO if x.is_zero() else x / y,
        ),
        series=lambda ts, x, y: ts.xlogy(x, y),
        complex=lambda cx, z, w: cx.xlogy(z, w),
        radius=(None, lambda z, w: np.abs(np.real(w))),
        varies=(lambda a, c: c != 1, lambda a, c: a != 0),
        behaviour=(Behaviour.STEEP | Behaviour.POLE | Behaviour.UNBOUNDED | Behaviour.LEAVES_ZERO),
    ),
)
