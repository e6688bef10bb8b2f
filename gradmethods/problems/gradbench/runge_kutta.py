"""The last value of a chain of differential equations, integrated by Runge and Kutta's method.

y₀' = x₀ and yᵢ' = xᵢ yᵢ₋₁ from y = 0 at t = 0 to t = 2, by s equal steps of the classical method of
order 4; the loss is the last yᵢ. A step carries a value four places on, so that the loss is exactly
0, with its gradient, where n > 4 s.

Sources: W. Kutta, Zeitschrift für Mathematik und Physik 46 (1901) 435-453; the eval `ode` of
GradBench, https://github.com/gradbench/gradbench.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.problems.family import Family

END = 2.0
"""The time at which integration ends."""


def solution(x: Any, steps: int, *, xp: Any = np) -> Any:
    """Return all values (n,) at the end, for rates `x` (n,)."""
    h = END / steps
    one = xp.ones(1, dtype=x.dtype)

    def slope(y: Any) -> Any:
        return x * xp.concat([one, y[:-1]])

    y = xp.zeros_like(x)
    for _ in range(steps):
        a = slope(y)
        b = slope(y + h / 2 * a)
        c = slope(y + h / 2 * b)
        d = slope(y + h * c)
        y = y + h / 6 * (a + 2 * b + 2 * c + d)
    return y


def loss(steps: int, x: Any, *, xp: Any = np) -> Any:
    """Return the last value at the end, for rates `x` (n,)."""
    return solution(x, steps, xp=xp)[-1]


def draw(own: Any, _data: Any, *, n: int = 4, steps: int = 4) -> Problem:
    """Draw the rates of `n` equations, uniform in [0, 1).

    Examples
    --------
    >>> from gradmethods import problems
    >>> problems.get("runge-kutta", n=2, steps=1).value([1.0, 1.0])
    np.float64(2.0)
    """
    return Problem(partial(loss, steps), own.random(n))


FAMILY = Family(
    name="runge-kutta",
    title="Chain of differential equations by Runge-Kutta steps",
    formula=r"y_n(2), \quad y_1' = x_1, \quad y_i' = x_i y_{i-1}, \quad y(0) = 0",
    domain="All real x; rates uniform in [0, 1), n equations, s steps.",
    hard="A loop of vector operations; the graph grows with the number of steps.",
    source="GradBench, eval ode (2024-2026).",
    draw=draw,
)
