"""The table of primitives: every operation that a loss can be made of, one line each.

A line gives the NumPy function, how the shape of the result follows, and how many scalar
operations an entry costs. Engines keep their own one-line-per-primitive tables beside it (vjp
rules in `tape.rules`, SymPy functions in `symbolic.functions`, …), and a test holds every table
against this one. Nothing here knows how to differentiate.

The convention at kinks, the same in every method that has a choice: where branches meet, the
derivative is the mean of the tied branches'. So |x| and sign have derivative 0 at 0, maximum(a, b)
and minimum(a, b) give each of two equal operands one half, max and min over k equal largest entries
give each 1/k; steps (sign, floor, ceil, trunc, round) have derivative 0 everywhere; `where` has the
derivative of the branch that it selects. The tip of a cone is no such tie: at the origin hypot has
no derivative, and methods that know its formula give NaN.

What nothing selects adds exactly 0, be the slopes there infinite or NaN: the branch that `where`
does not take, the operand that maximum, minimum, max and min do not return, the entries that an
index leaves out, and what is multiplied by a 0 that depends on no parameter (a mask, data, a
number; also such a 0 divided by it). A 0 that depends on a parameter silences nothing: the chain
rule gives NaN for (√x)² at 0, where it multiplies 0 by infinity. (Closed formulas give 1: SymPy
writes x for (√x)².) In a sum and in a matrix product
an entry of the derivative is such a 0 only if every term is; other terms count as they are.
Parameters are taken to be finite, and so are products of finite numbers; data may have gaps.

Functions of 8- and 16-bit integers alone are what NumPy makes of them, in half and single
precision: xp.sqrt(k) of int8 data has four digits, in every method. (A certificate is of the exact
square root: it shows what is lost.) For more, write xp.sqrt(xp.astype(k, xp.float64)).

To come: linear algebra (inv, det, solve, cholesky) in a section of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pickle import PicklingError
from typing import Any

import numpy as np
from numpy.typing import NDArray

Shape = tuple[int, ...]
Operand = Any
"""An array, or a Python scalar (which takes the dtype of the arrays it meets)."""


@dataclass(frozen=True, eq=False)
class Primitive:
    """An operation on arrays; there is one object for each, which hashes as such.

    Attributes
    ----------
    name : str
        The name in the array API standard where it has one.
    numpy : callable
        ``numpy(*operands, **static)`` evaluates it.
    shape : callable
        ``shape(*operands, **static)`` gives the shape of the result from operands that have
        shapes but no values.
    operations : callable
        ``operations(shapes, result)`` counts scalar floating-point operations, one for each
        arithmetic operation or elementary function; moving data counts nothing.
    aliases : bool
        Whether the result may be a view of the first operand.
    """

    name: str
    numpy: Callable[..., Any] = field(repr=False)
    shape: Callable[..., Shape] = field(repr=False)
    operations: Callable[[list[Shape], Shape], int] = field(repr=False)
    aliases: bool = False

    def __copy__(self) -> Primitive:
        return self

    def __deepcopy__(self, memo: Any) -> Primitive:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the name: another object would be another primitive."""
        if TABLE.get(self.name) is not self:
            raise PicklingError(f"{self.name} is a primitive of programs, which are made again.")
        return get_primitive, (self.name,)


def elementwise_shape(*operands: Operand, **static: Any) -> Shape:
    """Broadcast the operands' shapes."""
    result: Shape = ()
    for x in operands:
        shape = x.shape if hasattr(x, "shape") else np.shape(x)
        if shape != result:
            if result and shape:
                return np.broadcast_shapes(*map(np.shape, operands))
            # Most operands are of one shape, or beside numbers: there is nothing to find out.
            result = result or shape
    return result


def reduced_shape(x: Operand, *, axis: tuple[int, ...], keepdims: bool) -> Shape:
    """Drop the reduced axes, or keep them with length 1."""
    if keepdims:
        return tuple(1 if i in axis else n for i, n in enumerate(np.shape(x)))
    return tuple(n for i, n in enumerate(np.shape(x)) if i not in axis)


def matmul_shape(a: Operand, b: Operand) -> Shape:
    """Broadcast the batch axes; the last two multiply."""
    (*batch_a, rows, inner_a), (*batch_b, inner_b, columns) = np.shape(a), np.shape(b)
    if inner_a != inner_b:
        raise ValueError(f"matmul: shapes {np.shape(a)} and {np.shape(b)} do not fit together")
    return (*np.broadcast_shapes(tuple(batch_a), tuple(batch_b)), rows, columns)


def _count_result(shapes: list[Shape], result: Shape) -> int:
    return math.prod(result)


def _count_operand(shapes: list[Shape], result: Shape) -> int:
    return max(math.prod(shapes[0]) - math.prod(result), 0)


def _count_scatter(shapes: list[Shape], result: Shape) -> int:
    return math.prod(shapes[0])


def _count_matmul(shapes: list[Shape], result: Shape) -> int:
    inner = shapes[0][-1]
    return math.prod(result) * max(2 * inner - 1, 0)


def _count_nothing(shapes: list[Shape], result: Shape) -> int:
    return 0


def scatter_add(g: NDArray[Any], *where: Any, index: Any, shape: Shape) -> NDArray[Any]:
    """Add `g` into zeros of `shape` at an index, once for every time that an entry was taken."""
    total = np.zeros(shape, np.asarray(g).dtype)
    if where:
        np.add.at(total, fill_index(index, where), g)
    else:
        total[index] = g  # a basic index takes every entry at most once
    return total


@dataclass(frozen=True)
class Hole:
    """The place of an integer array inside an index; the array itself is an operand."""

    position: int


def fill_index(index: tuple[Any, ...], where: tuple[Any, ...]) -> tuple[Any, ...]:
    """Put the integer arrays `where` into the holes of `index`."""
    return tuple(where[part.position] if isinstance(part, Hole) else part for part in index)


def _getitem(x: Any, *where: Any, index: tuple[Any, ...]) -> Any:
    return x[fill_index(index, where)]


def _stand_in(shape: Shape) -> NDArray[Any]:
    """Make an array of a shape that takes the memory of one entry."""
    return np.ndarray(shape, bool, b"\0", strides=(0,) * len(shape))


def _view_shape(function: Callable[..., Any]) -> Callable[..., Shape]:
    """Find the shape of a result by moving a stand-in of the operand's shape."""

    def shape(x: Operand, *where: Operand, **static: Any) -> Shape:
        zeros = (np.zeros(np.shape(w), np.intp) for w in where)
        result: Shape = function(_stand_in(np.shape(x)), *zeros, **static).shape
        return result

    return shape


def _concat_shape(*operands: Operand, axis: int) -> Shape:
    return np.concatenate([_stand_in(np.shape(x)) for x in operands], axis=axis).shape


def _elementwise(
    name: str, function: Callable[..., Any] | None = None, *, operations: int = 1
) -> Primitive:
    ufunc = function or getattr(np, name)
    count = _count_result if operations else _count_nothing
    return Primitive(name, ufunc, elementwise_shape, count)


def _moving(name: str, function: Callable[..., Any], *, aliases: bool = True) -> Primitive:
    return Primitive(name, function, _view_shape(function), _count_nothing, aliases)


TABLE: dict[str, Primitive] = {
    primitive.name: primitive
    for primitive in (
        # arithmetic
        _elementwise("negative"),
        _elementwise("add"),
        _elementwise("subtract"),
        _elementwise("multiply"),
        _elementwise("divide"),
        _elementwise("pow"),
        _elementwise("square"),
        _elementwise("sqrt"),
        _elementwise("reciprocal"),
        _elementwise("hypot"),
        # exponentials and logarithms
        _elementwise("exp"),
        _elementwise("expm1"),
        _elementwise("log"),
        _elementwise("log1p"),
        _elementwise("log2"),
        _elementwise("log10"),
        _elementwise("logaddexp"),
        # trigonometric and hyperbolic functions and their inverses
        _elementwise("sin"),
        _elementwise("cos"),
        _elementwise("tan"),
        _elementwise("asin"),
        _elementwise("acos"),
        _elementwise("atan"),
        _elementwise("atan2"),
        _elementwise("sinh"),
        _elementwise("cosh"),
        _elementwise("tanh"),
        _elementwise("asinh"),
        _elementwise("acosh"),
        _elementwise("atanh"),
        # piecewise functions
        _elementwise("abs"),
        _elementwise("sign"),
        _elementwise("floor"),
        _elementwise("ceil"),
        _elementwise("trunc"),
        _elementwise("round", np.rint),
        _elementwise("maximum"),
        _elementwise("minimum"),
        _elementwise("where"),
        # comparisons and logic: boolean results, no derivative
        _elementwise("less"),
        _elementwise("less_equal"),
        _elementwise("greater"),
        _elementwise("greater_equal"),
        _elementwise("equal"),
        _elementwise("not_equal"),
        _elementwise("logical_and"),
        _elementwise("logical_or"),
        _elementwise("logical_xor"),
        _elementwise("logical_not"),
        _elementwise("isfinite"),
        _elementwise("isinf"),
        _elementwise("isnan"),
        # reductions and contractions
        Primitive("sum", np.sum, reduced_shape, _count_operand),
        Primitive("max", np.max, reduced_shape, _count_operand),
        Primitive("min", np.min, reduced_shape, _count_operand),
        Primitive("cumulative_sum", np.cumulative_sum, lambda x, axis: np.shape(x), _count_result),
        Primitive("matmul", np.matmul, matmul_shape, _count_matmul),
        # moving data
        _moving("reshape", np.reshape),
        _moving("permute_dims", np.permute_dims),
        _moving("broadcast_to", np.broadcast_to),
        _moving("getitem", _getitem),
        Primitive("scatter_add", scatter_add, lambda g, *w, index, shape: shape, _count_scatter),
        _moving("astype", lambda x, dtype: np.asarray(x).astype(dtype), aliases=False),
        Primitive("concat", lambda *xs, axis: np.concat(xs, axis), _concat_shape, _count_nothing),
    )
}


def get_primitive(name: str) -> Primitive:
    """Return the primitive of a name."""
    return TABLE[name]
