"""Predator and prey by SciPy's solver, fitted to data; its gradient by sensitivities."""

from __future__ import annotations

import numpy as np
from scipy.integrate import solve_ivp

import gradmethods as gm

TIMES = np.linspace(0, 4, 9)
SEEN = np.array([[1.0, 1.2, 1.5, 1.7, 1.6, 1.2, 0.9, 0.7, 0.7],
                 [0.5, 0.5, 0.6, 0.8, 1.1, 1.3, 1.2, 1.0, 0.8]])  # fmt: skip


def loss(rates):
    a, b, c, d = rates

    def flow(_, state):
        x, y = state
        return [a * x - b * x * y, c * x * y - d * y]

    path = solve_ivp(flow, (0, 4), SEEN[:, 0], t_eval=TIMES, rtol=1e-10, atol=1e-12).y
    return np.sum((path - SEEN) ** 2)


def gradient(rates):
    a, b, c, d = rates

    def flow(_, both):
        (x, y), S = both[:2], both[2:].reshape(2, 4)
        J = np.array([[a - b * y, -b * x], [c * y, c * x - d]])
        of_rates = np.array([[x, -x * y, 0, 0], [0, 0, x * y, -y]])
        return [a * x - b * x * y, c * x * y - d * y, *(J @ S + of_rates).ravel()]

    start = [*SEEN[:, 0], *np.zeros(8)]
    path = solve_ivp(flow, (0, 4), start, t_eval=TIMES, rtol=1e-10, atol=1e-12).y
    slopes = path[2:].reshape(2, 4, -1)
    return 2 * np.einsum("it,ijt->j", path[:2] - SEEN, slopes)


def wrong(rates):
    found = gradient(rates)
    found[1] = -found[1]
    return found


problem = gm.Problem(loss, [1.1, 0.9, 0.8, 0.7], black_box=True, bounds=(0, None))
