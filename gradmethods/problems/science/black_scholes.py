"""The worth of a book of call options after Black and Scholes, by the error function."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradmethods import special
from gradmethods.core.problem import Problem
from gradmethods.problems.family import Family


def normal(z: Any) -> Any:
    """Return the distribution function of the standard normal distribution, by erf."""
    return (1 + special.erf(z / math.sqrt(2))) / 2


def loss(params: Any, strike: Any, expiry: Any, *, xp: Any = np) -> Any:
    """Return the sum of prices of calls on `spot` (n,), of volatility `sigma` (n,), rate `r` ()."""
    spot, sigma, r = params["spot"], params["sigma"], params["r"]
    width = sigma * xp.sqrt(expiry)
    d = (xp.log(spot / strike) + r * expiry) / width + width / 2
    return xp.sum(spot * normal(d) - strike * xp.exp(-r * expiry) * normal(d - width))


def gradient(params: Any, strike: Any, expiry: Any) -> Any:
    """Return the gradient by hand: the Greeks delta, vega and rho."""
    spot, sigma, r = params["spot"], params["sigma"], params["r"]
    width = sigma * np.sqrt(expiry)
    d = (np.log(spot / strike) + r * expiry) / width + width / 2
    density = np.exp(-(d**2) / 2) / math.sqrt(2 * math.pi)
    discounted = strike * np.exp(-r * expiry) * normal(d - width)
    vega = spot * density * np.sqrt(expiry)
    return {"spot": normal(d), "sigma": vega, "r": np.sum(expiry * discounted)}


def draw(own: Any, of_data: Any, *, options: int = 4) -> Problem:
    """Draw spots and strikes near 100, volatilities, a rate, and expiries up to two years."""
    params = {
        "spot": own.uniform(80, 120, options),
        "sigma": own.uniform(0.1, 0.5, options),
        "r": own.uniform(0.01, 0.05),
    }
    strike, expiry = of_data.uniform(80, 120, options), of_data.uniform(0.2, 2, options)
    return Problem(loss, params, {"strike": strike, "expiry": expiry})


FAMILY = Family(
    name="black-scholes",
    title="Black and Scholes's call options",
    formula=(
        r"\sum_{i=1}^{n} \left[S_i \Phi(d_i) - K_i e^{-r T_i} \Phi(d_i - \sigma_i"
        r" \sqrt{T_i})\right], \quad d_i = \frac{\log(S_i / K_i) + r T_i}{\sigma_i \sqrt{T_i}} +"
        r" \frac{\sigma_i \sqrt{T_i}}{2}"
    ),
    domain="S, σ, K, T > 0; spots and strikes from 80 to 120.",
    hard="Terms cancel: the derivatives of Φ's two arguments meet in S φ(d) = K e^(−rT) φ(d − w).",
    source="Black and Scholes, J. Polit. Econ. 81 (1973) 637-654, (13).",
    draw=draw,
    gradient=gradient,
)
