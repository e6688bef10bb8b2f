"""Sorting, searching and places: what goes by the order of entries along an axis."""

from __future__ import annotations

from typing import Any

from gradmethods.errors import ShapeMismatch, UnsupportedOperation
from gradmethods.xp.array import Array
from gradmethods.xp.dispatch import Operand
from gradmethods.xp.indexing import Indexing
from gradmethods.xp.integers import normalize_axis

COMPARED = {"left": "less", "right": "less_equal"}
"""Side → how an entry compares with a value before which it stands."""


class Sorting(Indexing):
    """Sorting and searching functions of the standard.

    Places are integers that do not vary with the entries, but where two of these change their
    order: their derivative is 0, and there is none at a jump.
    """

    def sort(
        self, x: Operand, /, axis: int = -1, *, descending: bool = False, stable: bool = True
    ) -> Array:
        """Sort entries along an axis; equal ones share their derivatives equally.

        NumPy knows no `descending`: a loss that runs in NumPy, too, flips the result.
        """
        array = self.array(x)
        at = normalize_axis(axis, array.ndim)
        result = self.bind("sort", array, axis=at)
        return self.flip(result, axis=at) if descending else result

    def argsort(
        self, x: Operand, /, axis: int = -1, *, descending: bool = False, stable: bool = True
    ) -> Array:
        """Return the places of sorted entries along an axis; equal ones keep their order."""
        array = self.array(x)
        at = normalize_axis(axis, array.ndim)
        if not descending:
            return self.bind("argsort", array, axis=at)
        # From the end, so that equal ones keep their order.
        places = self.flip(self.bind("argsort", self.flip(array, axis=at), axis=at), axis=at)
        return array.shape[at] - 1 - places

    def argmax(self, x: Operand, /, axis: int | None = None, *, keepdims: bool = False) -> Array:
        """Return the place of the largest entry, the first of equal ones."""
        return self._place("argmax", x, axis, keepdims)

    def argmin(self, x: Operand, /, axis: int | None = None, *, keepdims: bool = False) -> Array:
        """Return the place of the smallest entry, the first of equal ones."""
        return self._place("argmin", x, axis, keepdims)

    def _place(self, name: str, x: Operand, axis: int | None, keepdims: bool) -> Array:
        array = self.array(x)
        shape = (1,) * array.ndim
        if axis is None:
            array = self.reshape(array, (-1,))
        at = normalize_axis(0 if axis is None else axis, array.ndim)
        if array.shape[at] == 0:
            raise ShapeMismatch(f"xp.{name} of no entries does not exist: shape {array.shape}.")
        if axis is None:
            place = self.bind(name, array, axis=0, keepdims=False)
            return self.reshape(place, shape) if keepdims else place
        return self.bind(name, array, axis=at, keepdims=bool(keepdims))

    def searchsorted(
        self, x1: Operand, x2: Operand, /, side: str = "left", sorter: Any = None
    ) -> Array:
        """Count the entries of a sorted vector `x1` that stand before each value of `x2`."""
        vector, values = self.array(x1), self.array(x2)
        if vector.ndim != 1:
            raise ShapeMismatch(f"xp.searchsorted needs a sorted vector, got shape {vector.shape}.")
        if side not in COMPARED:
            raise UnsupportedOperation(
                f"xp.searchsorted takes side='left' or side='right', got {side!r}."
            )
        if sorter is not None:
            vector = self.take(vector, sorter)
        before = self.bind(COMPARED[side], vector, values[..., None])
        return self.bind("sum", before, axis=(values.ndim,), keepdims=False)
