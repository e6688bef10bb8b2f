"""A function full of `np.`: a Gaussian process's likelihood, by NumPy's linear algebra."""

from __future__ import annotations

import numpy as np

import gradmethods as gm

rng = np.random.default_rng(0)
x = np.sort(rng.uniform(0, 5, 15))
y = np.sin(x) + 0.1 * rng.standard_normal(15)
D = np.subtract.outer(x, x) ** 2


def kernel(p):
    return np.exp(p["height"] - 0.5 * D * np.exp(-2 * p["length"])) + np.diag(
        np.full(15, np.exp(p["noise"]))
    )


def loss(p):
    L = np.linalg.cholesky(kernel(p))
    a = np.linalg.solve(L, y)
    return 0.5 * np.dot(a, a) + np.log(np.diag(L)).sum()


def gradient(p):
    K = kernel(p)
    inverse = np.linalg.inv(K)
    a = inverse @ y
    W = 0.5 * (inverse - np.outer(a, a))
    smooth = K - np.diag(np.full(15, np.exp(p["noise"])))
    return {
        "height": np.sum(W * smooth),
        "length": np.sum(W * smooth * D) * np.exp(-2 * p["length"]),
        "noise": np.trace(W) * np.exp(p["noise"]),
    }


def wrong(p):
    return gradient(p) | {"noise": np.sum(np.diag(np.linalg.inv(kernel(p)))) * np.exp(p["noise"])}


problem = gm.Problem(loss, {"height": 0.2, "length": 0.1, "noise": -2.0}, black_box=True)
