"""The trigonometric function: every residual holds the cosines of all variables."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.problems.family import Family, near


def loss(x: Any, *, xp: Any = np) -> Any:
    """Return the sum of squares of n − Σ cos xⱼ + i (1 − cos xᵢ) − sin xᵢ at `x` (n,)."""
    n = x.shape[0]
    cosines = xp.cos(x)
    rest = n - xp.sum(cosines) + np.arange(1.0, n + 1) * (1 - cosines) - xp.sin(x)
    return xp.sum(rest**2)


def gradient(x: Any) -> Any:
    """Return the gradient by hand."""
    n, steps = len(x), np.arange(1.0, len(x) + 1)
    rest = n - np.cos(x).sum() + steps * (1 - np.cos(x)) - np.sin(x)
    return 2 * (rest.sum() * np.sin(x) + rest * (steps * np.sin(x) - np.cos(x)))


FAMILY = Family(
    name="trigonometric",
    title="Trigonometric function",
    formula=(
        r"\sum_{i=1}^{n} \left(n - \sum_{j=1}^{n} \cos x_j + i (1 - \cos x_i) - \sin x_i\right)^2"
    ),
    domain="All real x; near the start (1/n, …, 1/n).",
    hard="1 − cos x cancels for small x, and n − Σ cos xⱼ once more.",
    source="Spedicato (1975); Moré, Garbow and Hillstrom, no. 26.",
    draw=near(loss, lambda n: np.full(n, 1 / n), n=10),
    gradient=gradient,
)
