"""Powell's badly scaled function: its minimum has one variable a million times the other."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.problems.family import Family, near


def loss(x: Any, *, xp: Any = np) -> Any:
    """Return (10⁴ x₁ x₂ − 1)² + (e^(−x₁) + e^(−x₂) − 1.0001)² at `x` (2,)."""
    return (1e4 * x[0] * x[1] - 1) ** 2 + (xp.exp(-x[0]) + xp.exp(-x[1]) - 1.0001) ** 2


def gradient(x: Any) -> Any:
    """Return the gradient by hand."""
    product, decay = 1e4 * x[0] * x[1] - 1, np.exp(-x)
    return 2e4 * product * x[::-1] - 2 * (decay.sum() - 1.0001) * decay


FAMILY = Family(
    name="powell-badly-scaled",
    title="Powell's badly scaled function",
    formula=r"(10^4 x_1 x_2 - 1)^2 + (e^{-x_1} + e^{-x_2} - 1.0001)^2",
    domain="All real x; near the start (0, 1).",
    hard="The slopes of the two variables differ by powers of ten.",
    source="Powell (1970); Moré, Garbow and Hillstrom, no. 3.",
    draw=near(loss, lambda: [0.0, 1.0]),
    gradient=gradient,
)
