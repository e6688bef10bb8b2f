"""Eigenvalues and singular values over balls.

Arb proves where eigenvalues are. What varies with them needs only projectors, as constants: the
eigenvalues of a group that is apart from all others have the sum tr(P A), and an eigenvector v, to
first order, is v + R A v with the reduced resolvent R of its eigenvalue. So slopes come from
differentiating sums and products.

Source: T. Kato, Perturbation Theory for Linear Operators, Springer 1995, sections II.1 and II.2.

How each of several eigenvalues varies that may be equal is not known: that of their sum is. A loss
whose slopes by them are the same ball, to the last bit, asks for no more.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from flint import acb_mat, arb, arb_mat
from numpy.typing import NDArray

from gradmethods.engines.certified.arrays import (
    NAN,
    ONE,
    Ball,
    Objects,
    boxed,
    each,
    exact,
    filled,
    from_list,
    holds,
)
from gradmethods.engines.certified.decisions import Undecided
from gradmethods.engines.certified.products import product
from gradmethods.errors import NotDifferentiable
from gradmethods.xp.array import Array

Group = range
"""Eigenvalues that are not told apart, in rising order."""


class Spectrum(NamedTuple):
    """What is proven of the eigenvalues of a symmetric matrix.

    Attributes
    ----------
    values : list of arb
        One ball for each group: it holds all of its eigenvalues.
    groups : list of range
        Which eigenvalues they are.
    projectors : list of numpy.ndarray of arb
        Onto the eigenvectors of each group.
    """

    values: list[Any]
    groups: list[Group]
    projectors: list[Objects]


def spectrum(a: Objects) -> Spectrum:
    """Enclose eigenvalues, and the projectors onto their vectors.

    Raises
    ------
    NotDifferentiable
        If entries are no balls, but series or numbers modulo a prime.
    """
    _check_balls(a)
    n = len(a)
    if not n:
        return Spectrum([], [], [])
    matrix = acb_mat(arb_mat(n, n, a.ravel().tolist()))
    try:
        values, vectors = matrix.eig(right=True)
    except ValueError:
        return _grouped(a, matrix)
    order = sorted(range(n), key=lambda i: values[i].real)  # apart, however near
    units = [_unit([vectors[j, i] for j in range(n)]) for i in order]
    projectors = [from_list([x * y for x in unit for y in unit], (n, n)) for unit in units]
    return Spectrum(
        [values[i].real for i in order], [range(i, i + 1) for i in range(n)], projectors
    )


def _check_balls(a: Objects) -> None:
    if not all(isinstance(x, arb) for x in a.flat):
        raise NotDifferentiable(
            "Eigenvalues and singular values have no Taylor series here, nor are they known where "
            "a choice between equal values is open"
        )


def _unit(vector: Sequence[Any]) -> list[Any]:
    """Return the unit vector of which a complex multiple is given."""
    largest = max(vector, key=lambda z: float(z.abs_lower()))
    real = [(z / largest).real for z in vector]
    size = sum((x * x for x in real), arb(0)).sqrt()
    return [x / size for x in real]


def _grouped(a: Objects, matrix: Any) -> Spectrum:
    """Enclose projectors as polynomials of the matrix that are 0 at all other eigenvalues."""
    one = exact(np.eye(len(a)))
    values, groups = _intervals(matrix)
    projectors = []
    for own, value in zip(groups, values, strict=True):
        power, ratio = one, ONE
        for other, group in zip(values, groups, strict=True):
            for _ in group if group != own else ():
                gap = value - other
                power = boxed(product(power, boxed(a - one * other)) / gap)
                ratio = ratio * (gap / gap)
        # At an eigenvalue of the group itself the polynomial is 1 but for what the ratio holds.
        spread = arb(0, (ratio - 1).abs_upper())
        projectors.append(each(lambda x, by: x + by, power, spread))
    return Spectrum(values, groups, projectors)


def _intervals(matrix: Any) -> tuple[list[Any], list[Group]]:
    """Enclose the eigenvalues of a symmetric matrix, those together that may be equal.

    In the basis of approximate eigenvectors the matrix is nearly diagonal. Intervals round the
    diagonal entries that overlap no other hold as many eigenvalues as they are (S. Gershgorin, Über
    die Abgrenzung der Eigenwerte einer Matrix, Izvestiya AN SSSR 7 (1931) 749-754).
    """
    n = matrix.nrows()
    try:
        _, approximate = matrix.eig(right=True, algorithm="approx")
        basis = arb_mat(n, n, [z.real.mid() for z in approximate.entries()])
        turned = basis.inv() * matrix.real * basis
    except (ValueError, ZeroDivisionError) as error:
        raise Undecided("Eigenvalues cannot be enclosed") from error
    found = []
    for i in range(n):
        radius = sum((turned[i, j].abs_upper() for j in range(n) if j != i), arb(0))
        found.append(turned[i, i] + arb(0, arb(radius).upper()))
    if not all(x.is_finite() for x in found):
        raise Undecided("Eigenvalues cannot be enclosed")
    found.sort(key=lambda x: x.mid())
    values: list[Any] = []
    groups: list[Group] = []
    for i, interval in enumerate(found):
        if values and interval.overlaps(values[-1]):
            values[-1] = values[-1].union(interval)
            groups[-1] = range(groups[-1].start, i + 1)
        else:
            values.append(interval)
            groups.append(range(i, i + 1))
    if any(x.overlaps(y) for x, y in itertools.pairwise(values)):
        raise Undecided("Eigenvalues cannot be told apart")
    return values, groups


def symmetric(xp: Any, a: Array, triangle: str) -> Array:
    """Return the symmetric matrix of which one triangle is read."""
    low = a if triangle == "L" else a.mT
    result: Array = xp.tril(low) + xp.tril(low, k=-1).mT
    return result


def eigvalsh(xp: Any, a: Array, triangle: str) -> Any:
    """Return eigenvalues: those of a group vary alike, as far as is known."""
    whole = symmetric(xp, a, triangle)
    return _values(xp, whole, spectrum(whole.payload.values))


def _values(xp: Any, whole: Array, found: Spectrum) -> Array:
    n = whole.shape[0]
    if not n:
        empty: Array = xp.zeros(0, dtype=whole.dtype)
        return empty
    means = [
        xp.sum(Array(xp, Ball(projector, whole.dtype)) * whole) / len(group)
        for projector, group in zip(found.projectors, found.groups, strict=True)
    ]
    place = np.array([k for k, group in enumerate(found.groups) for _ in group])
    ball: Ball = xp.stack(means)[place].payload
    spread = [
        2 * x.rad() if len(g) > 1 else 0 for x, g in zip(found.values, found.groups, strict=True)
    ]
    middles = [
        xp.ball(mean.payload).values[()] + arb(0, by)
        for mean, by in zip(means, spread, strict=True)
    ]
    values = from_list([middles[k] for k in place], (n,))
    variation = ball.variation
    if variation is not None and len(found.groups) < n:
        # An entry of Σ (wᵢ - w) vᵢvᵢᵀ is no larger than the largest difference of the weights.
        variation = variation.together(place, _loosely(xp, whole, n))
        xp.doubts.append(
            "two eigenvalues or singular values may be equal: neither then has a slope of its own, "
            "nor has a vector of either, only their sum has one"
        )
    return Array(xp, Ball(values, ball.dtype, variation, ball.varying))


def _loosely(xp: Any, a: Array, n: int) -> Any:
    """Return how n numbers vary that may have any slopes from -1 to 1 by the entries of a."""
    any_ = xp.sum(Array(xp, Ball(filled(a.shape, arb(0, 1)), a.dtype)) * a)
    return xp.stack([any_] * n).payload.variation


def eigh(xp: Any, a: Array, triangle: Any) -> Any:
    """Decompose; the signs of eigenvectors are LAPACK's at the point.

    Those of eigenvalues that may be equal are NaN.
    """
    whole = symmetric(xp, a, triangle)
    found = spectrum(whole.payload.values)
    vectors = np.linalg.eigh(middle(a), triangle).eigenvectors if len(found.groups) else None
    values = _values(xp, whole, found)
    return xp.concat([values[:, None], _vectors(xp, whole, found, vectors)], axis=1)


def _vectors(xp: Any, whole: Array, found: Spectrum, computed: Any) -> Any:
    """Return v + R A v for each eigenvector v, in columns with the signs of the computed ones."""
    n = whole.shape[0]
    alone = [k for k, group in enumerate(found.groups) if len(group) == 1]
    places = [found.groups[k].start for k in alone]
    columns = filled((n, len(alone)))
    for i, (k, place) in enumerate(zip(alone, places, strict=True)):
        columns[:, i] = _signed(found.projectors[k], computed[:, place])
    v = Array(xp, Ball(columns, whole.dtype))
    moved = whole @ v
    over = Array(xp, Ball(_over_gaps(found.values, alone), whole.dtype))
    if len(alone) == n:  # R is made of these vectors
        return v + v @ ((v.mT @ moved) * over)
    for k, projector in enumerate(found.projectors):
        v = v + (Array(xp, Ball(projector, whole.dtype)) @ moved) * over[k]
    unknown = Array(xp, Ball(filled((n, n - len(alone)), NAN), whole.dtype))
    order = np.argsort([*places, *(i for i in range(n) if i not in places)])
    joined: Any = xp.concat([v, unknown], axis=1)
    return joined[:, order]


def _over_gaps(values: list[Any], alone: list[int]) -> Objects:
    """Return 1/(y - x) for values x, in rows, and those y that are alone; 0 for a value itself."""
    entries = [
        arb(0) if k == i else ONE / (values[i] - x) for k, x in enumerate(values) for i in alone
    ]
    return from_list(entries, (len(values), len(alone)))


def _signed(projector: Objects, computed: NDArray[Any]) -> Objects:
    """Return the unit vector that a projector is made of, with the sign of a computed one."""
    largest = int(np.argmax(np.abs(computed)))
    column = projector[:, largest] / projector[largest, largest].sqrt()
    return boxed(-column if computed[largest] < 0 else column)


def middle(a: Array) -> NDArray[Any]:
    """Return the midpoints in the dtype of the loss.

    Raises
    ------
    NotDifferentiable
        If entries are no balls.
    """
    _check_balls(a.payload.values)
    return each(lambda x: float(x.mid()), a.payload.values).astype(float).astype(a.dtype)


def svdvals(xp: Any, a: Array) -> Any:
    """Take the roots of the eigenvalues of AᵀA, or AAᵀ if that is smaller."""
    tall = a if a.shape[0] >= a.shape[1] else a.mT
    return _roots(xp, xp.flip(eigvalsh(xp, tall.mT @ tall, "L"), axis=0), tall)


def _roots(xp: Any, squares: Array, a: Array) -> Array:
    """Take roots of what is never negative: the singular values of `a`, which have kinks at 0.

    There they vary by no more than `a` does (H. Weyl, Das asymptotische Verteilungsgesetz der
    Eigenwerte, Mathematische Annalen 71 (1912) 441-479), so that a loss has a slope nevertheless
    that varies with none of them there, as their squares do not.
    """
    ball: Ball = squares.payload
    values = each(_root, ball.values)
    zero = holds(lambda x: x.contains(0), ball.values)
    slopes = each(lambda s, z: arb(0) if z else 1 / (2 * s), values, zero)
    variation = ball.variation and ball.variation.scaled(slopes)
    if variation is not None and zero.any():
        variation = variation.still(zero, _loosely(xp, a, len(values)))
        xp.doubts.append("a singular value may be 0, where it has a kink, as abs has")
    return Array(xp, Ball(values, ball.dtype, variation, ball.varying, never_negative=True))


def _root(x: Any) -> Any:
    if x > 0:
        return x.sqrt()
    half = arb(x.abs_upper()).sqrt() / 2
    return arb(half.mid(), half.upper())


def svd(xp: Any, a: Array) -> Any:
    """Decompose AᵀA, or AAᵀ if that is smaller; the other vectors are A v / s."""
    m, n = a.shape
    k = min(m, n)
    if not k:
        return xp.zeros((m + 1 + n, 0), dtype=a.dtype)
    u, _, vt = np.linalg.svd(middle(a), full_matrices=False)
    tall, computed = (a, vt.T) if m >= n else (a.mT, u)
    square = tall.mT @ tall
    found = spectrum(square.payload.values)
    s = _roots(xp, xp.flip(_values(xp, square, found), axis=0), tall)
    v = xp.flip(_vectors(xp, square, found, computed[:, ::-1]), axis=1)
    others = (tall @ v) / s[None, :]
    left, right = (others, v) if m >= n else (v, others)
    return xp.concat([left, s[None, :], right], axis=0)
