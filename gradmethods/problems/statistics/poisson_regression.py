"""Poisson regression: counts whose logarithmic mean is linear."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.problems.family import Family


def loss(w: Any, X: Any, y: Any, *, xp: Any = np) -> Any:
    """Return the mean negative log-likelihood of counts `y` (N,), without the factorials."""
    z = X @ w
    return xp.mean(xp.exp(z) - y * z)


def gradient(w: Any, X: Any, y: Any) -> Any:
    """Return the gradient by hand."""
    return X.T @ (np.exp(X @ w) - y) / len(y)


def draw(own: Any, of_data: Any, *, features: int = 4, batch: int = 20) -> Problem:
    """Draw features and counts from the model, and another point."""
    X = of_data.standard_normal((batch, features)) / 2
    y = of_data.poisson(np.exp(X @ of_data.standard_normal(features)))
    return Problem(
        loss, own.standard_normal(features), {"X": X, "y": y.astype(float)}, examples=("X", "y")
    )


FAMILY = Family(
    name="poisson-regression",
    title="Poisson regression",
    formula=r"\frac{1}{N} \sum_{i=1}^{N} \left[e^{z_i} - y_i z_i\right], \quad z = X w",
    domain="All real w; normal features, counts of the model.",
    hard="exp z overflows for large z; large counts cancel against it near the minimum.",
    source="McCullagh and Nelder, Generalized Linear Models (1989), chapter 6.",
    draw=draw,
    gradient=gradient,
)
