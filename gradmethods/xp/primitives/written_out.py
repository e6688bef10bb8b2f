"""Functions of matrices in functions of entries and in products: the algorithm itself, as a loss.

Methods that know no such function otherwise evaluate and differentiate these steps like any other:
certificates, formulas, the complex step (nothing is conjugated, so they are holomorphic). `xp` is
the namespace of any of them. Nothing here is chosen by value but by `where`.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def det(xp: Any, a: Any) -> Any:
    """Multiply without dividing, so that singular matrices are no exception.

    Source: R. S. Bird, A simple division-free algorithm for computing determinants, Information
    Processing Letters 111 (2011) 1072-1074.
    """
    *batch, n, _ = a.shape
    if n == 0:
        return xp.broadcast_to(xp.ones((), dtype=a.dtype), tuple(batch))
    x = a
    for _ in range(n - 1):
        behind = _sums_behind(xp, xp.linalg.diagonal(x))
        x = xp.where(np.eye(n, dtype=bool), -behind[..., None], xp.triu(x, k=1)) @ a
    first = x[..., 0, 0]
    return first if n % 2 else -first


def _sums_behind(xp: Any, d: Any) -> Any:
    """Return, for each entry, the sum of all that follow."""
    totals = xp.flip(xp.cumulative_sum(xp.flip(d[..., 1:], axis=-1), axis=-1), axis=-1)
    return xp.concat([totals, xp.zeros((*d.shape[:-1], 1), dtype=d.dtype)], axis=-1)


def slogdet(xp: Any, a: Any) -> Any:
    """Take sign and logarithm of a determinant."""
    whole = det(xp, a)
    return xp.stack([xp.sign(whole), xp.log(xp.abs(whole))], axis=-1)


def solve(xp: Any, a: Any, b: Any) -> Any:
    """Apply Cramer's rule: the adjugate times the right-hand side, over the determinant.

    Source: U. J. J. Le Verrier, D. K. Faddeev; see F. R. Gantmacher, The Theory of Matrices,
    volume 1, Chelsea 1959, section IV.5.
    """
    n = a.shape[-1]
    if n == 0:
        return a @ b
    one = np.eye(n, dtype=a.dtype)
    adjugate = xp.broadcast_to(xp.asarray(one), a.shape)
    for k in range(1, n):
        product = a @ adjugate
        adjugate = product - xp.linalg.trace(product)[..., None, None] / k * one
    if n % 2 == 0:
        adjugate = -adjugate
    whole = xp.sum(a[..., 0, :] * adjugate[..., :, 0], axis=-1)
    return (adjugate @ b) / whole[..., None, None]


def pinv(xp: Any, a: Any) -> Any:
    """Solve the normal equations of matrices of full rank: (AᵀA)⁻¹Aᵀ, or Aᵀ(AAᵀ)⁻¹."""
    if a.shape[-2] < a.shape[-1]:
        return pinv(xp, a.mT).mT
    return xp.bind("solve", a.mT @ a, a.mT)


def cholesky(xp: Any, a: Any) -> Any:
    """Take column after column, from the lower triangle alone."""
    n = a.shape[-1]
    columns = []
    rest = a
    for k in range(n):
        head = xp.sqrt(rest[..., :1, :1])
        tail = rest[..., 1:, :1] / head
        zeros = xp.zeros((*a.shape[:-2], k, 1), dtype=a.dtype)
        columns.append(xp.concat([zeros, head, tail], axis=-2))
        rest = rest[..., 1:, 1:] - tail @ tail.mT
    return xp.concat(columns, axis=-1) if n else a


def qr(xp: Any, a: Any) -> Any:
    """Reflect column after column, with LAPACK's signs; Q above Rᵀ.

    A column that is 0 below its diagonal is not reflected. Source: A. S. Householder, Unitary
    triangularization of a nonsymmetric matrix, Journal of the ACM 5 (1958) 339-342.
    """
    *batch, m, n = a.shape
    rows, mirrors = [], []
    rest = a
    for k in range(min(n, m - 1)):
        x = rest[..., :, :1]
        head, tail = x[..., :1, :], x[..., 1:, :]
        below = xp.sum(tail * tail, axis=-2, keepdims=True)
        size = xp.sqrt(head * head + below)
        moved = below > 0
        end = xp.where(moved, xp.where(head < 0, size, -size), head)
        mirror = xp.concat([head - end, tail], axis=-2)
        weight = xp.where(moved, 1 / xp.where(moved, end * (end - head), 1.0), 0.0)
        mirrors.append((mirror, weight))
        rest = rest - mirror @ (weight * (mirror.mT @ rest))
        zeros = xp.zeros((*batch, 1, k), dtype=a.dtype)
        rows.append(xp.concat([zeros, end, rest[..., :1, 1:]], axis=-1))
        rest = rest[..., 1:, 1:]
    if m == n and n:
        zeros = xp.zeros((*batch, 1, n - 1), dtype=a.dtype)
        rows.append(xp.concat([zeros, rest], axis=-1))
    q = xp.broadcast_to(xp.asarray(np.eye(m, n, dtype=a.dtype)), a.shape)
    for k, (mirror, weight) in reversed(list(enumerate(mirrors))):
        low = q[..., k:, :]
        low = low - mirror @ (weight * (mirror.mT @ low))
        q = xp.concat([q[..., :k, :], low], axis=-2)
    return xp.concat([q, _upright(xp, rows, a)], axis=-2)


def _upright(xp: Any, rows: list[Any], a: Any) -> Any:
    """Put rows together, and transpose them."""
    if not rows:
        return xp.zeros((*a.shape[:-2], a.shape[-1], a.shape[-1]), dtype=a.dtype)
    return xp.concat(rows, axis=-2).mT


def eigvalsh(xp: Any, a: Any, triangle: str) -> Any:
    """Solve the characteristic equation of matrices of at most two rows."""
    n = a.shape[-1]
    if n < 2:
        return a[..., 0]
    first, last = a[..., 0, 0], a[..., 1, 1]
    off = a[..., 1, 0] if triangle == "L" else a[..., 0, 1]
    middle, half = (first + last) / 2, xp.hypot((first - last) / 2, off)
    return xp.stack([middle - half, middle + half], axis=-1)


def svdvals(xp: Any, a: Any) -> Any:
    """Take the singular values of matrices of which a side is one or two.

    Of two rows or columns the smaller one is the area over the larger one,
    its square the sum of those of all minors (Lagrange).
    """
    if a.shape[-2] < a.shape[-1]:
        a = a.mT
    if a.shape[-1] == 0:
        return xp.sum(a, axis=-2)
    if a.shape[-1] == 1:
        return xp.sqrt(xp.sum(a * a, axis=-2))
    p, q = (xp.sum(a * a, axis=-2)[..., i] for i in (0, 1))
    r = xp.sum(a[..., 0] * a[..., 1], axis=-1)
    larger = xp.sqrt((p + q) / 2 + xp.hypot((p - q) / 2, r))
    i, j = np.triu_indices(a.shape[-2], 1)
    minors = a[..., i, 0] * a[..., j, 1] - a[..., j, 0] * a[..., i, 1]
    area = xp.sqrt(xp.sum(minors * minors, axis=-1))
    return xp.stack([larger, area / larger], axis=-1)
