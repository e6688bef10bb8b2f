"""Every primitive over arrays of expressions.

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

from gradmethods.engines.symbolic import vocabulary
from gradmethods.engines.symbolic.numbers import condition, literal, number
from gradmethods.engines.symbolic.smooth import Sloped
from gradmethods.errors import UnsupportedOperation
from gradmethods.xp.primitives import Kind, Primitive, follow
from gradmethods.xp.primitives.quotients import slope

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

    def rule(*operands: Expressions) -> Expressions:
        return boxed(np.frompyfunc(entry, len(operands), 1)(*operands))

    return rule


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
    return Sloped(vocabulary.quotient(n, d), *slopes) if slopes else vocabulary.quotient(n, d)


def _of_parts(*operands: Expressions, **static: Any) -> Expressions:
    return _each(functools.partial(_quotient_of_parts, **static), number)(*operands)


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


def _elementwise(primitive: Primitive) -> Rule:
    assert primitive.sympy is not None
    function = functools.partial(primitive.sympy, vocabulary)
    if primitive.name == "where":
        return _each(function, condition, number)
    return _each(function, condition if primitive.kind is Kind.LOGIC else number)


def _moved(primitive: Primitive) -> Rule:
    """Move entries as the primitive itself does."""
    return lambda *operands, **static: boxed(primitive.numpy(*operands, **static))


# What is done to arrays as a whole is written here: an entry would have nothing to add.
FUNCTIONS: dict[str, Rule] = {}
"""By the name of a primitive, what maps arrays of operands to the result."""


@follow
def _of_entry(primitive: Primitive) -> None:
    if primitive.sympy is not None:
        FUNCTIONS[primitive.name] = _elementwise(primitive)
    elif primitive.kind is Kind.MOVE:
        FUNCTIONS[primitive.name] = _moved(primitive)


FUNCTIONS |= {
    "astype": lambda x, dtype: x,  # noqa: ARG005  # entries have no dtype
    "sum": _reduce(sympy.Add),
    "max": _reduce(functools.partial(vocabulary.extreme, vocabulary.Largest)),
    "min": _reduce(functools.partial(vocabulary.extreme, vocabulary.Smallest)),
    "cumulative_sum": _cumulative_sum,
    "matmul": _matmul,
    "quotient": _of_parts,
    "normalised": _normalised,
}


def function(name: str) -> Rule:
    """Return what maps arrays of operands to the result of a primitive.

    Raises
    ------
    UnsupportedOperation
        If its entry has no SymPy function.
    """
    if name not in FUNCTIONS:
        raise UnsupportedOperation(
            f"Formulas have no SymPy function for the primitive {name!r}. Give its entry in "
            "gradmethods.xp.primitives the field sympy, or write the loss without it."
        )
    return FUNCTIONS[name]
