"""Logistic regression with a bias and a quadratic penalty: the convex neighbour of a network.

L = (1/N) Σ [log(1 + exp zᵢ) − tᵢ zᵢ] + (λ/2) ‖w‖², z = X w + b, for all real w and b. A mean over
examples that also holds a term without examples; log(1 + exp z) overflows unless it is rearranged.

Source: T. Hastie, R. Tibshirani and J. Friedman, The Elements of Statistical Learning, 2nd ed.,
Springer 2009, section 4.4.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.problems.family import Family
from gradmethods.problems.options import positive
from gradmethods.problems.shared_formulas import logistic_loss, sigmoid


def loss(params: Any, X: Any, t: Any, penalty: Any, *, xp: Any = np) -> Any:
    """Return the mean negative log-likelihood of classes `t`, and the penalty on the weights."""
    w = params["w"]
    return logistic_loss(X @ w + params["b"], t, xp) + 0.5 * penalty * (w @ w)


def draw(
    own: Any, of_data: Any, *, features: int = 5, batch: int = 200, penalty: float = 0.01
) -> Problem:
    """Draw normal parameters, and examples from the model at other parameters.

    `penalty` is the factor λ of half the squared norm of the weights; the bias is free.

    Examples
    --------
    >>> from gradmethods import problems
    >>> problems.get("logistic-regression", features=30)
    <Problem 'logistic-regression': 31 parameters, float64>
    """
    params = {"w": own.standard_normal(features), "b": own.standard_normal()}
    X = of_data.standard_normal((batch, features))
    z = X @ of_data.standard_normal(features) + of_data.standard_normal()
    z = np.clip(z, -700, 700)  # of many features z is large, and exp(-z) may overflow
    t = (of_data.uniform(size=len(X)) < sigmoid(z, np)).astype(float)
    data = {"X": X, "t": t, "penalty": positive("penalty", penalty)}
    return Problem(loss, params, data, examples=("X", "t"))


FAMILY = Family(
    name="logistic-regression",
    title="Logistic regression with bias and quadratic penalty",
    formula=(
        r"\frac{1}{N} \sum_{i=1}^{N} \left[\log(1 + e^{z_i}) - t_i z_i\right]"
        r" + \frac{\lambda}{2} \lVert w \rVert^2, \quad z = X w + b"
    ),
    domain="All real parameters; standard normal parameters and features, classes 0 and 1.",
    hard=(
        "A mean over examples that also holds a term without examples. log(1 + exp z) overflows "
        "unless it is rearranged, and the stable form has kinks that cancel."
    ),
    source="Hastie, Tibshirani and Friedman, The Elements of Statistical Learning (2009), 4.4.",
    draw=draw,
    small={"batch": 20},
    place=40,
)
