"""The article's classifier: a 2-3-1 network of sigmoids on points of the plane, in two classes.

L = −(1/N) Σ [t log y + (1 − t) log(1 − y)], y = σ(h W2 + b2), h = σ(X W1ᵀ + b1), for all real
parameters. Hard to train rather than to differentiate: no straight line separates the classes.
Three problems differ in their data only: the article's *island* and *xor*, and *moons*.

Source: the article that the project implements; XOR after D. E. Rumelhart, G. E. Hinton and
R. J. Williams, Learning internal representations by error propagation (1986).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.problems import datasets
from gradmethods.problems.family import Family
from gradmethods.problems.shared_formulas import cross_entropy, sigmoid


def loss(params: Any, X: Any, t: Any, *, xp: Any = np) -> Any:
    """Return the cross entropy of the probabilities of class 1 at the points `X` against `t`."""
    y = probability(params, X, xp=xp)
    return cross_entropy(y, t, xp)


def probability(params: Any, X: Any, *, xp: Any = np) -> Any:
    """Return the probability of class 1 at the points `X`, one a row."""
    Z_h = X @ params["W1"].T + params["b1"]
    h = sigmoid(Z_h, xp)
    z_y = h @ params["W2"] + params["b2"]
    return sigmoid(z_y, xp)


Draw = Callable[..., Problem]


def drawn(points: Callable[..., datasets.Points], deviation: float) -> Draw:
    """Draw the 2-3-1 network before training, on points of the plane.

    The weights W1 (3, 2) and W2 (3,) are standard normal, and the same for every batch; b1 (3,) and
    b2 () are 0. The points and classes, X (batch, 2) and t (batch,), are its examples.

    Examples
    --------
    >>> from gradmethods import problems
    >>> problems.get("island", batch=50)
    <Problem 'island': 13 parameters, float64>
    """

    def draw(own: Any, of_data: Any, *, batch: int = 200, noise: float = deviation) -> Problem:
        X, t = points(batch, noise, of_data)
        params = {
            "W1": own.standard_normal((3, 2)),
            "b1": np.zeros(3),
            "W2": own.standard_normal(3),
            "b2": np.zeros(()),
        }
        return Problem(loss, params, {"X": X, "t": t}, examples=("X", "t"))

    return draw


def _family(name: str, title: str, hard: str, draw: Draw) -> Family:
    return Family(
        name=name,
        title=title,
        formula=(
            r"-\frac{1}{N} \sum_{i=1}^{N} \left[t_i \log y_i + (1 - t_i) \log(1 - y_i)\right],"
            r" \quad y = \sigma(\sigma(X W_1^\top + b_1)\, W_2 + b_2)"
        ),
        domain="All real parameters; standard normal weights, biases zero, classes 0 and 1.",
        hard=hard,
        source="The article; XOR after Rumelhart, Hinton and Williams (1986).",
        draw=draw,
        small={"batch": 20},
        place=20,
    )


ISLAND = _family(
    "island",
    "2-3-1 classifier, an island of class 1 in a ring of class 0",
    "No straight line separates the classes: three hidden units must close a triangle round the "
    "island. The cross entropy is infinite once a wrong probability rounds to 0 or 1.",
    drawn(datasets.island, 0.6),
)
XOR = _family(
    "xor",
    "2-3-1 classifier, opposite corners of a square in the same class",
    "No straight line separates the classes, and descent may rest on a plateau where two corners "
    "are told apart. The cross entropy is infinite once a wrong probability rounds to 0 or 1.",
    drawn(datasets.xor, 0.8),
)
MOONS = _family(
    "moons",
    "2-3-1 classifier, two half circles that reach into each other",
    "No straight line separates the classes, but one comes near: descent finds that line early and "
    "may stay with it. The cross entropy is infinite once a wrong probability rounds to 0 or 1.",
    drawn(datasets.moons, 0.4),
)
