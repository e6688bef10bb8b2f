"""An American put on a binomial tree: at every node the better of holding and exercising."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.problems.family import Family


def loss(steps: int, params: Any, strike: Any, expiry: Any, *, xp: Any = np) -> Any:
    """Return the price by spot, volatility and rate, in `params` (3,)."""
    spot, sigma, r = (params[k] for k in range(3))
    up = xp.exp(sigma * xp.sqrt(expiry / steps))
    kept = xp.exp(-r * expiry / steps)
    odds = (1 / kept - 1 / up) / (up - 1 / up)

    def exercised(k: int) -> Any:
        return strike - spot * up ** (2.0 * np.arange(k + 1) - k)

    worth = xp.maximum(exercised(steps), 0.0)
    for k in range(steps - 1, -1, -1):
        held = kept * (odds * worth[1:] + (1 - odds) * worth[:-1])
        worth = xp.maximum(held, exercised(k))
    return worth[0]


def draw(own: Any, of_data: Any, *, steps: int = 8) -> Problem:
    """Draw spot, volatility and rate, strike and expiry."""
    params = np.array([100.0, 0.3, 0.04]) * own.uniform(0.9, 1.1, 3)
    data = {"strike": of_data.uniform(95, 105), "expiry": of_data.uniform(0.5, 1.5)}
    return Problem(partial(loss, steps), params, data)


FAMILY = Family(
    name="binomial-tree",
    title="American put on a binomial tree",
    formula=(
        r"V_0, \quad V_k = \max\left(K - S u^{2 j - k},\; e^{-r h} (p V_{k+1}^{+} + (1 - p)"
        r" V_{k+1}^{-})\right)"
    ),
    domain="S, σ > 0 and p in (0, 1); a put near the money.",
    hard="A kink at every node where holding and exercising are worth the same; powers of u.",
    source="Cox, Ross and Rubinstein, J. Financ. Econ. 7 (1979) 229-263.",
    draw=draw,
)
