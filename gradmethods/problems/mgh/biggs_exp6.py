"""Six parameters of a sum of three exponentials, fitted to such a sum: nearly dependent columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.problems.family import Family, near

T = np.arange(1, 14) / 10
Y = np.exp(-T) - 5 * np.exp(-10 * T) + 3 * np.exp(-4 * T)


def loss(x: Any, *, xp: Any = np) -> Any:
    """Return the sum of squared residuals of x₃ e^(−t x₁) − x₄ e^(−t x₂) + x₆ e^(−t x₅)."""
    model = x[2] * xp.exp(-T * x[0]) - x[3] * xp.exp(-T * x[1]) + x[5] * xp.exp(-T * x[4])
    return xp.sum((model - Y) ** 2)


FAMILY = Family(
    name="biggs-exp6",
    title="Biggs's fit of three exponentials (EXP6)",
    formula=(
        r"\sum_{i=1}^{13} \left(x_3 e^{-t_i x_1} - x_4 e^{-t_i x_2} + x_6 e^{-t_i x_5} -"
        r" y_i\right)^2, \quad t_i = i / 10"
    ),
    domain="All real x; near the start (1, 2, 1, 1, 1, 1).",
    hard="Exponentials that nearly coincide: residuals cancel in the gradient.",
    source="Biggs (1971); Moré, Garbow and Hillstrom, no. 18.",
    draw=near(loss, lambda: [1.0, 2.0, 1.0, 1.0, 1.0, 1.0]),
)
