"""A network that should solve a differential equation: its own derivative stands in the loss."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.problems.family import Family


def loss(params: Any, t: Any, *, xp: Any = np) -> Any:
    """Return the mean square of u″ + u at times `t` (N,), u = t + t² times the network."""
    w, b, v = params["w"], params["b"], params["v"]
    h = xp.tanh(t[:, None] * w + b)
    first = (1 - h**2) * w
    second = -2 * h * first * w
    n, n1, n2 = h @ v, first @ v, second @ v
    u, u2 = t + t**2 * n, 2 * n + 4 * t * n1 + t**2 * n2
    return xp.mean((u2 + u) ** 2)


def draw(own: Any, _data: Any, *, units: int = 4, points: int = 8) -> Problem:
    """Draw normal weights, and spread times over [0, 2)."""
    params = {name: own.standard_normal(units) for name in ("w", "b", "v")}
    return Problem(loss, params, {"t": 2 * np.arange(points) / points})


FAMILY = Family(
    name="physics-informed",
    title="Physics-informed residual of an oscillator",
    formula=(
        r"\frac{1}{N} \sum_{i=1}^{N} \left(u''(t_i) + u(t_i)\right)^2, \quad u(t) = t + t^2\, v"
        r" \cdot \tanh(w t + b)"
    ),
    domain="All real parameters; normal weights, times in [0, 2).",
    hard="The loss holds second derivatives of the network, so that its gradient holds third ones.",
    source="Lagaris, Likas and Fotiadis, IEEE Trans. Neural Netw. 9 (1998) 987-1000.",
    draw=draw,
)
