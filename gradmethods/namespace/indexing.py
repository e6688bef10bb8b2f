"""Basic and integer-array indexing."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.arrays import Array
from gradmethods.errors import ShapeMismatch, UnsupportedOperation
from gradmethods.namespace.core import Operand
from gradmethods.namespace.creation import Creation
from gradmethods.namespace.manipulation import normalize_axes
from gradmethods.primitives import Hole


class Indexing(Creation):
    """Basic and integer-array indexing, and the functions that are made of it."""

    def getitem(self, x: Operand, index: Any) -> Array:
        """Take entries by integers, slices, ``...``, None, integer arrays and constant masks."""
        array = self.array(x)
        parts = index if isinstance(index, tuple) else (index,)
        template: list[Any] = []
        where: list[Array] = []
        for part in parts:
            for plain in self._index_parts(part):
                if isinstance(plain, Array):
                    template.append(Hole(len(where)))
                    where.append(plain)
                else:
                    template.append(plain)
        return self.bind("getitem", array, *where, index=tuple(template))

    def _index_parts(self, part: Any) -> list[Any]:
        if part is None or part is Ellipsis or isinstance(part, slice):
            return [part]
        if isinstance(part, (int, np.integer)) and not isinstance(part, (bool, np.bool_)):
            return [int(part)]
        array = self.asarray(part)
        if array.dtype.kind in "iu":
            return [array]
        mask = self.concrete(array)
        if array.dtype.kind == "b" and mask is not None:
            return [self.array(axis) for axis in np.nonzero(mask)]
        raise UnsupportedOperation(
            f"An array of shape {array.shape} and dtype {array.dtype} was used as an index. "
            "Indices are integers, slices, integer arrays or constant boolean masks; choose by "
            "value with xp.where."
        )

    def take(self, x: Operand, indices: Any, /, *, axis: int | None = None) -> Array:
        """Take entries along an axis by an array of integers."""
        array = self.array(x)
        if axis is None and array.ndim != 1:
            raise ShapeMismatch(f"xp.take needs an axis for an array of shape {array.shape}.")
        (at,) = normalize_axes(0 if axis is None else axis, array.ndim)
        return self.getitem(array, (*(slice(None),) * at, self.asarray(indices)))

    def take_along_axis(self, x: Operand, indices: Any, /, *, axis: int = -1) -> Array:
        """Take, along an axis, the entries that an array of integers of equal rank names."""
        array, where = self.array(x), self.asarray(indices)
        (at,) = normalize_axes(axis, array.ndim)
        grid = [
            np.arange(n).reshape([-1 if j == i else 1 for j in range(array.ndim)])
            for i, n in enumerate(where.shape)
        ]
        return self.getitem(array, (*grid[:at], where, *grid[at + 1 :]))

    def repeat(self, x: Operand, repeats: int, /, *, axis: int | None = None) -> Array:
        """Repeat every entry `repeats` times along an axis."""
        array = self.array(x)
        if axis is None:
            array, axis = self.reshape(array, (-1,)), 0
        return self.take(array, np.repeat(np.arange(array.shape[axis]), repeats), axis=axis)
