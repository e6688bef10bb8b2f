"""Functions of matrices in functions of entries and in products: the algorithm itself, as a loss.

Methods that know no such function otherwise evaluate and differentiate these steps like any other:
certificates, formulas, the complex step (nothing is conjugated, so they are holomorphic). `xp` is
the namespace of any of them. Nothing here is chosen by value but by `where`.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np


def _minors(a: Any, rows: list[int]) -> dict[tuple[int, ...], Any]:
    """Return the minors of some rows, by their columns: expanded by row, each one once.

    Nothing is divided by, so that singular matrices are no exception. Source: P. S. Laplace, as in
    R. A. Horn and C. R. Johnson, Matrix Analysis, 2nd edition 2013, section 0.3.1.
    """
    found: dict[tuple[int, ...], Any] = {(): None}
    for count, row in enumerate(reversed(rows), 1):
        larger = {}
        for columns in itertools.combinations(range(a.shape[-1]), count):
            total = None
            for k, column in enumerate(columns):
                rest = found[columns[:k] + columns[k + 1 :]]
                term = a[..., row, column] if rest is None else a[..., row, column] * rest
                total = term if total is None else total - term if k % 2 else total + term
            larger[columns] = total
        found = larger
    return found


def det(xp: Any, a: Any) -> Any:
    """Expand by rows."""
    *batch, n, _ = a.shape
    if n == 0:
        return xp.broadcast_to(xp.ones((), dtype=a.dtype), tuple(batch))
    return _minors(a, list(range(n)))[tuple(range(n))]


def _adjugate(xp: Any, a: Any) -> Any:
    n = a.shape[-1]
    if n == 1:
        return xp.ones_like(a)
    columns = []
    for i in range(n):
        minors = _minors(a, [k for k in range(n) if k != i])
        signed = []
        for j in range(n):
            minor = minors[tuple(k for k in range(n) if k != j)]
            signed.append(-minor if (i + j) % 2 else minor)
        columns.append(xp.stack(signed, axis=-1))
    return xp.stack(columns, axis=-1)


def slogdet(xp: Any, a: Any) -> Any:
    """Take sign and logarithm of a determinant."""
    whole = det(xp, a)
    return xp.stack([xp.sign(whole), xp.log(xp.abs(whole))], axis=-1)


def solve(xp: Any, a: Any, b: Any) -> Any:
    """Apply Cramer's rule: the adjugate times the right-hand side, over the determinant."""
    if a.shape[-1] == 0:
        return a @ b
    adjugate = _adjugate(xp, a)
    whole = xp.sum(a[..., 0, :] * adjugate[..., :, 0], axis=-1)
    return (adjugate @ b) / whole[..., None, None]


def substituted(xp: Any, a: Any, b: Any, *, lower: bool) -> Any:
    """Solve with triangular matrices, row after row."""
    n = a.shape[-1]
    rows: list[Any] = []
    for k in range(n) if lower else reversed(range(n)):
        rest = b[..., k : k + 1, :]
        if rows:
            known = xp.concat(rows, axis=-2)
            rest = rest - (a[..., k : k + 1, :k] if lower else a[..., k : k + 1, k + 1 :]) @ known
        rest = rest / a[..., k : k + 1, k : k + 1]
        rows = [*rows, rest] if lower else [rest, *rows]
    return xp.concat(rows, axis=-2) if rows else a @ b


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
    middle, half = (first + last) / 2, _hypot(xp, (first - last) / 2, off)
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
        return _sqrt(xp, xp.sum(a * a, axis=-2))
    p, q = (xp.sum(a * a, axis=-2)[..., i] for i in (0, 1))
    r = xp.sum(a[..., 0] * a[..., 1], axis=-1)
    larger = _sqrt(xp, (p + q) / 2 + _hypot(xp, (p - q) / 2, r))
    i, j = np.triu_indices(a.shape[-2], 1)
    minors = a[..., i, 0] * a[..., j, 1] - a[..., j, 0] * a[..., i, 1]
    area = _sqrt(xp, xp.sum(minors * minors, axis=-1))
    return xp.stack([larger, area / xp.where(larger > 0, larger, 1)], axis=-1)


def _sqrt(xp: Any, x: Any) -> Any:
    """Take the root of a sum of squares; where it is 0 there is a kink, of slope 0."""
    moved = x > 0
    return xp.where(moved, xp.sqrt(xp.where(moved, x, 1)), 0)


def _hypot(xp: Any, x: Any, y: Any) -> Any:
    """Take √(x² + y²); where it is 0 there is a kink, of slope 0."""
    moved = (x != 0) | (y != 0)
    return xp.where(moved, xp.hypot(xp.where(moved, x, 1), y), 0)
