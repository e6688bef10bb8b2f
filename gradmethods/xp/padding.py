"""Entries put into larger arrays: margins, diagonals and Kronecker products, as NumPy has them."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.errors import ShapeMismatch, UnsupportedOperation
from gradmethods.xp.array import Array
from gradmethods.xp.dispatch import Operand
from gradmethods.xp.integers import integer
from gradmethods.xp.linalg import Contractions
from gradmethods.xp.sorting import Sorting

TAKEN = ("edge", "reflect", "symmetric", "wrap")
"""Modes of padding in which a margin repeats entries: which, NumPy says of their places."""


class Padding(Sorting, Contractions):
    """Functions that put entries into larger arrays."""

    def pad(
        self,
        x: Operand,
        /,
        pad_width: Any,
        mode: str = "constant",
        *,
        constant_values: Any = 0,
    ) -> Array:
        """Put margins around an array, as ``numpy.pad`` does.

        Parameters
        ----------
        x : array
        pad_width : int, pair of int, or sequence of such pairs
            Entries before and behind: of all axes, or a pair for each axis.
        mode : str
            ``"constant"``, or what repeats entries: ``"edge"``, ``"reflect"``, ``"symmetric"`` or
            ``"wrap"``.
        constant_values : number, or an array of shape (), (2,), (1, 2) or (ndim, 2)
            What a constant margin holds, before and behind; it may depend on parameters.
        """
        array = self.array(x)
        widths = _widths(pad_width, array.ndim)
        if mode not in ("constant", *TAKEN):
            raise UnsupportedOperation(
                f"xp.pad takes the modes 'constant', 'edge', 'reflect', 'symmetric' and 'wrap', "
                f"got {mode!r}."
            )
        fillings = self._fillings(constant_values, array)
        for axis, (before, behind) in enumerate(widths):
            if (before, behind) == (0, 0):
                continue
            if mode == "constant":
                first, last = (
                    self.full(
                        (*array.shape[:axis], length, *array.shape[axis + 1 :]),
                        fillings[axis, side],
                    )
                    for side, length in enumerate((before, behind))
                )
                array = self.concat([first, array, last], axis=axis)
            else:
                places = np.pad(np.arange(array.shape[axis]), (before, behind), mode)  # type: ignore[call-overload]  # mode is one of its literals
                array = self.take(array, places, axis=axis)
        return array

    def _fillings(self, values: Any, array: Array) -> Array:
        """Return what margins hold, by axis and side."""
        filling = self.astype(self.asarray(values), array.dtype)
        try:
            return self.broadcast_to(filling, (array.ndim, 2))
        except ShapeMismatch as error:
            raise ShapeMismatch(
                f"xp.pad takes one number for all margins, a pair, or a pair for each of "
                f"{array.ndim} axes, got shape {filling.shape}."
            ) from error

    def diag(self, x: Operand, /, k: int = 0) -> Array:
        """Put a vector on a diagonal of a matrix, or take the diagonal of a matrix."""
        array, offset = self.array(x), integer(k)
        if array.ndim == 2:
            return self.diagonal(array, offset)
        if array.ndim != 1:
            raise ShapeMismatch(f"xp.diag takes a vector or a matrix, got shape {array.shape}.")
        above, below = max(offset, 0), max(-offset, 0)
        rows = self.pad(array, (below, above))[:, None]  # each entry in the row in which it stands
        size = rows.shape[0]
        return self.where(np.eye(size, k=offset, dtype=bool), rows, self._nothing(array))

    def _nothing(self, array: Array) -> Any:
        return False if array.dtype.kind == "b" else 0

    def kron(self, x1: Operand, x2: Operand, /) -> Array:
        """Multiply every entry of one array with the whole of another, in blocks."""
        a, b = self.array(x1), self.array(x2)
        ndim = max(a.ndim, b.ndim)
        first, second = ((1,) * (ndim - x.ndim) + x.shape for x in (a, b))
        outer = tuple(n for length in first for n in (length, 1))
        inner = tuple(n for length in second for n in (1, length))
        blocks = self.reshape(a, outer) * self.reshape(b, inner)
        return self.reshape(blocks, tuple(m * n for m, n in zip(first, second, strict=True)))


def _widths(given: Any, ndim: int) -> list[tuple[int, int]]:
    """Return what stands before and behind along each axis."""
    try:
        pairs = np.broadcast_to(np.asarray(given), (ndim, 2)).tolist()
        widths = [(integer(before), integer(behind)) for before, behind in pairs]
    except ValueError as error:
        raise ShapeMismatch(
            f"xp.pad takes one width, a pair, or a pair for each of {ndim} axes, got {given}."
        ) from error
    if any(n < 0 for pair in widths for n in pair):
        raise ShapeMismatch(f"xp.pad cannot take entries away: pad_width={given}.")
    return widths
