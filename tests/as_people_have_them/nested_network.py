"""A network with nested parameters: a list of layers, each a dict."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

import gradmethods as gm

rng = np.random.default_rng(0)
X, y = rng.standard_normal((25, 2)), rng.standard_normal((25, 1))
SIZES = (2, 6, 6, 1)


def forward(layers):
    seen = [X]
    for i, layer in enumerate(layers):
        z = seen[-1] @ layer["W"].T + layer["b"]
        seen.append(z if i == len(layers) - 1 else np.tanh(z))
    return seen


def loss(layers):
    return float(np.mean((forward(layers)[-1] - y) ** 2))


def gradient(layers):
    seen = forward(layers)
    error, found = 2 * (seen[-1] - y) / y.size, []
    for i in reversed(range(len(layers))):
        found.append({"W": error.T @ seen[i], "b": error.sum(axis=0)})
        error = error @ layers[i]["W"] * (1 - seen[i] ** 2)
    return found[::-1]


def wrong(layers):
    seen = forward(layers)
    error, found = 2 * (seen[-1] - y) / y.size, []
    for i in reversed(range(len(layers))):
        found.append({"W": error.T @ seen[i], "b": error.sum(axis=0)})
        error = error @ layers[i]["W"] * (1 - seen[i])  # a square is missing
    return found[::-1]


start = [
    {"W": 0.5 * rng.standard_normal((m, n)), "b": 0.1 * rng.standard_normal(m)}
    for n, m in pairwise(SIZES)
]
problem = gm.Problem(loss, start, black_box=True)
