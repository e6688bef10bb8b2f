"""A recurrent network: one matrix, used at every step."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.problems.family import Family


def loss(params: Any, x: Any, t: Any, *, xp: Any = np) -> Any:
    """Return the mean squared error of outputs for the series `x` (T, inputs) against `t` (T,)."""
    state, total = xp.zeros_like(params["b"]), 0.0
    for step in range(x.shape[0]):
        state = xp.tanh(params["W"] @ state + params["U"] @ x[step] + params["b"])
        total = total + (params["v"] @ state - t[step]) ** 2
    return total / x.shape[0]


def gradient(params: Any, x: Any, t: Any) -> Any:
    """Return the gradient by hand: backpropagation through time."""
    states = [np.zeros_like(params["b"])]
    for row in x:
        states.append(np.tanh(params["W"] @ states[-1] + params["U"] @ row + params["b"]))
    found = {name: np.zeros_like(array) for name, array in params.items()}
    later = np.zeros_like(params["b"])
    for step in reversed(range(len(x))):
        state, error = states[step + 1], 2 * (params["v"] @ states[step + 1] - t[step]) / len(x)
        inner = (later + error * params["v"]) * (1 - state**2)
        found["v"] += error * state
        found["b"] += inner
        found["U"] += np.outer(inner, x[step])
        found["W"] += np.outer(inner, states[step])
        later = params["W"].T @ inner
    return found


def draw(own: Any, of_data: Any, *, units: int = 3, inputs: int = 2, steps: int = 6) -> Problem:
    """Draw weights of the usual scale, inputs and targets."""
    params = {
        "W": own.standard_normal((units, units)) / math.sqrt(units),
        "U": own.standard_normal((units, inputs)),
        "b": own.standard_normal(units),
        "v": own.standard_normal(units),
    }
    x, t = of_data.standard_normal((steps, inputs)), of_data.standard_normal(steps)
    return Problem(loss, params, {"x": x, "t": t})


FAMILY = Family(
    name="recurrent-network",
    title="Recurrent network",
    formula=(
        r"\frac{1}{T} \sum_{t=1}^{T} (v \cdot h_t - y_t)^2, \quad h_t = \tanh(W h_{t-1} + U x_t +"
        r" b)"
    ),
    domain="All real parameters; normal weights, inputs and targets.",
    hard="Products of one matrix over all steps: slopes vanish or explode with their number.",
    source="Elman, Cognitive Science 14 (1990) 179-211; Werbos, Proc. IEEE 78 (1990) 1550-1560.",
    draw=draw,
    gradient=gradient,
)
