"""Every function of whole matrices × shapes: part of the cases of primitive_cases.py.

What a decomposition leaves open (signs, and with them the functions that are none) the functions
here leave out, but for one case each that takes LAPACK's signs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

Shape = tuple[int, ...]


@dataclass(frozen=True)
class MatrixCase:
    """A function of operands of some shapes."""

    name: str
    function: Callable[..., Any]
    shapes: tuple[Shape, ...]
    variant: str = ""


def _positive(xp: Any, x: Any) -> Any:
    """A symmetric positive-definite matrix, of which both triangles hang on all entries."""
    return x @ x.mT + xp.eye(x.shape[-2], dtype=x.dtype)


def _projected(xp: Any, x: Any) -> Any:
    values, vectors = xp.linalg.eigh(_positive(xp, x))
    return (vectors * xp.sqrt(values)[..., None, :]) @ vectors.mT + values[..., :1, None]


def _split(xp: Any, x: Any) -> Any:
    u, s, vh = xp.linalg.svd(x, full_matrices=False)
    return (u * xp.exp(s)[..., None, :]) @ vh + s[..., :1, None]


def _factors(xp: Any, x: Any) -> Any:
    q, r = xp.linalg.qr(x)
    return q @ (r * r)


SQUARES: tuple[Shape, ...] = ((0, 0), (1, 1), (2, 2), (3, 3), (2, 3, 3), (2, 1, 2, 2))
RECTANGLES: tuple[Shape, ...] = ((3, 2), (2, 3), (3, 1), (1, 1), (2, 3, 2))
SYSTEMS: tuple[tuple[Shape, Shape], ...] = (
    ((2, 2), (2,)),
    ((3, 3), (3, 2)),
    ((1, 1), (1, 1)),
    ((2, 3, 3), (3, 1)),
    ((2, 2), (3, 2, 1)),
    ((2, 1, 2, 2), (3, 2, 2)),
    ((0, 0), (0, 2)),
)


def matrices() -> Iterator[MatrixCase]:
    for shapes in SYSTEMS:
        yield MatrixCase("linalg.solve", lambda xp, a, b: xp.linalg.solve(a, b), shapes)
    for shape in SQUARES:
        yield MatrixCase("linalg.inv", lambda xp, x: xp.linalg.inv(x), (shape,))
        yield MatrixCase("linalg.det", lambda xp, x: xp.linalg.det(x), (shape,))
        yield MatrixCase("linalg.slogdet", lambda xp, x: xp.linalg.slogdet(x)[1], (shape,))
        for upper in (False, True):
            yield MatrixCase(
                "linalg.cholesky",
                lambda xp, x, u=upper: xp.linalg.cholesky(_positive(xp, x), upper=u),
                (shape,),
                "upper" if upper else "lower",
            )
    yield MatrixCase("linalg.slogdet", lambda xp, x: x * xp.linalg.slogdet(x)[0], ((2, 2),), "sign")
    for power in (0, 1, 3, -2):
        yield MatrixCase(
            "linalg.matrix_power",
            lambda xp, x, n=power: xp.linalg.matrix_power(x, n) + x,
            ((2, 2),),
            str(power),
        )
    for shape in RECTANGLES:
        yield MatrixCase("linalg.pinv", lambda xp, x: xp.linalg.pinv(x), (shape,))
        yield MatrixCase("linalg.qr", _factors, (shape,))
        yield MatrixCase("linalg.svd", _split, (shape,))
        yield MatrixCase("linalg.svdvals", lambda xp, x: xp.linalg.svdvals(x), (shape,))
        for order in ("nuc", 2, -2):
            yield MatrixCase(
                "linalg.matrix_norm",
                lambda xp, x, o=order: xp.linalg.matrix_norm(x, ord=o),
                (shape,),
                str(order),
            )
    yield MatrixCase("linalg.qr", lambda xp, x: xp.linalg.qr(x, mode="r"), ((3, 2),), "r")
    for shape in SQUARES[1:]:
        yield MatrixCase("linalg.eigh", _projected, (shape,))
    yield MatrixCase("linalg.eigh", lambda xp, x: xp.linalg.eigh(x, "U")[1], ((3, 3),), "signs")
    for shape, triangle in (((2, 2), "L"), ((2, 2, 2), "U"), ((1, 1), "L"), ((3, 3), "L")):
        yield MatrixCase(
            "linalg.eigvalsh",
            lambda xp, x, t=triangle: xp.linalg.eigvalsh(x, t),
            (shape,),
            triangle,
        )
    for size in (None, 1, -1, np.inf, -np.inf):
        yield MatrixCase(
            "linalg.norm", lambda xp, x, o=size: xp.linalg.norm(x, o), ((2, 3),), str(size)
        )
    yield MatrixCase(
        "linalg.norm",
        lambda xp, x: xp.linalg.norm(x, axis=(0, 2), keepdims=True),
        ((2, 2, 3),),
        "axes",
    )
    yield MatrixCase("linalg.matrix_rank", lambda xp, x: x * xp.linalg.matrix_rank(x), ((2, 2),))
    yield MatrixCase("linalg.cross", lambda xp, a, b: xp.linalg.cross(a, b), ((2, 3), (3,)))
    yield MatrixCase(
        "linalg.cross", lambda xp, a, b: xp.linalg.cross(a, b, axis=0), ((3, 2), (3, 1)), "axis"
    )
    yield MatrixCase(
        "linalg.multi_dot",
        lambda xp, a, b, c: xp.linalg.multi_dot([a, b, c]),
        ((2,), (2, 3), (3, 1)),
    )
