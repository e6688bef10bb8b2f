"""Wood's function: two valleys of Rosenbrock's, coupled."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.problems.family import Family, near


def loss(x: Any, *, xp: Any = np) -> Any:
    """Return the value at `x` (4,)."""
    a, b, c, d = (x[k] for k in range(4))
    valleys = 100 * (b - a**2) ** 2 + (1 - a) ** 2 + 90 * (d - c**2) ** 2 + (1 - c) ** 2
    return valleys + 10 * (b + d - 2) ** 2 + (b - d) ** 2 / 10


def gradient(x: Any) -> Any:
    """Return the gradient by hand."""
    a, b, c, d = x
    both, apart = 20 * (b + d - 2), (b - d) / 5
    return np.array(
        [
            -400 * a * (b - a**2) - 2 * (1 - a),
            200 * (b - a**2) + both + apart,
            -360 * c * (d - c**2) - 2 * (1 - c),
            180 * (d - c**2) + both - apart,
        ]
    )


FAMILY = Family(
    name="wood",
    title="Wood's function",
    formula=(
        r"100 (x_2 - x_1^2)^2 + (1 - x_1)^2 + 90 (x_4 - x_3^2)^2 + (1 - x_3)^2 + 10 (x_2 + x_4 -"
        r" 2)^2 + \frac{1}{10} (x_2 - x_4)^2"
    ),
    domain="All real x; near the start (−3, −1, −3, −1).",
    hard="Large terms of opposite sign cancel; a saddle catches descent.",
    source="Colville (1968); Moré, Garbow and Hillstrom, no. 14.",
    draw=near(loss, lambda: [-3.0, -1.0, -3.0, -1.0]),
    gradient=gradient,
)
