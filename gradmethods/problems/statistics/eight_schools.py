"""The posterior of eight schools' coaching effects, in the form without a funnel."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.problems.family import Family

Y = np.array([28.0, 8, -3, 7, -1, 1, 18, 12])
SIGMA = np.array([15.0, 10, 16, 11, 9, 11, 10, 18])


def loss(params: Any, y: Any, sigma: Any, *, xp: Any = np) -> Any:
    """Return the negative log posterior of mu, log tau and eta (8,), without constants."""
    mu, log_tau, eta = params["mu"], params["log_tau"], params["eta"]
    tau = xp.exp(log_tau)
    likelihood = xp.sum(((y - mu - tau * eta) / sigma) ** 2) / 2
    prior = (mu / 5) ** 2 / 2 + xp.log1p((tau / 5) ** 2) - log_tau
    return likelihood + prior + xp.sum(eta**2) / 2


def gradient(params: Any, y: Any, sigma: Any) -> Any:
    """Return the gradient by hand."""
    mu, eta, tau = params["mu"], params["eta"], np.exp(params["log_tau"])
    pull = (y - mu - tau * eta) / sigma**2
    return {
        "mu": mu / 25 - pull.sum(),
        "log_tau": 2 * tau**2 / (25 + tau**2) - 1 - tau * (pull @ eta),
        "eta": eta - tau * pull,
    }


def draw(own: Any, _data: Any) -> Problem:
    """Draw normal parameters."""
    params = {
        "mu": own.standard_normal(),
        "log_tau": own.standard_normal(),
        "eta": own.standard_normal(8),
    }
    return Problem(loss, params, {"y": Y, "sigma": SIGMA})


FAMILY = Family(
    name="eight-schools",
    title="Eight schools, not centred",
    formula=(
        r"\frac{1}{2} \sum_{j=1}^{8} \left(\frac{y_j - \mu - \tau \eta_j}{\sigma_j}\right)^2 +"
        r" \frac{\mu^2}{50} + \log\left(1 + \frac{\tau^2}{25}\right) - \log \tau + \frac{1}{2}"
        r" \lVert \eta \rVert^2"
    ),
    domain="All real parameters, log τ among them; normal parameters.",
    hard="A scale in logarithms multiplies the effects that it governs.",
    source=(
        "Rubin, J. Educ. Stat. 6 (1981) 377-401, table 1; Gelman et al., Bayesian Data Analysis."
    ),
    draw=draw,
    gradient=gradient,
)
