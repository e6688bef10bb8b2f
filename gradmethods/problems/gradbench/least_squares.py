"""Linear least squares: half the squared length of b − A x."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.problems.family import Family


def loss(x: Any, A: Any, b: Any, *, xp: Any = np) -> Any:
    """Return ½ ‖A x − b‖² for `x` (n,), `A` (rows, n) and `b` (rows,)."""
    return xp.sum((A @ x - b) ** 2) / 2


def gradient(x: Any, A: Any, b: Any) -> Any:
    """Return the gradient by hand."""
    return A.T @ (A @ x - b)


def draw(own: Any, of_data: Any, *, n: int = 8, rows: int = 20) -> Problem:
    """Draw matrix, right side and point, all normal."""
    A, b = of_data.standard_normal((rows, n)), of_data.standard_normal(rows)
    return Problem(loss, own.standard_normal(n), {"A": A, "b": b})


FAMILY = Family(
    name="least-squares",
    title="Linear least squares",
    formula=r"\frac{1}{2} \lVert A x - b \rVert^2",
    domain="All real x; normal data.",
    hard="Nothing: two matrix products by hand.",
    source="Gauss (1809); after the eval llsq of GradBench.",
    draw=draw,
    gradient=gradient,
)
