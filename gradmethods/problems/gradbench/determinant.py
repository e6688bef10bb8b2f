"""The determinant of a matrix, expanded by minors: a polynomial with many shared parts.

det A = Σⱼ ± A₁ⱼ det(A without row 1 and column j), down to single entries. The minors of the last k
rows are those of all sets of k columns: each is computed once, 2ⁿ in all, where the plain recursion
has n! terms. The gradient is the matrix of cofactors.

Source: the eval `det` of GradBench, https://github.com/gradbench/gradbench; P. S. Laplace, 1772.
"""

from __future__ import annotations

from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.problem import Problem
from gradmethods.problems.family import Family
from gradmethods.problems.options import at_most

LARGEST = 16
"""Rows: beyond, the minors do not fit into memory."""


@cache
def expansion(n: int, k: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Say how minors of k rows are made of those of k - 1 rows, for all sets of k of n columns.

    Returns
    -------
    columns : numpy.ndarray of int, shape (sets, k)
        Of the entries that multiply.
    minors : numpy.ndarray of int, shape (sets, k)
        Positions of the smaller minors that they multiply.
    signs : numpy.ndarray, shape (k,)
    """
    smaller = {columns: i for i, columns in enumerate(combinations(range(n), k - 1))}
    sets = list(combinations(range(n), k))
    minors = [[smaller[s[:i] + s[i + 1 :]] for i in range(k)] for s in sets]
    return np.array(sets), np.array(minors), (-1.0) ** np.arange(k)


def loss(A: Any, *, xp: Any = np) -> Any:
    """Return the determinant of `A` (n, n)."""
    n = A.shape[0]
    minors = A[n - 1]
    for k in range(2, n + 1):
        columns, positions, signs = expansion(n, k)
        row = A[n - k]
        minors = xp.sum(xp.asarray(signs) * row[columns] * minors[positions], axis=1)
    return minors[0]


def draw(own: Any, _data: Any, *, n: int = 4) -> Problem:
    """Draw a matrix of at most 16 rows, uniform in [0, 1).

    Examples
    --------
    >>> from gradmethods import problems
    >>> problems.get("determinant", n=2).value([[1.0, 2.0], [3.0, 4.0]])
    np.float64(-2.0)
    """
    n = at_most("n", n, LARGEST)
    return Problem(loss, own.random((n, n)))


FAMILY = Family(
    name="determinant",
    title="Determinant by minors",
    formula=r"\det A = \sum_{j=1}^{n} (-1)^{1+j} A_{1j} \det A^{(1,j)}",
    domain="All real matrices; entries uniform in [0, 1).",
    hard="Terms of both signs cancel; written out, the formula has n! terms.",
    source="GradBench, eval det (2024-2026).",
    draw=draw,
)
