"""Sums and extremes over axes, and matrix products."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.primitives.primitive import Behaviour, Kind, Primitive
from gradmethods.primitives.shapes import (
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


ENTRIES: tuple[Primitive, ...] = (
    Primitive(
        "sum",
        np.sum,
        reduced_shape,
        count_operand,
        Kind.REDUCTION,
        vjp=(_sum,),
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
        complex=lambda cx, z, w: cx.matmul(z, w),
        behaviour=Behaviour.EXPOSING | Behaviour.KEEPS_SIGN,
    ),
)
