"""Likelihoods and models with matrices, as users write them, behind test_likelihoods.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import gradmethods as gm


def gaussian(p, X, *, xp=np):
    """The negative log-likelihood of a normal distribution, by the Cholesky factor."""
    n, d = X.shape
    A = xp.tril(p["A"], k=-1) + xp.exp(p["log_diagonal"]) * xp.eye(d)
    C = xp.linalg.cholesky(A @ A.T)
    z = xp.linalg.solve(C, (X - p["mu"]).T)
    return 0.5 * xp.sum(z * z) + n * xp.sum(xp.log(xp.linalg.diagonal(C)))


def gaussian_process(p, X, y, *, xp=np):
    """The negative log marginal likelihood, with a length scale for each feature."""
    d = (X[:, None, :] - X[None, :, :]) * xp.exp(-p["scales"])
    K = xp.exp(p["variance"] - 0.5 * xp.sum(d * d, axis=-1))
    L = xp.linalg.cholesky(K + xp.exp(p["noise"]) * xp.eye(X.shape[0]))
    a = xp.linalg.solve(L.T, xp.linalg.solve(L, y))
    return 0.5 * (y @ a) + xp.sum(xp.log(xp.linalg.diagonal(L)))


def kalman_filter(p, y, *, xp=np):
    """The negative log-likelihood of a local linear trend, by its innovations."""
    F, H = xp.asarray([[1.0, 1.0], [0.0, 1.0]]), xp.asarray([[1.0, 0.0]])
    Q, R = xp.exp(p["q"])[:, None] * xp.eye(2), xp.exp(p["r"]) * xp.eye(1)
    m, P, total = p["m"], 2.0 * xp.eye(2), 0.0
    for t in range(y.shape[0]):
        m, P = F @ m, F @ P @ F.T + Q
        S, e = H @ P @ H.T + R, y[t] - H @ m
        total = total + xp.linalg.slogdet(S).logabsdet + e @ xp.linalg.solve(S, e)
        gain = P @ H.T @ xp.linalg.inv(S)
        m, P = m + gain @ e, (xp.eye(2) - gain @ H) @ P
    return 0.5 * total


def principal_components(w, X, *, xp=np):
    """What two principal components leave of weighted data, and the variance that they have."""
    Y = X * xp.exp(w)
    values, V = xp.linalg.eigh(Y.T @ Y / X.shape[0])
    onto = V[:, -2:] @ V[:, -2:].T
    return xp.sum((Y - Y @ onto) ** 2) + xp.sum(xp.log(values[-2:]))


def canonical_correlation(p, X, Y, *, xp=np):
    """The sum of the canonical correlations of two views, by singular values."""
    A, B = xp.tanh(X @ p["A"]), xp.tanh(Y @ p["B"])
    A, B = A - xp.mean(A, axis=0), B - xp.mean(B, axis=0)
    first = xp.linalg.cholesky(A.T @ A + 0.1 * xp.eye(2))
    second = xp.linalg.cholesky(B.T @ B + 0.1 * xp.eye(2))
    T = xp.linalg.solve(second, xp.linalg.solve(first, A.T @ B).T).T
    return -xp.sum(xp.linalg.svdvals(T))


def smoothing_spline(p, x, t, *, xp=np):
    """Generalised cross-validation of a penalised spline with knots that are parameters."""
    hinges = xp.maximum(x[:, None] - p["knots"], 0.0) ** 3
    B = xp.concat([xp.ones((x.shape[0], 1)), x[:, None], hinges], axis=1)
    G = B.T @ B + xp.exp(p["penalty"]) * xp.eye(B.shape[1])
    H = B @ xp.linalg.solve(G, B.T)
    r = t - H @ t
    return x.shape[0] * xp.sum(r * r) / (x.shape[0] - xp.linalg.trace(H)) ** 2


def _problems() -> dict[str, gm.Problem]:
    rng = np.random.default_rng(3)
    normal: Callable[..., Any] = lambda *shape: rng.normal(size=shape)  # noqa: E731  # short
    x = np.sort(rng.uniform(0, 1, 8))
    made: list[tuple[Callable[..., Any], Any, dict[str, Any]]] = [
        (
            gaussian,
            {"A": normal(3, 3), "log_diagonal": 0.3 * normal(3), "mu": normal(3)},
            {"X": normal(6, 3)},
        ),
        (
            gaussian_process,
            {"variance": np.array(0.3), "scales": 0.3 * normal(3), "noise": np.array(-2.0)},
            {"X": normal(6, 3), "y": normal(6)},
        ),
        (
            kalman_filter,
            {"q": np.array([-1.0, -2.0]), "r": np.array(-0.5), "m": normal(2)},
            {"y": normal(5, 1)},
        ),
        (
            principal_components,
            0.3 * normal(6, 4),
            {"X": normal(6, 4) * np.array([3.0, 2.0, 1.0, 0.5])},
        ),
        (
            canonical_correlation,
            {"A": normal(3, 2), "B": normal(3, 2)},
            {"X": normal(8, 3), "Y": normal(8, 3)},
        ),
        (
            smoothing_spline,
            {"knots": np.array([0.23, 0.61]), "penalty": np.array(-3.0)},
            {"x": x, "t": np.sin(5 * x) + 0.1 * normal(8)},
        ),
    ]
    return {
        loss.__name__: gm.Problem(loss, params, data, name=loss.__name__)
        for loss, params, data in made
    }


PROBLEMS = _problems()
