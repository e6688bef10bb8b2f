"""What goes by the order of entries along an axis: sorted entries, and their places.

Sorting follows the convention at kinks: of entries that are equal, each place among them has the
mean of their derivatives. Places are integers, constant between jumps.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.xp.primitives.primitive import FLAT, Behaviour, Kind, Primitive
from gradmethods.xp.primitives.shapes import Hole, Shape, reduced_shape

PAIR = (Hole(0), Hole(1))
"""The index of entries by their rows and columns."""


def _sort(x: Any, axis: int) -> NDArray[Any]:
    return np.sort(x, axis=axis)


def _argsort(x: Any, axis: int) -> NDArray[np.intp]:
    return np.argsort(x, axis=axis, stable=True)


def _argmax(x: Any, axis: int, *, keepdims: bool = False) -> Any:
    return np.argmax(x, axis=axis, keepdims=keepdims)


def _argmin(x: Any, axis: int, *, keepdims: bool = False) -> Any:
    return np.argmin(x, axis=axis, keepdims=keepdims)


def _kept(x: Any, axis: int) -> Shape:
    return np.shape(x)


def _without(x: Any, axis: int, *, keepdims: bool = False) -> Shape:
    return reduced_shape(x, axis=(axis,), keepdims=keepdims)


def _count_sort(shapes: list[Shape], result: Shape) -> int:
    """Count the comparisons of a merge sort, about n log2 n."""
    longest = max(math.prod(result), 1)
    return longest * math.ceil(math.log2(longest))


def _count_scan(shapes: list[Shape], result: Shape) -> int:
    return max(math.prod(shapes[0]) - math.prod(result), 0)


def _means_of_ties(xp: Any, values: Any, ordered: Any) -> Any:
    """Average, along the last axis, values over the places at which sorted entries are equal."""
    *lead, n = ordered.shape
    if n < 2:
        return values
    rows = math.prod(lead)
    keys, flat = xp.reshape(ordered, (rows, n)), xp.reshape(values, (rows, n))
    apart = xp.cumulative_sum(xp.astype(keys[:, 1:] != keys[:, :-1], xp.int64), axis=1)
    group = xp.concat([xp.zeros((rows, 1), dtype=xp.int64), apart], axis=1)
    row = np.arange(rows)[:, None]

    def totals(x: Any) -> Any:
        sums = xp.bind("scatter_add", x, row, group, index=PAIR, shape=(rows, n))
        return xp.bind("getitem", sums, row, group, index=PAIR)

    return xp.reshape(totals(flat) / totals(xp.ones_like(flat)), values.shape)


def _put_back(xp: Any, g: Any, y: Any, x: Any, *, axis: int) -> Any:
    place = xp.argsort(xp.argsort(x, axis=axis), axis=axis)
    means = _means_of_ties(xp, xp.moveaxis(g, axis, -1), xp.moveaxis(y, axis, -1))
    return xp.take_along_axis(xp.moveaxis(means, -1, axis), place, axis=axis)


def _sorted_along(xp: Any, t: Any, y: Any, x: Any, *, axis: int) -> Any:
    order = xp.argsort(x, axis=axis)
    moved = xp.take_along_axis(t, order[None, ...], axis=axis + 1)
    keys = xp.broadcast_to(y[None, ...], moved.shape)
    means = _means_of_ties(xp, xp.moveaxis(moved, axis + 1, -1), xp.moveaxis(keys, axis + 1, -1))
    return xp.moveaxis(means, -1, axis + 1)


def _places(name: str, function: Any, shape: Any, count: Any) -> Primitive:
    """Make the entry of a function to integers, which are those of the real parts."""
    return Primitive(
        name,
        function,
        shape,
        count,
        Kind.ORDER,
        vjp=FLAT,
        jvp=FLAT,
        complex=lambda cx, z, **static: function(z.real, **static),
        behaviour=Behaviour.NEVER_NEGATIVE | Behaviour.EXACT,
    )


ENTRIES: tuple[Primitive, ...] = (
    Primitive(
        "sort",
        _sort,
        _kept,
        _count_sort,
        Kind.ORDER,
        vjp=(_put_back,),
        jvp=(_sorted_along,),
        complex=lambda cx, z, axis: cx.sort(z, axis),
        behaviour=(
            Behaviour.PASSING
            | Behaviour.EXPOSING
            | Behaviour.KEEPS_SIGN
            | Behaviour.EXACT
            | Behaviour.KEEPS_OFF_ZERO
        ),
    ),
    _places("argsort", _argsort, _kept, _count_sort),
    _places("argmax", _argmax, _without, _count_scan),
    _places("argmin", _argmin, _without, _count_scan),
)
