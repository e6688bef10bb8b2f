"""A Hessian like an arrowhead: every variable meets the last one, and no other."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.problems.family import Family, near


def loss(x: Any, *, xp: Any = np) -> Any:
    """Return Σ [(xᵢ² + xₙ²)² − 4 xᵢ + 3] over all but the last of `x` (n,)."""
    return xp.sum((x[:-1] ** 2 + x[-1] ** 2) ** 2 - 4 * x[:-1] + 3)


def gradient(x: Any) -> Any:
    """Return the gradient by hand."""
    squares = x[:-1] ** 2 + x[-1] ** 2
    return np.append(4 * squares * x[:-1] - 4, 4 * squares.sum() * x[-1])


FAMILY = Family(
    name="arwhead",
    title="Arrowhead function (ARWHEAD)",
    formula=r"\sum_{i=1}^{n-1} \left[(x_i^2 + x_n^2)^2 - 4 x_i + 3\right]",
    domain="All real x; n ≥ 2, near the start (1, …, 1).",
    hard="One entry sums n terms, each other entry is one term.",
    source="Conn, Gould, Lescrenier and Toint (1994), problem 55; CUTEst, ARWHEAD.",
    draw=near(loss, np.ones, n=10),
    gradient=gradient,
)
