"""Box's three-dimensional function: exponentials whose difference vanishes along a line."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.problems.family import Family, near

T = np.arange(1, 11) / 10
Y = np.exp(-T) - np.exp(-10 * T)


def loss(x: Any, *, xp: Any = np) -> Any:
    """Return the sum of squares of e^(−t x₁) − e^(−t x₂) − x₃ (e^(−t) − e^(−10 t)) at `x` (3,)."""
    return xp.sum((xp.exp(-T * x[0]) - xp.exp(-T * x[1]) - x[2] * Y) ** 2)


def gradient(x: Any) -> Any:
    """Return the gradient by hand."""
    first, second = np.exp(-T * x[0]), np.exp(-T * x[1])
    rest = first - second - x[2] * Y
    return 2 * np.array([-rest @ (T * first), rest @ (T * second), -rest @ Y])


FAMILY = Family(
    name="box-3d",
    title="Box's three-dimensional function",
    formula=(
        r"\sum_{i=1}^{10} \left(e^{-t_i x_1} - e^{-t_i x_2} - x_3 (e^{-t_i} - e^{-10"
        r" t_i})\right)^2, \quad t_i = i / 10"
    ),
    domain="All real x; near the start (0, 10, 20).",
    hard="Terms of different size: the derivative by x₂ is nearly 0 at the start.",
    source="Box (1966); Moré, Garbow and Hillstrom, no. 12.",
    draw=near(loss, lambda: [0.0, 10.0, 20.0]),
    gradient=gradient,
)
