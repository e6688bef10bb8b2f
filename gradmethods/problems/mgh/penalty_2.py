"""A penalty function: exponentials of neighbours with tiny weights, and a weighted sphere."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.problems.family import Family, near


def loss(x: Any, *, xp: Any = np) -> Any:
    """Return the penalty function at `x` (n,)."""
    n = x.shape[0]
    i = np.arange(2, n + 1)
    grown = xp.exp(x / 10)
    between = grown[1:] + grown[:-1] - (np.exp(i / 10) + np.exp((i - 1) / 10))
    small = xp.sum(between**2) + xp.sum((grown[1:] - np.exp(-0.1)) ** 2)
    sphere = xp.sum(np.arange(n, 0, -1.0) * x**2) - 1
    return (x[0] - 0.2) ** 2 + 1e-5 * small + sphere**2


FAMILY = Family(
    name="penalty-2",
    title="Penalty function II",
    formula=(
        r"(x_1 - 0.2)^2 + 10^{-5} \sum_{i=2}^{n} \left[\left(e^{x_i / 10} + e^{x_{i-1} / 10} -"
        r" y_i\right)^2 + \left(e^{x_i / 10} - e^{-1 / 10}\right)^2\right] + \left(\sum_{j=1}^{n}"
        r" (n - j + 1) x_j^2 - 1\right)^2"
    ),
    domain="All real x; y_i = exp(i/10) + exp((i − 1)/10); n ≥ 2, near the start (½, …, ½).",
    hard="Terms whose weights differ by five powers of ten.",
    source="Gill, Murray and Pitfield (1972); Moré, Garbow and Hillstrom, no. 24.",
    draw=near(loss, lambda n: np.full(n, 0.5), n=4),
)
