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
from gradmethods.problems.options import floating, generators, whole


def loss(x: Any, *, xp: Any = np) -> Any:
    """Return the value of the function at `x` (n,)."""
    head, tail = x[:-1], x[1:]
    return xp.sum(100 * (tail - head**2) ** 2 + (1 - head) ** 2)


def rosenbrock(*, n: int = 10, seed: int = 0, dtype: Any = "float64") -> Problem:
    """Make the Rosenbrock function of `n` variables near the classical start (−1.2, 1, −1.2, …).

    Parameters
    ----------
    n : int
        Number of variables, at least 2.
    seed : int
        Decides the point: normal numbers of standard deviation 0.1 are added to the start.
    dtype : dtype
        float64 or float32.

    Returns
    -------
    Problem
        One bare parameter array of shape (n,), no data.

    Examples
    --------
    >>> from gradmethods import problems
    >>> problems.get("rosenbrock", n=2).value([1.0, 1.0])
    np.float64(0.0)
    """
    n = whole("n", n, least=2)
    rng, _ = generators(seed)
    start = np.where(np.arange(n) % 2 == 0, -1.2, 1.0) + 0.1 * rng.standard_normal(n)
    return Problem(loss, start.astype(floating(dtype)), name="rosenbrock")


FAMILY = Family(
    name="rosenbrock",
    title="Chained Rosenbrock function",
    formula=r"\sum_{i=1}^{n-1} \left[100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2\right]",
    domain="All real x; near the classical start (−1.2, 1, −1.2, …), n ≥ 2.",
    hard="Large terms of opposite sign cancel near the valley's floor; each overlaps the next.",
    source="Rosenbrock, The Computer Journal 3 (1960) 175-184; Moré, Garbow and Hillstrom, ACM "
    "TOMS 7 (1981) 17-41.",
    build=rosenbrock,
    place=50,
)
