"""Functions of whole complex matrices, beside the real ones: nothing is conjugated.

The entries of primitives are written in them: `cx` in their field `complex`. Real parts are what
NumPy computes from real parts. Imaginary parts come from LAPACK in complex arithmetic where that is
holomorphic (elimination is), and otherwise from one step of an iteration that converges
quadratically to the decomposition with Vᵀ V = 1, begun at the real one: what it leaves is of the
order of the step's square.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.engines.complex.functions import ComplexArray, join
from gradmethods.xp.primitives.matrices import of_full_rank


def beside_real(function: Callable[..., Any], *operands: Any) -> ComplexArray:
    """Apply what LAPACK does by elimination."""
    return join(function(*map(np.real, operands)), np.asarray(function(*operands)).imag)


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


def eigh(a: ComplexArray, triangle: Any) -> ComplexArray:
    """Decompose the symmetric (not Hermitian) matrix of which one triangle is given."""
    values, vectors = np.linalg.eigh(a.real, triangle)
    imaginary = _refined(_symmetric(a, triangle), values, vectors, values.shape[-1])
    return join(np.concat([values[..., None], vectors], -1), imaginary)


def eigvalsh(a: ComplexArray, triangle: Any) -> ComplexArray:
    """Return the eigenvalues; those that are equal share what moves them."""
    _, vectors = np.linalg.eigh(a.real, triangle)
    real = np.linalg.eigvalsh(a.real, triangle)
    moved = _diagonal(vectors.mT @ _symmetric(a, triangle).imag @ vectors)
    return join(real, _shared(moved, real))


def svd(a: ComplexArray) -> ComplexArray:
    """Decompose by the eigenvectors of [[0, A], [Aᵀ, 0]]: (u, v)/√2 for s, (u, -v)/√2 for -s.

    Source: G. H. Golub and C. F. Van Loan, Matrix Computations, 4th edition 2013, section 8.6.1.
    """
    *batch, m, n = a.shape
    k = min(m, n)
    u, s, vt = np.linalg.svd(a.real)
    v, half = vt.mT, np.sqrt(a.real.dtype.type(0.5))
    first, second = u[..., :k] * half, v[..., :k] * half
    pairs = [
        np.concat([first, first, u[..., k:], np.zeros((*batch, m, n - k), s.dtype)], -1),
        np.concat([second, -second, np.zeros((*batch, n, m - k), s.dtype), v[..., k:]], -1),
    ]
    whole = np.zeros((*batch, m + n, m + n), a.dtype)
    whole[..., :m, m:], whole[..., m:, :m] = a, a.mT
    values = np.concat([s, -s, np.zeros((*batch, m + n - 2 * k), s.dtype)], -1)
    moved = _refined(whole, values, np.concat(pairs, -2), k)
    real, s, _ = np.linalg.svd(a.real, full_matrices=False)
    packed = np.concat([real, s[..., None, :], v[..., :k]], -2)
    by, rows = moved[..., :k, 0], moved[..., 1:] / half
    return join(packed, np.concat([rows[..., :m, :], by[..., None, :], rows[..., m:, :]], -2))


def svdvals(a: ComplexArray) -> ComplexArray:
    """Return the singular values; those that are equal share what moves them, and 0 has a kink."""
    u, s, vt = np.linalg.svd(a.real, full_matrices=False)
    moved = _shared(_diagonal(u.mT @ a.imag @ vt.mT), s)
    still = s <= s.shape[-1] * np.finfo(s.dtype).eps * np.max(s, axis=-1, keepdims=True, initial=0)
    return join(np.linalg.svdvals(a.real), np.where(still, 0, moved))


def _symmetric(a: ComplexArray, triangle: str) -> ComplexArray:
    """Return the symmetric matrix of which one triangle is given."""
    one = np.tril(a) if triangle == "L" else np.triu(a)
    return np.asarray(one + one.mT - a * np.eye(a.shape[-1], dtype=a.dtype))


def _refined(a: ComplexArray, w: NDArray[Any], v: NDArray[Any], count: int) -> NDArray[Any]:
    """Return the imaginary parts of the first eigenvalues, as a column, and of their vectors.

    Source: T. Ogita and K. Aishima, Iterative refinement for symmetric eigenvalue decomposition,
    Japan Journal of Industrial and Applied Mathematics 35 (2018) 1007-1035: the residuals of
    Vᵀ A V and of Vᵀ V say what of each vector belongs to the others.
    """
    s = v.mT @ a @ v[..., :count]
    rest = np.eye(v.shape[-1], count, dtype=w.dtype) - v.mT @ v[..., :count]
    gaps, equal = _gaps(w, count)
    by = (s + w[..., None, :count] * rest) / gaps
    by = by.imag
    itself = np.eye(v.shape[-1], count, dtype=bool)
    by = np.where(itself, 0, np.where(equal & (by != 0), np.nan, by))
    moved = _diagonal(s.imag)
    column = np.zeros((*moved.shape[:-1], v.shape[-2], 1), w.dtype)
    column[..., :count, 0] = moved
    return np.concat([column, v @ by], -1)


def _gaps(w: NDArray[Any], count: int) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return how far values are from the first ones, 1 where that is nothing but rounding."""
    gaps = w[..., None, :count] - w[..., :, None]
    size = np.max(np.abs(w), axis=-1, initial=0)[..., None, None]
    equal = np.abs(gaps) <= w.shape[-1] * np.finfo(w.dtype).eps * size
    return np.where(equal, 1, gaps), equal


def _shared(moved: NDArray[Any], w: NDArray[Any]) -> NDArray[Any]:
    """Share what moves values that are equal but for rounding."""
    _, equal = _gaps(w, w.shape[-1])
    alike = equal.astype(moved.dtype)  # of integers the quotient would be in double precision
    return np.asarray((alike @ moved[..., None])[..., 0] / np.sum(alike, axis=-1))


def _diagonal(x: Any) -> Any:
    return np.diagonal(x, axis1=-2, axis2=-1)
