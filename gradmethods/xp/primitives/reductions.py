"""Sums and extremes over axes, and matrix products."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradmethods.xp.primitives.primitive import Behaviour, Kind, Primitive
from gradmethods.xp.primitives.shapes import (
    Shape,
    count_operand,
    count_result,
    matmul_shape,
    reduced_shape,
)


def _count_matmul(shapes: list[Shape], result: Shape) -> int:
    inner = shapes[0][-1]
    return count_result(shapes, result) * max(2 * inner - 1, 0)


def _sum(xp: Any, g: Any, y: Any, x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    shape = tuple(1 if i in axis else n for i, n in enumerate(x.shape))
    return xp.broadcast_to(xp.reshape(g, shape), x.shape)


def _extreme(xp: Any, g: Any, y: Any, x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    """Share `g` equally among the entries that attain the extreme."""
    shape = tuple(1 if i in axis else n for i, n in enumerate(x.shape))
    attained = xp.astype(x == xp.reshape(y, shape), x.dtype)
    count = xp.sum(attained, axis=axis, keepdims=True)
    return xp.reshape(g, shape) / count * attained


def _cumulative_sum(xp: Any, g: Any, y: Any, x: Any, *, axis: int) -> Any:
    return xp.flip(xp.cumulative_sum(xp.flip(g, axis=axis), axis=axis), axis=axis)


def _behind(axis: tuple[int, ...]) -> tuple[int, ...]:
    """Return axes of an array as those of its tangents, behind that of the directions."""
    return tuple(i + 1 for i in axis)


def _sum_along(xp: Any, t: Any, y: Any, x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    return xp.sum(t, axis=_behind(axis), keepdims=keepdims)


def _extreme_along(
    xp: Any, t: Any, y: Any, x: Any, *, axis: tuple[int, ...], keepdims: bool
) -> Any:
    """Take the mean of the tangents of all entries that attain the extreme."""
    shape = tuple(1 if i in axis else n for i, n in enumerate(x.shape))
    attained = xp.astype(x == xp.reshape(y, shape), x.dtype)
    share = attained / xp.sum(attained, axis=axis, keepdims=True)
    return xp.sum(t * share, axis=_behind(axis), keepdims=keepdims)


def _rows_along(xp: Any, t: Any, y: Any, a: Any, b: Any) -> Any:
    """Multiply the rows of all directions at once, where there is one matrix to multiply by."""
    if b.ndim > 2:
        return t @ b
    *lead, inner = t.shape
    rows = xp.reshape(t, (math.prod(lead), inner))
    return xp.reshape(rows @ b, (*lead, b.shape[-1]))


def _columns_along(xp: Any, t: Any, y: Any, a: Any, b: Any) -> Any:
    """Multiply columns as rows, which lie in memory one after another."""
    if a.ndim > 2 or t.ndim > 3 or t.shape[-1] > 1:
        return a @ t
    return xp.reshape(xp.reshape(t, t.shape[:2]) @ a.T, (t.shape[0], a.shape[0], 1))


ENTRIES: tuple[Primitive, ...] = (
    Primitive(
        "sum",
        np.sum,
        reduced_shape,
        count_operand,
        Kind.REDUCTION,
        vjp=(_sum,),
        jvp=(_sum_along,),
        complex=lambda cx, z, **static: cx.by_parts(np.sum, z, **static),
        behaviour=(
            Behaviour.PASSING | Behaviour.EXPOSING | Behaviour.KEEPS_SIGN | Behaviour.KEEPS_OFF_ZERO
        ),
    ),
    Primitive(
        "max",
        np.max,
        reduced_shape,
        count_operand,
        Kind.REDUCTION,
        vjp=(_extreme,),
        jvp=(_extreme_along,),
        complex=lambda cx, z, **static: cx.extreme(np.max, z, **static),
        behaviour=(
            Behaviour.SELECTING | Behaviour.KEEPS_SIGN | Behaviour.EXACT | Behaviour.KEEPS_OFF_ZERO
        ),
    ),
    Primitive(
        "min",
        np.min,
        reduced_shape,
        count_operand,
        Kind.REDUCTION,
        vjp=(_extreme,),
        jvp=(_extreme_along,),
        complex=lambda cx, z, **static: cx.extreme(np.min, z, **static),
        behaviour=(
            Behaviour.SELECTING | Behaviour.KEEPS_SIGN | Behaviour.EXACT | Behaviour.KEEPS_OFF_ZERO
        ),
    ),
    Primitive(
        "cumulative_sum",
        np.cumulative_sum,
        lambda x, axis: np.shape(x),
        count_result,
        Kind.REDUCTION,
        vjp=(_cumulative_sum,),
        jvp=(lambda xp, t, y, x, axis: xp.cumulative_sum(t, axis=axis + 1),),
        complex=lambda cx, z, **static: cx.by_parts(np.cumulative_sum, z, **static),
        behaviour=(
            Behaviour.PASSING | Behaviour.EXPOSING | Behaviour.KEEPS_SIGN | Behaviour.KEEPS_OFF_ZERO
        ),
    ),
    Primitive(
        "matmul",
        np.matmul,
        matmul_shape,
        _count_matmul,
        Kind.PRODUCT,
        vjp=(lambda xp, g, y, a, b: g @ b.mT, lambda xp, g, y, a, b: a.mT @ g),
        jvp=(_rows_along, _columns_along),
        complex=lambda cx, z, w: cx.matmul(z, w),
        behaviour=Behaviour.EXPOSING | Behaviour.KEEPS_SIGN,
    ),
)
