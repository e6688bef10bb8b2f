"""Gradients that vanish or explode with depth, for several activations and initialisations.

Sources: X. Glorot and Y. Bengio, Understanding the difficulty of training deep feedforward neural
networks, AISTATS 2010 (Xavier); K. He, X. Zhang, S. Ren and J. Sun, Delving deep into rectifiers,
ICCV 2015 (He); B. Poole et al., NeurIPS 2016 (critical scale).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from gradmethods import problems
from gradmethods.core.problem import Problem
from gradmethods.core.structure import Arrays
from gradmethods.problems.mlp import ACTIVATIONS, scaled_weights
from gradmethods.providers import Backprop

if TYPE_CHECKING:
    import pandas as pd

WIDTH = 32
"""Units of each hidden layer, and standard normal inputs."""

BATCH = 50
DEPTHS = (1, 2, 4, 8, 16, 32)

SCALES: dict[str, Callable[[int, int], float]] = {
    "standard normal": lambda _, __: 1.0,
    "Xavier": lambda fan_in, fan_out: math.sqrt(2 / (fan_in + fan_out)),
    "He": lambda fan_in, _: math.sqrt(2 / fan_in),
}
"""Standard deviations of normal weights; biases are zero."""

INITIALISATIONS = (*SCALES, "critical")
"""The last is that of problem ``mlp``, which has biases."""


def initial_weights(
    widths: Sequence[int], activation: str, initialisation: str, rng: np.random.Generator
) -> Arrays:
    """Draw the weights of a multilayer perceptron.

    Parameters
    ----------
    widths : sequence of int
        Units per layer.
    activation : str
        Of the hidden layers; the critical scale depends on it.
    initialisation : str
        One of `INITIALISATIONS`.
    rng : numpy.random.Generator

    Returns
    -------
    dict of str to numpy.ndarray
        W1, b1, W2, b2, …, of the shapes of problem ``mlp``.
    """
    if initialisation == "critical":
        return scaled_weights(tuple(widths), activation, rng)
    arrays: Arrays = {}
    for k, (fan_in, fan_out) in enumerate(pairwise(widths), 1):
        scale = SCALES[initialisation](fan_in, fan_out)
        arrays[f"W{k}"] = scale * rng.standard_normal((fan_out, fan_in))
        arrays[f"b{k}"] = np.zeros(fan_out)
    return arrays


def gradient_norms(
    depths: Sequence[int] = DEPTHS,
    *,
    activations: Sequence[str] = tuple(ACTIVATIONS),
    seeds: Sequence[int] = range(10),
) -> pd.DataFrame:
    """Measure the gradient of each layer's weights in networks of several depths, at their start.

    Parameters
    ----------
    depths : sequence of int
        Numbers of hidden layers.
    activations : sequence of str
        Of the hidden layers.
    seeds : sequence of int
        Each draws weights and data.

    Returns
    -------
    pandas.DataFrame
        Columns: activation, initialisation, depth, seed, layer (1 is next to the input), norm (of
        ∂L/∂W of that layer, Frobenius).

    Examples
    --------
    >>> table = gradient_norms([8], activations=["sigmoid"], seeds=[0])
    >>> xavier = table[table["initialisation"] == "Xavier"].set_index("layer")["norm"]
    >>> bool(xavier[2] < 1e-3 * xavier[8])
    True
    """
    import pandas as pd

    rows = []
    for activation in activations:
        for depth in depths:
            widths = (WIDTH, *[WIDTH] * depth, 1)
            problem = _deep(widths, activation)
            prepared = Backprop().prepare(problem)
            for seed in seeds:
                X, t = (problems.get("mlp", widths=(WIDTH, 1), batch=BATCH, seed=seed).data[name]
                        for name in ("X", "t"))  # fmt: skip
                for initialisation in INITIALISATIONS:
                    rng = np.random.default_rng(seed)
                    weights = initial_weights(widths, activation, initialisation, rng)
                    gradient: Any = prepared(weights, X=X, t=t).gradient
                    rows += [
                        {
                            "activation": activation,
                            "initialisation": initialisation,
                            "depth": depth,
                            "seed": seed,
                            "layer": layer,
                            "norm": float(np.linalg.norm(gradient[f"W{layer}"])),
                        }
                        for layer in range(1, depth + 2)
                    ]
    return pd.DataFrame(rows)


def _deep(widths: tuple[int, ...], activation: str) -> Problem:
    return problems.get("mlp", widths=widths, activation=activation, batch=BATCH, loss="logits")
