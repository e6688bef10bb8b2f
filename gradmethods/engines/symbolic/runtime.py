"""What generated code is run with: the same names over Python floats, and over NumPy.

Python floats are many times faster for scalars, but raise where IEEE arithmetic goes on with an
infinity or NaN; then the same code is run over NumPy scalars.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import mpmath  # type: ignore[import-untyped]  # it has no types
import numpy as np

from gradmethods.engines.symbolic.matrix_values import scope as matrix_scope
from gradmethods.xp.primitives import Kind, Primitive, of_kind
from gradmethods.xp.primitives.recognised import MILLS, TRIGAMMA

WIDE_BITS = 128
LARGEST_EXPONENT = 1e6
"""The largest power of e that wide numbers hold; beyond it they are infinite, or 0."""

LEFT_THE_FLOATS = (ZeroDivisionError, OverflowError, ValueError)
"""What Python's floats and `math` raise where NumPy returns an infinity or NaN."""


def _sign(x: float) -> float:
    return x if math.isnan(x) else float((x > 0) - (x < 0))


def _exceeds(a: float, b: float) -> float:
    return 0.5 * (1.0 + _sign(a - b))


def _largest(*args: float) -> float:
    # Of equal ones NumPy returns the last, as of two zeros.
    return math.nan if any(map(math.isnan, args)) else max(reversed(args))


def _smallest(*args: float) -> float:
    return math.nan if any(map(math.isnan, args)) else min(reversed(args))


def _share_of_largest(first: float, *rest: float) -> float:
    return _share(_largest(*rest), first, rest)


def _share_of_smallest(first: float, *rest: float) -> float:
    return _share(_smallest(*rest), first, rest)


def _share(extreme: float, first: float, rest: tuple[float, ...]) -> float:
    if math.isnan(extreme):
        return extreme
    return 1.0 / rest.count(extreme) if first == extreme else 0.0


def _over_squares(a: float, b: float) -> float:
    size = math.hypot(a, b)
    return a / size / size


def _logaddexp(a: float, b: float) -> float:
    return a + math.log(2.0) if a == b else max(a, b) + math.log1p(math.exp(-abs(a - b)))


OPERATORS = ("negative", "add", "subtract", "multiply", "divide", "pow", "square", "reciprocal")
"""Primitives that formulas are written without."""

ENTRIES = {
    p.name: p
    for p in (*of_kind(Kind.SMOOTH, Kind.TEST).values(), MILLS, TRIGAMMA)
    if p.name not in OPERATORS
}


def _of_numpy(primitive: Primitive) -> Callable[..., float]:
    return lambda *operands: float(primitive.numpy(*map(float, operands)))


SCALAR: dict[str, Any] = {
    **{name: getattr(math, name, None) or _of_numpy(p) for name, p in ENTRIES.items()},
    "inf": math.inf,
    "nan": math.nan,
    "abs": abs,
    "power": math.pow,
    # Integers have one zero, floats two: ceil(-0.5) is -0.
    "floor": lambda x: math.copysign(math.floor(x), x),
    "ceil": lambda x: math.copysign(math.ceil(x), x),
    "trunc": lambda x: math.copysign(math.trunc(x), x),
    "round": lambda x: math.copysign(round(x), x),
    "floor_divide": lambda a, b: a // b,
    "remainder": lambda a, b: a % b,  # math's own is another
    "sign": _sign,
    "logaddexp": _logaddexp,
    "exceeds": _exceeds,
    "largest": _largest,
    "smallest": _smallest,
    "share_of_largest": _share_of_largest,
    "share_of_smallest": _share_of_smallest,
    "over_squares": _over_squares,
    "select": lambda condition, a, b: a if condition else b,
    "every": lambda *conditions: all(conditions),
    "some": lambda *conditions: any(conditions),
    "odd": lambda *conditions: sum(map(bool, conditions)) % 2 == 1,
    "negate": lambda condition: not condition,
    "real": float,
    **matrix_scope(np.dtype(float)),
}  # fmt: skip
"""The names over Python floats."""

NAMES = (*SCALAR, "added", "dot")
"""Every name that generated code may use."""


def _over(function: Any) -> Callable[..., Any]:
    return lambda *args: functools.reduce(function, args)


def _share_over(extreme: Callable[..., Any], real: Any) -> Callable[..., Any]:
    def share(first: Any, *rest: Any) -> Any:
        found = extreme(*rest)
        count = sum(np.asarray(x == found, real) for x in rest)
        shares = np.where(first == found, real(1) / count, real(0))
        return np.where(np.isnan(found), found, shares)

    return share


def array_scope(dtype: np.dtype[Any]) -> dict[str, Any]:
    """Return the names over NumPy scalars and arrays of `dtype`."""
    largest, smallest = _over(np.maximum), _over(np.minimum)
    return {
        **{name: p.numpy for name, p in (ENTRIES | of_kind(Kind.STEP)).items()},
        "abs": np.abs,
        "inf": np.inf,
        "nan": np.nan,
        "power": np.power,
        "exceeds": lambda a, b: np.heaviside(a - b, 0.5),
        "largest": largest,
        "smallest": smallest,
        "share_of_largest": _share_over(largest, dtype.type),
        "share_of_smallest": _share_over(smallest, dtype.type),
        "over_squares": lambda a, b: a / np.hypot(a, b) / np.hypot(a, b),
        "select": np.where,
        "every": _over(np.logical_and),
        "some": _over(np.logical_or),
        "odd": _over(np.logical_xor),
        "negate": np.logical_not,
        "real": dtype.type,
        "added": np.add.reduce,
        "dot": np.dot,
        **matrix_scope(dtype),
    }


def wide_scope() -> dict[str, Any]:
    """Return the names over numbers with as large an exponent as needed, and arrays of them."""
    wide = mpmath.MPContext()
    wide.prec = WIDE_BITS

    def growing(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda x: function(x if abs(x) < LARGEST_EXPONENT else wide.sign(x) * wide.inf)

    def wave(function: Callable[..., Any]) -> Callable[..., Any]:
        def of_moderate(x: Any) -> Any:
            if abs(x) > LARGEST_EXPONENT:
                raise OverflowError  # mpmath would write it out as an integer
            return function(x)

        return of_moderate

    exp = growing(wide.exp)
    names = (*ENTRIES, "power", "sign")
    functions = SCALAR | {
        **{name: getattr(wide, name) for name in names if hasattr(wide, name)},
        **{name: wave(getattr(wide, name)) for name in ("sin", "cos", "tan")},
        **{name: growing(getattr(wide, name)) for name in ("expm1", "sinh", "cosh", "tanh")},
        "exp": exp,
        "log2": lambda x: wide.log(x, 2),
        "abs": wide.fabs,
        "logaddexp": lambda a, b: max(a, b) + wide.log1p(exp(-abs(a - b))),
        "over_squares": lambda a, b: a / (a * a + b * b),
    }  # fmt: skip

    def over_entries(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args: np.frompyfunc(function, len(args), 1)(*args)

    arrays = array_scope(np.dtype(object))
    return {
        **{name: over_entries(f) if callable(f) else f for name, f in functions.items()},
        **{name: arrays[name] for name in ("added", "dot")},
        **dict.fromkeys(matrix_scope(np.dtype(object)), _not_wide),
        "real": wide.mpf,
    }


def _not_wide(*_: Any) -> Any:
    """Refuse what NumPy does in its own numbers alone; what is infinite stays so."""
    raise OverflowError
