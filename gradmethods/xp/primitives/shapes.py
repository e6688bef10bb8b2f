"""How the shape of a result follows, what a result costs, and what stands in an index."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Shape = tuple[int, ...]
Operand = Any
"""An array, or a Python scalar (which takes the dtype of the arrays it meets)."""


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


def moved_shape(function: Callable[..., Any]) -> Callable[..., Shape]:
    """Find the shape of a result by moving a stand-in of the operand's shape."""

    def shape(x: Operand, *where: Operand, **static: Any) -> Shape:
        zeros = (np.zeros(np.shape(w), np.intp) for w in where)
        result: Shape = function(stand_in(np.shape(x)), *zeros, **static).shape
        return result

    return shape


def stand_in(shape: Shape) -> NDArray[Any]:
    """Make an array of a shape that takes the memory of one entry."""
    return np.ndarray(shape, bool, b"\0", strides=(0,) * len(shape))


def count_result(shapes: list[Shape], result: Shape) -> int:
    """Count one operation for each entry of the result."""
    return math.prod(result)


def count_operand(shapes: list[Shape], result: Shape) -> int:
    """Count what it takes to reduce an operand to the result."""
    return max(math.prod(shapes[0]) - math.prod(result), 0)


def count_nothing(shapes: list[Shape], result: Shape) -> int:
    """Count nothing: data are moved."""
    return 0


@dataclass(frozen=True)
class Hole:
    """The place of an integer array inside an index; the array itself is an operand."""

    position: int


def fill_index(index: tuple[Any, ...], where: tuple[Any, ...]) -> tuple[Any, ...]:
    """Put the integer arrays `where` into the holes of `index`."""
    return tuple(where[part.position] if isinstance(part, Hole) else part for part in index)
