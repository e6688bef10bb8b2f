"""Graphs to draw: of the catalogue, of a loss with constants and repeated uses, and random ones."""

from __future__ import annotations

import numpy as np

import gradmethods as gm

BAND = np.array([0.5, 0.25])


def loss_with_constants(params, x, t, *, xp=np):
    h = xp.concat([xp.maximum(x @ params["w1"] + params["b_1"], 0.0), x], axis=1)
    z = h @ params["layer_two"] * BAND
    z = z - xp.max(z, axis=1, keepdims=True)
    p = xp.exp(z) / xp.sum(xp.exp(z), axis=1, keepdims=True)
    w = params["w1"]
    return xp.sum(w * w) - xp.mean(xp.log(xp.where(t == 1, p[:, 1], p[:, 0])))


def with_constants():
    rng = np.random.default_rng(1)
    params = {
        "w1": rng.normal(size=(3, 4)),
        "b_1": rng.normal(size=4),
        "layer_two": rng.normal(size=(7, 2)),
    }
    data = {"x": rng.normal(size=(5, 3)), "t": np.array([0, 1, 1, 0, 1])}
    return gm.Problem(loss_with_constants, params, data, name="constants")


PROBLEMS = {name: gm.problems.get(name) for name in gm.problems.names()} | {
    "mlp-2-8-8-1": gm.problems.get("mlp", widths=(2, 8, 8, 1), batch=7),
    "constants": with_constants(),
}


def random_graph(seed, nodes):
    """Return sizes of boxes and edges between them, several from one box and twice the same."""
    rng = np.random.default_rng(seed)
    sizes = [tuple(map(float, rng.uniform((20, 10), (120, 40)))) for _ in range(nodes)]
    edges = []
    for head in range(1, nodes):
        near = max(0, head - 6) if rng.random() < 0.8 else 0
        edges += [(int(rng.integers(near, head)), head) for _ in range(rng.integers(0, 4))]
    return sizes, edges
