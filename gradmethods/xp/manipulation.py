"""Moving entries: shapes, axes and joining."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradmethods.errors import ShapeMismatch
from gradmethods.xp.array import Array
from gradmethods.xp.dispatch import Bindings, Operand
from gradmethods.xp.integers import integer, integers, normalize_axes, normalize_axis

MOST_PARTS = 64
"""Arrays joined at once; more are joined in groups first. A derivative goes to each part by itself,
and finding where a part begins takes all before it: work would grow with the square of them."""


def _triangle(array: Array, k: Any) -> Any:
    if array.ndim < 2:
        raise ShapeMismatch(f"A triangle needs at least 2 axes, got shape {array.shape}.")
    rows, columns = array.shape[-2:]
    return np.tri(rows, columns, integer(k), dtype=bool)


def _zero(array: Array) -> float:
    # A weak zero: the result keeps the dtype of the array.
    return False if array.dtype.kind == "b" else 0


class Manipulation(Bindings):
    """Manipulation functions of the standard."""

    def reshape(self, x: Operand, /, shape: Any, *, copy: bool | None = None) -> Array:
        """Arrange the entries, in row-major order, in another shape; one length may be -1."""
        array = self.array(x)
        lengths = list(integers(shape))
        if lengths.count(-1) == 1:
            rest = math.prod(n for n in lengths if n != -1)
            lengths[lengths.index(-1)] = array.size // rest if rest else 0
        if math.prod(lengths) != array.size or any(n < 0 for n in lengths):
            raise ShapeMismatch(f"xp.reshape cannot turn shape {array.shape} into {shape}.")
        return self.bind("reshape", array, shape=tuple(lengths))

    def permute_dims(self, x: Operand, /, axes: Sequence[int]) -> Array:
        """Reorder the axes."""
        array = self.array(x)
        order = normalize_axes(axes, array.ndim, ordered=True)
        if len(order) != array.ndim:
            raise ShapeMismatch(f"xp.permute_dims needs all {array.ndim} axes, got {axes}.")
        if order == tuple(range(array.ndim)):
            return array
        return self.bind("permute_dims", array, axes=order)

    def moveaxis(self, x: Operand, source: Any, destination: Any, /) -> Array:
        """Move axes to other places, keeping the order of the rest."""
        array = self.array(x)
        sources = normalize_axes(source, array.ndim, ordered=True)
        places = normalize_axes(destination, array.ndim, ordered=True)
        order = [i for i in range(array.ndim) if i not in sources]
        if len(sources) != len(places):
            raise ShapeMismatch(
                f"xp.moveaxis needs a destination for each source, got {source} and {destination}."
            )
        for place, axis in sorted(zip(places, sources, strict=True)):
            order.insert(place, axis)
        return self.permute_dims(array, order)

    def expand_dims(self, x: Operand, /, axis: Any = 0) -> Array:
        """Insert axes of length 1."""
        array = self.array(x)
        axes = integers(axis)
        total = array.ndim + len(axes)
        new = normalize_axes(axes, total)
        old = iter(array.shape)
        shape = tuple(1 if i in new else next(old) for i in range(total))
        return self.bind("reshape", array, shape=shape)

    def squeeze(self, x: Operand, /, axis: Any = None) -> Array:
        """Remove axes of length 1: those named, or all of them."""
        array = self.array(x)
        single = tuple(i for i, n in enumerate(array.shape) if n == 1)
        axes = single if axis is None else normalize_axes(axis, array.ndim)
        if any(array.shape[i] != 1 for i in axes):
            raise ShapeMismatch(
                f"xp.squeeze can remove axes of length 1 only, got axis={axis} of {array.shape}."
            )
        shape = tuple(n for i, n in enumerate(array.shape) if i not in axes)
        return self.bind("reshape", array, shape=shape)

    def broadcast_to(self, x: Operand, /, shape: Any) -> Array:
        """Repeat entries along new axes and axes of length 1."""
        array, target = self.array(x), integers(shape)
        return array if array.shape == target else self.bind("broadcast_to", array, shape=target)

    def broadcast_arrays(self, *arrays: Operand) -> list[Array]:
        """Broadcast arrays to their common shape."""
        lifted = [self.array(x) for x in arrays]
        try:
            shape = np.broadcast_shapes(*(x.shape for x in lifted))
        except ValueError as error:
            raise ShapeMismatch(f"xp.broadcast_arrays: {error}.") from error
        return [self.broadcast_to(x, shape) for x in lifted]

    def concat(self, arrays: Sequence[Operand], /, axis: int | None = 0) -> Array:
        """Join arrays along an axis; flattened if `axis` is None."""
        parts = [self.array(x) for x in arrays]
        if axis is None:
            parts, axis = [self.reshape(x, (-1,)) for x in parts], 0
        if not parts or parts[0].ndim == 0:
            raise ShapeMismatch("xp.concat needs at least one array, and arrays with axes.")
        where = normalize_axis(axis, parts[0].ndim)
        while len(parts) > MOST_PARTS:
            groups = [parts[i : i + MOST_PARTS] for i in range(0, len(parts), MOST_PARTS)]
            parts = [self.bind("concat", *group, axis=where) for group in groups]
        return self.bind("concat", *parts, axis=where)

    def stack(self, arrays: Sequence[Operand], /, axis: int = 0) -> Array:
        """Join arrays along a new axis."""
        parts = [self.expand_dims(x, axis=axis) for x in arrays]
        return self.concat(parts, axis=axis)

    def unstack(self, x: Operand, /, axis: int = 0) -> tuple[Array, ...]:
        """Split an array along an axis, which disappears."""
        return tuple(self.moveaxis(x, axis, 0))

    def flip(self, x: Operand, /, axis: int | tuple[int, ...] | None = None) -> Array:
        """Reverse the order of entries along axes."""
        array = self.array(x)
        axes = normalize_axes(axis, array.ndim)
        return array[tuple(slice(None, None, -1 if i in axes else 1) for i in range(array.ndim))]

    def roll(self, x: Operand, /, shift: Any, axis: Any = None) -> Array:
        """Shift entries along axes; what leaves at one end comes back at the other."""
        array = self.array(x)
        if axis is None:
            flat = self.roll(self.reshape(array, (-1,)), shift, axis=0)
            return self.reshape(flat, array.shape)
        axes, shifts = integers(axis), integers(shift)
        count = max(len(axes), len(shifts)) if axes and shifts else 0
        if not {len(axes), len(shifts)} <= {1, count}:
            raise ShapeMismatch(f"xp.roll cannot pair shift={shift} with axis={axis}.")
        for k in range(count):
            step, where = shifts[k % len(shifts)], axes[k % len(axes)]
            at = normalize_axis(where, array.ndim)
            length = array.shape[at]
            cut = -step % length if length else 0
            if cut:
                lead = (slice(None),) * at
                parts = array[(*lead, slice(cut, None))], array[(*lead, slice(None, cut))]
                array = self.bind("concat", *parts, axis=at)
        return array

    def tile(self, x: Operand, repetitions: Any, /) -> Array:
        """Repeat a whole array along its axes."""
        array = self.array(x)
        given = integers(repetitions)
        if any(count < 0 for count in given):
            raise ShapeMismatch(f"xp.tile cannot repeat {repetitions} times.")
        ndim = max(array.ndim, len(given))
        counts = (1,) * (ndim - len(given)) + given
        shape = (1,) * (ndim - array.ndim) + array.shape
        paired = self.reshape(array, tuple(n for length in shape for n in (1, length)))
        spread = tuple(n for pair in zip(counts, shape, strict=True) for n in pair)
        return self.reshape(
            self.broadcast_to(paired, spread),
            tuple(c * n for c, n in zip(counts, shape, strict=True)),
        )

    def tril(self, x: Operand, /, k: int = 0) -> Array:
        """Keep the lower triangles of the last two axes, zeros above."""
        array = self.array(x)
        return self.bind("where", _triangle(array, k), array, _zero(array))

    def triu(self, x: Operand, /, k: int = 0) -> Array:
        """Keep the upper triangles of the last two axes, zeros below."""
        array = self.array(x)
        return self.bind("where", _triangle(array, k - 1), _zero(array), array)

    def diff(
        self,
        x: Operand,
        /,
        n: int = 1,
        axis: int = -1,
        *,
        prepend: Operand | None = None,
        append: Operand | None = None,
    ) -> Array:
        """Subtract neighbours along an axis, `n` times; booleans differ or not, as in NumPy.

        What is to stand before or behind the entries at first has their shape, but along the axis,
        or is one number.
        """
        array = self.array(x)
        at, times = normalize_axis(axis, array.ndim), integer(n)
        if times < 0:
            raise ShapeMismatch(f"xp.diff cannot subtract n={n} times.")
        ends = [None if end is None else self._slice(end, array, at) for end in (prepend, append)]
        parts = [part for part in (ends[0], array, ends[1]) if part is not None]
        array = array if len(parts) == 1 else self.bind("concat", *parts, axis=at)
        minus = "not_equal" if array.dtype.kind == "b" else "subtract"
        lead = (slice(None),) * at
        for _ in range(times):
            array = self.bind(
                minus, array[(*lead, slice(1, None))], array[(*lead, slice(None, -1))]
            )
        return array

    def _slice(self, end: Operand, array: Array, axis: int) -> Array:
        """Return what is joined to an array along an axis: one number once, for every entry."""
        part = self.array(end)
        if part.ndim:
            return part
        shape = tuple(1 if i == axis else n for i, n in enumerate(array.shape))
        return self.broadcast_to(part, shape)
