"""The marginal likelihood of a Gaussian process by length, height and noise of its kernel."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.problems.family import Family


def loss(theta: Any, X: Any, y: Any, *, xp: Any = np) -> Any:
    """Return the negative log marginal likelihood, `theta` the logarithms of ℓ, s and σ."""
    length, height, noise = (xp.exp(theta[k]) for k in range(3))
    n = y.shape[0]
    kernel = height**2 * xp.exp(-((X[:, None] - X[None, :]) ** 2) / (2 * length**2))
    lower = xp.linalg.cholesky(kernel + noise**2 * np.eye(n))
    white = xp.linalg.solve(lower, y)
    logs = xp.sum(xp.log(lower[np.arange(n), np.arange(n)]))
    return xp.sum(white**2) / 2 + logs + n / 2 * math.log(2 * math.pi)


def gradient(theta: Any, X: Any, y: Any) -> Any:
    """Return the gradient by hand."""
    length, height, noise = np.exp(theta)
    squares = (X[:, None] - X[None, :]) ** 2 / length**2
    kernel = height**2 * np.exp(-squares / 2)
    inverse = np.linalg.inv(kernel + noise**2 * np.eye(len(y)))
    weights = inverse - np.outer(inverse @ y, inverse @ y)
    slopes = [kernel * squares, 2 * kernel, 2 * noise**2 * np.eye(len(y))]
    return np.array([np.sum(weights * slope) / 2 for slope in slopes])


def draw(own: Any, of_data: Any, *, points: int = 8) -> Problem:
    """Draw places, a noisy sine there, and logarithms of the parameters."""
    X = np.sort(of_data.uniform(0, 5, points))
    y = np.sin(X) + 0.3 * of_data.standard_normal(points)
    return Problem(
        loss, np.array([0.0, 0.0, -1.0]) + 0.3 * own.standard_normal(3), {"X": X, "y": y}
    )


FAMILY = Family(
    name="gaussian-process",
    title="Marginal likelihood of a Gaussian process",
    formula=(
        r"\frac{1}{2} y^\top K^{-1} y + \frac{1}{2} \log \det (2 \pi K), \quad K_{ij} = s^2"
        r" e^{-(x_i - x_j)^2 / (2 \ell^2)} + \sigma^2 \delta_{ij}"
    ),
    domain="All real logarithms; places in [0, 5], a noisy sine.",
    hard="The matrix is nearly singular where noise is small; n³ operations for three parameters.",
    source="Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), (5.8), (5.9).",
    draw=draw,
    gradient=gradient,
)
