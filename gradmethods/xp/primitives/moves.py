"""Moving data: shapes, axes, joining, indexing and conversion. Nothing is computed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.xp.primitives.primitive import Behaviour, Function, Kind, Primitive, move
from gradmethods.xp.primitives.shapes import Hole, Operand, Shape, fill_index, moved_shape, stand_in

MOVES = Behaviour.PASSING | Behaviour.KEEPS_SIGN


def scatter_add(g: NDArray[Any], *where: Any, index: Any, shape: Shape) -> NDArray[Any]:
    """Add `g` into zeros of `shape` at an index, once for every time that an entry was taken."""
    total = np.zeros(shape, np.asarray(g).dtype)
    if where:
        np.add.at(total, fill_index(index, where), g)
    else:
        total[index] = g  # a basic index takes every entry at most once
    return total


def _getitem(x: Any, *where: Any, index: tuple[Any, ...]) -> Any:
    return x[fill_index(index, where)]


def _astype(x: Any, dtype: Any) -> Any:
    return np.asarray(x).astype(dtype)


def _concat(*xs: Any, axis: int) -> Any:
    return np.concat(xs, axis)


def _concat_shape(*operands: Operand, axis: int) -> Shape:
    return np.concatenate([stand_in(np.shape(x)) for x in operands], axis=axis).shape


def _part(position: int) -> Function:
    def rule(xp: Any, g: Any, y: Any, *xs: Any, axis: int) -> Any:
        start = sum(x.shape[axis] for x in xs[:position])
        stop = start + xs[position].shape[axis]
        return g[(slice(None),) * axis + (slice(start, stop),)]

    return rule


def _permuted_back(xp: Any, g: Any, y: Any, x: Any, *, axes: tuple[int, ...]) -> Any:
    return xp.permute_dims(g, tuple(int(i) for i in np.argsort(axes)))


def _put_back(xp: Any, g: Any, y: Any, x: Any, *where: Any, index: Any) -> Any:
    return xp.bind("scatter_add", g, *where, index=index, shape=x.shape)


def _taken_again(xp: Any, g: Any, y: Any, x: Any, *where: Any, index: Any, shape: Any) -> Any:
    return xp.bind("getitem", g, *where, index=index)


def _repeated_along(xp: Any, t: Any, y: Any, x: Any, *, shape: Shape) -> Any:
    new = (1,) * (len(shape) - x.ndim)
    return xp.broadcast_to(xp.reshape(t, (t.shape[0], *new, *x.shape)), (t.shape[0], *shape))


def _axes_in_front(index: tuple[Any, ...], where: tuple[Any, ...]) -> int:
    """Count the axes that NumPy puts in front of all others: of integer arrays that stand apart."""
    places = [i for i, part in enumerate(index) if isinstance(part, (Hole, int))]
    apart = places and places[-1] - places[0] >= len(places)
    return len(np.broadcast_shapes(*(part.shape for part in where))) if where and apart else 0


def _taken_along(xp: Any, t: Any, y: Any, x: Any, *where: Any, index: Any) -> Any:
    taken = xp.bind("getitem", t, *where, index=(slice(None), *index))
    front = _axes_in_front(index, where)
    return xp.moveaxis(taken, front, 0) if front else taken


def _put_along(xp: Any, t: Any, y: Any, x: Any, *where: Any, index: Any, shape: Shape) -> Any:
    front = _axes_in_front(index, where)
    t = xp.moveaxis(t, 0, front) if front else t
    behind = (slice(None), *index)
    return xp.bind("scatter_add", t, *where, index=behind, shape=(t.shape[front], *shape))


def _joined_along(xp: Any, ts: Any, y: Any, *xs: Any, axis: int) -> Any:
    (count, *_), dtype = next((t.shape, t.dtype) for t in ts if t is not None)
    zeros = xp.zeros((), dtype=dtype)
    parts = [
        xp.broadcast_to(zeros, (count, *x.shape)) if t is None else t
        for t, x in zip(ts, xs, strict=True)
    ]
    return xp.concat(parts, axis=axis + 1)


# The operands behind the first are integer indices.
ENTRIES: tuple[Primitive, ...] = (
    move(
        "reshape",
        np.reshape,
        moved_shape(np.reshape),
        vjp=(lambda xp, g, y, x, shape: xp.reshape(g, x.shape),),
        jvp=(lambda xp, t, y, x, shape: xp.reshape(t, (t.shape[0], *shape)),),
        behaviour=MOVES | Behaviour.EXPOSING | Behaviour.EXACT | Behaviour.KEEPS_OFF_ZERO,
    ),
    move(
        "permute_dims",
        np.permute_dims,
        moved_shape(np.permute_dims),
        vjp=(_permuted_back,),
        jvp=(lambda xp, t, y, x, axes: xp.permute_dims(t, (0, *(axis + 1 for axis in axes))),),
        behaviour=MOVES | Behaviour.EXPOSING | Behaviour.EXACT | Behaviour.KEEPS_OFF_ZERO,
    ),
    move(
        "broadcast_to",
        np.broadcast_to,
        moved_shape(np.broadcast_to),
        vjp=(lambda xp, g, y, x, shape: g,),
        jvp=(_repeated_along,),
        behaviour=MOVES | Behaviour.EXPOSING | Behaviour.EXACT | Behaviour.KEEPS_OFF_ZERO,
    ),
    move(
        "getitem",
        _getitem,
        moved_shape(_getitem),
        vjp=(_put_back,),
        jvp=(_taken_along,),
        behaviour=MOVES | Behaviour.SELECTING | Behaviour.EXACT | Behaviour.KEEPS_OFF_ZERO,
    ),
    Primitive(
        "scatter_add",
        scatter_add,
        lambda g, *where, index, shape: shape,
        lambda shapes, result: math.prod(shapes[0]),
        Kind.MOVE,
        vjp=(_taken_again,),
        jvp=(_put_along,),
        complex=lambda cx, z, *where, **static: scatter_add(z, *where, **static),
        behaviour=MOVES | Behaviour.EXPOSING,
    ),
    move(
        "astype",
        _astype,
        moved_shape(_astype),
        aliases=False,
        vjp=(lambda xp, g, y, x, dtype: xp.astype(g, x.dtype),),
        jvp=(lambda xp, t, y, x, dtype: xp.astype(t, dtype),),
        complex=lambda cx, z, dtype: z.astype(np.result_type(dtype, np.complex64)),
        behaviour=MOVES | Behaviour.EXPOSING | Behaviour.EXACT | Behaviour.KEEPS_OFF_ZERO,
    ),
    move(
        "concat",
        _concat,
        _concat_shape,
        aliases=False,
        vjp=_part,
        jvp=_joined_along,
        behaviour=MOVES | Behaviour.EXPOSING | Behaviour.EXACT | Behaviour.KEEPS_OFF_ZERO,
    ),
)
