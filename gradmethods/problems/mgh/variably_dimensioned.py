"""The variably dimensioned function: the square and fourth power of one weighted sum."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.problems.family import Family, near


def loss(x: Any, *, xp: Any = np) -> Any:
    """Return Σ (xⱼ − 1)² + s² + s⁴, s = Σ j (xⱼ − 1), at `x` (n,)."""
    weighted = xp.sum(np.arange(1.0, x.shape[0] + 1) * (x - 1))
    return xp.sum((x - 1) ** 2) + weighted**2 + weighted**4


def gradient(x: Any) -> Any:
    """Return the gradient by hand."""
    steps = np.arange(1.0, len(x) + 1)
    weighted = steps @ (x - 1)
    return 2 * (x - 1) + (2 * weighted + 4 * weighted**3) * steps


FAMILY = Family(
    name="variably-dimensioned",
    title="Variably dimensioned function",
    formula=r"\sum_{j=1}^{n} (x_j - 1)^2 + s^2 + s^4, \quad s = \sum_{j=1}^{n} j (x_j - 1)",
    domain="All real x; near the start 1 − j/n.",
    hard="A fourth power of a sum over all variables dwarfs every other term.",
    source="Moré, Garbow and Hillstrom, no. 25.",
    draw=near(loss, lambda n: 1 - np.arange(1, n + 1) / n, n=10),
    gradient=gradient,
)
