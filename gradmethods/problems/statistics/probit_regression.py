"""Probit regression: classes by the normal distribution function of a linear score."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods import special
from gradmethods.core.problem import Problem
from gradmethods.problems.family import Family


def loss(w: Any, X: Any, sign: Any, *, xp: Any = np) -> Any:
    """Return the mean negative log-likelihood of classes `sign` (N,), −1 or 1."""
    return -xp.mean(special.log_ndtr(sign * (X @ w)))


def draw(own: Any, of_data: Any, *, features: int = 4, batch: int = 20) -> Problem:
    """Draw normal parameters and features, and classes at random."""
    X = of_data.standard_normal((batch, features))
    sign = 2.0 * of_data.integers(0, 2, batch) - 1
    return Problem(
        loss, own.standard_normal(features), {"X": X, "sign": sign}, examples=("X", "sign")
    )


FAMILY = Family(
    name="probit-regression",
    title="Probit regression",
    formula=r"-\frac{1}{N} \sum_{i=1}^{N} \log \Phi(s_i z_i), \quad z = X w",
    domain="All real w; normal parameters and features, classes −1 and 1.",
    hard=(
        "Φ underflows from −38 on, where its logarithm is −722: it must be computed as one"
        " function."
    ),
    source="Bliss, Science 79 (1934) 38-39; McCullagh and Nelder (1989), 4.3.",
    draw=draw,
)
