"""Functions of whole matrices: linear systems, determinants, the factors of Cholesky.

The matrices stand in the last two axes, all others are a stack. What comes in several parts comes
as one array, from which `gradmethods.xp.factorisations` takes the parts: then one rule sees the
cotangents of all of them. A function of symmetric matrices reads the lower triangle, as NumPy's
does: so its derivative by an entry above the diagonal is 0, and by one below it the sum of both.

Sources of the rules: M. B. Giles, Collected matrix derivative results for forward and reverse mode
algorithmic differentiation, Advances in Automatic Differentiation, Springer 2008, 35-44; I. Murray,
Differentiation of the Cholesky decomposition, arXiv:1602.07527 (2016).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.errors import NotDifferentiable
from gradmethods.xp.primitives import written_out
from gradmethods.xp.primitives.primitive import Behaviour, Primitive, matrix
from gradmethods.xp.primitives.shapes import Operand, Shape


def _solve_shape(a: Operand, b: Operand) -> Shape:
    (*batch_a, _, n), (*batch_b, rows, columns) = np.shape(a), np.shape(b)
    if n != rows:
        raise ValueError(f"solve: shapes {np.shape(a)} and {np.shape(b)} do not fit together")
    return (*np.broadcast_shapes(tuple(batch_a), tuple(batch_b)), n, columns)


def _count_solve(shapes: list[Shape], result: Shape) -> int:
    *_, n, columns = result
    return math.prod(result[:-2]) * (eliminations(n) + 2 * n * n * columns)


def eliminations(n: int) -> int:
    """Count what it takes to make a matrix of n rows triangular."""
    return 2 * n**3 // 3


def _count_determinant(shapes: list[Shape], result: Shape) -> int:
    *batch, n, _ = shapes[0]
    return math.prod(batch) * eliminations(n)


def _slogdet(a: Any) -> NDArray[Any]:
    """Stack the signs and the logarithms of the sizes of determinants, in that order."""
    return np.stack(np.linalg.slogdet(a), -1)


def _cofactors(a: Any) -> NDArray[Any]:
    """Return the matrices of cofactors, of which a determinant's slopes are made.

    Determinant times inverse, by the same pivots, so that a small one cancels; it keeps the digits
    of rows and columns of different sizes. Where there is a pivot 0, or where the determinant
    leaves the range, by singular values.
    """
    whole = np.linalg.det(a)[..., None, None]
    found = np.asarray(whole * _inverses(a).mT)
    lost = (np.abs(whole) < np.finfo(a.dtype).tiny) | ~np.isfinite(found).all(
        (-2, -1), keepdims=True
    )
    return np.where(lost, _adjugates(a).mT, found) if lost.any() else found


def _adjugates(a: Any) -> NDArray[Any]:
    """Return adjugates, of singular matrices too.

    From the singular values s: the transpose of det(U) det(Vᵀ) U C Vᵀ, where C holds, on its
    diagonal, the products of all s but one: nothing is divided by (G. W. Stewart, On the adjugate
    matrix, Linear Algebra and its Applications 283 (1998) 151-164).
    """
    u, s, vt = np.linalg.svd(a)
    sign = np.linalg.det(u) * np.linalg.det(vt)
    cofactors = (u * (_products_of_others(s) * np.round(sign)[..., None])[..., None, :]) @ vt
    return np.asarray(cofactors.mT)


def _products_of_others(s: NDArray[Any]) -> NDArray[Any]:
    ones = np.ones_like(s[..., :1])
    before = np.cumulative_prod(np.concat([ones, s[..., :-1]], -1), axis=-1)
    behind = np.cumulative_prod(np.concat([ones, s[..., :0:-1]], -1), axis=-1)[..., ::-1]
    return np.asarray((before * behind)[..., : s.shape[-1]])


COFACTORS = matrix(
    "cofactors",
    _cofactors,
    np.shape,
    operations=lambda shapes, result: math.prod(result) * 20 * result[-1],
    written_out=lambda xp, a: xp.linalg.det(a)[..., None, None] * xp.linalg.inv(a).mT,
)
"""The matrix of cofactors, whose transpose is the adjugate: only derivative rules use it."""


def _inverses(a: Any) -> NDArray[Any]:
    """Return inverses; those of singular matrices are NaN, for a selection may leave them out."""
    try:
        return np.asarray(np.linalg.inv(a))
    except np.linalg.LinAlgError:
        if a.ndim == 2:
            return np.full_like(a, np.nan)
        return np.stack([_inverses(x) for x in a])


INVERSES = matrix(
    "inverses",
    _inverses,
    np.shape,
    operations=lambda shapes, result: math.prod(result) * 2 * result[-1],
    written_out=lambda xp, a: xp.linalg.inv(a),
)
"""Only the derivative rules of the logarithm of a determinant take them."""


def of_full_rank(y: Any, a: Any, *, strict: bool = False) -> NDArray[Any]:
    """Return the pseudo-inverses `y` of `a`; where one jumps an error (`strict`), or NaN."""
    sizes = np.linalg.svdvals(a)
    limit = max(a.shape[-2:]) * np.finfo(a.dtype).eps * np.max(sizes, axis=-1, initial=0)
    jumps = np.min(sizes, axis=-1, initial=np.inf) <= limit
    if strict and jumps.any():
        raise NotDifferentiable(
            "A matrix has not full rank, to rounding: its pseudo-inverse jumps beside it and has "
            "no derivative. Take (A.mT @ A + c * xp.eye(n))⁻¹ A.mT, by xp.linalg.solve with some "
            "c > 0, which is smooth."
        )
    return np.where(jumps[..., None, None], np.nan, y).astype(y.dtype)


OF_FULL_RANK = matrix(
    "of_full_rank",
    of_full_rank,
    lambda y, a, **how: np.shape(y),
    operations=lambda shapes, result: 4 * math.prod(result) * min(result[-2:]),
    written_out=lambda xp, y, a, **how: y,
)
"""Only the derivative rules of the pseudo-inverse ask whether it has a derivative."""


def _wide(xp: Any, y: Any, a: Any, moved: Any, *, strict: bool) -> tuple[Any, Any, Any]:
    """Return a pseudo-inverse that has a derivative, its matrix and a slope, in double precision.

    NumPy computes in that, and rounds what it returns: a product with `a`, from which the rules
    subtract what is nearly the same, would multiply the rounding by the condition of the matrix.
    """
    wide = np.dtype(np.float64)
    if a.dtype == wide:
        return xp.bind(OF_FULL_RANK, y, a, strict=strict), a, moved
    matrices = xp.astype(a, wide)
    y = xp.bind(OF_FULL_RANK, xp.bind("pinv", matrices), a, strict=strict)
    return y, matrices, xp.astype(moved, wide)


def _pinv(xp: Any, g: Any, y: Any, a: Any) -> Any:
    """Golub and Pereyra 1973, equation 4.12; no factor on the way is larger than the result."""
    dtype = a.dtype
    y, a, g = _wide(xp, y, a, g, strict=True)
    found = -y.mT @ g @ y.mT
    if a.shape[-2] > a.shape[-1]:
        found = found + (g.mT - a @ (y @ g.mT)) @ (y @ y.mT)
    if a.shape[-2] < a.shape[-1]:
        found = found + (y.mT @ y) @ (g.mT - (g.mT @ y) @ a)
    return found if a.dtype == dtype else xp.astype(found, dtype)


def _pinv_along(xp: Any, t: Any, y: Any, a: Any) -> Any:
    dtype = a.dtype
    y, a, t = _wide(xp, y, a, t, strict=False)
    found = -y @ t @ y
    if a.shape[-2] > a.shape[-1]:
        found = found + (y @ y.mT) @ (t.mT - (t.mT @ a) @ y)
    if a.shape[-2] < a.shape[-1]:
        found = found + (t.mT - y @ (a @ t.mT)) @ (y.mT @ y)
    return found if a.dtype == dtype else xp.astype(found, dtype)


def as_columns(xp: Any, a: Any, t: Any) -> Any:
    """Solve for the right-hand sides of all directions at once: as columns of one of each matrix.

    NumPy would otherwise factorise each matrix once for every direction.
    """
    count, k = t.shape[0], t.shape[-1]
    columns = xp.moveaxis(t, 0, -2)
    columns = xp.reshape(columns, (*columns.shape[:-2], count * k))
    solved = xp.bind("solve", a, columns)
    return xp.moveaxis(xp.reshape(solved, (*solved.shape[:-1], count, k)), -2, 0)


def lower(xp: Any, x: Any) -> Any:
    """Return the lower triangle with the diagonal halved: of a sum S + Sᵀ, what is read of it."""
    n = x.shape[-1]
    return x * np.asarray(np.tri(n) - 0.5 * np.eye(n), x.dtype)


def read(xp: Any, t: Any) -> Any:
    """Return the symmetric matrix that is read in the lower triangle."""
    half = lower(xp, t)
    return half + half.mT


def _cholesky(xp: Any, g: Any, y: Any, a: Any) -> Any:
    """Murray 2016, equation 10, of which the lower triangle is kept."""
    middle = xp.bind("solve", y.mT, lower(xp, y.mT @ g))  # L⁻ᵀ Φ(Lᵀ L̄)
    whole = xp.bind("solve", y.mT, middle.mT)  # L⁻ᵀ Φᵀ L⁻¹
    return lower(xp, whole + whole.mT)


def _cholesky_along(xp: Any, t: Any, y: Any, a: Any) -> Any:
    """Murray 2016, equation 8: L Φ(L⁻¹ Ȧ L⁻ᵀ)."""
    half = as_columns(xp, y, read(xp, t))
    return y @ lower(xp, as_columns(xp, y, half.mT))


def _slogdet_along(xp: Any, t: Any, y: Any, a: Any) -> Any:
    """Add nothing to the sign, and tr(A⁻¹Ȧ) to the logarithm."""
    along = xp.sum(xp.bind(INVERSES, a).mT * t, axis=(-2, -1))
    return xp.stack([xp.zeros_like(along), along], axis=-1)


ENTRIES: tuple[Primitive, ...] = (
    matrix(
        "solve",
        np.linalg.solve,
        _solve_shape,
        operations=_count_solve,
        vjp=(
            lambda xp, g, y, a, b: -(xp.bind("solve", a.mT, g) @ y.mT),
            lambda xp, g, y, a, b: xp.bind("solve", a.mT, g),
        ),
        jvp=(
            lambda xp, t, y, a, b: -as_columns(xp, a, t @ y),
            lambda xp, t, y, a, b: as_columns(xp, a, t),
        ),
        complex=lambda cx, a, b: cx.beside_real(np.linalg.solve, a, b),
        written_out=written_out.solve,
        behaviour=Behaviour.EXPOSING,
    ),
    matrix(
        "det",
        np.linalg.det,
        lambda a: np.shape(a)[:-2],
        operations=_count_determinant,
        vjp=(lambda xp, g, y, a: g[..., None, None] * xp.bind(COFACTORS, a),),
        jvp=(lambda xp, t, y, a: xp.sum(t * xp.bind(COFACTORS, a), axis=(-2, -1)),),
        complex=lambda cx, a: cx.beside_real(np.linalg.det, a),
        written_out=written_out.det,
        behaviour=Behaviour.EXPOSING | Behaviour.UNBOUNDED | Behaviour.OVERFLOWING,
    ),
    matrix(
        "slogdet",
        _slogdet,
        lambda a: (*np.shape(a)[:-2], 2),
        operations=_count_determinant,
        vjp=(lambda xp, g, y, a: g[..., 1, None, None] * xp.bind(INVERSES, a).mT,),
        jvp=(_slogdet_along,),
        complex=lambda cx, a: cx.slogdet(a),
        written_out=written_out.slogdet,
        behaviour=Behaviour.UNBOUNDED,
    ),
    matrix(
        "pinv",
        np.linalg.pinv,
        lambda a: (*np.shape(a)[:-2], np.shape(a)[-1], np.shape(a)[-2]),
        operations=lambda shapes, result: 22 * math.prod(result) * min(result[-2:]),
        vjp=(_pinv,),
        jvp=(_pinv_along,),
        complex=lambda cx, a: cx.pinv(a),
        written_out=written_out.pinv,
    ),
    matrix(
        "cholesky",
        np.linalg.cholesky,
        np.shape,
        operations=lambda shapes, result: math.prod(result[:-2]) * (result[-1] ** 3 // 3),
        vjp=(_cholesky,),
        jvp=(_cholesky_along,),
        written_out=written_out.cholesky,
    ),
)
