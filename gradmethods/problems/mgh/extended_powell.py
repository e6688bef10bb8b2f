"""Powell's singular function: at the minimum the Hessian has rank two, and fourth powers vanish."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.problems.family import Family, near


def loss(x: Any, *, xp: Any = np) -> Any:
    """Return the sum over groups of four variables of `x` (4 groups,)."""
    a, b, c, d = (x[k::4] for k in range(4))
    squares = (a + 10 * b) ** 2 + 5 * (c - d) ** 2
    return xp.sum(squares + (b - 2 * c) ** 4 + 10 * (a - d) ** 4)


def gradient(x: Any) -> Any:
    """Return the gradient by hand."""
    a, b, c, d = (x[k::4] for k in range(4))
    first, second = 2 * (a + 10 * b), 10 * (c - d)
    third, fourth = 4 * (b - 2 * c) ** 3, 40 * (a - d) ** 3
    parts = [first + fourth, 10 * first + third, second - 2 * third, -second - fourth]
    return np.stack(parts, axis=1).ravel()


FAMILY = Family(
    name="extended-powell",
    title="Extended Powell singular function",
    formula=(
        r"\sum_{i=1}^{n/4} \left[(a_i + 10 b_i)^2 + 5 (c_i - d_i)^2 + (b_i - 2 c_i)^4 + 10 (a_i -"
        r" d_i)^4\right], \quad (a_i, b_i, c_i, d_i) = (x_{4i-3}, \ldots, x_{4i})"
    ),
    domain="All real x; near the start (3, −1, 0, 1, 3, …).",
    hard="Fourth powers, whose differences lose their digits near the minimum.",
    source="Powell (1962); Moré, Garbow and Hillstrom, no. 22.",
    draw=near(loss, lambda groups: np.tile([3.0, -1.0, 0.0, 1.0], groups), groups=2),
    gradient=gradient,
)
