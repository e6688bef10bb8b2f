"""A polynomial fitted to signs by least squares: linear in its parameters.

f(x) = ½ Σᵢ (sᵢ − Σⱼ xⱼ tᵢʲ)² with tᵢ evenly spaced in [−1, 1] and sᵢ = sign(tᵢ). The gradient is
−Tᵀ(s − Tx); powers of t make the columns of T nearly dependent.

Source: the eval `llsq` of GradBench, https://github.com/gradbench/gradbench.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.problems.family import Family
from gradmethods.problems.options import whole


def loss(x: Any, T: Any, s: Any, *, xp: Any = np) -> Any:
    """Return half the sum of squares of `s` (m,) less powers `T` (m, n) times `x` (n,)."""
    return xp.sum((s - T @ x) ** 2) / 2


def data_of(points: int, n: int) -> dict[str, Any]:
    """Return the powers and the signs of so many points, for a polynomial of n coefficients."""
    t = -1 + 2 * np.arange(points) / (points - 1)
    return {"T": t[:, None] ** np.arange(n), "s": np.sign(t)}


def draw(own: Any, _data: Any, *, n: int = 8, points: int = 128) -> Problem:
    """Draw `n` coefficients, uniform in [0, 1), of a polynomial for two points or more.

    Examples
    --------
    >>> from gradmethods import problems
    >>> problems.get("polynomial-fit", n=2, points=3).value([0.0, 1.0])
    np.float64(0.0)
    """
    return Problem(loss, own.random(n), data_of(whole("points", points, least=2), n))


FAMILY = Family(
    name="polynomial-fit",
    title="Least squares fit of a polynomial",
    formula=r"\frac{1}{2} \sum_{i=1}^{m} \left(s_i - \sum_{j=1}^{n} x_j t_i^{j-1}\right)^2",
    domain="All real x; points evenly spaced in [−1, 1], values their signs.",
    hard="Powers of the points are nearly dependent: the residuals cancel in the gradient.",
    source="GradBench, eval llsq (2024-2026).",
    draw=draw,
    small={"points": 20},
)
