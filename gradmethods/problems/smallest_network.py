"""The article's smallest network, 1-1-1: one input, one hidden unit, one output unit.

L = (y − t)², y = σ(w_y h + b_y), h = σ(w_h x + b_h), for all real parameters. Small enough to
derive by hand, and deep enough for the chain rule to share factors between parameters.

Source: the article that the project implements; D. E. Rumelhart, G. E. Hinton and R. J. Williams,
Learning representations by back-propagating errors, Nature 323 (1986) 533-536.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.problems.family import Family
from gradmethods.problems.shared_formulas import sigmoid


def loss(params: Any, x: Any, t: Any, *, xp: Any = np) -> Any:
    """Return the squared error of the network's output for the input `x` against `t`."""
    z_h = params["w_h"] * x + params["b_h"]
    h = sigmoid(z_h, xp)
    z_y = params["w_y"] * h + params["b_y"]
    y = sigmoid(z_y, xp)
    return (y - t) ** 2


def draw(own: Any, of_data: Any) -> Problem:
    """Draw standard normal parameters w_h, b_h, w_y and b_y and input x, and a target t, uniform.

    Examples
    --------
    >>> from gradmethods import problems
    >>> problems.get("network-1-1-1")
    <Problem 'network-1-1-1': 4 parameters, float64>
    """
    params = {name: own.standard_normal() for name in ("w_h", "b_h", "w_y", "b_y")}
    return Problem(loss, params, {"x": of_data.standard_normal(), "t": of_data.uniform()})


FAMILY = Family(
    name="network-1-1-1",
    title="The smallest network, 1-1-1, with squared error",
    formula=r"\left(\sigma(w_y\, \sigma(w_h x + b_h) + b_y) - t\right)^2",
    domain="All real parameters; standard normal parameters and input, target in (0, 1).",
    hard="Nothing: the gradient can be derived by hand, and its four entries share their factors.",
    source="The article; after Rumelhart, Hinton and Williams, Nature 323 (1986) 533-536.",
    draw=draw,
    place=10,
)
