"""Dual numbers of mpmath: a loss and its gradient to any number of digits, by an interpreter apart.

It shares nothing with the suite: the numbers are mpmath's, the arrays NumPy's arrays of objects,
the slopes are written here once more. Integers and booleans stay NumPy's, as losses mean them.
"""

from __future__ import annotations

import operator
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntFlag
from typing import Any

import mpmath as mp  # type: ignore[import-untyped]  # published without types
import numpy as np
from flint import arb, ctx

from tests.smooth_functions import UNARY as ROWS

HUGE = mp.mpf(10) ** 6
"""Of larger numbers no exponential is taken."""


class Doubt(IntFlag):
    """What stands between a point and a gradient that arithmetic could find there."""

    KINK = 1
    EDGE = 2
    OVERFLOW = 4
    UNDERFLOW = 8
    ZERO = 16
    TIE = 32
    """Equal values whose derivatives are equal too: whether they part, no first derivative says."""
    NEAR = 64
    """Values that rounding may make equal, or put the other way round."""


@dataclass
class Rounding:
    """Errors put on purpose on every result: relative ones, and of the size of the least number."""

    unit: float
    least: float
    source: random.Random

    def by(self) -> Any:
        return 1 + mp.mpf(self.unit * self.source.uniform(-1, 1))

    def __call__(self, v: Any, t: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
        by = self.by()
        return v * by + self.least * self.source.uniform(-1, 1), tuple(x * by for x in t)


@dataclass
class Mode:
    """How results are rounded now, the range of numbers, and what ties comparisons met."""

    rounding: Rounding | None = None
    largest: Any = 1.7e308
    smallest: Any = 2.3e-308
    near: float = 0.0
    """Values closer than that, relatively, are equal to floating-point numbers."""
    tied: int = 0
    dtype: Any = float


MODE = Mode()


class Dual:
    """A number with its derivatives in all directions, () for none, and doubts about them.

    `given` are numbers that nothing was computed from: a cast rounds these, as NumPy does, and
    leaves exact results as they are.
    """

    __slots__ = ("doubt", "given", "t", "v")

    def __init__(
        self, v: Any, t: tuple[Any, ...] = (), doubt: int = 0, *, given: bool = False
    ) -> None:
        self.v, self.t, self.doubt, self.given = v, t, doubt, given


def dual(x: Any) -> Dual:
    if isinstance(x, Dual):
        return x
    v = mp.mpf(0 if x is None else int(x) if isinstance(x, (bool, np.bool_, np.integer)) else x)
    zero = isinstance(x, (float, np.floating)) and x == 0 and np.signbit(x)
    return Dual(v, (), Doubt.ZERO if zero else 0, given=True)


def cast(x: Dual, dtype: Any) -> Dual:
    """Round a given number to a dtype."""
    return dual(float(dtype.type(float(x.v)))) if x.given else x


def made(v: Any, *parts: tuple[Any, Dual], doubt: int = 0) -> Dual:
    """Return a result from slopes and operands; an infinite slope is an edge where it matters."""
    t: tuple[Any, ...] = ()
    for slope, x in parts:
        doubt |= x.doubt
        if x.t:
            if not mp.isfinite(slope):
                doubt |= Doubt.EDGE
            by = slope if MODE.rounding is None else MODE.rounding(slope, ())[0]
            part = tuple(by * s for s in x.t)
            t = tuple(map(operator.add, t, part)) if t else part
    if MODE.rounding is not None:
        v, t = MODE.rounding(v, t)
    size = abs(v)
    if not size <= MODE.largest:
        doubt |= Doubt.OVERFLOW if size > MODE.largest else Doubt.EDGE
    elif size < MODE.smallest and v != 0:
        doubt |= Doubt.UNDERFLOW
    return Dual(v, t, doubt)


def tie(x: Dual, y: Dual) -> int:
    """Say what it means that two values are equal, or cannot be told apart: one may vary."""
    if not x.t + y.t or not abs(x.v - y.v) <= MODE.near * max(abs(x.v), abs(y.v)):
        return 0
    if x.v != y.v:
        return Doubt.NEAR
    return Doubt.TIE if x.t == y.t or not any(x.t + y.t) else Doubt.KINK


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


@contextmanager
def rounded(unit: float, least: float, seed: int) -> Iterator[None]:
    """Put errors of `unit` on every result inside the block."""
    MODE.rounding = Rounding(unit, least, random.Random(seed))
    try:
        yield
    finally:
        MODE.rounding = None


def differentiate(
    problem: Any, digits: int = 40, near: float = 0.0, along: tuple[int, str] | None = None
) -> Dual:
    """Evaluate a problem's loss over dual numbers at its own point, or beside it.

    `along` names one entry of the flat vector and how far it is moved, in decimal digits: then
    no other varies, and there is one derivative.

    Returns
    -------
    Dual
        With one derivative for each parameter, in the order of the flat vector, and the doubts
        about them, those of comparisons included.
    """
    from tests.dual_arrays import Duals, Exact

    info = np.finfo(problem.dtype)
    with mp.workdps(digits), np.errstate(all="ignore"):
        MODE.tied, MODE.near, MODE.largest = 0, near, mp.mpf(float(info.max))
        MODE.smallest, MODE.dtype = mp.mpf(float(info.smallest_normal)), problem.dtype
        count, start = problem.size, 0
        entry, move = along or (None, "0")
        given = {}
        for name, array in problem.structure.check(problem.params).items():
            entries = []
            for x in array.ravel().tolist():
                unit = tuple(mp.mpf(k == start) for k in range(count))
                if along:
                    unit = (mp.mpf(1),) if start == entry else ()
                doubt = Doubt.ZERO if x == 0 and np.signbit(x) else 0
                place = mp.mpf(x) + (mp.mpf(move) if start == entry else 0)
                entries.append(Dual(place, unit, doubt))
                start += 1
            values = np.empty(len(entries), object)
            values[:] = entries
            given[name] = Exact(values.reshape(array.shape))
        data = {name: Exact.of(array) for name, array in problem.data.items()}
        result = problem.loss(problem.structure.restore(given), **data, xp=Duals())
        loss = Exact.of(result).whole()[()]
        none = (mp.mpf(0),) * (1 if along else count)
        return Dual(loss.v, loss.t or none, loss.doubt | MODE.tied)
