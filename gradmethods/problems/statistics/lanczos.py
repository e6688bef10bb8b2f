"""NIST's Lanczos3: three exponentials fitted to a sum of three, of which five digits are left."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.problems.family import Family, near

X = np.arange(24) / 20
Y = np.round(0.0951 * np.exp(-X) + 0.8607 * np.exp(-3 * X) + 1.5576 * np.exp(-5 * X), 4)


def loss(b: Any, x: Any, y: Any, *, xp: Any = np) -> Any:
    """Return the sum of squared residuals of b₁ e^(−b₂ x) + b₃ e^(−b₄ x) + b₅ e^(−b₆ x)."""
    model = xp.sum(b[::2] * xp.exp(-b[1::2] * x[:, None]), axis=1)
    return xp.sum((y - model) ** 2)


def gradient(b: Any, x: Any, y: Any) -> Any:
    """Return the gradient by hand."""
    each = np.exp(-b[1::2] * x[:, None])
    rest = -2 * (y - each @ b[::2])
    return np.stack([rest @ each, -b[::2] * (rest * x @ each)], axis=1).ravel()


FAMILY = Family(
    name="lanczos",
    title="Three exponentials (NIST, Lanczos3)",
    formula=(
        r"\sum_{i=1}^{24} \left(y_i - b_1 e^{-b_2 x_i} - b_3 e^{-b_4 x_i} - b_5 e^{-b_6"
        r" x_i}\right)^2"
    ),
    domain="All real b; near NIST's second start (0.5, 0.7, 3.6, 4.2, 4, 6.3).",
    hard="Exponentials that nearly coincide; at the minimum the loss is 1.6e-8.",
    source=(
        "National Institute of Standards and Technology (NIST), Statistical Reference Datasets,"
        " Lanczos3; public domain."
    ),
    draw=near(loss, lambda: [0.5, 0.7, 3.6, 4.2, 4.0, 6.3], data={"x": X, "y": Y}),
    gradient=gradient,
)
