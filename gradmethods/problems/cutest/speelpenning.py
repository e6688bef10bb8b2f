"""Speelpenning's product of all variables, the oldest example of cheap gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.problems.family import Family, near


def loss(x: Any, *, xp: Any = np) -> Any:
    """Return the product of the entries of `x` (n,)."""
    product = x[0]
    for i in range(1, x.shape[0]):
        product = product * x[i]
    return product


def gradient(x: Any) -> Any:
    """Return the gradient by hand."""
    before, after = np.cumprod(np.append(1.0, x[:-1])), np.cumprod(np.append(1.0, x[:0:-1]))
    return before * after[::-1]


FAMILY = Family(
    name="speelpenning",
    title="Speelpenning's product",
    formula=r"\prod_{i=1}^{n} x_i",
    domain="All real x; near the start i / (1 + i).",
    hard="A formula of each partial derivative repeats n − 1 factors; a quotient fails at 0.",
    source="Speelpenning (1980); Griewank and Walther, Evaluating Derivatives (2008).",
    draw=near(loss, lambda n: np.arange(1, n + 1) / np.arange(2, n + 2), n=10),
    gradient=gradient,
)
