"""Beale's function: a polynomial with a long flat valley and steep walls."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.problems.family import Family, near

Y = np.array([1.5, 2.25, 2.625])


def loss(x: Any, *, xp: Any = np) -> Any:
    """Return Σ (yᵢ − x₁ (1 − x₂ⁱ))² at `x` (2,)."""
    return xp.sum((Y - x[0] * (1 - x[1] ** np.arange(1, 4))) ** 2)


def gradient(x: Any) -> Any:
    """Return the gradient by hand."""
    i = np.arange(1, 4)
    rest = Y - x[0] * (1 - x[1] ** i)
    return 2 * np.array([-rest @ (1 - x[1] ** i), rest @ (x[0] * i * x[1] ** (i - 1))])


FAMILY = Family(
    name="beale",
    title="Beale's function",
    formula=r"\sum_{i=1}^{3} \left(y_i - x_1 (1 - x_2^i)\right)^2, \quad y = (1.5, 2.25, 2.625)",
    domain="All real x; near the start (1, 1).",
    hard="1 − x₂ⁱ cancels where x₂ is near 1, as it is at the start.",
    source="Beale (1958); Moré, Garbow and Hillstrom, no. 5.",
    draw=near(loss, lambda: [1.0, 1.0]),
    gradient=gradient,
)
