"""The likelihood of a GARCH(1,1) series: each variance depends on the one before."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.problems.family import Family


def loss(params: Any, y: Any, *, xp: Any = np) -> Any:
    """Return the mean negative log-likelihood of `y` (n,), `params` being (ω, α, β)."""
    omega, alpha, beta = (params[k] for k in range(3))
    variance, total = xp.mean(y**2), 0.0
    for t in range(y.shape[0]):
        total = total + xp.log(variance) + y[t] ** 2 / variance
        variance = omega + alpha * y[t] ** 2 + beta * variance
    return total / (2 * y.shape[0]) + math.log(2 * math.pi) / 2


def draw(own: Any, of_data: Any, *, points: int = 20) -> Problem:
    """Draw a series of the model, and parameters near its own."""
    noise, y, variance = of_data.standard_normal(points), np.zeros(points), 1.0
    for t in range(points):
        y[t] = np.sqrt(variance) * noise[t]
        variance = 0.1 + 0.1 * y[t] ** 2 + 0.8 * variance
    return Problem(loss, np.array([0.1, 0.1, 0.8]) * own.uniform(0.8, 1.2, 3), {"y": y})


FAMILY = Family(
    name="garch",
    title="Likelihood of a GARCH(1,1) series",
    formula=(
        r"\frac{1}{2 n} \sum_{t=1}^{n} \left[\log 2 \pi \sigma_t^2 +"
        r" \frac{y_t^2}{\sigma_t^2}\right], \quad \sigma_{t+1}^2 = \omega + \alpha y_t^2 + \beta"
        r" \sigma_t^2"
    ),
    domain="ω > 0, α ≥ 0, β ≥ 0; a series of the model.",
    hard="A recurrence through logarithms and quotients.",
    source="Bollerslev, J. Econometrics 31 (1986) 307-327.",
    draw=draw,
)
