"""The likelihood of a local linear trend, by the Kalman filter: level and slope drift."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.problems.family import Family

F = np.array([[1.0, 1.0], [0.0, 1.0]])
H = np.array([1.0, 0.0])


def loss(logs: Any, y: Any, *, xp: Any = np) -> Any:
    """Return the mean negative log-likelihood of `y` (n,), `logs` being three log variances.

    They are those of the level's drift, the slope's drift and the observations; before the first
    observation level and slope are normal with mean 0 and variance 10.
    """
    step, seen, one = xp.asarray(F), xp.asarray(H), xp.eye(2)
    variances = xp.exp(logs)
    drift = variances[:2] * one
    state, spread, total = xp.zeros(2, dtype=logs.dtype), 10.0 * one, 0.0
    for t in range(y.shape[0]):
        gain = spread @ seen
        variance = gain[0] + variances[2]
        error = y[t] - state[0]
        total = total + xp.log(variance) + error**2 / variance
        state = step @ (state + gain * (error / variance))
        spread = step @ (spread - gain[:, None] * gain[None, :] / variance) @ step.T + drift
    return total / (2 * y.shape[0]) + math.log(2 * math.pi) / 2


def draw(own: Any, of_data: Any, *, points: int = 10) -> Problem:
    """Draw a drifting series, and log variances."""
    slope = 0.1 * np.cumsum(of_data.standard_normal(points))
    y = np.cumsum(slope) + of_data.standard_normal(points)
    return Problem(loss, np.array([-2.0, -4.0, 0.0]) + 0.3 * own.standard_normal(3), {"y": y})


FAMILY = Family(
    name="kalman",
    title="Kalman filter of a local linear trend",
    formula=(
        r"\frac{1}{2 n} \sum_{t=1}^{n} \left[\log 2 \pi v_t + \frac{e_t^2}{v_t}\right], \quad e_t"
        r" = y_t - H x_t, \; v_t = H P_t H^\top + r"
    ),
    domain="All real log variances; a drifting series.",
    hard="A recurrence of matrices: the filter's spread is a difference of nearly equal ones.",
    source="Harvey, Forecasting, Structural Time Series Models and the Kalman Filter (1989), 3.4.",
    draw=draw,
)
