"""The function of Brown and Dennis: fourth powers of fits to exponential and cosine."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.problems.family import Family, near

T = np.arange(1, 21) / 5


def loss(x: Any, *, xp: Any = np) -> Any:
    """Return Σ [(x₁ + t x₂ − e^t)² + (x₃ + x₄ sin t − cos t)²]² at `x` (4,)."""
    line = x[0] + T * x[1] - np.exp(T)
    wave = x[2] + x[3] * np.sin(T) - np.cos(T)
    return xp.sum((line**2 + wave**2) ** 2)


def gradient(x: Any) -> Any:
    """Return the gradient by hand."""
    line = x[0] + T * x[1] - np.exp(T)
    wave = x[2] + x[3] * np.sin(T) - np.cos(T)
    outer = 4 * (line**2 + wave**2)
    return np.array([outer @ line, outer @ (line * T), outer @ wave, outer @ (wave * np.sin(T))])


FAMILY = Family(
    name="brown-dennis",
    title="Brown and Dennis function",
    formula=(
        r"\sum_{i=1}^{20} \left[(x_1 + t_i x_2 - e^{t_i})^2 + (x_3 + x_4 \sin t_i - \cos"
        r" t_i)^2\right]^2, \quad t_i = i / 5"
    ),
    domain="All real x; near the start (25, 5, −5, −1).",
    hard="Fourth powers: terms differ by many orders of magnitude.",
    source="Brown and Dennis (1971); Moré, Garbow and Hillstrom, no. 16.",
    draw=near(loss, lambda: [25.0, 5.0, -5.0, -1.0]),
    gradient=gradient,
)
