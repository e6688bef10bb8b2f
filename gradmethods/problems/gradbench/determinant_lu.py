"""The determinant by elimination without exchanges: the product of the pivots."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.problems.family import Family


def loss(A: Any, *, xp: Any = np) -> Any:
    """Return the determinant of `A` (n, n)."""
    product = A[0, 0]
    while A.shape[0] > 1:
        A = A[1:, 1:] - A[1:, :1] * A[:1, 1:] / A[0, 0]
        product = product * A[0, 0]
    return product


def gradient(A: Any) -> Any:
    """Return the gradient by hand."""
    return np.linalg.det(A) * np.linalg.inv(A).T


def draw(own: Any, _data: Any, *, n: int = 5) -> Problem:
    """Draw a normal matrix, and add n to its diagonal, so that no pivot is small."""
    return Problem(loss, own.standard_normal((n, n)) + n * np.eye(n))


FAMILY = Family(
    name="determinant-lu",
    title="Determinant by elimination (LU)",
    formula=r"\prod_{i=1}^{n} u_{ii}, \quad A = L U",
    domain="Matrices whose leading minors are not 0; normal entries, n added on the diagonal.",
    hard="Each step divides by the pivot before; closed formulas repeat the whole elimination.",
    source="Gauss; the eval det of GradBench, by LU.",
    draw=draw,
    gradient=gradient,
)
