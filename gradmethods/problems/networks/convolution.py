"""A small convolutional network: two layers of 3 × 3 kernels, means of squares, linear scores."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.problems.family import Family
from gradmethods.problems.shared_formulas import softmax_loss


def convolved(images: Any, kernels: Any) -> Any:
    """Correlate `images` (N, in, h, w) with `kernels` (out, in, 3, 3), without a border."""
    rows, columns = images.shape[2] - 2, images.shape[3] - 2
    total = 0.0
    for i in range(3):
        for j in range(3):
            part = images[:, None, :, i : i + rows, j : j + columns]
            total = total + (part * kernels[None, :, :, i, j, None, None]).sum(axis=2)
    return total


def loss(params: Any, x: Any, t: Any, *, xp: Any = np) -> Any:
    """Return the mean cross entropy of images `x` (N, 1, h, w) against classes `t` (N, 2)."""
    h = xp.tanh(convolved(x, params["K1"]))
    h = xp.tanh(convolved(h, params["K2"]))
    return softmax_loss(xp.mean(h, axis=(2, 3)) @ params["W"], t, xp)


def draw(own: Any, of_data: Any, *, side: int = 6, channels: int = 2, batch: int = 3) -> Problem:
    """Draw kernels of the usual scale, images and classes; images are 4 wider than `side` - 4."""
    params = {
        "K1": own.standard_normal((channels, 1, 3, 3)) / 3,
        "K2": own.standard_normal((channels, channels, 3, 3)) / (3 * math.sqrt(channels)),
        "W": own.standard_normal((channels, 2)),
    }
    x = of_data.standard_normal((batch, 1, side, side))
    t = np.eye(2)[of_data.integers(2, size=batch)]
    return Problem(loss, params, {"x": x, "t": t}, examples=("x", "t"))


FAMILY = Family(
    name="convolution",
    title="Small convolutional network",
    formula=r"\text{cross entropy of } \overline{\tanh(K_2 * \tanh(K_1 * x))}\, W",
    domain="All real parameters; normal images, at least 5 wide.",
    hard="Every weight is used at every place: many paths end in one entry.",
    source="LeCun et al., Neural Computation 1 (1989) 541-551.",
    draw=draw,
    small={"side": 5, "batch": 2},
)
