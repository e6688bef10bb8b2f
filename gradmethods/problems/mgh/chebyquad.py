"""Chebyquad: nodes whose mean of each Chebyshev polynomial should be the polynomial's integral."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.problems.family import Family, near


def loss(x: Any, *, xp: Any = np) -> Any:
    """Return the sum of squared errors of n moments at nodes `x` (n,)."""
    n = x.shape[0]
    before, now = xp.ones_like(x), 2 * x - 1
    total = 0.0
    for i in range(1, n + 1):
        integral = 0.0 if i % 2 else -1 / (i**2 - 1)
        total = total + (xp.mean(now) - integral) ** 2
        before, now = now, 2 * (2 * x - 1) * now - before
    return total


FAMILY = Family(
    name="chebyquad",
    title="Chebyquad function",
    formula=(
        r"\sum_{i=1}^{n} \left(\frac{1}{n} \sum_{j=1}^{n} T_i(2 x_j - 1) - \int_0^1 T_i(2 t -"
        r" 1)\, dt\right)^2"
    ),
    domain="All real x; near the start j / (n + 1).",
    hard="Polynomials of degree n by a recurrence, each from two before it.",
    source="Fletcher (1965); Moré, Garbow and Hillstrom, no. 35.",
    draw=near(loss, lambda n: np.arange(1, n + 1) / (n + 1), n=8),
    small={"n": 5},
)
