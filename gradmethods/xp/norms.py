"""Norms, ranks and products that are made of other functions of ``xp``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradmethods.errors import ShapeMismatch, UnsupportedOperation
from gradmethods.xp.array import Array
from gradmethods.xp.dispatch import Operand
from gradmethods.xp.factorisations import Factorisations
from gradmethods.xp.integers import normalize_axes, normalize_axis


class Norms(Factorisations):
    """The part of ``xp.linalg`` that is composed of other functions."""

    def vector_norm(
        self, x: Operand, /, *, axis: Any = None, keepdims: bool = False, ord: float = 2
    ) -> Array:
        """Return the `ord`-norm of the entries over axes.

        As in NumPy, nothing is scaled: the squares of entries below about 1e-154 (1e-19 in float32)
        underflow, so that the norm loses its digits and is 0 below 1e-162 (1e-23). So do those of
        `matrix_norm` and `std`. Gradients are then those of that value: of a norm that has become
        0 infinite or NaN, or 0 where what follows is flat there; the complex step marks them as
        unresolved, and differences see a constant.
        """
        xp = self._xp
        if isinstance(ord, str):
            raise UnsupportedOperation(
                f"xp.linalg.vector_norm takes a number as ord, got {ord!r}; of a matrix, "
                "xp.linalg.matrix_norm takes ord='fro'."
            )
        array = xp.array(x)
        if array.dtype.kind != "f":
            array = xp.astype(array, xp.float64)
        if ord == 2:
            found = xp.bind("sqrt", xp.sum(xp.square(array), axis=axis, keepdims=keepdims))
        elif ord == 0:
            found = xp.sum(xp.astype(array != 0, array.dtype), axis=axis, keepdims=keepdims)
        elif ord == math.inf:
            largest = xp.max if array.size else xp.sum  # of no entries the norm is 0
            found = largest(xp.abs(array), axis=axis, keepdims=keepdims)
        elif ord == -math.inf:
            found = xp.min(xp.abs(array), axis=axis, keepdims=keepdims)
        elif ord == 1:
            found = xp.sum(xp.abs(array), axis=axis, keepdims=keepdims)
        else:
            power = float(ord)  # NumPy's float64 would make float64 of float32
            sums = xp.sum(xp.abs(array) ** power, axis=axis, keepdims=keepdims)
            found = self._root(sums, power)
        norm: Array = found
        return norm

    def _root(self, x: Array, power: float) -> Array:
        return x ** (1 / power)

    def matrix_norm(
        self, x: Operand, /, *, keepdims: bool = False, ord: float | str = "fro"
    ) -> Array:
        """Return the norms of matrices in the last two axes.

        Parameters
        ----------
        x : array, shape (..., m, n)
        ord : {"fro", "nuc", 1, -1, 2, -2, inf, -inf}
            Root of the sum of squares; sum of singular values; largest or smallest sum of sizes in
            a column (1, -1) or in a row (inf, -inf); largest or smallest singular value (2, -2).
        """
        xp = self._xp
        array = self._numbers(x)
        if array.ndim < 2:
            raise ShapeMismatch(
                f"xp.linalg.matrix_norm takes matrices, in the last two axes, got shape "
                f"{array.shape}. Of a vector, xp.linalg.vector_norm is there."
            )
        if ord in ("fro", "f"):  # NumPy takes both
            return self.vector_norm(array, axis=(-2, -1), keepdims=keepdims)
        if ord in ("nuc", 2, -2):
            values = self.svdvals(array)
            reduce = {"nuc": xp.sum, 2: xp.max, -2: xp.min}[ord]
            found = reduce(values, axis=-1)
        elif ord in (1, -1, math.inf, -math.inf):
            sums = xp.sum(xp.abs(array), axis=-2 if abs(ord) == 1 else -1)
            found = (xp.max if ord > 0 else xp.min)(sums, axis=-1)
        else:
            raise UnsupportedOperation(
                f"xp.linalg.matrix_norm takes ord='fro', 'nuc', 1, -1, 2, -2, inf or -inf, got "
                f"{ord!r}."
            )
        result: Array = found[..., None, None] if keepdims else found
        return result

    def norm(
        self,
        x: Operand,
        ord: Any = None,
        axis: Any = None,
        keepdims: bool = False,  # noqa: FBT002  # as in NumPy
    ) -> Array:
        """Return the norm of a vector or a matrix, as NumPy's function of this name."""
        array = self._numbers(x)
        if axis is None and ord is None:
            return self.vector_norm(array, keepdims=keepdims)
        axes = normalize_axes(axis, array.ndim, ordered=True)
        if len(axes) == 1:
            order = 2 if ord is None else ord
            return self.vector_norm(array, axis=axes, keepdims=keepdims, ord=order)
        if len(axes) != 2:
            raise ShapeMismatch(
                f"xp.linalg.norm takes a vector or a matrix, got axis={axis} of shape "
                f"{array.shape}. Over more axes, xp.linalg.vector_norm is there."
            )
        turned = self._xp.moveaxis(array, axes, (-2, -1))
        found = self.matrix_norm(turned, ord="fro" if ord is None else ord)
        if keepdims:
            found = self._xp.expand_dims(found, axis=tuple(sorted(axes)))
        return found

    def matrix_rank(self, x: Operand, /, *, rtol: Any = None) -> Array:
        """Count the singular values above `rtol` times the largest: a step, of derivative 0."""
        values = self.svdvals(x)
        if rtol is None:
            rtol = max(self._xp.array(x).shape[-2:]) * float(np.finfo(values.dtype).eps)
        limits = rtol * self._xp.max(values, axis=-1, keepdims=True)
        count: Array = self._xp.sum(self._xp.astype(values > limits, np.dtype(int)), axis=-1)
        return count

    def cross(self, x1: Operand, x2: Operand, /, *, axis: int = -1) -> Array:
        """Return the cross products of vectors of three entries along an axis."""
        xp = self._xp
        pair = [xp.array(x) for x in (x1, x2)]
        if any(x.shape[normalize_axis(axis, x.ndim)] != 3 for x in pair):
            raise ShapeMismatch(
                f"xp.linalg.cross takes vectors of 3 entries along axis {axis}, got shapes "
                f"{pair[0].shape} and {pair[1].shape}."
            )
        a, b = xp.broadcast_arrays(*pair)
        at = normalize_axis(axis, a.ndim)
        (a0, a1, a2), (b0, b1, b2) = xp.unstack(a, axis=at), xp.unstack(b, axis=at)
        parts = [a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0]
        result: Array = xp.stack(parts, axis=at)
        return result

    def multi_dot(self, arrays: Sequence[Operand], /) -> Array:
        """Multiply matrices from the left to the right; the first and last may be vectors."""
        if len(arrays) < 2:
            raise ShapeMismatch(
                f"xp.linalg.multi_dot takes at least two arrays, got {len(arrays)}."
            )
        result: Array = self._xp.array(arrays[0])
        for array in arrays[1:]:
            result = result @ array
        return result
