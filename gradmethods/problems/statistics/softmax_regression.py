"""Softmax regression: classes by linear scores."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.problems.family import Family
from gradmethods.problems.shared_formulas import softmax_loss


def loss(params: Any, X: Any, t: Any, *, xp: Any = np) -> Any:
    """Return the mean cross entropy of the softmax of X Wᵀ + b against `t` (N, K)."""
    return softmax_loss(X @ params["W"].T + params["b"], t, xp)


def gradient(params: Any, X: Any, t: Any) -> Any:
    """Return the gradient by hand."""
    z = X @ params["W"].T + params["b"]
    odds = np.exp(z - z.max(axis=1, keepdims=True))
    apart = (odds / odds.sum(axis=1, keepdims=True) - t) / len(t)
    return {"W": apart.T @ X, "b": apart.sum(axis=0)}


def draw(
    own: Any, of_data: Any, *, features: int = 3, classes: int = 4, batch: int = 20
) -> Problem:
    """Draw normal parameters and features, and classes at random."""
    params = {
        "W": own.standard_normal((classes, features)),
        "b": own.standard_normal(classes),
    }
    X = of_data.standard_normal((batch, features))
    t = np.eye(classes)[of_data.integers(classes, size=batch)]
    return Problem(loss, params, {"X": X, "t": t}, examples=("X", "t"))


FAMILY = Family(
    name="softmax-regression",
    title="Softmax regression",
    formula=(
        r"\frac{1}{N} \sum_{i=1}^{N} \left[\log \sum_{k=1}^{K} e^{z_{ik}} - \sum_{k=1}^{K} t_{ik}"
        r" z_{ik}\right], \quad z = X W^\top + b"
    ),
    domain="All real parameters; normal parameters and features.",
    hard="The derivative of the shift by the largest score must cancel.",
    source="Hastie, Tibshirani and Friedman, The Elements of Statistical Learning (2009), 4.4.",
    draw=draw,
    gradient=gradient,
)
