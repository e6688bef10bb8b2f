"""Functions of dual numbers: their values and slopes, written here once more in mpmath."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import mpmath as mp  # type: ignore[import-untyped]  # published without types
from flint import arb, ctx

from tests.duals import MODE, Doubt, Dual, dual, made, tie
from tests.smooth_functions import UNARY as ROWS

HUGE = mp.mpf(10) ** 6
"""No exponential is taken of larger numbers."""


def step(function: Callable[[Any], Any], jump: Callable[[Any], Any]) -> Callable[[Dual], Dual]:
    """Lift a step function, with the jump that is nearest to a place."""

    def entry(x: Dual) -> Dual:
        if not mp.isfinite(x.v):
            return Dual(x.v, (), x.doubt)
        return Dual(function(x.v), (), x.doubt | tie(x, Dual(jump(x.v))))

    return entry


def _whole(x: Any) -> bool:
    return bool(mp.isint(x))


def _rint(x: Any) -> Any:
    below = mp.floor(x)
    rest = x - below
    return below + 1 if rest > 0.5 or (rest == 0.5 and int(below) % 2) else below


def _exp(x: Any) -> Any:
    if mp.isnan(x):
        return x
    return mp.exp(x) if abs(x) < HUGE else mp.inf if x > 0 else mp.mpf(0)


def smooth(
    value: Callable[[Any], Any],
    slope: Callable[[Any, Any], Any],
    inside: Callable[[Any], bool] = lambda x: True,
) -> Callable[[Dual], Dual]:
    """Lift a function with its slope in x and f(x), infinite at the ends of its domain."""

    def entry(x: Dual) -> Dual:
        if x.v != x.v or not inside(x.v):
            return Dual(mp.nan, tuple(mp.nan for _ in x.t), x.doubt | Doubt.EDGE)
        try:
            y = value(x.v)
        except (ValueError, ZeroDivisionError, OverflowError):
            return Dual(mp.nan, tuple(mp.nan for _ in x.t), x.doubt | Doubt.EDGE)
        try:
            by = slope(x.v, y) if x.t else 0
        except (ZeroDivisionError, ValueError):
            by = mp.inf
        return made(y, (by, x))

    return entry


def _of_operand(slope: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda x, y: slope(x)


def _abs(x: Dual) -> Dual:
    if x.v == 0:
        doubt = (Doubt.KINK if any(x.t) else Doubt.TIE) if x.t else 0
        return Dual(x.v, tuple(0 * s for s in x.t), x.doubt | doubt)
    return Dual(abs(x.v), x.t if x.v > 0 else tuple(-s for s in x.t), x.doubt)


def _log(x: Any) -> Any:
    return mp.log(x) if x > 0 else -mp.inf


MANY = 100
"""Digits with which mpmath takes minutes for a gamma function, and Arb none."""


def _by_arb(function: Callable[[Any], Any], x: Any) -> Any:
    before, ctx.dps = ctx.dps, mp.mp.dps + 10
    try:
        return mp.mpf(function(arb(mp.nstr(x, mp.mp.dps + 5))).str(mp.mp.dps, radius=False))
    finally:
        ctx.dps = before


def _log_gamma(x: Any) -> Any:
    if mp.mp.dps > MANY and x > 0:
        return _by_arb(lambda ball: ball.lgamma(), x)
    return mp.re(mp.loggamma(x))


def _digamma(x: Any) -> Any:
    return _by_arb(lambda ball: ball.digamma(), x) if mp.mp.dps > MANY else mp.digamma(x)


def _no_pole(x: Any) -> bool:
    return not (x <= 0 and mp.isint(x))


def _log_ndtr(x: Any) -> Any:
    if x < -HUGE:
        return -x * x / 2
    return mp.log1p(-mp.ncdf(-x)) if x > 0 else mp.log(mp.ncdf(x))


LN2, LN10 = (lambda: mp.log(2)), (lambda: mp.log(10))
UNARY: dict[str, Callable[[Dual], Dual]] = {
    **{name: smooth(row.value, _of_operand(row.slope), row.inside) for name, row in ROWS.items()},
    # Those that overflow, end in a pole, or are no smooth functions of one number.
    "negative": lambda x: Dual(-x.v, tuple(-s for s in x.t), x.doubt),
    "positive": lambda x: x,
    "exp": smooth(_exp, lambda x, y: y),
    "expm1": smooth(
        lambda x: mp.expm1(x) if abs(x) < HUGE else _exp(x) - 1, lambda x, y: _exp(x)
    ),
    "log": smooth(_log, lambda x, y: 1 / x, lambda x: x >= 0),
    "log1p": smooth(lambda x: mp.log1p(x) if x > -1 else -mp.inf, lambda x, y: 1 / (1 + x),
                    lambda x: x >= -1),
    "log2": smooth(lambda x: _log(x) / LN2(), lambda x, y: 1 / (x * LN2()), lambda x: x >= 0),
    "log10": smooth(lambda x: _log(x) / LN10(), lambda x, y: 1 / (x * LN10()), lambda x: x >= 0),
    "sinh": smooth(lambda x: mp.sinh(x) if abs(x) < HUGE else x * mp.inf,
                   lambda x, y: mp.cosh(x) if abs(x) < HUGE else mp.inf),
    "cosh": smooth(lambda x: mp.cosh(x) if abs(x) < HUGE else mp.inf,
                   lambda x, y: mp.sinh(x) if abs(x) < HUGE else x * mp.inf),
    "tanh": smooth(lambda x: mp.tanh(x) if abs(x) < HUGE else mp.sign(x),
                   lambda x, y: mp.sech(x) ** 2 if abs(x) < HUGE else mp.mpf(0)),
    "gammaln": smooth(_log_gamma, lambda x, y: _digamma(x), _no_pole),
    "digamma": smooth(_digamma, lambda x, y: mp.psi(1, x), _no_pole),
    "log_ndtr": smooth(_log_ndtr, _of_operand(ROWS["log_ndtr"].slope)),
    "abs": _abs,
    "sign": step(mp.sign, lambda x: mp.mpf(0)),
    "floor": step(mp.floor, mp.nint),
    "ceil": step(mp.ceil, mp.nint),
    "trunc": step(lambda x: mp.floor(x) if x >= 0 else mp.ceil(x), lambda x: mp.nint(x) or mp.inf),
    "round": step(_rint, lambda x: mp.floor(x) + 0.5),
}  # fmt: skip


def _floor_divide(x: Dual, y: Dual) -> Dual:
    return UNARY["floor"](_ratio(x, y))


def _remainder(x: Dual, y: Dual) -> Dual:
    return BINARY["subtract"](x, _product(y, _floor_divide(x, y)))


def _xlogy(x: Dual, y: Dual) -> Dual:
    if x.v == 0 and not any(x.t):
        return Dual(mp.mpf(0), (), x.doubt | y.doubt) if y.v == y.v else y
    return _product(x, UNARY["log"](y))


def _product(x: Dual, y: Dual) -> Dual:
    return made(x.v * y.v, (y.v, x), (x.v, y))


def _ratio(x: Dual, y: Dual) -> Dual:
    if y.v == 0:
        v = mp.nan if x.v == 0 or x.v != x.v else mp.sign(x.v) * mp.inf
        return made(v, (mp.inf, x), (mp.inf, y), doubt=Doubt.ZERO)
    v = x.v / y.v
    return made(v, (1 / y.v, x), (-v / y.v, y))


def _power(x: Dual, y: Dual) -> Dual:
    nothing = made(mp.nan, (mp.inf, x), (mp.inf, y), doubt=Doubt.EDGE)
    if not (mp.isfinite(x.v) and mp.isfinite(y.v)) or abs(y.v) > HUGE:
        return nothing
    whole = _whole(y.v)
    if x.v == 0:
        if y.v < 0:
            return nothing
        if any(y.t) and (y.v == 0 or any(x.t)):
            return nothing
        if y.v == 0:
            return made(mp.mpf(1), (mp.mpf(0), x))
        slope = mp.mpf(1) if y.v == 1 else mp.mpf(0) if whole else mp.inf if y.v < 1 else mp.mpf(0)
        edge = 0 if whole or not any(x.t) else Doubt.EDGE
        return made(mp.mpf(0), (slope, x), (mp.mpf(0), y), doubt=edge)
    if x.v < 0 and (not whole or any(y.t)):
        return nothing
    v = x.v ** int(y.v) if whole else _exp(y.v * mp.log(x.v))
    return made(v, (y.v * v / x.v, x), (v * mp.log(x.v) if x.v > 0 else mp.mpf(0), y))


def _hypot(x: Dual, y: Dual) -> Dual:
    v = mp.sqrt(x.v * x.v + y.v * y.v)
    return made(v, *((s.v / v if v else mp.inf, s) for s in (x, y)))


def _atan2(y: Dual, x: Dual) -> Dual:
    square = x.v * x.v + y.v * y.v
    if square == 0:
        return made(mp.mpf(0), (mp.inf, y), (mp.inf, x), doubt=Doubt.ZERO)
    cut = y.v == 0 and x.v < 0
    doubt = Doubt.ZERO | (Doubt.KINK if any(y.t) else 0) if cut else 0
    return made(mp.atan2(y.v, x.v), (x.v / square, y), (-y.v / square, x), doubt=doubt)


def _logaddexp(x: Dual, y: Dual) -> Dual:
    large, small = (x, y) if x.v >= y.v else (y, x)
    if not mp.isfinite(large.v) or small.v != small.v:
        return made(large.v if small.v == small.v else small.v, (mp.nan, x), (mp.nan, y))
    rest = _exp(small.v - large.v)
    return made(large.v + mp.log1p(rest), (1 / (1 + rest), large), (rest / (1 + rest), small))


def larger(*given: Dual) -> Dual:
    """Return the largest; of equal ones the mean of the derivatives, which is the convention."""
    bad = [x for x in given if x.v != x.v]
    if bad:
        return bad[0]
    top = max(x.v for x in given)
    tied = [x for x in given if x.v == top]
    doubt = 0
    for x in given:
        doubt |= x.doubt & ~Doubt.ZERO if x.v == top else 0
        doubt |= tie(tied[0], x) if x is not tied[0] else 0
    return Dual(top, mean_of_ties(tied), doubt)


def mean_of_ties(tied: list[Dual]) -> tuple[Any, ...]:
    """Return the mean of the derivatives of equal numbers."""
    count = max(len(x.t) for x in tied)
    rows = [x.t or (mp.mpf(0),) * count for x in tied]
    return tuple(sum(column) / len(tied) for column in zip(*rows, strict=True))


def smaller(*given: Dual) -> Dual:
    return UNARY["negative"](larger(*map(UNARY["negative"], given)))


def _sum(x: Dual, y: Dual) -> Dual:
    return made(x.v + y.v, (1, x), (1, y))


BINARY: dict[str, Callable[[Dual, Dual], Dual]] = {
    "add": _sum,
    "subtract": lambda x, y: made(x.v - y.v, (1, x), (-1, y)),
    "multiply": _product,
    "divide": _ratio,
    "pow": _power,
    "hypot": _hypot,
    "atan2": _atan2,
    "logaddexp": _logaddexp,
    "maximum": larger,
    "minimum": smaller,
    "floor_divide": _floor_divide,
    "remainder": _remainder,
    "xlogy": _xlogy,
}


def comparison(python: Callable[[Any, Any], Any]) -> Callable[[Dual, Dual], bool]:
    def compare(x: Dual, y: Dual) -> bool:
        MODE.tied |= tie(x, y)
        return bool(python(x.v, y.v))

    return compare


COMPARISONS = {
    "less": comparison(operator.lt),
    "less_equal": comparison(operator.le),
    "greater": comparison(operator.gt),
    "greater_equal": comparison(operator.ge),
    "equal": comparison(operator.eq),
    "not_equal": comparison(operator.ne),
}
for _name, _function in (
    ("__add__", _sum),
    ("__mul__", _product),
    ("__sub__", BINARY["subtract"]),
):
    setattr(Dual, _name, lambda x, y, f=_function: f(dual(x), dual(y)))
    setattr(Dual, _name.replace("__", "__r", 1), lambda x, y, f=_function: f(dual(y), dual(x)))
