"""A backward pass with the commonest mistake in it: σ′ at the activation, not at what it reads.

The slope of a unit is σ′(z) = a (1 − a), a = σ(z). Who has a function for σ′ and gives it what was
stored, the activation, computes σ′(a). It is written out here for the networks of the catalogue.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.problem import Problem
from gradmethods.core.structure import Arrays
from gradmethods.problems import classifier, smallest_network
from gradmethods.problems.mlp import MultilayerPerceptron

Real = NDArray[Any]


def _sigmoid(z: Real) -> Real:
    return np.asarray(1 / (1 + np.exp(-z)))


VALUES: dict[str, Callable[[Real], Real]] = {
    "sigmoid": _sigmoid,
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
}
SLOPES: dict[str, Callable[[Real], Real]] = {
    "sigmoid": lambda z: _sigmoid(z) * (1 - _sigmoid(z)),
    "tanh": lambda z: 1 - np.tanh(z) ** 2,
    "relu": lambda z: (z > 0).astype(z.dtype),
}
"""Each takes z; the mistake is to give it the activation."""


def wrong_slopes(problem: Problem) -> Arrays | None:
    """Return the gradient with the slope of each hidden unit taken at its activation.

    Returns
    -------
    dict of str to numpy.ndarray, or None
        None if this is no network of the catalogue, or it has no hidden layer.
    """
    return network_gradient(problem, at_activation=True)


def network_gradient(problem: Problem, *, at_activation: bool) -> Arrays | None:
    """Differentiate a network of the catalogue by hand, rightly or with that mistake."""
    network = _network(problem)
    if network is None:
        return None
    weights, biases, X, t, activation, squared = network
    inputs, sums = [X], []
    for W, b in zip(weights, biases, strict=True):
        sums.append(inputs[-1] @ W.T + b)
        inputs.append(VALUES[activation](sums[-1]))
    y = _sigmoid(sums[-1])
    delta = (y - t) / t.size
    if squared:
        delta = 2 * delta * y * (1 - y)
    found: list[Real] = []
    for k in reversed(range(len(weights))):
        found += [delta.sum(axis=0), delta.T @ inputs[k]]
        if k:
            slope = SLOPES[activation](inputs[k] if at_activation else sums[k - 1])
            delta = delta @ weights[k] * slope
    shapes = problem.structure.shapes.items()
    return {
        name: array.reshape(shape).astype(problem.dtype)
        for (name, shape), array in zip(shapes, reversed(found), strict=True)
    }


def _network(problem: Problem) -> tuple[list[Real], list[Real], Real, Real, str, bool] | None:
    """Return weights and biases by layer, inputs, targets, activation, and whether L is squared."""
    loss, data = problem.loss, problem.data
    arrays = list(problem.structure.check(problem.params).values())
    if isinstance(loss, MultilayerPerceptron):
        kind, squared, t = loss.activation, loss.loss == "squared-error", data["t"]
    elif loss is classifier.loss:
        kind, squared, t = "sigmoid", False, data["t"][:, None]
    elif loss is smallest_network.loss:
        kind, squared, t = "sigmoid", True, data["t"].reshape(1, 1)
    else:
        return None
    X = data["X"] if "X" in data else data["x"].reshape(1, 1)
    if len(arrays) < 4:
        return None
    biases = [np.atleast_1d(b) for b in arrays[1::2]]
    weights = [np.reshape(W, (len(b), -1)) for W, b in zip(arrays[::2], biases, strict=True)]
    return weights, biases, X, t, kind, squared
