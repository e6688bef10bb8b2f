"""Products of arrays: everything here ends in one matrix product or an element-wise one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from gradmethods.arrays import Array
from gradmethods.errors import ShapeMismatch
from gradmethods.namespace.core import Bindings, Operand
from gradmethods.namespace.manipulation import normalize_axes

if TYPE_CHECKING:
    from gradmethods.namespace import Namespace


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
        if isinstance(axes, int):
            axes = (range(a.ndim - axes, a.ndim), range(axes))
        left = normalize_axes(tuple(axes[0]), a.ndim, ordered=True)
        right = normalize_axes(tuple(axes[1]), b.ndim, ordered=True)
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
        """Sum products along one axis (of real arrays: nothing is conjugated)."""
        product = self.array(x1) * self.array(x2)
        where = normalize_axes(axis, product.ndim)
        return self.bind("sum", product, axis=where, keepdims=False)

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


class Linalg:
    """``xp.linalg``: the extension's products and norms, on the last axes as in the standard."""

    def __init__(self, xp: Namespace) -> None:
        self._xp = xp
        self.matmul = xp.matmul
        self.matrix_transpose = xp.matrix_transpose
        self.outer = xp.outer
        self.tensordot = xp.tensordot
        self.vecdot = xp.vecdot

    def diagonal(self, x: Operand, /, *, offset: int = 0) -> Array:
        """Take the diagonals of the last two axes."""
        return self._xp.diagonal(x, offset, -2, -1)

    def trace(self, x: Operand, /, *, offset: int = 0) -> Array:
        """Sum the diagonals of the last two axes."""
        return self._xp.trace(x, offset, -2, -1)

    def vector_norm(
        self, x: Operand, /, *, axis: Any = None, keepdims: bool = False, ord: float = 2
    ) -> Array:
        """Return the `ord`-norm of the entries over axes."""
        xp = self._xp
        if ord == 2:
            return xp.sqrt(xp.sum(xp.square(x), axis=axis, keepdims=keepdims))
        sizes = xp.abs(x)
        if ord == math.inf:
            return xp.max(sizes, axis=axis, keepdims=keepdims)
        if ord == -math.inf:
            return xp.min(sizes, axis=axis, keepdims=keepdims)
        if ord == 1:
            return xp.sum(sizes, axis=axis, keepdims=keepdims)
        return xp.sum(sizes**ord, axis=axis, keepdims=keepdims) ** (1 / ord)

    def matrix_norm(self, x: Operand, /, *, keepdims: bool = False, ord: str = "fro") -> Array:
        """Return the Frobenius norms of the last two axes."""
        if ord != "fro":
            raise ShapeMismatch(f"xp.linalg.matrix_norm offers ord='fro' only, got {ord!r}.")
        return self.vector_norm(x, axis=(-2, -1), keepdims=keepdims)

    def __getattr__(self, name: str) -> Any:
        # Named like the namespace's own refusal, so that the message helps in the same way.
        return self._xp.__getattr__(name)
