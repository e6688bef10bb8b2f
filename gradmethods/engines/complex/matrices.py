"""Functions of whole complex matrices, beside the real ones: nothing is conjugated.

The entries of primitives are written in them: `cx` in their field `complex`. Real parts are what
NumPy computes from real parts. Imaginary parts come from LAPACK in complex arithmetic where that is
holomorphic (elimination is), and otherwise from one step of an iteration that converges
quadratically to the decomposition with Vᵀ V = 1, begun at the real one: what it leaves is of the
order of the step's square.

Sources: T. Ogita and K. Aishima, Iterative refinement for symmetric eigenvalue decomposition, Japan
Journal of Industrial and Applied Mathematics 35 (2018) 1007-1035, and for singular values, Journal
of Computational and Applied Mathematics 369 (2020) 112512: what of each vector belongs to the
others; S. F. Walter and L. Lehmann, arXiv:1001.1654 (2010), of QR.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.engines.complex.doubts import beyond_range
from gradmethods.engines.complex.functions import ComplexArray, join
from gradmethods.xp.primitives.decompositions import of_regular
from gradmethods.xp.primitives.linear_systems import of_full_rank


def beside_real(function: Callable[..., Any], *operands: Any) -> ComplexArray:
    """Apply what LAPACK does by elimination."""
    imaginary = np.asarray(function(*operands)).imag
    return within_range(join(function(*map(np.real, operands)), imaginary), *operands)


def within_range(result: ComplexArray, *operands: Any) -> ComplexArray:
    """Return what products of entries make; NaN moves it where parts of them may be lost."""
    if any(map(beyond_range, operands)):
        return join(result.real, np.full_like(result.real, np.nan))
    return result


def slogdet(a: ComplexArray) -> ComplexArray:
    """Return the real sign and the holomorphic logarithm: by how far the determinant turns."""
    sign, size = np.linalg.slogdet(a.real)
    turned = np.where(sign == 0, np.nan, np.angle(np.linalg.slogdet(a)[0] * sign))
    return join(np.stack([sign, size], -1), np.stack([np.zeros_like(turned), turned], -1))


def pinv(a: ComplexArray) -> ComplexArray:
    """Take R⁻¹(CᵀC)⁻¹Cᵀ for C = AR⁻¹ and the real R of QR: CᵀC is nearly 1, and loses no digits."""
    if a.shape[-2] < a.shape[-1]:
        return pinv(a.mT).mT
    real = np.linalg.pinv(a.real)
    if np.isnan(of_full_rank(real, a.real)).any():  # where it jumps
        return join(real, np.full_like(real, np.nan))
    r = np.linalg.qr(a.real).R
    c = np.linalg.solve(r.mT, a.mT)
    return join(real, np.linalg.solve(r, np.linalg.solve(c @ c.mT, c)).imag)


def qr(a: ComplexArray) -> ComplexArray:
    """Decompose: Q is turned by the skew matrix of what QᵀAR⁻¹ has below its diagonal."""
    q, r = np.linalg.qr(a.real)
    upper = of_regular(r).mT[..., ::-1, ::-1]  # so that LAPACK changes no rows, and 0 stays 0

    def over(x: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(np.linalg.solve(upper, x.mT[..., ::-1, :])[..., ::-1, :].mT)

    within = q.mT @ a.imag
    below = np.tril(over(within), -1)
    turn = below - below.mT
    moved = q @ turn
    if q.shape[-2] > q.shape[-1]:
        moved = moved + over(a.imag - q @ within)
    along = np.triu(within - turn @ r)
    return join(np.concat([q, r.mT], -2), np.concat([moved, along.mT], -2))


def eigh(a: ComplexArray, triangle: Any) -> ComplexArray:
    """Decompose the symmetric (not Hermitian) matrix of which one triangle is given."""
    values, vectors = np.linalg.eigh(a.real, triangle)
    by = vectors.mT @ _symmetric(a, triangle).imag @ vectors
    turned = vectors @ _over(by, values[..., None, :] - values[..., :, None], values)
    imaginary = np.concat([_diagonal(by)[..., None], turned], -1)
    return join(np.concat([values[..., None], vectors], -1), imaginary)


def eigvalsh(a: ComplexArray, triangle: Any) -> ComplexArray:
    """Return the eigenvalues; those that are equal share what moves them."""
    _, vectors = np.linalg.eigh(a.real, triangle)
    real = np.linalg.eigvalsh(a.real, triangle)
    moved = _diagonal(vectors.mT @ _symmetric(a, triangle).imag @ vectors)
    return join(real, _shared(moved, real))


def svd(a: ComplexArray) -> ComplexArray:
    """Decompose; between vectors of s and t what is even counts by s - t, what is odd by s + t."""
    u, s, vt = np.linalg.svd(a.real, full_matrices=False)
    v = vt.mT
    along, across = a.imag @ v, a.imag.mT @ u
    by = u.mT @ along
    columns, rows = s[..., None, :], s[..., :, None]
    even, odd = (
        _over((by + by.mT) / 2, columns - rows, s),
        _over((by - by.mT) / 2, columns + rows, s),
    )
    left, right = u @ (even + odd), v @ (even - odd)
    if u.shape[-2] > s.shape[-1]:
        left = left + _over(along - u @ by, columns, s)
    if v.shape[-2] > s.shape[-1]:
        right = right + _over(across - v @ by.mT, columns, s)
    real = np.concat([u, columns, v], -2)
    return join(real, np.concat([left, _diagonal(by)[..., None, :], right], -2))


def svdvals(a: ComplexArray) -> ComplexArray:
    """Return the singular values; those that are equal share what moves them, and 0 has a kink."""
    u, s, vt = np.linalg.svd(a.real, full_matrices=False)
    moved = _shared(_diagonal(u.mT @ a.imag @ vt.mT), s)
    return join(np.linalg.svdvals(a.real), np.where(s <= _rounding(s)[..., 0], 0, moved))


def _symmetric(a: ComplexArray, triangle: str) -> ComplexArray:
    """Return the symmetric matrix of which one triangle is given."""
    one = np.tril(a) if triangle == "L" else np.triu(a)
    return np.asarray(one + one.mT - a * np.eye(a.shape[-1], dtype=a.dtype))


def _over(by: NDArray[Any], gaps: NDArray[Any], w: NDArray[Any]) -> NDArray[Any]:
    """Divide what moves vectors by gaps between values `w`; over nothing but rounding all is NaN.

    On the diagonal of what stands between pairs is 0, for a vector does not move along itself.
    """
    none = np.abs(gaps) <= _rounding(w)
    found = np.where(none & (by != 0), np.nan, by / np.where(none, 1, gaps))
    pairs = by.shape == gaps.shape
    return np.where(np.eye(w.shape[-1], dtype=bool), 0, found) if pairs else found


def _rounding(w: NDArray[Any]) -> NDArray[Any]:
    """Return what LAPACK rounds in values, as matrices of one entry."""
    size = np.max(np.abs(w), axis=-1, initial=0)[..., None, None]
    return np.asarray(w.shape[-1] * np.finfo(w.dtype).eps * size)


def _shared(moved: NDArray[Any], w: NDArray[Any]) -> NDArray[Any]:
    """Share what moves values that are equal but for rounding."""
    equal = np.abs(w[..., None, :] - w[..., :, None]) <= _rounding(w)
    alike = equal.astype(moved.dtype)  # of integers the quotient would be in double precision
    return np.asarray((alike @ moved[..., None])[..., 0] / np.sum(alike, axis=-1))


def _diagonal(x: Any) -> Any:
    return np.diagonal(x, axis1=-2, axis2=-1)
