"""The likelihood of an ARMA(1,1) series: each error depends on the error before."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.problems.family import Family


def loss(params: Any, y: Any, *, xp: Any = np) -> Any:
    """Return the mean negative log-likelihood of `y` (n,), given its first value and no error."""
    mean, phi, theta, log_sigma = (params[k] for k in range(4))
    error, total = 0.0, 0.0
    for t in range(1, y.shape[0]):
        error = y[t] - mean - phi * (y[t - 1] - mean) - theta * error
        total = total + error**2
    count = y.shape[0] - 1
    return total / (2 * count) * xp.exp(-2 * log_sigma) + log_sigma + math.log(2 * math.pi) / 2


def draw(own: Any, of_data: Any, *, points: int = 20) -> Problem:
    """Draw a series of the model, and parameters near its own."""
    noise, y = of_data.standard_normal(points + 1), np.zeros(points + 1)
    for t in range(1, points + 1):
        y[t] = 0.7 * y[t - 1] + noise[t] + 0.4 * noise[t - 1]
    start = np.array([0.0, 0.7, 0.4, 0.0])
    return Problem(loss, start + 0.1 * own.standard_normal(4), {"y": y})


FAMILY = Family(
    name="arma",
    title="Likelihood of an ARMA(1,1) series",
    formula=(
        r"\log \sigma + \frac{1}{2} \log 2 \pi + \frac{1}{2 n \sigma^2} \sum_{t=1}^{n} e_t^2,"
        r" \quad e_t = y_t - \mu - \phi (y_{t-1} - \mu) - \theta e_{t-1}"
    ),
    domain="All real parameters (stable for |θ| < 1); a series of the model.",
    hard="A recurrence: what goes wrong in one step is in all that follow.",
    source="Box and Jenkins, Time Series Analysis (1970), 7.1, conditional likelihood.",
    draw=draw,
)
