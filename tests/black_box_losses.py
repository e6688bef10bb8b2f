"""Losses as people have them, over plain NumPy, each with a gradient: see the study.

Seventeen do not know of `xp`: functions of parameters and data with a start from which a minimum is
reached, whose gradients come from formulas and owe nothing to the package. The others are problems
of the catalogue, of which nothing but values is shown; their gradients are those of backprop, which
other tests hold against certified ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

import gradmethods as gm
from gradmethods import problems

Params = dict[str, Any]


@dataclass(frozen=True)
class Known:
    """A loss with its gradient, and where to begin."""

    name: str
    loss: Callable[[Params], float]
    gradient: Callable[[Params], Params]
    start: Params


def _rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def quadratic() -> Known:
    M = _rng(1).standard_normal((6, 6))
    A, c = M @ M.T + np.eye(6), _rng(2).standard_normal(6)
    return Known(
        "quadratic",
        lambda p: 0.5 * (p["w"] - c) @ A @ (p["w"] - c) + 3,
        lambda p: {"w": A @ (p["w"] - c)},
        {"w": np.linspace(-1, 2, 6)},
    )


def rosenbrock() -> Known:
    def gradient(p):
        x = p["x"]
        g = np.zeros_like(x)
        g[:-1] = -400 * x[:-1] * (x[1:] - x[:-1] ** 2) - 2 * (1 - x[:-1])
        g[1:] += 200 * (x[1:] - x[:-1] ** 2)
        return {"x": g}

    def loss(p):
        x = p["x"]
        return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    return Known("rosenbrock", loss, gradient, {"x": np.linspace(0.6, 1.3, 5)})


def logistic() -> Known:
    X = _rng(3).standard_normal((40, 3))
    t = (X @ [1.0, -0.5, 0.2] + 0.5 * _rng(4).standard_normal(40) > 0).astype(float)

    def loss(p):
        z = X @ p["w"] + p["b"]
        return np.mean(np.logaddexp(0, z) - t * z) + 0.05 * p["w"] @ p["w"]

    def gradient(p):
        r = (1 / (1 + np.exp(-(X @ p["w"] + p["b"]))) - t) / 40
        return {"w": X.T @ r + 0.1 * p["w"], "b": r.sum()}

    return Known("logistic", loss, gradient, {"w": np.array([0.3, 0.4, -0.2]), "b": 0.1})


def polynomial() -> Known:
    x = np.linspace(-1, 1, 25)
    V, y = np.vander(x, 5), np.sin(3 * x)

    def gradient(p):
        return {"c": 2 * V.T @ (V @ p["c"] - y)}

    start = {"c": np.array([0.4, -1.1, 0.3, 1.7, 0.2])}
    return Known("polynomial", lambda p: np.sum((V @ p["c"] - y) ** 2) + 1, gradient, start)


def cosh() -> Known:
    c = _rng(5).standard_normal(8)
    return Known(
        "cosh",
        lambda p: np.sum(np.cosh(p["w"] - c)),
        lambda p: {"w": np.sinh(p["w"] - c)},
        {"w": c + np.linspace(-1, 1.3, 8)},
    )


def softmax() -> Known:
    X, labels = _rng(6).standard_normal((30, 4)), _rng(7).integers(0, 3, 30)
    rows = np.arange(30)

    def _probabilities(p):
        z = X @ p["W"].T + p["b"]
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def loss(p):
        penalty = 0.1 * np.sum(p["W"] ** 2) + 0.1 * np.sum(p["b"] ** 2)
        return -np.mean(np.log(_probabilities(p)[rows, labels])) + penalty

    def gradient(p):
        r = _probabilities(p)
        r[rows, labels] -= 1
        return {"W": r.T @ X / 30 + 0.2 * p["W"], "b": r.mean(axis=0) + 0.2 * p["b"]}

    return Known("softmax", loss, gradient, {"W": 0.5 * _rng(8).standard_normal((3, 4)),
                                             "b": np.array([0.1, -0.2, 0.3])})  # fmt: skip


def network() -> Known:
    X = _rng(9).standard_normal((20, 2))
    y = np.sin(X[:, 0]) * X[:, 1]

    def loss(p):
        h = np.tanh(X @ p["W"].T + p["b"])
        return np.mean((h @ p["v"] - y) ** 2) + 0.05 * sum(np.sum(a**2) for a in p.values())

    def gradient(p):
        h = np.tanh(X @ p["W"].T + p["b"])
        r = 2 * (h @ p["v"] - y) / 20
        s = np.outer(r, p["v"]) * (1 - h**2)
        return {"W": s.T @ X + 0.1 * p["W"], "b": s.sum(axis=0) + 0.1 * p["b"],
                "v": h.T @ r + 0.1 * p["v"]}  # fmt: skip

    rng = _rng(10)
    start = {"W": rng.standard_normal((4, 2)), "b": rng.standard_normal(4),
             "v": rng.standard_normal(4)}  # fmt: skip
    return Known("network", loss, gradient, start)


def likelihood() -> Known:
    x = 1.7 + 0.6 * _rng(11).standard_normal(50)

    def loss(p):
        return 50 * p["s"] + np.sum((x - p["m"]) ** 2) * np.exp(-2 * p["s"]) / 2

    def gradient(p):
        inverse = np.exp(-2 * p["s"])
        squares = np.sum((x - p["m"]) ** 2)
        return {"m": np.sum(p["m"] - x) * inverse, "s": 50 - squares * inverse}

    return Known("likelihood", loss, gradient, {"m": 1.2, "s": 0.1})


def robust() -> Known:
    X = _rng(12).standard_normal((30, 4))
    y = X @ [1.0, 2.0, -1.0, 0.5] + _rng(13).standard_t(2, 30)

    def gradient(p):
        r = X @ p["w"] - y
        return {"w": X.T @ (r / np.sqrt(1 + r**2))}

    def loss(p):
        return np.sum(np.sqrt(1 + (X @ p["w"] - y) ** 2) - 1)

    return Known("robust", loss, gradient, {"w": np.array([0.2, 1.4, -0.3, 0.9])})


def oscillator() -> Known:
    steps, h = 40, 0.1
    seen = np.exp(-0.15 * h * np.arange(steps)) * np.cos(1.3 * h * np.arange(steps))

    def _path(p):
        """Step position and velocity by leapfrog, with their slopes by stiffness and damping."""
        k, c = p["k"], p["c"]
        x, v, dx, dv = 1.0, 0.0, np.zeros(2), np.zeros(2)
        places, slopes = [], []
        for _ in range(steps):
            places.append(x)
            slopes.append(dx)
            # What acts on the velocity is taken before either moves.
            a, da = -k * x - c * v, -k * dx - c * dv - np.array([x, v])
            v, dv = v + h * a, dv + h * da
            x, dx = x + h * v, dx + h * dv
        return np.array(places), np.array(slopes)

    def gradient(p):
        x, slopes = _path(p)
        k, c = 2 * (x - seen) @ slopes
        return {"k": k, "c": c}

    def loss(p):
        return np.sum((_path(p)[0] - seen) ** 2)

    return Known("oscillator", loss, gradient, {"k": 1.9, "c": 0.2})


def heavy() -> Known:
    x = 0.8 + _rng(14).standard_t(3, 40)

    def gradient(p):
        r = p["m"] - x
        return {"m": np.sum(4 * r / (3 + r**2))}

    return Known("heavy tails", lambda p: np.sum(2 * np.log1p((x - p["m"]) ** 2 / 3)), gradient,
                 {"m": 0.1})  # fmt: skip


def decay() -> Known:
    t = np.linspace(0, 3, 30)
    y = 2.3 * np.exp(-1.1 * t) + 0.05 * _rng(15).standard_normal(30)

    def gradient(p):
        e = np.exp(-p["k"] * t)
        r = 2 * (p["a"] * e - y)
        return {"a": r @ e, "k": -p["a"] * (r @ (t * e))}

    return Known("decay", lambda p: np.sum((p["a"] * np.exp(-p["k"] * t) - y) ** 2), gradient,
                 {"a": 1.8, "k": 0.8})  # fmt: skip


def long_softmax() -> Known:
    c = _rng(16).standard_normal(200)

    def gradient(p):
        e = np.exp(p["w"] - p["w"].max())
        return {"w": e / e.sum() + (p["w"] - c)}

    def loss(p):
        top = p["w"].max()
        return top + np.log(np.exp(p["w"] - top).sum()) + 0.5 * np.sum((p["w"] - c) ** 2)

    start = {"w": c + 0.7 * _rng(17).standard_normal(200)}
    return Known("log-sum-exp, n = 200", loss, gradient, start)


def waves() -> Known:
    c = _rng(18).standard_normal(1000)
    return Known(
        "waves, n = 1000",
        lambda p: np.sum(1 - np.cos(p["w"] - c)),
        lambda p: {"w": np.sin(p["w"] - c)},
        {"w": c + 0.8 * _rng(19).uniform(-1, 1, 1000)},
    )


def poisson() -> Known:
    X = _rng(20).standard_normal((40, 3))
    counts = _rng(21).poisson(np.exp(X @ [0.5, -0.3, 0.2] + 0.4))

    def loss(p):
        z = X @ p["w"] + p["b"]
        return np.sum(np.exp(z) - counts * z)

    def gradient(p):
        r = np.exp(X @ p["w"] + p["b"]) - counts
        return {"w": X.T @ r, "b": r.sum()}

    return Known("poisson", loss, gradient, {"w": np.array([0.1, 0.2, -0.4]), "b": 0.1})


def anchors() -> Known:
    places = _rng(22).standard_normal((7, 2))

    def gradient(p):
        d = p["x"] - places
        return {"x": (d / np.sqrt(np.sum(d**2, axis=1) + 0.01)[:, None]).sum(axis=0)}

    def loss(p):
        return np.sum(np.sqrt(np.sum((p["x"] - places) ** 2, axis=1) + 0.01))

    return Known("anchors", loss, gradient, {"x": np.array([1.4, -0.9])})


def factors() -> Known:
    M = _rng(23).standard_normal((4, 3))

    def loss(p):
        penalty = 0.1 * (np.sum(p["U"] ** 2) + np.sum(p["V"] ** 2))
        return np.sum((p["U"] @ p["V"].T - M) ** 2) + penalty

    def gradient(p):
        R = 2 * (p["U"] @ p["V"].T - M)
        return {"U": R @ p["V"] + 0.2 * p["U"], "V": R.T @ p["U"] + 0.2 * p["V"]}

    rng = _rng(24)
    start = {"U": rng.standard_normal((4, 2)), "V": rng.standard_normal((3, 2))}
    return Known("factors", loss, gradient, start)


BY_HAND = (
    quadratic, rosenbrock, logistic, polynomial, cosh, softmax, network, likelihood, robust,
    oscillator, heavy, decay, long_softmax, waves, poisson, anchors, factors,
)  # fmt: skip

FROM_CATALOGUE = (
    "bundle-adjustment", "k-means", "least-squares", "lstm", "polynomial-fit", "beale",
    "biggs-exp6", "box-3d", "brown-badly-scaled", "brown-dennis", "chebyquad", "extended-powell",
    "extended-rosenbrock", "gaussian-bell", "gulf", "helical-valley", "penalty-1", "penalty-2",
    "powell-badly-scaled", "trigonometric", "variably-dimensioned", "watson", "wood", "arwhead",
    "cragglvy", "dixmaan", "fminsrf", "genhumps", "morebv",
    "eight-schools", "garch", "poisson-regression", "softmax-regression",
)  # fmt: skip
"""Problems of the catalogue with a minimum and few parameters."""


def of_catalogue(name: str) -> Known:
    """Show of a problem nothing but values."""
    (problem,) = problems.at_test_size([name])
    structure = problem.structure
    prepared = gm.Backprop().prepare(problem)
    names = {name or "x": name for name in structure.check(problem.params)}

    def restored(p):
        arrays = {name: np.asarray(p[shown], float) for shown, name in names.items()}
        return structure.restore(arrays)

    def gradient(p):
        arrays = structure.check(prepared(restored(p)).gradient)
        return {shown: np.array(arrays[name]) for shown, name in names.items()}

    def loss(p):
        return float(problem.loss(restored(p), **problem.data, xp=np))

    start = structure.check(problem.params)
    start = {shown: np.array(start[name]) for shown, name in names.items()}
    return Known(problem.name, loss, gradient, start)


EVERY = BY_HAND + tuple(partial(of_catalogue, name) for name in FROM_CATALOGUE)
"""Fifty losses."""


def flat(params: Params) -> Any:
    """Lay arrays end to end."""
    return np.concatenate([np.ravel(x) for x in params.values()])


def like(params: Params, vector: Any) -> Params:
    """Cut a vector into arrays like others."""
    found, first = {}, 0
    for name, x in params.items():
        size = np.size(x)
        found[name] = vector[first : first + size].reshape(np.shape(x))
        first += size
    return found


def minimum(known: Known, steps: int = 400) -> Params:
    """Descend from the start by the gradient by hand (BFGS with backtracking, then Newton)."""
    x = flat(known.start).astype(float)

    def value(x: Any) -> float:
        with np.errstate(over="ignore"):  # a trial that is too long is infinite, and is halved
            return float(known.loss(like(known.start, x)))

    def slope(x: Any) -> Any:
        return flat(known.gradient(like(known.start, x)))

    H, g = np.eye(x.size), slope(x)
    for _ in range(steps):
        d, t = -H @ g, 1.0
        while value(x + t * d) > value(x) + 1e-4 * t * (g @ d) and t > 1e-12:
            t /= 2
        s = t * d
        y = slope(x + s) - g
        x, g = x + s, g + y
        if np.linalg.norm(g) < 1e-13 * (1 + np.linalg.norm(x)) or not s.any():
            break
        if s @ y > 0:
            left = np.eye(x.size) - np.outer(s, y) / (s @ y)
            H = left @ H @ left.T + np.outer(s, s) / (s @ y)
    return like(known.start, x)
