"""Statistical functions over axes: sum, max and min are primitives, the rest is made of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradmethods.errors import ShapeMismatch
from gradmethods.xp.array import Array
from gradmethods.xp.dispatch import Operand
from gradmethods.xp.elementwise import Elementwise
from gradmethods.xp.integers import normalize_axes, normalize_axis

Axis = int | tuple[int, ...] | None


class Statistical(Elementwise):
    """Statistical functions of the standard."""

    def _reduce(self, name: str, x: Operand, axis: Axis, keepdims: bool) -> Array:
        array = self.array(x)
        axes = normalize_axes(axis, array.ndim)
        if name != "sum" and any(array.shape[i] == 0 for i in axes):
            raise ShapeMismatch(
                f"xp.{name} over no entries does not exist: shape {array.shape}, axis={axis}."
            )
        return self.bind(name, array, axis=axes, keepdims=bool(keepdims))

    def sum(
        self, x: Operand, /, axis: Axis = None, *, dtype: Any = None, keepdims: bool = False
    ) -> Array:
        """Add entries over axes; small integers and booleans as 64-bit integers, as in NumPy."""
        return self._cast(self._reduce("sum", self._cast(x, dtype), axis, keepdims), dtype)

    def max(self, x: Operand, /, axis: Axis = None, *, keepdims: bool = False) -> Array:
        """Return the largest entries over axes."""
        return self._reduce("max", x, axis, keepdims)

    def min(self, x: Operand, /, axis: Axis = None, *, keepdims: bool = False) -> Array:
        """Return the smallest entries over axes."""
        return self._reduce("min", x, axis, keepdims)

    def any(self, x: Operand, /, axis: Axis = None, *, keepdims: bool = False) -> Array:
        """Say whether any entry over axes is true."""
        return self._decide("max", x, axis, keepdims)

    def all(self, x: Operand, /, axis: Axis = None, *, keepdims: bool = False) -> Array:
        """Say whether all entries over axes are true."""
        return self._decide("min", x, axis, keepdims)

    def mean(self, x: Operand, /, axis: Axis = None, *, keepdims: bool = False) -> Array:
        """Average entries over axes."""
        array = self._real(x)
        return self.sum(array, axis=axis, keepdims=keepdims) / self._count(array, axis)

    def var(
        self, x: Operand, /, axis: Axis = None, *, correction: float = 0.0, keepdims: bool = False
    ) -> Array:
        """Average the squared deviations from the mean; divide by count less `correction`."""
        array = self._real(x)
        if self._count(array, axis) == 1:
            deviations = array * 0  # none, whatever the entry is
        else:
            deviations = array - self.mean(array, axis=axis, keepdims=True)
        total = self.sum(self.bind("square", deviations), axis=axis, keepdims=keepdims)
        # A Python number, so that float32 stays float32.
        return total / max(self._count(array, axis) - float(correction), 0.0)

    def std(
        self, x: Operand, /, axis: Axis = None, *, correction: float = 0.0, keepdims: bool = False
    ) -> Array:
        """Take the square root of `var`, whose squares may underflow: see `linalg.vector_norm`."""
        return self.bind("sqrt", self.var(x, axis=axis, correction=correction, keepdims=keepdims))

    def prod(
        self, x: Operand, /, axis: Axis = None, *, dtype: Any = None, keepdims: bool = False
    ) -> Array:
        """Multiply entries over axes, as a balanced tree: no division, so zeros do no harm."""
        array = self._wide(self._cast(x, dtype))
        axes = normalize_axes(axis, array.ndim)
        kept = tuple(i for i in range(array.ndim) if i not in axes)
        shape = tuple(array.shape[i] for i in kept)
        factors = self.bind("permute_dims", array, axes=(*axes, *kept))
        rows = math.prod(array.shape[i] for i in axes)
        factors = self.bind("reshape", factors, shape=(rows, *shape))
        if rows == 0:
            one = self._filled(array.dtype.type(1), self._kept_shape(array, axes, keepdims))
            return self._cast(one, dtype)
        while rows > 1:
            half = rows // 2
            pairs = factors[:half] * factors[half : 2 * half]
            if rows % 2:
                pairs = self.bind("concat", pairs, factors[2 * half :], axis=0)
            factors, rows = pairs, half + rows % 2
        product = self.bind("reshape", factors, shape=self._kept_shape(array, axes, keepdims))
        return self._cast(product, dtype)

    def cumulative_sum(
        self,
        x: Operand,
        /,
        *,
        axis: int | None = None,
        dtype: Any = None,
        include_initial: bool = False,
    ) -> Array:
        """Add up entries along an axis, optionally starting from zero."""
        array = self._wide(self._cast(x, dtype))
        if axis is None and array.ndim != 1:
            raise ShapeMismatch(
                f"xp.cumulative_sum needs an axis for an array of shape {array.shape}."
            )
        where = normalize_axis(0 if axis is None else axis, array.ndim)
        total = self._cast(self.bind("cumulative_sum", array, axis=where), dtype)
        if not include_initial:
            return total
        shape = tuple(1 if i == where else n for i, n in enumerate(array.shape))
        return self.bind("concat", self._filled(total.dtype.type(0), shape), total, axis=where)

    def cumulative_prod(
        self,
        x: Operand,
        /,
        *,
        axis: int | None = None,
        dtype: Any = None,
        include_initial: bool = False,
    ) -> Array:
        """Multiply entries up to each along an axis: no division, so zeros do no harm.

        In log2 n rounds, each product takes in the one that ends where it begins.
        """
        array = self._wide(self._cast(x, dtype))
        if axis is None and array.ndim != 1:
            raise ShapeMismatch(
                f"xp.cumulative_prod needs an axis for an array of shape {array.shape}."
            )
        at = normalize_axis(0 if axis is None else axis, array.ndim)
        lead, reach = (slice(None),) * at, 1
        while reach < array.shape[at]:
            products = array[(*lead, slice(reach, None))] * array[(*lead, slice(None, -reach))]
            array = self.bind("concat", array[(*lead, slice(None, reach))], products, axis=at)
            reach *= 2
        array = self._cast(array, dtype)
        if not include_initial:
            return array
        shape = tuple(1 if i == at else n for i, n in enumerate(array.shape))
        return self.bind("concat", self._filled(array.dtype.type(1), shape), array, axis=at)

    def count_nonzero(self, x: Operand, /, axis: Axis = None, *, keepdims: bool = False) -> Array:
        """Count the entries over axes that are not 0; the counts do not vary but by jumps."""
        return self.sum(self._truth(x), axis=axis, keepdims=keepdims)

    def _cast(self, x: Operand, dtype: Any) -> Array:
        array = self.array(x)
        return array if dtype is None else self.astype(array, dtype)

    def _wide(self, array: Array) -> Array:
        """Return integers and booleans in the dtype in which NumPy adds and multiplies them."""
        wide = np.sum(np.empty(0, array.dtype)).dtype
        return self._cast(array, None if array.dtype.kind == "f" else wide)

    def _decide(self, name: str, x: Operand, axis: Axis, keepdims: bool) -> Array:
        """Reduce truth values; of no entries, all hold and not any."""
        truth = self._truth(x)
        axes = normalize_axes(axis, truth.ndim)
        if any(truth.shape[i] == 0 for i in axes):
            return self._filled(np.bool_(name == "min"), self._kept_shape(truth, axes, keepdims))
        return self._reduce(name, truth, axis, keepdims)

    def _count(self, array: Array, axis: Axis) -> int:
        return math.prod(array.shape[i] for i in normalize_axes(axis, array.ndim))

    def _kept_shape(self, array: Array, axes: tuple[int, ...], keepdims: bool) -> tuple[int, ...]:
        if keepdims:
            return tuple(1 if i in axes else n for i, n in enumerate(array.shape))
        return tuple(n for i, n in enumerate(array.shape) if i not in axes)

    def _filled(self, value: Any, shape: tuple[int, ...]) -> Array:
        return self.bind("broadcast_to", self.array(value), shape=shape)
