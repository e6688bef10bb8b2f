"""Functions of whole matrices that decompose them: QR, eigenvalues, singular values.

Parts come packed in one array: of QR the rows of Q above those of Rᵀ; of `eigh` the eigenvalues as
a first column; of the SVD the rows of U, one row of singular values, and the rows of V.

Sources of the rules: S. F. Walter and L. Lehmann, Algorithmic differentiation of linear algebra
functions, arXiv:1001.1654 (2010); M. B. Giles, Collected matrix derivative results for forward and
reverse mode algorithmic differentiation, Springer 2008, 35-44; J. Townsend, Differentiating the
singular value decomposition (2016).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.errors import NotDifferentiable
from gradmethods.xp.primitives import written_out
from gradmethods.xp.primitives.linear_systems import as_columns, lower, read
from gradmethods.xp.primitives.primitive import Primitive, matrix
from gradmethods.xp.primitives.shapes import Operand, Shape

EQUAL = 1.0
"""Values closer than this times n u, beside the largest, are equal to what LAPACK rounds."""


def _qr(a: Any) -> NDArray[Any]:
    q, r = np.linalg.qr(a)
    return np.concat([q, r.mT], axis=-2)


def _qr_shape(a: Operand) -> Shape:
    *batch, m, n = np.shape(a)
    return (*batch, m + n, n)


def _eigh(a: Any, triangle: Any = "L") -> NDArray[Any]:
    values, vectors = np.linalg.eigh(a, triangle)
    return np.concat([values[..., None], vectors], axis=-1)


def _eigh_shape(a: Operand, **triangle: str) -> Shape:
    *batch, n, _ = np.shape(a)
    return (*batch, n, n + 1)


def _svd(a: Any) -> NDArray[Any]:
    u, s, vt = np.linalg.svd(a, full_matrices=False)
    return np.concat([u, s[..., None, :], vt.mT], axis=-2)


def _svd_shape(a: Operand) -> Shape:
    *batch, m, n = np.shape(a)
    return (*batch, m + 1 + n, min(m, n))


def _svdvals_shape(a: Operand) -> Shape:
    *batch, m, n = np.shape(a)
    return (*batch, min(m, n))


def _cubes(times: int) -> Any:
    """Count a multiple of what it takes to multiply a matrix by a square one of its short side."""

    def count(shapes: list[Shape], result: Shape) -> int:
        *batch, m, n = shapes[0]
        return times * math.prod(batch) * m * n * min(m, n)

    return count


# -- what rules divide by: differences, which may be 0


def _denominators(s: NDArray[Any], by: str) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return what is divided by, 1 where it is 0 to rounding, and where that is.

    Entries (i, j) of `gaps` are s_j - s_i, of `sums` s_j + s_i, of `values` s_j.
    """
    rows, columns = s[..., :, None], s[..., None, :]
    found = {"gaps": columns - rows, "sums": columns + rows, "values": columns}[by]
    limit = EQUAL * s.shape[-1] * np.finfo(s.dtype).eps * np.max(np.abs(s), axis=-1, initial=0)
    none = np.abs(found) <= limit[..., None, None]
    return np.where(none, 1, found), none


def _divided(z: Any, s: Any, *, by: str = "gaps", of: str = "eigen", strict: bool = False) -> Any:
    """Divide by gaps between values, by their sums, or by themselves.

    The diagonal of the first two becomes 0. Where what is divided by is 0 to rounding and the entry
    is not 0 there is no derivative: an error where that is certain to matter (`strict`), and
    otherwise NaN.
    """
    under, none = _denominators(s, by)
    own = by != "values" and np.eye(s.shape[-1], dtype=bool)
    missing = none & ~np.asarray(own) & (z != 0)
    if strict and missing.any():
        what = {"values": "A singular value is 0"}.get(by, f"Two {of}values are equal")
        values = "eigvalsh" if of == "eigen" else "svdvals"
        raise NotDifferentiable(
            f"{what} to rounding, and the loss depends on vectors that have no derivative there. "
            f"Write it with xp.linalg.{values} if it depends on the values alone, or take "
            "differences of the loss, with gm.Numerical()."
        )
    return np.where(own, 0, np.where(missing, np.nan, z / under)).astype(z.dtype)


def _divided_written_out(xp: Any, z: Any, s: Any, *, by: str = "gaps", **_how: Any) -> Any:
    rows, columns = s[..., :, None], s[..., None, :]
    if by == "values":
        return z / columns
    own = np.eye(s.shape[-1], dtype=s.dtype)
    return z * (1 - own) / (own + (columns - rows if by == "gaps" else columns + rows))


DIVIDED = matrix(
    "divided_by_gaps",
    _divided,
    lambda z, s, **how: np.shape(z),
    operations=lambda shapes, result: 2 * math.prod(result),
    written_out=_divided_written_out,
)
"""Only derivative rules divide by values, their sums and the gaps between them."""


def _shared(xp: Any, g: Any, s: Any) -> Any:
    """Share slopes equally among values that are equal to rounding, as at any kink."""
    n = s.shape[-1]
    gaps = xp.abs(s[..., :, None] - s[..., None, :])
    limit = EQUAL * n * float(np.finfo(s.dtype).eps) * xp.max(xp.abs(s), axis=-1, keepdims=True)
    equal = xp.astype(gaps <= limit[..., None], s.dtype)
    return (equal @ g[..., None])[..., 0] / xp.sum(equal, axis=-1)


# -- QR of matrices that are not wide


def _qr_parts(y: Any) -> tuple[Any, Any]:
    n = y.shape[-1]
    m = y.shape[-2] - n
    return y[..., :m, :], y[..., m:, :].mT


def of_regular(r: Any, *, strict: bool = False) -> NDArray[Any]:
    """Return triangles; where there is a 0 on the diagonal an error (`strict`), or NaN."""
    singular = (np.diagonal(r, axis1=-2, axis2=-1) == 0).any(-1)
    if strict and singular.any():
        raise NotDifferentiable(
            "Columns of a matrix depend on one another, and the loss depends on its factors by "
            "xp.linalg.qr, which have no derivative there, or none that can be told from R. Take "
            "differences of the loss, with gm.Numerical()."
        )
    return np.where(singular[..., None, None], np.nan, r).astype(r.dtype)


OF_REGULAR = matrix(
    "of_regular",
    of_regular,
    lambda r, **how: np.shape(r),
    operations=lambda shapes, result: math.prod(result),
    written_out=lambda xp, r, **how: r,
)
"""Only the derivative rules of QR ask whether R can be divided by."""


def _over(xp: Any, x: Any, r: Any) -> Any:
    """Return x R⁻¹."""
    return xp.bind("solve", r.mT, x.mT).mT


def _qr_back(xp: Any, g: Any, y: Any, a: Any) -> Any:
    """(Q̄ + Q copyltu(M)) R⁻ᵀ with M = R R̄ᵀ - Q̄ᵀ Q.

    What of Q̄ lies in the span of Q and would cancel is left out: QᵀQ̄ - copyltu(Q̄ᵀQ) is the part
    of QᵀQ̄ - Q̄ᵀQ below the diagonal.
    """
    (q, r), (gq, gr) = _qr_parts(y), _qr_parts(g)
    half = lower(xp, r @ gr.mT)
    inner = q.mT @ gq
    found = q @ (half + half.mT + xp.tril(inner - inner.mT, k=-1))
    if a.shape[-2] > a.shape[-1]:
        found = found + gq - q @ inner
    return _over(xp, found, xp.bind(OF_REGULAR, r, strict=True).mT)


def _qr_along(xp: Any, t: Any, y: Any, a: Any) -> Any:
    """Ṙ = QᵀȦ - Ω R with the skew Ω of tril(QᵀȦR⁻¹), and Q̇ = QΩ and what of ȦR⁻¹ is beyond Q."""
    q, r = _qr_parts(y)
    # From the last row to the first: LAPACK then changes no rows, and what is 0 stays 0.
    upper = xp.flip(xp.bind(OF_REGULAR, r).mT, axis=(-2, -1))

    def over(x: Any) -> Any:
        return xp.flip(as_columns(xp, upper, xp.flip(x.mT, axis=-2)), axis=-2).mT

    inner = q.mT @ t
    below = xp.tril(over(inner), k=-1)
    dr = xp.triu(inner - (below - below.mT) @ r)  # below the diagonal rounding alone is left
    dq = q @ (below - below.mT)
    if a.shape[-2] > a.shape[-1]:
        dq = dq + over(t - q @ inner)
    return xp.concat([dq, dr.mT], axis=-2)


# -- eigenvalues


def _eigh_back(xp: Any, g: Any, y: Any, a: Any, triangle: str) -> Any:
    """V (diag(w̄) + F ∘ (Vᵀ V̄)) Vᵀ, of which one triangle is read."""
    w, v = y[..., 0], y[..., 1:]
    gw, gv = g[..., 0], g[..., 1:]
    inner = xp.bind(DIVIDED, v.mT @ gv, w, strict=True)
    spectral = (v * _shared(xp, gw, w)[..., None, :]) @ v.mT
    return _folded(xp, v @ inner @ v.mT + spectral, triangle)


def _folded(xp: Any, s: Any, triangle: str) -> Any:
    half = lower(xp, s + s.mT)
    return half if triangle == "L" else half.mT


def _turned(xp: Any, t: Any, v: Any, triangle: str) -> Any:
    """Vᵀ Ȧ V for the symmetric matrix of which one triangle is given."""
    return v.mT @ read(xp, t if triangle == "L" else t.mT) @ v


def _eigh_along(xp: Any, t: Any, y: Any, a: Any, triangle: str) -> Any:
    """Give the diagonal of P = Vᵀ Ȧ V, and V (F ∘ P)."""
    w, v = y[..., 0], y[..., 1:]
    inner = _turned(xp, t, v, triangle)
    turn = xp.bind(DIVIDED, inner, w)
    return xp.concat([xp.linalg.diagonal(inner)[..., None], v @ turn], axis=-1)


def _eigvalsh_back(xp: Any, g: Any, y: Any, a: Any, triangle: str) -> Any:
    v = xp.bind("eigh", a, triangle=triangle)[..., 1:]
    return _folded(xp, (v * _shared(xp, g, y)[..., None, :]) @ v.mT, triangle)


def _eigvalsh_along(xp: Any, t: Any, y: Any, a: Any, triangle: str) -> Any:
    v = xp.bind("eigh", a, triangle=triangle)[..., 1:]
    return _shared(xp, xp.linalg.diagonal(_turned(xp, t, v, triangle)), y)


# -- singular values


def _svd_parts(y: Any, m: int) -> tuple[Any, Any, Any]:
    return y[..., :m, :], y[..., m, :], y[..., m + 1 :, :]


def _over_pairs(xp: Any, x: Any, y: Any, s: Any, *, strict: bool) -> tuple[Any, Any]:
    """Divide half the sum by gaps and half the difference by sums: no squares, no cancelling.

    So x s_j + y s_i, over s_j² - s_i², is the sum of the two.
    """
    return (
        xp.bind(DIVIDED, (x + y) / 2, s, by="gaps", of="singular ", strict=strict),
        xp.bind(DIVIDED, (x - y) / 2, s, by="sums", of="singular ", strict=strict),
    )


def _beyond(xp: Any, u: Any, x: Any, s: Any, *, strict: bool) -> Any:
    """Return what of the columns of x / s is orthogonal to those of u; nothing if u is square."""
    return xp.bind(DIVIDED, x - u @ (u.mT @ x), s, by="values", of="singular ", strict=strict)


def _svd_back(xp: Any, g: Any, y: Any, a: Any) -> Any:
    """Townsend 2016: U (F ∘ skew(UᵀŪ) S + S F ∘ skew(VᵀV̄) + diag(s̄)) Vᵀ and what is beyond."""
    m, n = a.shape[-2:]
    (u, s, v), (gu, gs, gv) = _svd_parts(y, m), _svd_parts(g, m)
    left, right = u.mT @ gu, v.mT @ gv
    even, odd = _over_pairs(xp, left - left.mT, right - right.mT, s, strict=True)
    found = u @ (even + odd) @ v.mT + (u * _shared(xp, gs, s)[..., None, :]) @ v.mT
    if m > n:
        found = found + _beyond(xp, u, gu, s, strict=True) @ v.mT
    if n > m:
        found = found + u @ _beyond(xp, v, gv, s, strict=True).mT
    return found


def _svd_along(xp: Any, t: Any, y: Any, a: Any) -> Any:
    m, n = a.shape[-2:]
    u, s, v = _svd_parts(y, m)
    p = u.mT @ t @ v
    even, odd = _over_pairs(xp, p, p.mT, s, strict=False)
    du, dv = u @ (even + odd), v @ (even - odd)
    if m > n:
        du = du + _beyond(xp, u, t @ v, s, strict=False)
    if n > m:
        dv = dv + _beyond(xp, v, t.mT @ u, s, strict=False)
    return xp.concat([du, xp.linalg.diagonal(p)[..., None, :], dv], axis=-2)


def _svdvals_back(xp: Any, g: Any, y: Any, a: Any) -> Any:
    u, _, v = _svd_parts(xp.bind("svd", a), a.shape[-2])
    return (u * _singular(xp, g, y)[..., None, :]) @ v.mT


def _svdvals_along(xp: Any, t: Any, y: Any, a: Any) -> Any:
    u, _, v = _svd_parts(xp.bind("svd", a), a.shape[-2])
    return _singular(xp, xp.linalg.diagonal(u.mT @ t @ v), y)


def _singular(xp: Any, g: Any, s: Any) -> Any:
    """Share slopes among equal values; those by a 0 are 0, for it is a kink as of |x|."""
    limit = EQUAL * s.shape[-1] * float(np.finfo(s.dtype).eps) * xp.max(s, axis=-1, keepdims=True)
    return xp.where(s > limit, _shared(xp, g, s), 0)


ENTRIES: tuple[Primitive, ...] = (
    matrix(
        "qr",
        _qr,
        _qr_shape,
        operations=_cubes(4),
        vjp=(_qr_back,),
        jvp=(_qr_along,),
        complex=lambda cx, a: cx.qr(a),
        written_out=written_out.qr,
    ),
    matrix(
        "eigh",
        _eigh,
        _eigh_shape,
        operations=_cubes(9),
        vjp=(_eigh_back,),
        jvp=(_eigh_along,),
        complex=lambda cx, a, **triangle: cx.eigh(a, **triangle),
    ),
    matrix(
        "eigvalsh",
        lambda a, triangle="L": np.linalg.eigvalsh(a, triangle),
        lambda a, **triangle: np.shape(a)[:-1],
        operations=_cubes(4),
        vjp=(_eigvalsh_back,),
        jvp=(_eigvalsh_along,),
        complex=lambda cx, a, **triangle: cx.eigvalsh(a, **triangle),
        written_out=written_out.eigvalsh,
    ),
    matrix(
        "svd",
        _svd,
        _svd_shape,
        operations=_cubes(20),
        vjp=(_svd_back,),
        jvp=(_svd_along,),
        complex=lambda cx, a: cx.svd(a),
    ),
    matrix(
        "svdvals",
        np.linalg.svdvals,
        _svdvals_shape,
        operations=_cubes(4),
        vjp=(_svdvals_back,),
        jvp=(_svdvals_along,),
        complex=lambda cx, a: cx.svdvals(a),
        written_out=written_out.svdvals,
    ),
)
