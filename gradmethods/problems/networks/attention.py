"""A block of a transformer: layer norm, attention, layer norm and a layer of units, each added."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.problems.family import Family


def normal(x: Any, scale: Any, *, xp: Any) -> Any:
    """Give every row of `x` mean 0 and variance 1, times `scale`."""
    apart = x - xp.mean(x, axis=-1, keepdims=True)
    return scale * apart / xp.sqrt(xp.mean(apart**2, axis=-1, keepdims=True) + 1e-5)


def loss(params: Any, x: Any, t: Any, *, xp: Any = np) -> Any:
    """Return the mean squared error of the block's output for tokens `x` (T, d)."""
    inside = normal(x, params["scale_1"], xp=xp)
    query, key, value = (inside @ params[name] for name in ("Q", "K", "V"))
    scores = query @ key.T / math.sqrt(x.shape[1])
    weights = xp.exp(scores - xp.max(scores, axis=1, keepdims=True))
    mixed = weights @ value / xp.sum(weights, axis=1, keepdims=True)
    x = x + mixed
    hidden = xp.tanh(normal(x, params["scale_2"], xp=xp) @ params["W1"])
    return xp.mean((x + hidden @ params["W2"] - t) ** 2)


def draw(own: Any, of_data: Any, *, tokens: int = 4, width: int = 3, hidden: int = 4) -> Problem:
    """Draw weights of the usual scale, tokens and targets."""

    def weights(rows: int, columns: int) -> Any:
        return own.standard_normal((rows, columns)) / math.sqrt(rows)

    params = {name: weights(width, width) for name in ("Q", "K", "V")}
    params |= {"W1": weights(width, hidden), "W2": weights(hidden, width)}
    params |= {f"scale_{k}": own.uniform(0.5, 1.5, width) for k in (1, 2)}
    x, t = of_data.standard_normal((2, tokens, width))
    return Problem(loss, params, {"x": x, "t": t})


FAMILY = Family(
    name="attention",
    title="Attention block with layer norm",
    formula=(
        r"\frac{1}{T d} \lVert y + \tanh(\nu(y) W_1) W_2 - t \rVert^2, \quad y = x +"
        r" \text{softmax}\left(\frac{q k^\top}{\sqrt{d}}\right) v"
    ),
    domain="All real parameters; normal tokens and weights.",
    hard="Softmax and layer norm both take out a mean: most of their derivatives cancels.",
    source="Vaswani et al., Attention is all you need (2017); Ba, Kiros and Hinton (2016).",
    draw=draw,
    small={"tokens": 3, "width": 2, "hidden": 2},
)
