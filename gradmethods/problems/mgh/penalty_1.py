"""A penalty function: a sphere, held 100,000 times harder than the distance from ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.problems.family import Family, near


def loss(x: Any, *, xp: Any = np) -> Any:
    """Return 10⁻⁵ Σ (xⱼ − 1)² + (Σ xⱼ² − 1/4)² at `x` (n,)."""
    return 1e-5 * xp.sum((x - 1) ** 2) + (xp.sum(x**2) - 0.25) ** 2


def gradient(x: Any) -> Any:
    """Return the gradient by hand."""
    return 2e-5 * (x - 1) + 4 * (x @ x - 0.25) * x


FAMILY = Family(
    name="penalty-1",
    title="Penalty function I",
    formula=(
        r"10^{-5} \sum_{j=1}^{n} (x_j - 1)^2 + \left(\sum_{j=1}^{n} x_j^2 - \frac{1}{4}\right)^2"
    ),
    domain="All real x; near the start (1, 2, …, n).",
    hard="Two terms whose slopes differ by ten powers of ten; the small one must not be lost.",
    source="Gill, Murray and Pitfield (1972); Moré, Garbow and Hillstrom, no. 23.",
    draw=near(loss, lambda n: np.arange(1.0, n + 1), n=4),
    gradient=gradient,
)
