"""Watson's function: a polynomial that should solve y′ = 1 + y², in an ill-conditioned basis."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.problems.family import Family, near

T = np.arange(1, 30) / 29


def loss(x: Any, *, xp: Any = np) -> Any:
    """Return the sum of squares of y′ − y² − 1 at 29 points, of x₁ and of x₂ − x₁² − 1."""
    power = np.arange(x.shape[0])
    y = T[:, None] ** power @ x
    slope = (power[1:] * T[:, None] ** (power[1:] - 1)) @ x[1:]
    return xp.sum((slope - y**2 - 1) ** 2) + x[0] ** 2 + (x[1] - x[0] ** 2 - 1) ** 2


FAMILY = Family(
    name="watson",
    title="Watson's function",
    formula=(
        r"\sum_{i=1}^{29} \left(y'(t_i) - y(t_i)^2 - 1\right)^2 + x_1^2 + (x_2 - x_1^2 - 1)^2,"
        r" \quad y(t) = \sum_{j=1}^{n} x_j t^{j-1}, \; t_i = i / 29"
    ),
    domain="All real x; n ≥ 2, near the start 0.",
    hard="Powers of the points are nearly dependent: residuals cancel in the gradient.",
    source="Kowalik and Osborne (1968); Moré, Garbow and Hillstrom, no. 20.",
    draw=near(loss, np.zeros, n=6),
)
