"""Gulf Research and Development's function: an exponential of a power that is itself a variable."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.problems.family import Family, near

T = np.arange(1, 100) / 100
Y = 25 + (-50 * np.log(T)) ** (2 / 3)


def loss(x: Any, *, xp: Any = np) -> Any:
    """Return the sum of squares of exp(−|y − x₂|^x₃ / x₁) − t at `x` (3,)."""
    return xp.sum((xp.exp(-(xp.abs(Y - x[1]) ** x[2]) / x[0]) - T) ** 2)


FAMILY = Family(
    name="gulf",
    title="Gulf research and development function",
    formula=(
        r"\sum_{i=1}^{99} \left(\exp\left[-\frac{|y_i - x_2|^{x_3}}{x_1}\right] - t_i\right)^2,"
        r" \quad t_i = i / 100, \; y_i = 25 + (-50 \log t_i)^{2/3}"
    ),
    domain="x₁ ≠ 0, x₂ no yᵢ; near the start (5, 2.5, 0.15).",
    hard="A power whose base and exponent are both variables, and a kink wherever x₂ meets a yᵢ.",
    source="Cox (1969); Moré, Garbow and Hillstrom, no. 11.",
    draw=near(loss, lambda: [5.0, 2.5, 0.15]),
)
