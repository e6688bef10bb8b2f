"""The likelihood of a normal distribution with mean and covariance, by Cholesky's factor."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.problems.family import Family


def loss(params: Any, x: Any, *, xp: Any = np) -> Any:
    """Return the mean negative log-likelihood of `x` (N, d), Σ = A Aᵀ + 1."""
    A = params["A"]
    count, d = x.shape
    lower = xp.linalg.cholesky(A @ A.T + np.eye(d))
    white = xp.linalg.solve(lower, (x - params["mu"]).T)
    logs = xp.sum(xp.log(lower[np.arange(d), np.arange(d)]))
    return xp.sum(white**2) / (2 * count) + logs + d / 2 * math.log(2 * math.pi)


def gradient(params: Any, x: Any) -> Any:
    """Return the gradient by hand."""
    A, apart = params["A"], x - params["mu"]
    inverse = np.linalg.inv(A @ A.T + np.eye(len(A)))
    outer = inverse @ (apart.T @ apart / len(x)) @ inverse
    return {"mu": -inverse @ apart.mean(axis=0), "A": (inverse - outer) @ A}


def draw(own: Any, of_data: Any, *, d: int = 3, points: int = 10) -> Problem:
    """Draw parameters and points, all normal."""
    params = {"mu": own.standard_normal(d), "A": own.standard_normal((d, d))}
    return Problem(loss, params, {"x": of_data.standard_normal((points, d))})


FAMILY = Family(
    name="gaussian-likelihood",
    title="Gaussian likelihood by Cholesky's factor",
    formula=(
        r"\frac{1}{2 N} \sum_{i=1}^{N} (x_i - \mu)^\top \Sigma^{-1} (x_i - \mu) + \frac{1}{2}"
        r" \log \det (2 \pi \Sigma), \quad \Sigma = A A^\top + 1"
    ),
    domain="All real parameters; all normal.",
    hard="A factorisation and a triangular system stand between parameters and loss.",
    source="Mardia, Kent and Bibby, Multivariate Analysis (1979), 4.1.",
    draw=draw,
    small={"d": 2},
    gradient=gradient,
)
