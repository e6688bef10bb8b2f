"""The chained Rosenbrock function: a polynomial with a narrow curved valley.

f(x) = Σ_{i=1}^{n−1} [100 (x_{i+1} − x_i²)² + (1 − x_i)²] for all real x. Large terms of opposite
sign cancel in the gradient near the floor of the valley; every term overlaps the next.

Sources: H. H. Rosenbrock, An automatic method for finding the greatest or least value of a
function, The Computer Journal 3 (1960) 175-184; start of J. J. Moré, B. S. Garbow and
K. E. Hillstrom, Testing unconstrained optimization software, ACM TOMS 7 (1981) 17-41, no. 21.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.problems.family import Family
from gradmethods.problems.options import whole


def loss(x: Any, *, xp: Any = np) -> Any:
    """Return the value of the function at `x` (n,)."""
    head, tail = x[:-1], x[1:]
    return xp.sum(100 * (tail - head**2) ** 2 + (1 - head) ** 2)


def draw(own: Any, _data: Any, *, n: int = 10) -> Problem:
    """Draw a point near the start (−1.2, 1, −1.2, …), by normal numbers of deviation 0.1.

    Examples
    --------
    >>> from gradmethods import problems
    >>> problems.get("rosenbrock", n=2).value([1.0, 1.0])
    np.float64(0.0)
    """
    n = whole("n", n, least=2)
    start = np.where(np.arange(n) % 2 == 0, -1.2, 1.0)
    return Problem(loss, start + 0.1 * own.standard_normal(n))


FAMILY = Family(
    name="rosenbrock",
    title="Chained Rosenbrock function",
    formula=r"\sum_{i=1}^{n-1} \left[100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2\right]",
    domain="All real x; near the classical start (−1.2, 1, −1.2, …), n ≥ 2.",
    hard="Large terms of opposite sign cancel near the valley's floor; each overlaps the next.",
    source="Rosenbrock, The Computer Journal 3 (1960) 175-184; Moré, Garbow and Hillstrom, ACM "
    "TOMS 7 (1981) 17-41.",
    draw=draw,
    place=50,
)
