"""Brown's badly scaled function: minima at a million and two millionths."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.problems.family import Family, near


def loss(x: Any, *, xp: Any = np) -> Any:
    """Return (x₁ − 10⁶)² + (x₂ − 2·10⁻⁶)² + (x₁ x₂ − 2)² at `x` (2,)."""
    return (x[0] - 1e6) ** 2 + (x[1] - 2e-6) ** 2 + (x[0] * x[1] - 2) ** 2


def gradient(x: Any) -> Any:
    """Return the gradient by hand."""
    product = x[0] * x[1] - 2
    return 2 * (x - np.array([1e6, 2e-6]) + product * x[::-1])


FAMILY = Family(
    name="brown-badly-scaled",
    title="Brown's badly scaled function",
    formula=r"(x_1 - 10^6)^2 + (x_2 - 2 \cdot 10^{-6})^2 + (x_1 x_2 - 2)^2",
    domain="All real x; near the start (1, 1).",
    hard="A term of 10¹² swallows the others: of the derivative by x₂ differences keep nothing.",
    source="Brown; Moré, Garbow and Hillstrom, no. 4.",
    draw=near(loss, lambda: [1.0, 1.0]),
    gradient=gradient,
)
