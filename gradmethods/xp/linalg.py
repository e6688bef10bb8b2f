"""Products of arrays: everything here ends in one matrix product or an element-wise one."""

from __future__ import annotations

import math
from typing import Any

from gradmethods.errors import ShapeMismatch, UnknownAttribute
from gradmethods.xp.array import Array
from gradmethods.xp.dispatch import Bindings, Operand
from gradmethods.xp.integers import integer, integers, normalize_axes, normalize_axis
from gradmethods.xp.norms import Norms
from gradmethods.xp.rewrites import advice
from gradmethods.xp.statistical import Statistical


class Contractions(Bindings):
    """Products that the standard has in its main namespace, and NumPy's outer and trace."""

    def matmul(self, x1: Operand, x2: Operand, /) -> Array:
        """Multiply matrices, vectors, or stacks of matrices that broadcast."""
        a, b = self.array(x1), self.array(x2)
        if a.ndim == 0 or b.ndim == 0:
            raise ShapeMismatch(
                f"xp.matmul cannot take scalars, got shapes {a.shape} and {b.shape}; use *."
            )
        rows, columns = a.ndim > 1, b.ndim > 1
        a = a if rows else self.bind("reshape", a, shape=(1, *a.shape))
        b = b if columns else self.bind("reshape", b, shape=(*b.shape, 1))
        product = self.bind("matmul", a, b)
        shape = product.shape[:-2]
        shape += product.shape[-2:-1] if rows else ()
        shape += product.shape[-1:] if columns else ()
        return product if shape == product.shape else self.bind("reshape", product, shape=shape)

    def matrix_transpose(self, x: Operand, /) -> Array:
        """Exchange the last two axes."""
        array = self.array(x)
        if array.ndim < 2:
            raise ShapeMismatch(
                f"xp.matrix_transpose needs at least 2 axes, got shape {array.shape}."
            )
        last = array.ndim - 1
        return self.bind("permute_dims", array, axes=(*range(last - 1), last, last - 1))

    def tensordot(self, x1: Operand, x2: Operand, /, *, axes: Any = 2) -> Array:
        """Sum products over pairs of axes."""
        a, b = self.array(x1), self.array(x2)
        if not isinstance(axes, (tuple, list)):
            count = integer(axes)
            axes = (range(a.ndim - count, a.ndim), range(count))
        first, second = axes
        left = normalize_axes(integers(first), a.ndim, ordered=True)
        right = normalize_axes(integers(second), b.ndim, ordered=True)
        if [a.shape[i] for i in left] != [b.shape[i] for i in right]:
            raise ShapeMismatch(
                f"xp.tensordot cannot sum axes {left} of shape {a.shape} with axes {right} of "
                f"shape {b.shape}."
            )
        kept_a = tuple(i for i in range(a.ndim) if i not in left)
        kept_b = tuple(i for i in range(b.ndim) if i not in right)
        shape_a = tuple(a.shape[i] for i in kept_a)
        shape_b = tuple(b.shape[i] for i in kept_b)
        inner = math.prod(a.shape[i] for i in left)
        a = self.bind("permute_dims", a, axes=(*kept_a, *left))
        b = self.bind("permute_dims", b, axes=(*right, *kept_b))
        a = self.bind("reshape", a, shape=(math.prod(shape_a), inner))
        b = self.bind("reshape", b, shape=(inner, math.prod(shape_b)))
        return self.bind("reshape", self.bind("matmul", a, b), shape=(*shape_a, *shape_b))

    def vecdot(self, x1: Operand, x2: Operand, /, *, axis: int = -1) -> Array:
        """Sum products along one axis of each array (real ones: nothing is conjugated)."""
        a, b = self.array(x1), self.array(x2)
        at, other = normalize_axis(axis, a.ndim), normalize_axis(axis, b.ndim)
        if a.shape[at] != b.shape[other]:
            raise ShapeMismatch(
                f"xp.vecdot cannot sum along axis {axis} of shapes {a.shape} and {b.shape}: the "
                "lengths differ."
            )
        if a.ndim - at != b.ndim - other:  # the axis stands at different places from the end
            a, b, at = self._last(a, at), self._last(b, other), a.ndim - 1
        product = a * b
        where = product.ndim - (a.ndim - at)
        total = self.bind("sum", product, axis=(where,), keepdims=False)
        return self._as(total, product.dtype)

    def _last(self, x: Array, axis: int) -> Array:
        """Move an axis to the end."""
        return self.bind("permute_dims", x, axes=(*range(axis), *range(axis + 1, x.ndim), axis))

    def _as(self, x: Array, dtype: Any) -> Array:
        return x if x.dtype == dtype else self.bind("astype", x, dtype=dtype)

    def outer(self, x1: Operand, x2: Operand, /) -> Array:
        """Multiply every entry of one vector with every entry of another."""
        a, b = self.array(x1), self.array(x2)
        column = self.bind("reshape", a, shape=(a.size, 1))
        return column * self.bind("reshape", b, shape=(1, b.size))

    def diagonal(self, x: Operand, /, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
        """Take the diagonal of two axes; it becomes the last axis."""
        array = self.array(x)
        first, second = normalize_axes((axis1, axis2), array.ndim, ordered=True)
        others = tuple(i for i in range(array.ndim) if i not in (first, second))
        array = self.bind("permute_dims", array, axes=(*others, first, second))
        rows, columns = array.shape[-2:]
        offset = integer(offset)
        length = max(min(rows + min(offset, 0), columns - max(offset, 0)), 0)
        start = max(-offset, 0) * columns + max(offset, 0)
        flat = self.bind("reshape", array, shape=(*array.shape[:-2], rows * columns))
        if length == 0:
            return flat[..., :0]
        return flat[..., start : start + (length - 1) * (columns + 1) + 1 : columns + 1]

    def trace(self, x: Operand, /, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
        """Sum the diagonal of two axes."""
        entries = self.diagonal(x, offset, axis1, axis2)
        return self.bind("sum", entries, axis=(entries.ndim - 1,), keepdims=False)


class Functions(Statistical, Contractions):
    """What norms are written with."""


class Linalg(Norms):
    """``xp.linalg``: the standard's extension and what else NumPy's has, on the last axes."""

    def __init__(self, xp: Functions) -> None:
        super().__init__(xp)
        self.matmul = xp.matmul
        self.matrix_transpose = xp.matrix_transpose
        self.tensordot = xp.tensordot
        self.vecdot = xp.vecdot

    def outer(self, x1: Operand, x2: Operand, /) -> Array:
        """Multiply every entry of one vector with every entry of another."""
        a, b = self._xp.array(x1), self._xp.array(x2)
        if (a.ndim, b.ndim) != (1, 1):
            raise ShapeMismatch(
                f"xp.linalg.outer takes two vectors, got shapes {a.shape} and {b.shape}. Flatten "
                "them with xp.reshape(x, (-1,))."
            )
        product: Array = self._xp.outer(a, b)
        return product

    def diagonal(self, x: Operand, /, *, offset: int = 0) -> Array:
        """Take the diagonals of the last two axes."""
        entries: Array = self._xp.diagonal(x, offset, -2, -1)
        return entries

    def trace(self, x: Operand, /, *, offset: int = 0) -> Array:
        """Sum the diagonals of the last two axes."""
        total: Array = self._xp.trace(x, offset, -2, -1)
        return total

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        known = [n for n in (*dir(Linalg), *vars(self)) if not n.startswith("_")]
        raise UnknownAttribute(
            f"xp.linalg.{name} is not among the functions that a loss can use. "
            f"{advice(name, known, 'xp.linalg')}"
        )
