"""A Gaussian mixture with a Wishart prior: the classical benchmark of machine learning.

With α, μ, and Q_k lower triangular of diagonal exp(q_k) and entries l_k by columns below,
f = Σᵢ lse_k(α_k + Σ q_k − ½ ‖Q_k (xᵢ − μ_k)‖²) − N lse(α) − N d/2 log 2π
  + Σ_k (m Σ q_k − γ²/2 ‖Q_k‖²) + K (ν d log(γ/√2) − log Γ_d(ν/2)), ν = d + m + 1.

Source: F. Srajer, Z. Kukelova and A. Fitzgibbon, A benchmark of selected algorithmic
differentiation tools on some problems in computer vision and machine learning, Optimization
Methods and Software 33 (2018) 889-906; the eval `gmm` of GradBench.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.problems.family import Family
from gradmethods.problems.options import positive


def log_sum_exp(x: Any, axis: int, *, xp: Any) -> Any:
    """Return the logarithm of the sum of exponentials over an axis, shifted by the largest."""
    largest = xp.max(x, axis=axis, keepdims=True)
    return xp.squeeze(largest, axis=axis) + xp.log(xp.sum(xp.exp(x - largest), axis=axis))


def log_gamma(d: int, a: float) -> float:
    """Return the logarithm of the multivariate gamma function of dimension d."""
    terms = sum(math.lgamma(a + (1 - j) / 2) for j in range(1, d + 1))
    return d * (d - 1) / 4 * math.log(math.pi) + terms


def below_diagonal(d: int) -> tuple[Any, Any]:
    """Return rows and columns of the entries below the diagonal, in the order of columns."""
    columns, rows = np.triu_indices(d, 1)
    return rows, columns


def loss(gamma: float, m: int, params: Any, x: Any, *, xp: Any = np) -> Any:
    """Return the log posterior of points `x` (N, d)."""
    alpha, mu, q, lower = (params[name] for name in ("alpha", "mu", "q", "l"))
    count, d = x.shape
    K = alpha.shape[0]
    rows, columns = below_diagonal(d)
    apart = x[None, :, :] - mu[:, None, :]  # (K, N, d)
    product = xp.exp(q)[:, None, :] * apart
    for row in range(1, d):  # what stands below the diagonal in one row
        entries = np.flatnonzero(rows == row)
        part = xp.sum(lower[:, entries][:, None, :] * apart[:, :, columns[entries]], axis=2)
        product = product + part[:, :, None] * xp.asarray(np.arange(d) == row)
    sums = xp.sum(q, axis=1)
    squares = xp.sum(product**2, axis=2)
    each = (alpha + sums)[:, None] - squares / 2
    likelihood = xp.sum(log_sum_exp(each, 0, xp=xp)) - count * log_sum_exp(alpha, 0, xp=xp)
    frobenius = xp.sum(xp.exp(2 * q)) + xp.sum(lower**2)
    prior = m * xp.sum(sums) - gamma**2 / 2 * frobenius
    nu = d + m + 1
    constant = -count * d / 2 * math.log(2 * math.pi)
    constant += K * (nu * d * math.log(gamma / math.sqrt(2)) - log_gamma(d, nu / 2))
    return likelihood + prior + constant


def draw(
    own: Any, of_data: Any, *, d: int = 2, components: int = 3, points: int = 20,
    gamma: float = 1.0, m: int = 0,
) -> Problem:  # fmt: skip
    """Draw centres uniform in [0, 1), all other parameters and the points normal.

    `gamma` and `m` are numbers of the Wishart prior.
    """
    params = {
        "alpha": own.standard_normal(components),
        "mu": own.random((components, d)),
        "q": own.standard_normal((components, d)),
        "l": own.standard_normal((components, d * (d - 1) // 2)),
    }
    data = {"x": of_data.standard_normal((points, d))}
    return Problem(partial(loss, positive("gamma", gamma), m), params, data)


FAMILY = Family(
    name="gaussian-mixture",
    title="Gaussian mixture with a Wishart prior",
    formula=(
        r"\sum_i \log \sum_k e^{\alpha_k + \sum q_k"
        r" - \frac{1}{2} \lVert Q_k (x_i - \mu_k) \rVert^2}"
        r" - N \log \sum_k e^{\alpha_k} + \sum_k \left(m \sum q_k"
        r" - \frac{\gamma^2}{2} \lVert Q_k \rVert^2\right) + c"
    ),
    domain="All real parameters; K Gaussians in d dimensions, N normal points.",
    hard="Sums of exponentials of squares: exponents spread widely, and most weights are tiny.",
    source="Srajer, Kukelova and Fitzgibbon, Optim. Methods Softw. 33 (2018) 889-906.",
    draw=draw,
    small={"components": 2, "points": 5},
)
