"""Plateaus, jumps and noise: where slopes are 0, or say nothing about where the loss goes."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.problems.family import Family

DECIMALS = 1e6
"""The staircase has six decimals."""
AMPLITUDE, FREQUENCY = 1e-8, 1e9
"""The size of the noise: too small to be seen in the loss, with a slope of up to 10."""


def tariff(x: Any, *, xp: Any = np) -> Any:
    """Add a charge for every whole unit to a smooth cost."""
    return xp.sum(x**2 + xp.floor(x))


def rounded(x: Any, *, xp: Any = np) -> Any:
    """Round a smooth loss to six decimals."""
    return xp.round(xp.sum(xp.sin(x)) * DECIMALS) / DECIMALS


def dead(params: Any, X: Any, t: Any, *, xp: Any = np) -> Any:
    """Square the error of a network with one hidden layer of ReLUs."""
    h = xp.maximum(X @ params["W"] + params["b"], 0.0)
    return xp.mean((h @ params["v"] + params["c"] - t) ** 2)


def noisy(x: Any, *, xp: Any = np) -> Any:
    """Add a fast wave to a parabola."""
    return xp.sum(x**2 + AMPLITUDE * xp.sin(FREQUENCY * x))


def valley(x: Any, *, xp: Any = np) -> Any:
    """Evaluate Rosenbrock's function of two variables."""
    return 100.0 * (x[1] - x[0] ** 2) ** 2 + (1.0 - x[0]) ** 2


def jump_nearby() -> Problem:
    """Put one entry just above a jump."""
    return Problem(tariff, np.array([1.0 + 1e-9, 2.7]), name="jump-nearby")


def staircase() -> Problem:
    """Report a loss with six decimals."""
    return Problem(rounded, np.array([0.3, 1.1]), name="staircase")


def dead_relu() -> Problem:
    """Drive every hidden unit far below 0."""
    rng = np.random.default_rng(0)
    params = {
        "W": rng.standard_normal((2, 3)),
        "b": np.array([-9.0, -8.0, -7.0]),
        "v": rng.standard_normal(3),
        "c": np.asarray(0.3),
    }
    data = {"X": rng.uniform(-1, 1, (5, 2)), "t": rng.uniform(1, 2, 5)}
    return Problem(dead, params, data, name="dead-relu")


def noise() -> Problem:
    """Put a parabola under noise of 1e-8."""
    return Problem(noisy, np.array([0.7, -1.3]), name="noise")


def stationary() -> Problem:
    """Stand at the minimum."""
    return Problem(valley, np.ones(2), name="stationary")


CASES = (
    Family(
        name="jump-nearby",
        title="A jump within the step",
        formula=r"\sum_i x_i^2 + \lfloor x_i \rfloor",
        domain="All real x; the point is (1 + 1e-9, 2.7).",
        hard=(
            "The jump at 1 lies within the steps of finite differences. The derivative, 2x, exists "
            "and does not know of it."
        ),
        source="Common: tariffs, counts and thresholds inside a loss.",
        draw=jump_nearby,
    ),
    Family(
        name="staircase",
        title="A loss reported with six decimals",
        formula=r"\mathrm{round}(10^6 \sum_i \sin x_i) / 10^6",
        domain="All real x; the point is (0.3, 1.1).",
        hard=(
            "A staircase: its derivative is 0 wherever it exists, and says nothing about where the "
            "loss goes. The slope that a user wants, cos x, is that of another function."
        ),
        source="Common: simulators that print their result.",
        draw=staircase,
    ),
    Family(
        name="dead-relu",
        title="A hidden layer of dead ReLUs",
        formula=r"\frac{1}{N} \sum_k (v \cdot \max(W^\top x_k + b, 0) + c - t_k)^2",
        domain="All parameters; the point has every hidden unit below 0 on all data.",
        hard="The loss is flat in W, b and v: a gradient of 0 is right, and training stops.",
        source=(
            "L. Lu, Y. Shin, Y. Su and G. E. Karniadakis, Dying ReLU and initialization: theory "
            "and numerical examples, Commun. Comput. Phys. 28 (2020) 1671-1706."
        ),
        draw=dead_relu,
    ),
    Family(
        name="noise",
        title="A parabola under noise of 1e-8",
        formula=r"\sum_i x_i^2 + 10^{-8} \sin(10^9 x_i)",
        domain="All real x; the point is (0.7, −1.3).",
        hard=(
            "Noise that nobody sees in the loss has a slope of up to 10, against 2x of the "
            "parabola. The derivative of the loss as written is mostly that of its noise."
        ),
        source=(
            "J. J. Moré and S. M. Wild, Estimating computational noise, SIAM J. Sci. Comput. 33 "
            "(2011) 1292-1314."
        ),
        draw=noise,
    ),
    Family(
        name="stationary",
        title="The minimum of Rosenbrock's function",
        formula=r"100 (x_2 - x_1^2)^2 + (1 - x_1)^2",
        domain="All real x; the point is (1, 1).",
        hard="The gradient is exactly 0: no error is small beside it.",
        source="H. H. Rosenbrock, Computer Journal 3 (1960) 175-184.",
        draw=stationary,
    ),
)
