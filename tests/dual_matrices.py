"""Functions of whole matrices over dual numbers: what losses call under `xp.linalg`.

Systems are solved by elimination, determinants are sums over permutations, eigenvalues are mpmath's
with the slopes of perturbation theory: none of it is how the suite does it. Matrices are small.

Where rounding is put on results, the matrices are moved by a unit of their norm: that is how far
from them those are whose exact decomposition LAPACK finds (N. J. Higham, Accuracy and Stability of
Numerical Algorithms, SIAM 2002, chapters 9, 10 and 19).
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import reduce
from itertools import permutations
from typing import Any

import mpmath as mp  # type: ignore[import-untyped]  # published without types
import numpy as np

from tests.dual_functions import BINARY, UNARY
from tests.duals import MODE, Doubt, Dual, dual, made

divide = BINARY["divide"]


def stacked(function: Callable[..., tuple[Any, ...]], *operands: Any) -> tuple[Any, ...]:
    """Apply to each matrix of stacks that broadcast; return arrays of each of the results."""
    batch = np.broadcast_shapes(*(x.shape[:-2] for x in operands))
    wide = [np.broadcast_to(x, (*batch, *x.shape[-2:])) for x in operands]
    parts = [function(*(_moved(x[place]) for x in wide)) for place in np.ndindex(batch)]
    found = []
    for results in zip(*parts, strict=True):
        array = np.empty((*batch, *np.shape(results[0])), object)
        for place, result in zip(np.ndindex(batch), results, strict=True):
            array[place] = result
        found.append(array)
    return tuple(found)


def _moved(a: Any) -> Any:
    """Return a matrix with errors of the size of its rounding, by norm."""
    rounding = MODE.rounding
    if rounding is None or not a.size:
        return a
    size = rounding.unit * max(abs(x.v) for x in a.flat)
    moved = [Dual(x.v + size * rounding.source.uniform(-1, 1), x.t, x.doubt) for x in a.flat]
    return np.array([*moved, None], object)[:-1].reshape(a.shape)


def total(terms: list[Dual]) -> Dual:
    return reduce(operator.add, terms, dual(0))


def det(a: Any) -> tuple[Any, ...]:
    n = len(a)
    terms = []
    for order in permutations(range(n)):
        swaps = sum(order[i] > order[j] for i in range(n) for j in range(i + 1, n))
        terms.append(
            reduce(operator.mul, [a[i, j] for i, j in enumerate(order)], dual((-1) ** swaps))
        )
    found = total(terms)
    if MODE.rounding is not None and found.v:  # NumPy takes the exponential of its logarithm
        by = MODE.rounding.unit * MODE.rounding.source.uniform(-1, 1) * mp.log(abs(found.v))
        found = BINARY["multiply"](found, dual(1 + by))
    return (found,)


def slogdet(a: Any) -> tuple[Any, ...]:
    (found,) = det(a)
    return UNARY["sign"](found), UNARY["log"](UNARY["abs"](found))


def solve(a: Any, b: Any) -> tuple[Any, ...]:
    rows: Any = np.concatenate([a, b], axis=1)
    n = len(a)
    for k in range(n):
        best = k + int(np.argmax([abs(x.v) for x in rows[k:, k]]))
        rows[[k, best]] = rows[[best, k]]
        for i in range(n):
            if i != k:
                by = divide(rows[i, k], rows[k, k])
                for j in range(k + 1, rows.shape[1]):
                    rows[i, j] = rows[i, j] - by * rows[k, j]
    for k in range(n):
        for j in range(n, rows.shape[1]):
            rows[k, j] = divide(rows[k, j], rows[k, k])
    return (rows[:, n:],)


def pinv(a: Any) -> tuple[Any, ...]:
    if a.shape[0] < a.shape[1]:
        return (pinv(a.T)[0].T,)
    return solve(a.T @ a, a.T)


def cholesky(a: Any) -> tuple[Any, ...]:
    n = len(a)
    found = np.full((n, n), dual(0), object)
    for i in range(n):
        for j in range(i + 1):
            rest = a[i, j] - total(list(found[i, :j] * found[j, :j]))
            found[i, j] = UNARY["sqrt"](rest) if i == j else divide(rest, found[j, j])
    return (found,)


def qr(a: Any) -> tuple[Any, ...]:
    """Gram and Schmidt's columns, with the signs of LAPACK's.

    LAPACK reflects no column that is 0 below the diagonal, and beside it does: the signs jump.
    """
    m, n = a.shape
    upright = True
    computed = np.linalg.qr(values(a)).R
    q, r = np.full((m, min(m, n)), dual(0), object), np.full((min(m, n), n), dual(0), object)
    for j in range(n):
        column = a[:, j]
        for i in range(min(j, m)):
            r[i, j] = total(list(q[:, i] * a[:, j]))
            column = column - q[:, i] * r[i, j]
        if j < m:
            size: Any = UNARY["sqrt"](total(list(column * column)))
            upright = upright and all(x.v == 0 for x in a[j + 1 :, j])
            if upright and any(x.t for x in a[j + 1 :, j]):
                size = Dual(size.v, tuple(mp.nan for _ in size.t), size.doubt | Doubt.JUMP)
            r[j, j] = dual(-1 if computed[j, j] < 0 else 1) * size
            q[:, j] = [divide(x, r[j, j]) for x in column]
    return q, r


def values(a: Any) -> Any:
    """Return a matrix as LAPACK is given it."""
    return np.array([float(x.v) for x in a.flat], MODE.dtype).reshape(a.shape)


def eigh(a: Any, triangle: Any = "L") -> tuple[Any, ...]:
    """Eigenvalues of mpmath, and slopes by perturbation theory; equal ones are a kink."""
    n = len(a)
    low = a if triangle == "L" else a.T
    whole = mp.matrix(n, n)
    for i, j in np.ndindex(n, n):
        whole[i, j] = low[max(i, j), min(i, j)].v
    roots, columns = mp.eigsy(whole)
    _, computed = np.linalg.eigh(values(a), triangle)
    v = np.array([[columns[i, j] for j in range(n)] for i in range(n)], object).reshape(n, n)
    for j in range(n):
        if sum(float(v[i, j]) * computed[i, j] for i in range(n)) < 0:
            v[:, j] = [-x for x in v[:, j]]
    size = max((abs(x) for x in roots), default=0)
    gaps = [abs(roots[i] - roots[j]) for i in range(n) for j in range(i)]
    doubt = Doubt.KINK if gaps and min(gaps) <= size * mp.mpf(10) ** -12 else 0

    def entry(value: Any, slope: Any) -> Dual:
        parts = [
            (slope(i, j) + (slope(j, i) if i != j else 0), low[i, j])
            for i in range(n)
            for j in range(i + 1)
        ]
        return made(value, *parts, doubt=doubt)

    def turned(m: int, k: int) -> Any:
        others = [j for j in range(n) if j != k]
        return lambda p, q: sum(
            (v[m, j] * v[p, j] * v[q, k] / (roots[k] - roots[j] or mp.nan) for j in others),
            mp.mpf(0),
        )

    found = [entry(roots[k], lambda p, q, k=k: v[p, k] * v[q, k]) for k in range(n)]
    vectors = np.empty((n, n), object)
    for m, k in np.ndindex(n, n):
        vectors[m, k] = entry(v[m, k], turned(m, k))
    return np.array(found, object), vectors


def svd(a: Any) -> tuple[Any, ...]:
    """By the eigenvectors of AᵀA."""
    s: Any
    if a.shape[0] < a.shape[1]:
        u, s, vh = svd(a.T)
        signs = _signs(np.linalg.svd(values(a), full_matrices=False).U, vh.T)
        return _signed(vh.T, signs), s, _signed(u, signs).T
    squares, v = eigh(a.T @ a)
    s = np.array([UNARY["sqrt"](x) for x in squares[::-1]], object)
    signs = _signs(np.linalg.svd(values(a), full_matrices=False).Vh.T, v[:, ::-1])
    v = _signed(v[:, ::-1], signs)
    u = a @ v
    for i, j in np.ndindex(u.shape):
        u[i, j] = divide(u[i, j], s[j])
    return u, s, v.T


def _signs(computed: Any, found: Any) -> Any:
    return np.where(np.sum(computed * values(found), axis=0) < 0, -1, 1)


def _signed(v: Any, signs: Any) -> Any:
    return v * np.array([dual(int(sign)) for sign in signs], object)
