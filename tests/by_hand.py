"""Gradients of the catalogue's problems, derived by hand, and how gradients are compared with them.

They share nothing with any provider: agreement between methods cannot reveal a wrong rule that they
have in common.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

EXACT = 1e-12
"""The error allowed ÷ norm: a thousand roundings of 1.1e-16 in a row, and cancellation by ten."""


def sigma(z):
    return 1 / (1 + np.exp(-z))


def smallest_by_hand(params, x, t):
    h = sigma(params["w_h"] * x + params["b_h"])
    y = sigma(params["w_y"] * h + params["b_y"])
    to_z_y = 2 * (y - t) * y * (1 - y)
    to_z_h = to_z_y * params["w_y"] * h * (1 - h)
    return {"w_h": to_z_h * x, "b_h": to_z_h, "w_y": to_z_y * h, "b_y": to_z_y}


def classifier_by_hand(params, X, t):
    h = sigma(X @ params["W1"].T + params["b1"])
    to_z2 = (sigma(h @ params["W2"] + params["b2"]) - t) / len(t)
    to_z1 = np.outer(to_z2, params["W2"]) * h * (1 - h)
    return {"W1": to_z1.T @ X, "b1": to_z1.sum(axis=0), "W2": h.T @ to_z2, "b2": to_z2.sum()}


VALUES: dict[str, Any] = {"sigmoid": sigma, "tanh": np.tanh, "relu": lambda z: z * (z > 0)}
# Written with the values h that the activations take.
SLOPES: dict[str, Any] = {
    "sigmoid": lambda h: h * (1 - h),
    "tanh": lambda h: 1 - h**2,
    "relu": lambda h: (h > 0) * 1.0,
}


def mlp_by_hand(activation: str, loss: str) -> Any:
    def gradient(params, X, t):
        values, layers = [X], len(params) // 2
        for k in range(1, layers):
            z = values[-1] @ params[f"W{k}"].T + params[f"b{k}"]
            values.append(VALUES[activation](z))
        y = sigma(values[-1] @ params[f"W{layers}"].T + params[f"b{layers}"])
        delta = (y - t) / t.size
        if loss == "squared-error":
            delta = 2 * delta * y * (1 - y)
        gradients: dict[str, Any] = {}
        for k in range(layers, 0, -1):
            gradients |= {f"W{k}": delta.T @ values[k - 1], f"b{k}": delta.sum(axis=0)}
            delta = delta @ params[f"W{k}"] * SLOPES[activation](values[k - 1])
        return {name: gradients[name] for name in params}

    return gradient


def logistic_by_hand(params, X, t, penalty):
    residual = (sigma(X @ params["w"] + params["b"]) - t) / len(t)
    return {"w": residual @ X + penalty * params["w"], "b": residual.sum()}


def rosenbrock_by_hand(x):
    bend = x[1:] - x[:-1] ** 2
    gradient = np.zeros_like(x)
    gradient[1:] += 200 * bend
    gradient[:-1] += -400 * x[:-1] * bend - 2 * (1 - x[:-1])
    return gradient


def helmholtz_by_hand(x, A, b, RT):
    plus, minus = 1 + math.sqrt(2), 1 - math.sqrt(2)
    s, Ax = b @ x, A @ x
    ideal = np.log(x / (1 - s)) + 1 + x.sum() * b / (1 - s)
    scale, log_ratio = x @ Ax / (math.sqrt(8) * s), np.log((1 + plus * s) / (1 + minus * s))
    # d log_ratio / ds, the fractions brought together: plus − minus = √8, plus · minus = −1.
    slope = math.sqrt(8) / (1 + 2 * s - s**2)
    to_scale = 2 * Ax / (math.sqrt(8) * s) - scale / s * b
    return RT * ideal - to_scale * log_ratio - scale * slope * b


def log_sum_exp_by_hand(x):
    weights = np.exp(x - x.max())
    return weights / weights.sum()


CASES: dict[str, tuple[str, dict[str, Any], Any]] = {
    "smallest": ("network-1-1-1", {}, smallest_by_hand),
    "island": ("island", {}, classifier_by_hand),
    "xor": ("xor", {"batch": 37, "seed": 4}, classifier_by_hand),
    "logistic": ("logistic-regression", {}, logistic_by_hand),
    "logistic-9": ("logistic-regression", {"features": 9, "penalty": 3.7}, logistic_by_hand),
    "rosenbrock": ("rosenbrock", {}, rosenbrock_by_hand),
    "rosenbrock-2": ("rosenbrock", {"n": 2}, rosenbrock_by_hand),
    "helmholtz": ("helmholtz", {}, helmholtz_by_hand),
    "helmholtz-40": ("helmholtz", {"n": 40, "seed": 2}, helmholtz_by_hand),
    "log-sum-exp": ("log-sum-exp", {}, log_sum_exp_by_hand),
    "log-sum-exp-100": ("log-sum-exp", {"n": 100, "spread": 5.0}, log_sum_exp_by_hand),
    "mlp": ("mlp", {}, mlp_by_hand("sigmoid", "cross-entropy")),
    "mlp-one-layer": (
        "mlp",
        {"widths": (4, 3), "loss": "logits"},
        mlp_by_hand("sigmoid", "logits"),
    ),
}
CASES |= {
    f"mlp-{activation}-{loss}": (
        "mlp",
        {"widths": (3, 7, 5, 4, 2), "batch": 11, "activation": activation, "loss": loss, "seed": 1},
        mlp_by_hand(activation, loss),
    )
    for activation in ("sigmoid", "tanh", "relu")
    for loss in ("cross-entropy", "logits", "squared-error")
}


def as_dict(gradient):
    return gradient if isinstance(gradient, dict) else {"": gradient}


def assert_equal(gradient, expected, tolerance):
    """Compare array by array, relative to each array's norm; NaN fails."""
    given, wanted = as_dict(gradient), as_dict(expected)
    assert list(given) == list(wanted)
    for name, array in wanted.items():
        assert np.shape(given[name]) == np.shape(array)
        error = np.linalg.norm(np.ravel(given[name] - array))
        assert error <= tolerance * np.linalg.norm(np.ravel(array)), name
