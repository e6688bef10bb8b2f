"""Functions of whole matrices in programs: their values, and what they pass back.

The rules of what is passed back are written here anew, over plain NumPy, and share nothing with
those of reverse mode. Where there is no derivative they return NaN.

Sources: M. B. Giles, Collected matrix derivative results for forward and reverse mode algorithmic
differentiation, Springer 2008, 35-44; I. Murray, Differentiation of the Cholesky decomposition,
arXiv:1602.07527 (2016), section 3; S. F. Walter and L. Lehmann, arXiv:1001.1654 (2010); J.
Townsend, Differentiating the singular value decomposition (2016); G. H. Golub and V. Pereyra, SIAM
Journal on Numerical Analysis 10 (1973) 413-432.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.engines.symbolic.matrices import ADJOINT

Matrix = NDArray[Any]


def _or_nan(function: Callable[..., Any], a: Matrix, *others: Matrix) -> Matrix:
    """Apply a function to matrices; what it cannot do with a singular one is NaN."""
    try:
        return np.asarray(function(a, *others))
    except np.linalg.LinAlgError:
        lead = np.broadcast_shapes(a.shape[:-2], *(x.shape[:-2] for x in others))
        if not lead:
            return np.full_like(others[0] if others else a, np.nan)
        rows = [np.broadcast_to(x, (*lead, *x.shape[-2:])) for x in (a, *others)]
        return np.stack([_or_nan(function, *row) for row in zip(*rows, strict=True)])


def _solved(a: Matrix, b: Matrix) -> Matrix:
    return _or_nan(np.linalg.solve, a, b)


def _matrix(row: Matrix, shape: tuple[int, ...]) -> Matrix:
    """Return a row of all entries as a matrix; of examples there may be many of either."""
    return row.reshape(*row.shape[:-1], *shape[-2:])


def _tied(s: Matrix) -> NDArray[np.bool_]:
    """Say which values are equal to rounding, each pair."""
    largest = np.max(np.abs(s), axis=-1, initial=0)[..., None, None]
    gaps = np.abs(s[..., :, None] - s[..., None, :])
    return np.asarray(gaps <= s.shape[-1] * np.finfo(s.dtype).eps * largest)


def _shared(g: Matrix, s: Matrix) -> Matrix:
    """Share slopes equally among values that are equal, as at any kink."""
    tied = _tied(s)
    return np.asarray((tied @ g[..., None])[..., 0] / tied.sum(-1))


def _turning(z: Matrix, s: Matrix) -> Matrix:
    """Divide entries (i, j) by s_j - s_i; of equal values only 0 is divided, the rest is NaN."""
    apart = ~_tied(s)
    gaps = s[..., None, :] - s[..., :, None]
    found = np.divide(z, gaps, out=np.zeros_like(z), where=apart)
    unknown = ~apart & (z != 0) & ~np.eye(s.shape[-1], dtype=bool)
    return np.where(unknown, np.nan, found)


def _over(z: Matrix, s: Matrix, values: Matrix) -> Matrix:
    """Divide by `s`, made of singular values; by one that is 0 to rounding only 0, else NaN."""
    least = s.dtype.type(values.shape[-1] * np.finfo(s.dtype).eps)
    none = s <= (least * values.max(-1, initial=0))[..., None, None]
    found = np.divide(z, s, out=np.zeros_like(z), where=~none)
    return np.where(none & (z != 0), np.nan, found)


def _read(s: Matrix) -> Matrix:
    """Fold slopes by a symmetric matrix onto its lower triangle, which alone is read."""
    return np.tril(s) + np.tril(s.mT, -1)


# -- linear systems and determinants


def _solve_adjoint(a: Matrix, b: Matrix, y: Matrix, g: Matrix) -> tuple[Matrix, Matrix]:
    del b
    passed = _solved(a.mT, g)
    return -passed @ _matrix(y, g.shape).mT, passed


def _det_adjoint(a: Matrix, y: Matrix, g: Matrix) -> tuple[Matrix]:
    """Take the cofactors, each a determinant: so singular matrices are no exception."""
    del y
    n = a.shape[-1]
    cofactors = np.empty_like(a)
    for i in range(n):
        rows = np.delete(a, i, -2)
        minors = np.stack([np.delete(rows, j, -1) for j in range(n)], -3)
        cofactors[..., i, :] = np.linalg.det(minors) * (-1.0) ** np.arange(i, i + n)
    return (cofactors * g,)


def _slogdet(a: Matrix) -> Matrix:
    return np.stack(np.linalg.slogdet(a), -1)


def _slogdet_adjoint(a: Matrix, y: Matrix, g: Matrix) -> tuple[Matrix]:
    del y
    return (_or_nan(np.linalg.inv, a).mT * g[..., 1:],)


def _pinv_adjoint(a: Matrix, y: Matrix, g: Matrix) -> tuple[Matrix]:
    """Golub and Pereyra 1973, equation 4.12; NaN without full rank."""
    sizes = np.linalg.svdvals(a)
    limit = max(a.shape[-2:]) * np.finfo(a.dtype).eps * sizes.max(-1, initial=0)
    if a.dtype == np.float32:  # what NumPy computes in double precision is rounded in `y`
        a, y = a.astype(float), np.linalg.pinv(a.astype(float))
    else:
        y = _matrix(y, g.shape)
    y = np.where((sizes.min(-1, initial=np.inf) <= limit)[..., None, None], np.nan, y)
    m, n = a.shape[-2:]
    found = -(y @ g.mT @ y).mT
    if m > n:
        found = found + (np.eye(m) - a @ y) @ g.mT @ (y @ y.mT)
    if n > m:
        found = found + (y.mT @ y) @ g.mT @ (np.eye(n) - y @ a)
    return (found,)


# -- factors


def _cholesky_adjoint(a: Matrix, y: Matrix, g: Matrix) -> tuple[Matrix]:
    """Go back through the columns, last to first (Murray 2016, section 3.2)."""
    factor = _matrix(y, a.shape)
    found = np.tril(np.broadcast_arrays(factor, g)[1])
    for j in reversed(range(a.shape[-1])):
        row, end = factor[..., j : j + 1, :j], factor[..., j, j]
        below, column = factor[..., j + 1 :, :j], factor[..., j + 1 :, j]
        found[..., j, j] -= (column * found[..., j + 1 :, j]).sum(-1) / end
        found[..., j:, j] /= end[..., None]
        head, tail = found[..., j, j, None, None], found[..., j + 1 :, j, None]
        found[..., j : j + 1, :j] -= head * row + tail.mT @ below
        found[..., j + 1 :, :j] -= tail * row
        found[..., j, j] /= 2
    return (found,)


def _qr(a: Matrix) -> Matrix:
    q, r = np.linalg.qr(a)
    return np.concat([q, r.mT], axis=-2)


def _qr_adjoint(a: Matrix, y: Matrix, g: Matrix) -> tuple[Matrix]:
    """Walter and Lehmann 2010, section 5: A = Q R with a Q of orthonormal columns."""
    m = a.shape[-2]
    y = _matrix(y, g.shape)
    q, r = y[..., :m, :], y[..., m:, :].mT
    by_q, by_r = g[..., :m, :], g[..., m:, :].mT
    within, square = q.mT @ by_q, r @ by_r.mT
    turned = np.tril(square + within - within.mT, -1) + np.tril(square).mT
    beyond = by_q - q @ within if m > r.shape[-1] else 0
    return (_solved(r, (beyond + q @ turned).mT).mT,)


# -- eigenvalues and singular values


def _eigh(a: Matrix, triangle: Any = "L") -> Matrix:
    values, vectors = np.linalg.eigh(a, triangle)
    return np.concat([values[..., None], vectors], axis=-1)


def _eigh_adjoint(a: Matrix, y: Matrix, g: Matrix) -> tuple[Matrix]:
    n, y = a.shape[-1], _matrix(y, g.shape)
    values, v = y[..., 0], y[..., 1:]
    inner = _turning(v.mT @ g[..., 1:], values)
    inner = inner + _shared(g[..., 0], values)[..., None] * np.eye(n)
    found = v @ inner @ v.mT
    return (_read((found + found.mT) / 2),)


def _eigvalsh_adjoint(a: Matrix, y: Matrix, g: Matrix, triangle: Any = "L") -> tuple[Matrix]:
    v = np.linalg.eigh(a, triangle)[1]
    return (_read((v * _shared(g[..., 0, :], y)[..., None, :]) @ v.mT),)


def _upper(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a rule of what reads the upper triangle, of one for what reads the lower one."""
    return lambda *matrices, **how: (function(*matrices, **how)[0].mT,)


def _svd(a: Matrix) -> Matrix:
    u, s, vt = np.linalg.svd(a, full_matrices=False)
    return np.concat([u, s[..., None, :], vt.mT], axis=-2)


def _svd_adjoint(a: Matrix, y: Matrix, g: Matrix) -> tuple[Matrix]:
    """Townsend 2016, in the singular vectors' own coordinates and beside them."""
    m, n = a.shape[-2:]
    y = _matrix(y, g.shape)
    u, s, v = y[..., :m, :], y[..., m, :], y[..., m + 1 :, :]
    by_u, by_v = g[..., :m, :], g[..., m + 1 :, :]
    columns, rows = s[..., None, :], s[..., :, None]
    left, right = u.mT @ by_u, v.mT @ by_v
    turned_u, turned_v = (left - left.mT) / 2, (right - right.mT) / 2
    inner = _turning(turned_u + turned_v, s) + _over(turned_u - turned_v, columns + rows, s)
    inner = inner + _shared(g[..., m, :], s)[..., None] * np.eye(min(m, n))
    found = u @ inner @ v.mT
    if m > n:
        found = found + _over(by_u - u @ left, columns, s) @ v.mT
    if n > m:
        found = found + u @ _over(by_v - v @ right, columns, s).mT
    return (found,)


def _svdvals_adjoint(a: Matrix, y: Matrix, g: Matrix) -> tuple[Matrix]:
    u, _, vt = np.linalg.svd(a, full_matrices=False)
    limit = y.shape[-1] * np.finfo(a.dtype).eps * y.max(-1, initial=0)[..., None]
    shares = np.where(y > limit, _shared(g[..., 0, :], y), 0)  # at 0 a kink, as of |x|
    return ((u * shares[..., None, :]) @ vt,)


# -- order


def _sort_adjoint(a: Matrix, y: Matrix, g: Matrix) -> tuple[Matrix]:
    """Give each entry the mean of the slopes of the places that entries equal to it have."""
    equal = a[..., 0, :, None] == y[..., None, :]
    shares = (equal * g).sum(-1) / np.maximum(equal.sum(-1), 1)
    return (np.where(np.isnan(a[..., 0, :]), np.nan, shares)[..., None, :],)


def _take(a: Matrix, places: Matrix) -> Matrix:
    """Take an entry of a row by its place, counted from the end if that is negative."""
    return np.asarray(np.take_along_axis(*_alike(a, places.astype(np.intp)), -1))


def _alike(a: Matrix, places: NDArray[np.intp]) -> tuple[Matrix, NDArray[np.intp]]:
    lead = np.broadcast_shapes(a.shape[:-1], places.shape[:-1])
    return tuple(np.broadcast_to(x, (*lead, x.shape[-1])) for x in (a, places))  # type: ignore[return-value]  # two of them


def _take_adjoint(a: Matrix, places: Matrix, y: Matrix, g: Matrix) -> tuple[Matrix, Matrix]:
    del y
    taken = np.arange(a.shape[-1]) == places % a.shape[-1]
    return np.where(taken, g, 0), np.zeros_like(places)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "solve": np.linalg.solve,
    "det": np.linalg.det,
    "slogdet": _slogdet,
    "pinv": np.linalg.pinv,
    "cholesky": np.linalg.cholesky,
    "qr": _qr,
    "eigh": _eigh,
    "eigh_upper": partial(_eigh, triangle="U"),
    "eigvalsh": np.linalg.eigvalsh,
    "eigvalsh_upper": partial(np.linalg.eigvalsh, UPLO="U"),
    "svd": _svd,
    "svdvals": np.linalg.svdvals,
    "sort": np.sort,
    "argsort": partial(np.argsort, stable=True),
    "argmax": partial(np.argmax, axis=-1),
    "argmin": partial(np.argmin, axis=-1),
    "take": _take,
}
"""By the name of a primitive, the function that programs call."""

ADJOINTS: dict[str, Callable[..., tuple[Matrix, ...]]] = {
    "solve": _solve_adjoint,
    "det": _det_adjoint,
    "slogdet": _slogdet_adjoint,
    "pinv": _pinv_adjoint,
    "cholesky": _cholesky_adjoint,
    "qr": _qr_adjoint,
    "eigh": _eigh_adjoint,
    "eigh_upper": _upper(_eigh_adjoint),
    "eigvalsh": _eigvalsh_adjoint,
    "eigvalsh_upper": _upper(partial(_eigvalsh_adjoint, triangle="U")),
    "svd": _svd_adjoint,
    "svdvals": _svdvals_adjoint,
    "sort": _sort_adjoint,
    "take": _take_adjoint,
}
"""What they pass back: from the matrices, the result and the slopes by it, those by each matrix.
Places do not vary, and pass nothing back.

Results come as a row of all entries, slopes by them as a matrix."""


def scope(dtype: np.dtype[Any]) -> dict[str, Callable[..., list[Any]]]:
    """Return what programs call, over scalars of a dtype or arrays of them, one entry an argument.

    Each takes lists of rows, or a row, and returns a row.
    """
    called = {name: partial(_called, dtype, function) for name, function in FUNCTIONS.items()}
    return called | {
        name + ADJOINT: partial(_passed_back, dtype, rule) for name, rule in ADJOINTS.items()
    }


def _array(entries: list[Any], dtype: np.dtype[Any]) -> Matrix:
    """Make arrays of entries the last axes of one array."""
    shape: tuple[int, ...] = (len(entries),)
    if isinstance(entries[0], list):
        shape, entries = (len(entries), len(entries[0])), [x for row in entries for x in row]
    if not any(map(np.ndim, entries)):
        return np.array(entries, dtype).reshape(shape)
    stacked = np.stack(np.broadcast_arrays(*entries), -1)
    return np.asarray(stacked.reshape(*stacked.shape[:-1], *shape), dtype)


def _entries(results: tuple[Matrix, ...], axes: int, dtype: np.dtype[Any]) -> list[Any]:
    """Take results apart, whose last axes are those of one matrix."""
    lead = np.broadcast_shapes(*(x.shape[: x.ndim - axes] for x in results))
    rows = [np.broadcast_to(x, (*lead, *x.shape[x.ndim - axes :])) for x in results]
    row = np.concat([x.reshape(*lead, -1) for x in rows], -1).astype(dtype, copy=False)
    return row.tolist() if not lead and dtype == np.float64 else list(np.moveaxis(row, -1, 0))


def _called(dtype: np.dtype[Any], function: Callable[..., Any], *matrices: list[Any]) -> list[Any]:
    arrays = [_array(matrix, dtype) for matrix in matrices]
    result = np.asarray(function(*arrays))
    lead = max(array.ndim for array in arrays) - 2
    return _entries((result,), result.ndim - lead, dtype)


def _passed_back(
    dtype: np.dtype[Any], rule: Callable[..., tuple[Matrix, ...]], *matrices: list[Any]
) -> list[Any]:
    arrays = [_array(matrix, dtype) for matrix in matrices]
    with np.errstate(all="ignore"):
        return _entries(rule(*arrays), 2, dtype)
