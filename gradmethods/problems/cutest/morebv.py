"""A boundary value problem on a grid: residuals of u″ = (u + t + 1)³ / 2, squared."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.problems.family import Family, near


def loss(x: Any, *, xp: Any = np) -> Any:
    """Return the sum of squares of 2 xᵢ − xᵢ₋₁ − xᵢ₊₁ + h² (xᵢ + tᵢ + 1)³ / 2 at `x` (n,)."""
    n = x.shape[0]
    h = 1 / (n + 1)
    t = h * np.arange(1, n + 1)
    ends = xp.zeros(1, dtype=x.dtype)
    before, after = xp.concat([ends, x[:-1]]), xp.concat([x[1:], ends])
    return xp.sum((2 * x - before - after + h**2 * (x + t + 1) ** 3 / 2) ** 2)


def gradient(x: Any) -> Any:
    """Return the gradient by hand."""
    h = 1 / (len(x) + 1)
    raised = x + h * np.arange(1, len(x) + 1) + 1
    padded = np.pad(x, 1)
    rest = 2 * x - padded[:-2] - padded[2:] + h**2 * raised**3 / 2
    wide = np.pad(rest, 1)
    return 2 * (rest * (2 + 1.5 * h**2 * raised**2) - wide[:-2] - wide[2:])


FAMILY = Family(
    name="morebv",
    title="Discrete boundary value problem (MOREBV)",
    formula=(
        r"\sum_{i=1}^{n} \left(2 x_i - x_{i-1} - x_{i+1} + \frac{h^2}{2} (x_i + t_i +"
        r" 1)^3\right)^2, \quad t_i = i h, \; h = \frac{1}{n + 1}"
    ),
    domain="All real x, x₀ = xₙ₊₁ = 0; near the start tᵢ (tᵢ − 1).",
    hard="Second differences cancel: the loss is far smaller than its terms.",
    source="Moré, Garbow and Hillstrom, no. 28; CUTEst, MOREBV.",
    draw=near(
        loss, lambda n: np.arange(1, n + 1) / (n + 1) * (np.arange(1, n + 1) / (n + 1) - 1), n=10
    ),
    gradient=gradient,
)
