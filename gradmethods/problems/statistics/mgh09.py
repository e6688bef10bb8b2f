"""NIST's MGH09, the fit of Kowalik and Osborne: a quotient of polynomials to eleven points."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.problems.family import Family, near

X = np.array([4, 2, 1, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625])
Y = np.array(
    [
        0.1957,
        0.1947,
        0.1735,
        0.16,
        0.0844,
        0.0627,
        0.0456,
        0.0342,
        0.0323,
        0.0235,
        0.0246,
    ]
)


def loss(b: Any, x: Any, y: Any, *, xp: Any = np) -> Any:
    """Return the sum of squared residuals of b₁ (x² + x b₂) / (x² + x b₃ + b₄)."""
    return xp.sum((y - b[0] * (x**2 + x * b[1]) / (x**2 + x * b[2] + b[3])) ** 2)


def gradient(b: Any, x: Any, y: Any) -> Any:
    """Return the gradient by hand."""
    above, below = x**2 + x * b[1], x**2 + x * b[2] + b[3]
    rest = -2 * (y - b[0] * above / below) / below
    slope = b[0] * above / below
    return np.array([rest @ above, rest @ (b[0] * x), -rest @ (slope * x), -rest @ slope])


FAMILY = Family(
    name="mgh09",
    title="Kowalik and Osborne's fit (NIST, MGH09)",
    formula=(
        r"\sum_{i=1}^{11} \left(y_i - \frac{b_1 (x_i^2 + x_i b_2)}{x_i^2 + x_i b_3 +"
        r" b_4}\right)^2"
    ),
    domain="No pole at a point; near NIST's second start (0.25, 0.39, 0.415, 0.39).",
    hard=(
        "Level of difficulty: higher. Parameters of numerator and denominator are nearly dependent."
    ),
    source=(
        "National Institute of Standards and Technology (NIST), Statistical Reference Datasets,"
        " MGH09; public domain."
    ),
    draw=near(loss, lambda: [0.25, 0.39, 0.415, 0.39], data={"x": X, "y": Y}),
    gradient=gradient,
)
