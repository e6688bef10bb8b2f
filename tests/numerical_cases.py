"""A loss with parameters of every rank, its gradient by hand, and what tests of schemes share."""

from __future__ import annotations

from typing import Any

import numpy as np

import gradmethods as gm
from gradmethods.providers.numerical import Numerical

ORDERS = {"forward": 1, "backward": 1, "central": 2, "five-point": 4}


def prepare(scheme: str, problem: gm.Problem, **options: Any) -> Any:
    return Numerical(scheme, **options).prepare(problem)


def ask(scheme: str, loss: Any, x: Any, data: Any = None, **options: Any) -> tuple[Any, Any]:
    """Return the gradient at the point of the preparation, and what was prepared."""
    problem = gm.Problem(loss, np.asarray(x), data)
    prepared = prepare(scheme, problem, **options)
    return prepared(problem.params).gradient, prepared


def honest(scheme: str, loss: Any, x: Any, exact: Any, data: Any = None, **options: Any) -> Any:
    """Return the errors of a gradient, once they are within their estimates."""
    found, prepared = ask(scheme, loss, x, data, **options)
    errors = np.abs(found - exact)
    assert (errors <= prepared.error_estimate).all()
    return errors


def network(params, X, t, *, xp=np):
    h = xp.tanh(X @ params["W"] + params["b"])
    return xp.mean((h @ params["v"] - t) ** 2) + params["c"] ** 3


def draw(seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    params = {"W": rng.normal(size=(2, 3)), "b": rng.normal(size=3), "v": rng.normal(size=3)}
    params = {
        name: array.astype(dtype) for name, array in (params | {"c": rng.normal(size=())}).items()
    }
    return params, {"X": rng.normal(size=(7, 2)), "t": rng.normal(size=7)}


def by_hand(params, X, t):
    p = {name: np.asarray(array, float) for name, array in params.items()}
    h = np.tanh(X @ p["W"] + p["b"])
    residual = 2 * (h @ p["v"] - t) / len(t)
    dz = np.outer(residual, p["v"]) * (1 - h * h)
    return {"W": X.T @ dz, "b": dz.sum(0), "v": h.T @ residual, "c": 3 * p["c"] ** 2}


def error(gradient, expected):
    """Largest error relative to the largest entry of each array."""
    return max(
        np.abs(gradient[name] - array).max() / np.abs(array).max()
        for name, array in expected.items()
    )
