"""The SymPy function of every primitive, one line each.

A rule maps operands to the result. Operands of floating point or boolean dtype are object arrays
of expressions; the integers of an index stay NumPy arrays. Numbers and conditions are converted
into each other by the element-wise rules, as NumPy does: true counts as 1, and what is not 0 holds.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray
from sympy import S
from sympy.codegen import cfunctions

from gradmethods.graph.quotients import slope
from gradmethods.primitives import TABLE
from gradmethods.symbolic import inverses, piecewise, smooth, steps
from gradmethods.symbolic.numbers import condition, literal, number
from gradmethods.symbolic.smooth import Sloped

Expressions = NDArray[Any]
Rule = Callable[..., Expressions]


def boxed(value: Any) -> Expressions:
    """Return `value` as an object array; NumPy hands out the entry of a 0-d one bare."""
    if isinstance(value, np.ndarray):
        return value
    array = np.empty((), object)
    array[()] = value
    return array


def _each(function: Callable[..., Any], *kinds: Callable[[Any], Any]) -> Rule:
    """Apply to every entry; `kinds` convert the operands, the last one all that follow."""

    def entry(*args: Any) -> Any:
        converters = kinds + kinds[-1:] * (len(args) - len(kinds))
        return function(*(convert(x) for convert, x in zip(converters, args, strict=True)))

    def rule(*operands: Expressions, **static: Any) -> Expressions:
        return boxed(np.frompyfunc(entry, len(operands), 1)(*operands))

    return rule


def _numbers(function: Callable[..., Any]) -> Rule:
    return _each(function, number)


def _conditions(function: Callable[..., Any]) -> Rule:
    return _each(function, condition)


def _compare(relation: Any) -> Rule:
    """Compare entries; NaN differs from everything, itself included."""

    def entry(a: Any, b: Any) -> Any:
        if S.NaN in (a, b):
            return sympy.sympify(relation is sympy.Ne)
        if a == b and not a.is_number:  # SymPy knows no NaN, for which losses test like this
            missing = piecewise.IsNaN(a)
            return missing if relation is sympy.Ne else sympy.And(relation(a, a), ~missing)
        return relation(a, b)

    return _numbers(entry)


def _reduce(function: Callable[..., Any]) -> Rule:
    """Combine the entries over axes in one call of a function of many arguments."""

    def rule(x: Expressions, *, axis: tuple[int, ...], keepdims: bool) -> Expressions:
        kept = [i for i in range(x.ndim) if i not in axis]
        rows = np.permute_dims(x, (*kept, *axis)).reshape(
            math.prod(x.shape[i] for i in kept), math.prod(x.shape[i] for i in axis)
        )
        result = np.empty(len(rows), object)
        for place, row in enumerate(rows):
            result[place] = function(*map(number, row))
        lengths = [1 if i in axis else n for i, n in enumerate(x.shape) if keepdims or i in kept]
        return result.reshape(lengths)

    return rule


def _extreme(function: Any) -> Callable[..., Any]:
    def extreme(*entries: Any) -> Any:
        if not entries:
            raise ValueError("an extreme of no entries does not exist")
        return S.NaN if S.NaN in entries else function(*entries)

    return extreme


def _cumulative_sum(x: Expressions, *, axis: int) -> Expressions:
    rows = np.moveaxis(x, axis, -1)
    result = np.empty(rows.shape, object)
    for place in np.ndindex(rows.shape[:-1]):
        total = S.Zero
        for i, entry in enumerate(rows[place]):
            total = result[(*place, i)] = total + number(entry)
    return np.moveaxis(result, -1, axis)


def _number_entries(x: Expressions) -> Expressions:
    return boxed(np.frompyfunc(number, 1, 1)(x))


def _matmul(a: Expressions, b: Expressions) -> Expressions:
    shape = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a = np.broadcast_to(_number_entries(a), shape + a.shape[-2:])
    b = np.broadcast_to(_number_entries(b), shape + b.shape[-2:])
    result = np.empty((*shape, a.shape[-2], b.shape[-1]), object)
    for *batch, i, j in np.ndindex(result.shape):
        row, column = a[(*batch, i)], b[(*batch, slice(None), j)]
        result[(*batch, i, j)] = sympy.Add(*(x * y for x, y in zip(row, column, strict=True)))
    return result


def _move(name: str) -> Rule:
    """Move entries as the primitive itself does."""
    return lambda *operands, **static: boxed(TABLE[name].numpy(*operands, **static))


def _guarded(function: Any, pole: int, value: Any) -> Callable[[Any], Any]:
    """Give a function its limit at a pole, where SymPy has an infinity without a sign."""
    return lambda x: value if x == pole else function(x)


def _quotient(a: Any, b: Any) -> Any:
    return a * (S.Infinity if b == 0 else 1 / b)


def _power(base: Any, exponent: Any) -> Any:
    if base == 0 and exponent.is_negative:
        return S.Infinity
    return smooth.Power(base, exponent)


def _quotient_of_parts(
    *operands: Any, above: tuple[float, ...], below: tuple[float, ...], powers: tuple[bool, ...]
) -> Any:
    """Divide the first operand by the second, with the slopes that `quotients` has for them."""
    n, d = operands[:2]
    first = 2 + len(powers)
    over, under = (tuple(map(literal, x)) for x in (above, below))
    slopes = [
        term
        for i in range(first, len(operands))
        if operands[i].free_symbols
        for term in (slope(i, operands, over, under, powers), operands[i])
    ]
    return Sloped(_quotient(n, d), *slopes) if slopes else _quotient(n, d)


def _of_parts(*operands: Expressions, **static: Any) -> Expressions:
    return _numbers(functools.partial(_quotient_of_parts, **static))(*operands)


def _normalised(
    x: Expressions, d: Expressions, z: Expressions, *, axis: tuple[int, ...], power: bool
) -> Expressions:
    result = np.empty(x.shape, object)
    for index in np.ndindex(x.shape):
        row, static = row_of(index, x.shape, axis, power=power)
        below = d[tuple(0 if i in axis else k for i, k in enumerate(index))]
        entries = [number(array[k]) for array in (x, z) for k in row]
        result[index] = _quotient_of_parts(number(x[index]), number(below), *entries, **static)
    return result


def row_of(
    index: tuple[int, ...], shape: tuple[int, ...], axis: tuple[int, ...], *, power: bool
) -> tuple[list[tuple[int, ...]], dict[str, Any]]:
    """Return the entries that an entry is normalised by, and what `quotients` says of them."""
    ranges = [range(n) if i in axis else (index[i],) for i, n in enumerate(shape)]
    row = list(itertools.product(*ranges))
    ones = (1.0,) * len(row)
    above = tuple(float(k == index) for k in row)
    return row, {"above": above, "below": ones, "powers": (power,) * len(row)}


# fmt: off
FUNCTIONS: dict[str, Rule] = {
    # arithmetic
    "negative": _numbers(lambda x: -x),
    "add": _numbers(lambda a, b: a + b),
    "subtract": _numbers(lambda a, b: a - b),
    "multiply": _numbers(lambda a, b: a * b),
    "divide": _numbers(_quotient),
    "pow": _numbers(_power),
    "square": _numbers(lambda x: x**2),
    "sqrt": _numbers(sympy.sqrt),
    "reciprocal": _numbers(lambda x: _quotient(S.One, x)),
    "hypot": _numbers(smooth.Hypot),
    # exponentials and logarithms
    "exp": _numbers(sympy.exp),
    "expm1": _numbers(cfunctions.expm1),
    "log": _numbers(_guarded(sympy.log, 0, -S.Infinity)),
    "log1p": _numbers(_guarded(cfunctions.log1p, -1, -S.Infinity)),
    "log2": _numbers(_guarded(cfunctions.log2, 0, -S.Infinity)),
    "log10": _numbers(_guarded(cfunctions.log10, 0, -S.Infinity)),
    "logaddexp": _numbers(smooth.LogAddExp),
    # trigonometric and hyperbolic functions and their inverses
    "sin": _numbers(sympy.sin),
    "cos": _numbers(sympy.cos),
    "tan": _numbers(sympy.tan),
    "asin": _numbers(inverses.Asin),
    "acos": _numbers(inverses.Acos),
    "atan": _numbers(inverses.Atan),
    "atan2": _numbers(smooth.Atan2),
    "sinh": _numbers(sympy.sinh),
    "cosh": _numbers(sympy.cosh),
    "tanh": _numbers(smooth.tanh),
    "asinh": _numbers(inverses.Asinh),
    "acosh": _numbers(inverses.Acosh),
    "atanh": _numbers(inverses.Atanh),
    # piecewise functions
    "abs": _numbers(piecewise.Absolute),
    "sign": _numbers(steps.Sgn),
    "floor": _numbers(steps.RoundDown),
    "ceil": _numbers(steps.RoundUp),
    "trunc": _numbers(steps.RoundToZero),
    "round": _numbers(steps.RoundToEven),
    "maximum": _numbers(_extreme(piecewise.Largest)),
    "minimum": _numbers(_extreme(piecewise.Smallest)),
    "where": _each(piecewise.Select, condition, number),
    # comparisons and logic
    "less": _compare(sympy.Lt),
    "less_equal": _compare(sympy.Le),
    "greater": _compare(sympy.Gt),
    "greater_equal": _compare(sympy.Ge),
    "equal": _compare(sympy.Eq),
    "not_equal": _compare(sympy.Ne),
    "logical_and": _conditions(sympy.And),
    "logical_or": _conditions(sympy.Or),
    "logical_xor": _conditions(sympy.Xor),
    "logical_not": _conditions(piecewise.opposite),
    "isfinite": _numbers(piecewise.IsFinite),
    "isinf": _numbers(piecewise.IsInf),
    "isnan": _numbers(piecewise.IsNaN),
    # reductions and contractions
    "sum": _reduce(sympy.Add),
    "max": _reduce(_extreme(piecewise.Largest)),
    "min": _reduce(_extreme(piecewise.Smallest)),
    "cumulative_sum": _cumulative_sum,
    "matmul": _matmul,
    # what `graph.quotients` finds
    "quotient": _of_parts,
    "normalised": _normalised,
    # moving data: the operands behind the first are integer indices
    "reshape": _move("reshape"),
    "permute_dims": _move("permute_dims"),
    "broadcast_to": _move("broadcast_to"),
    "getitem": _move("getitem"),
    "scatter_add": _move("scatter_add"),
    "astype": lambda x, dtype: x,
    "concat": _move("concat"),
}
# fmt: on
