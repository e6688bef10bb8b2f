"""The vjp rules: one line per primitive, one function per operand.

A rule maps the cotangent `g` of a result to the cotangent of one operand. It is called with the
namespace, `g`, the result `y` and the operands, and is written in the same functions as a loss, so
that what it computes is recorded into the same graph. Rules leave broadcasting to the reverse
sweep, which undoes it in one place. A primitive that maps to None has derivative zero everywhere
that it has one; the convention at kinks is stated in `gradmethods.primitives`.

Source: A. Griewank and A. Walther, Evaluating Derivatives, SIAM 2008, chapter 3.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradmethods.graph.quotients import NORMALISED, QUOTIENT, slope
from gradmethods.tape.complements import after_one, beside_sigmoid
from gradmethods.tape.patterns import HEAVISIDE, SECH, SIGMOID, SLOPE_OF_TANH

Rule = Callable[..., Any]
LN2 = math.log(2)
LN10 = math.log(10)


def _power_base(xp: Any, g: Any, y: Any, x: Any, p: Any) -> Any:
    if isinstance(p, (int, float)):
        if p in (0, 1):
            return g * p
        return g * (p * (x if p == 2 else x ** (p - 1)))
    p = xp.astype(p, y.dtype)  # p - 1 can wrap around in a small dtype, or lose digits
    # Where p is 0 the derivative is 0, also at x = 0 where x ** (p - 1) is not.
    return g * xp.where(p == 0, 0, p * x ** xp.where(p == 0, 1, p - 1))


def _power_exponent(xp: Any, g: Any, y: Any, x: Any, p: Any) -> Any:
    # NumPy would take the logarithm in the dtype of the base, that of small integers in float16.
    base = xp.astype(xp.asarray(x), y.dtype)
    # 0 ** p is flat in p for p > 0; log(0) must not turn that into NaN.
    return g * y * xp.log(xp.where(base == 0, 1, base))


def _log_add_exp(first: bool) -> Rule:  # noqa: FBT001  # which of the two operands
    """Multiply by e^a/(e^a + e^b), or by the rest of 1.

    Differences from the result would lose digits; the one exponential here never overflows, and
    serves both operands.
    """

    def rule(xp: Any, g: Any, y: Any, a: Any, b: Any) -> Any:
        lead = a - b
        smaller = xp.exp(-xp.abs(lead))
        share = xp.where(lead > 0, 1, smaller) if first else xp.where(lead > 0, smaller, 1)
        return g * (share / (1 + smaller))

    return rule


def _over_square(xp: Any, a: Any, r: Any) -> Any:
    return a / r / r  # the square of a large or small r need not exist


def _larger(xp: Any, g: Any, a: Any, b: Any) -> Any:
    """Pass `g` where a > b, and half of it where they are equal."""
    return g * xp.bind(HEAVISIDE, xp.subtract(a, b), 0.5)


def _extreme(xp: Any, g: Any, y: Any, x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    """Share `g` equally among the entries that attain the extreme."""
    shape = tuple(1 if i in axis else n for i, n in enumerate(x.shape))
    attained = xp.astype(x == xp.reshape(y, shape), x.dtype)
    count = xp.sum(attained, axis=axis, keepdims=True)
    return xp.reshape(g, shape) / count * attained


def _sum(xp: Any, g: Any, y: Any, x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    shape = tuple(1 if i in axis else n for i, n in enumerate(x.shape))
    return xp.broadcast_to(xp.reshape(g, shape), x.shape)


def _concat(position: int) -> Rule:
    def rule(xp: Any, g: Any, y: Any, *xs: Any, axis: int) -> Any:
        start = sum(x.shape[axis] for x in xs[:position])
        stop = start + xs[position].shape[axis]
        return g[(slice(None),) * axis + (slice(start, stop),)]

    return rule


def _quotient(position: int) -> Rule:
    def rule(xp: Any, g: Any, y: Any, *xs: Any, powers: Any, **static: Any) -> Any:
        def guarded(x: Any, share: Any) -> Any:
            return xp.where(xp.isfinite(x), share, 1)

        if position < 2 + len(powers):
            return None
        return g * slope(position, xs, powers=powers, **static, guarded=guarded)

    return rule


def _normalised(
    xp: Any, g: Any, y: Any, x: Any, d: Any, z: Any, *, axis: tuple[int, ...], power: bool
) -> Any:
    """Take the mean of `g` from `g`, both from that of the largest entry, beside which all is 0."""
    largest = xp.astype(y == xp.max(y, axis=axis, keepdims=True), y.dtype)
    count = xp.sum(largest, axis=axis, keepdims=True)
    beside = g - xp.sum(g * largest, axis=axis, keepdims=True) / count
    rest = beside - xp.sum(beside * y, axis=axis, keepdims=True)
    return y * rest if power else rest / d


def _getitem(xp: Any, g: Any, y: Any, x: Any, *where: Any, index: Any) -> Any:
    return xp.bind("scatter_add", g, *where, index=index, shape=x.shape)


def _scatter_add(xp: Any, g: Any, y: Any, x: Any, *where: Any, index: Any, shape: Any) -> Any:
    return xp.bind("getitem", g, *where, index=index)


def _permute_dims(xp: Any, g: Any, y: Any, x: Any, *, axes: tuple[int, ...]) -> Any:
    return xp.permute_dims(g, tuple(int(i) for i in np.argsort(axes)))


def _where_first(xp: Any, g: Any, y: Any, c: Any, a: Any, b: Any) -> Any:
    return xp.where(c, g, 0)


def _where_second(xp: Any, g: Any, y: Any, c: Any, a: Any, b: Any) -> Any:
    return xp.where(c, 0, g)


# fmt: off
RULES: dict[str, tuple[Rule | None, ...] | None] = {
    # arithmetic
    "negative": (lambda xp, g, y, x: -g,),
    "add": (lambda xp, g, y, a, b: g, lambda xp, g, y, a, b: g),
    "subtract": (lambda xp, g, y, a, b: g, lambda xp, g, y, a, b: -g),
    "multiply": (lambda xp, g, y, a, b: g * b, lambda xp, g, y, a, b: g * a),
    "divide": (lambda xp, g, y, a, b: g / b, lambda xp, g, y, a, b: -g * y / b),
    "pow": (_power_base, _power_exponent),
    "square": (lambda xp, g, y, x: g * (2 * x),),
    "sqrt": (lambda xp, g, y, x: g * 0.5 / y,),
    "reciprocal": (lambda xp, g, y, x: -g * y * y,),
    "hypot": (lambda xp, g, y, a, b: g * (a / y), lambda xp, g, y, a, b: g * (b / y)),
    # exponentials and logarithms
    "exp": (lambda xp, g, y, x: g * y,),
    "expm1": (lambda xp, g, y, x: g * xp.exp(x),),
    "log": (lambda xp, g, y, x: g / x,),
    "log1p": (lambda xp, g, y, x: g / after_one(xp, x),),
    "log2": (lambda xp, g, y, x: g / (x * LN2),),
    "log10": (lambda xp, g, y, x: g / (x * LN10),),
    "logaddexp": (_log_add_exp(first=True), _log_add_exp(first=False)),
    # trigonometric and hyperbolic functions and their inverses
    "sin": (lambda xp, g, y, x: g * xp.cos(x),),
    "cos": (lambda xp, g, y, x: -g * xp.sin(x),),
    "tan": (lambda xp, g, y, x: g * (xp.square(y) + 1),),
    "asin": (lambda xp, g, y, x: g / xp.sqrt((1 - x) * (1 + x)),),
    "acos": (lambda xp, g, y, x: -g / xp.sqrt((1 - x) * (1 + x)),),
    "atan": (lambda xp, g, y, x: g / (xp.square(x) + 1),),
    "atan2": (
        lambda xp, g, y, a, b: g * _over_square(xp, b, xp.hypot(a, b)),
        lambda xp, g, y, a, b: -g * _over_square(xp, a, xp.hypot(a, b)),
    ),
    "sinh": (lambda xp, g, y, x: g * xp.cosh(x),),
    "cosh": (lambda xp, g, y, x: g * xp.sinh(x),),
    "tanh": (lambda xp, g, y, x: g * xp.bind(SLOPE_OF_TANH, x, y),),
    "asinh": (lambda xp, g, y, x: g / xp.hypot(x, 1),),
    "acosh": (lambda xp, g, y, x: g / (xp.sqrt(x - 1) * xp.sqrt(x + 1)),),
    "atanh": (lambda xp, g, y, x: g / ((1 - x) * (1 + x)),),
    SIGMOID.name: (lambda xp, g, y, x: g * y * beside_sigmoid(xp, x, y),),
    SECH.name: (lambda xp, g, y, x: -g * y * xp.tanh(x),),
    QUOTIENT.name: (),
    NORMALISED.name: (None, None, _normalised),
    # piecewise functions
    "abs": (lambda xp, g, y, x: g * xp.sign(x),),
    "sign": None,
    "floor": None,
    "ceil": None,
    "trunc": None,
    "round": None,
    "maximum": (lambda xp, g, y, a, b: _larger(xp, g, a, b), lambda xp, g, y, a, b: _larger(xp, g, b, a)),
    "minimum": (lambda xp, g, y, a, b: _larger(xp, g, b, a), lambda xp, g, y, a, b: _larger(xp, g, a, b)),
    "where": (None, _where_first, _where_second),
    # comparisons and logic
    "less": None, "less_equal": None, "greater": None, "greater_equal": None,
    "equal": None, "not_equal": None, "isfinite": None, "isinf": None, "isnan": None,
    "logical_and": None, "logical_or": None, "logical_xor": None, "logical_not": None,
    # reductions and contractions
    "sum": (_sum,),
    "max": (_extreme,),
    "min": (_extreme,),
    "cumulative_sum": (
        lambda xp, g, y, x, axis: xp.flip(xp.cumulative_sum(xp.flip(g, axis=axis), axis=axis), axis=axis),
    ),
    "matmul": (lambda xp, g, y, a, b: g @ b.mT, lambda xp, g, y, a, b: a.mT @ g),
    # moving data: the operands behind the first are integer indices
    "reshape": (lambda xp, g, y, x, shape: xp.reshape(g, x.shape),),
    "permute_dims": (_permute_dims,),
    "broadcast_to": (lambda xp, g, y, x, shape: g,),
    "getitem": (_getitem,),
    "scatter_add": (_scatter_add,),
    "astype": (lambda xp, g, y, x, dtype: xp.astype(g, x.dtype),),
    "concat": (),
}
_TEXTBOOK_QUOTIENT: tuple[Rule, ...] = (
    lambda xp, g, y, n, d, *_, **__: g / d,
    lambda xp, g, y, n, d, *_, **__: -g * y / d,
)
TEXTBOOK: dict[str, tuple[Rule | None, ...]] = {
    "tanh": (lambda xp, g, y, x: g * (1 - y * y),),
    SIGMOID.name: (lambda xp, g, y, x: g * y * (1 - y),),
    QUOTIENT.name: _TEXTBOOK_QUOTIENT,
    NORMALISED.name: _TEXTBOOK_QUOTIENT,
    "log1p": (lambda xp, g, y, x: g / (1 + x),),
}
"""Rules as textbooks write them, from rounded values: right, with fewer digits at saturation."""
# fmt: on


VARIADIC: dict[str, Callable[[int], Rule]] = {"concat": _concat, QUOTIENT.name: _quotient}
"""What makes the rules of primitives with any number of operands."""


def rule(primitive: str, position: int, *, textbook: bool = False) -> Rule | None:
    """Return the rule for one operand of a primitive, None where the derivative is zero."""
    rules = TEXTBOOK[primitive] if textbook and primitive in TEXTBOOK else RULES[primitive]
    if rules is None or (rules and position >= len(rules)):
        return None
    return rules[position] if rules else VARIADIC[primitive](position)
