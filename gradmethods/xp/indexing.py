"""Basic and integer-array indexing."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.errors import ShapeMismatch, UnsupportedOperation
from gradmethods.xp.array import FIXED, Array
from gradmethods.xp.creation import Creation
from gradmethods.xp.dispatch import Operand
from gradmethods.xp.integers import integer, integers, normalize_axis
from gradmethods.xp.primitives import Hole


class Indexing(Creation):
    """Basic and integer-array indexing, and the functions that are made of it."""

    def getitem(self, x: Operand, index: Any) -> Array:
        """Take entries by integers, slices, ``...``, None, integer arrays and constant masks."""
        array = self.array(x)
        parts = [self._part(p) for p in (index if isinstance(index, tuple) else (index,))]
        rest = array.ndim - sum(map(_axes_taken, parts))
        template: list[Any] = []
        where: list[Array] = []
        axis = 0
        for part in parts:
            arrays = [part] if isinstance(part, Array) else []
            if isinstance(part, np.ndarray):
                _check_mask(part, array.shape, axis)
                arrays = [self.array(places) for places in np.nonzero(part)]
            if isinstance(part, (Array, np.ndarray)):
                template += (Hole(len(where) + i) for i in range(len(arrays)))
                where += arrays
            else:
                template.append(part)
            axis += rest if part is Ellipsis else _axes_taken(part)
        return self.bind("getitem", array, *where, index=tuple(template))

    def _part(self, part: Any) -> Any:
        """Return a part of an index plainly: Python's own, an integer array, or a mask's values."""
        if part is None or part is Ellipsis:
            return part
        if isinstance(part, slice):
            limits = (part.start, part.stop, part.step)
            return slice(*(None if limit is None else integer(limit) for limit in limits))
        if isinstance(part, (int, np.integer)) and not isinstance(part, bool):
            return int(part)
        array = self._listed(part)
        if array.dtype.kind in "iu":
            return array
        mask = self.concrete(array) if array.dtype.kind == "b" and array.ndim else None
        if mask is not None:
            return mask
        used = f"An array of shape {array.shape} and dtype {array.dtype} was used as an index. "
        if array.dtype.kind == "b" and array.ndim:
            raise UnsupportedOperation(
                f"{used}How many entries such a mask selects depends on values of parameters or "
                "data, and an operation has one shape. Choose by value with xp.where(mask, x, 0), "
                "or multiply by the mask; a mask that never changes may come from outside the loss "
                "(from a closure) instead of from data=."
            )
        raise UnsupportedOperation(
            f"{used}Indices are integers, slices, integer arrays or boolean masks; choose by value "
            "with xp.where."
        )

    def _listed(self, values: Any) -> Array:
        """Make an array of indices; an empty list holds integers."""
        array = self.asarray(values)
        if isinstance(values, (list, tuple)) and array.size == 0:
            return self.astype(array, np.intp)
        return array

    def take(self, x: Operand, indices: Any, /, axis: int | None = None) -> Array:
        """Take entries along an axis, or of the flattened array, by an array of integers."""
        array, where = self.array(x), self._listed(indices)
        if axis is None:
            array, axis = self.reshape(array, (-1,)), 0
        at = normalize_axis(axis, array.ndim)
        if where.dtype.kind == "b":
            where = self.astype(where, np.intp)
        return self.getitem(array, (*(slice(None),) * at, where))

    def take_along_axis(self, x: Operand, indices: Any, /, axis: int = -1) -> Array:
        """Take, along an axis, the entries that an array of integers of equal rank names.

        On the other axes the two broadcast, as in NumPy.
        """
        array, where = self.array(x), self._listed(indices)
        at = normalize_axis(axis, array.ndim)
        if where.dtype.kind == "b":
            raise UnsupportedOperation("xp.take_along_axis takes integers as indices, got bool.")
        if where.ndim != array.ndim:
            raise ShapeMismatch(
                f"xp.take_along_axis needs indices with as many axes as the array, got shapes "
                f"{where.shape} and {array.shape}."
            )
        grid = [
            np.arange(n).reshape([-1 if j == i else 1 for j in range(array.ndim)])
            for i, n in enumerate(array.shape)
        ]
        return self.getitem(array, (*grid[:at], where, *grid[at + 1 :]))

    def repeat(self, x: Operand, repeats: Any, /, axis: int | None = None) -> Array:
        """Repeat every entry `repeats` times along an axis, or each its own number of times."""
        array = self.array(x)
        if axis is None:
            array, axis = self.reshape(array, (-1,)), 0
        at = normalize_axis(axis, array.ndim)
        known = self.concrete(repeats) if isinstance(repeats, Array) else repeats
        if known is None:
            raise UnsupportedOperation(f"xp.repeat needs counts that are known. {FIXED}")
        counts = integers(known)
        if len(counts) not in (1, array.shape[at]) or any(count < 0 for count in counts):
            raise ShapeMismatch(
                f"xp.repeat cannot repeat the {array.shape[at]} entries of axis {axis} "
                f"{repeats} times."
            )
        return self.take(array, np.repeat(np.arange(array.shape[at]), counts), axis=at)


def _axes_taken(part: Any) -> int:
    if part is None or part is Ellipsis:
        return 0
    return part.ndim if isinstance(part, np.ndarray) else 1


def _check_mask(mask: np.ndarray[Any, Any], shape: tuple[int, ...], axis: int) -> None:
    covered = shape[axis : axis + mask.ndim]
    if mask.shape != covered:
        raise ShapeMismatch(
            f"A mask of shape {mask.shape} was used as an index where the array has axes of "
            f"shape {covered}. They must be equal."
        )
