"""A Gaussian bell fitted to fifteen points of one, so well that residuals are a thousandth."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.problems.family import Family, near

T = (7 - np.arange(15)) / 2
HALF = [0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521]
Y = np.array([*HALF, 0.3989, *HALF[::-1]])


def loss(x: Any, y: Any, *, xp: Any = np) -> Any:
    """Return the sum of squared residuals of x₁ exp(−x₂ (t − x₃)² / 2) at `x` (3,)."""
    return xp.sum((x[0] * xp.exp(-x[1] * (T - x[2]) ** 2 / 2) - y) ** 2)


FAMILY = Family(
    name="gaussian-bell",
    title="Gaussian bell (Gaussian function)",
    formula=(
        r"\sum_{i=1}^{15} \left(x_1 e^{-x_2 (t_i - x_3)^2 / 2} - y_i\right)^2, \quad t_i = (8 -"
        r" i) / 2"
    ),
    domain="All real x; near the start (0.4, 1, 0).",
    hard="Small residuals: the loss is 4e-6 at the start, and differences cancel.",
    source="Moré, Garbow and Hillstrom, no. 9.",
    draw=near(loss, lambda: [0.4, 1.0, 0.0], data={"y": Y}),
)
