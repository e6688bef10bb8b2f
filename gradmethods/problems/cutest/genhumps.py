"""Humps on a bowl: products of squared sines at angles of ten thousand."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.problems.family import Family, near

ZETA = 20.0


def loss(x: Any, *, xp: Any = np) -> Any:
    """Return Σ [sin²(ζ xᵢ) sin²(ζ xᵢ₊₁) + 0.05 (xᵢ² + xᵢ₊₁²)], ζ = 20, at `x` (n,)."""
    humps = xp.sin(ZETA * x) ** 2
    return xp.sum(humps[:-1] * humps[1:] + 0.05 * (x[:-1] ** 2 + x[1:] ** 2))


def gradient(x: Any) -> Any:
    """Return the gradient by hand."""
    humps, slope = np.sin(ZETA * x) ** 2, ZETA * np.sin(2 * ZETA * x)
    inner = np.append(0.0, np.full(len(x) - 1, 0.1)) + np.append(np.full(len(x) - 1, 0.1), 0.0)
    return slope * (np.append(0, humps[:-1]) + np.append(humps[1:], 0)) + inner * x


FAMILY = Family(
    name="genhumps",
    title="Generalised humps (GENHUMPS)",
    formula=(
        r"\sum_{i=1}^{n-1} \left[\sin^2(20 x_i) \sin^2(20 x_{i+1}) + 0.05 (x_i^2 +"
        r" x_{i+1}^2)\right]"
    ),
    domain="All real x; n ≥ 2, near the start (−506, −506.2, …, −506.2).",
    hard="Angles of 10⁴, whose rounding is the sines' error; humps far narrower than the bowl.",
    source="Yuan (1998); CUTEst, GENHUMPS.",
    draw=near(loss, lambda n: np.append(-506.0, np.full(n - 1, -506.2)), n=6),
    gradient=gradient,
)
