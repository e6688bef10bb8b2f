"""A valley that winds round an axis like a screw: an angle that a quotient hides."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.problems.family import Family, near


def loss(x: Any, *, xp: Any = np) -> Any:
    """Return 100 [(x₃ − 10 θ)² + (r − 1)²] + x₃² at `x` (3,), θ turns, r radius."""
    turn = xp.atan(x[1] / x[0]) / (2 * np.pi) + xp.where(x[0] < 0, 0.5, 0.0)
    radius = xp.sqrt(x[0] ** 2 + x[1] ** 2)
    return 100 * ((x[2] - 10 * turn) ** 2 + (radius - 1) ** 2) + x[2] ** 2


FAMILY = Family(
    name="helical-valley",
    title="Helical valley",
    formula=(
        r"100 \left[(x_3 - 10 \theta)^2 + \left(\sqrt{x_1^2 + x_2^2} - 1\right)^2\right] + x_3^2,"
        r" \quad \theta = \frac{1}{2 \pi} \arctan \frac{x_2}{x_1} + \frac{1}{2} [x_1 < 0]"
    ),
    domain="x₁ ≠ 0; near the start (−1, 0, 0).",
    hard="A branch at x₁ = 0, where the angle jumps.",
    source="Fletcher and Powell (1963); Moré, Garbow and Hillstrom, no. 7.",
    draw=near(loss, lambda: [-1.0, 0.0, 0.0]),
)
