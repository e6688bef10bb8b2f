"""The least surface over a square, its boundary free and its centre drawn to 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.problems.family import Family, near


def loss(x: Any, *, xp: Any = np) -> Any:
    """Return the area of the surface of heights `x` (side, side), and its centre's squared."""
    side = x.shape[0]
    cells = (side - 1) ** 2
    one, other = x[:-1, :-1] - x[1:, 1:], x[:-1, 1:] - x[1:, :-1]
    area = xp.sum(xp.sqrt(1 + cells / 2 * (one**2 + other**2))) / cells
    return area + x[side // 2 - 1, side // 2 - 1] ** 2 / side**2


def gradient(x: Any) -> Any:
    """Return the gradient by hand."""
    side, middle = len(x), len(x) // 2 - 1
    cells = (side - 1) ** 2
    one, other = x[:-1, :-1] - x[1:, 1:], x[:-1, 1:] - x[1:, :-1]
    root = 2 * np.sqrt(1 + cells / 2 * (one**2 + other**2))
    found = np.zeros_like(x)
    found[:-1, :-1] += one / root
    found[1:, 1:] -= one / root
    found[:-1, 1:] += other / root
    found[1:, :-1] -= other / root
    found[middle, middle] += 2 * x[middle, middle] / side**2
    return found


def start(side: int) -> Any:
    """Return a plane that is 1 at the top left and 13 at the lower right, but 0 inside."""
    plane = np.add.outer(np.linspace(1, 9, side), np.linspace(0, 4, side))
    plane[1:-1, 1:-1] = 0
    return plane


FAMILY = Family(
    name="fminsrf",
    title="Minimal surface with a free boundary (FMINSRF2)",
    formula=(
        r"\frac{1}{m^2} \sum_{i,j=1}^{m} \sqrt{1 + \frac{m^2}{2} \left[(x_{i,j} - x_{i+1,j+1})^2"
        r" + (x_{i,j+1} - x_{i+1,j})^2\right]} + \frac{x_c^2}{(m + 1)^2}, \quad m = \text{side} -"
        r" 1"
    ),
    domain="All real x; side ≥ 2, near a plane from 1 to 13 on the boundary, and 0 inside.",
    hard="Roots of sums that each share four entries with their neighbours.",
    source="Griewank and Toint (1982); CUTEst, FMINSRF2.",
    draw=near(loss, start, side=4),
    gradient=gradient,
)
