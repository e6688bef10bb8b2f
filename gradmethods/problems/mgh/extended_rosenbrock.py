"""Rosenbrock's valley, one for each pair of variables, where the chained one overlaps."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.problems.family import Family, near


def loss(x: Any, *, xp: Any = np) -> Any:
    """Return Σ [100 (x₂ᵢ − x₂ᵢ₋₁²)² + (1 − x₂ᵢ₋₁)²] at `x` (2 pairs,)."""
    return xp.sum(100 * (x[1::2] - x[::2] ** 2) ** 2 + (1 - x[::2]) ** 2)


def gradient(x: Any) -> Any:
    """Return the gradient by hand."""
    bend = x[1::2] - x[::2] ** 2
    return np.stack([-400 * bend * x[::2] - 2 * (1 - x[::2]), 200 * bend], axis=1).ravel()


FAMILY = Family(
    name="extended-rosenbrock",
    title="Extended Rosenbrock function",
    formula=r"\sum_{i=1}^{n/2} \left[100 (x_{2i} - x_{2i-1}^2)^2 + (1 - x_{2i-1})^2\right]",
    domain="All real x; near the start (−1.2, 1, −1.2, …).",
    hard="Large terms of opposite sign cancel near the valleys' floors.",
    source="Spedicato (1975); Moré, Garbow and Hillstrom, no. 21.",
    draw=near(loss, lambda pairs: np.tile([-1.2, 1.0], pairs), pairs=5),
    gradient=gradient,
)
