"""C8: gradients vanish or explode with depth, and ReLUs die."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods import problems
from gradmethods.core.structure import Arrays
from gradmethods.providers.backprop import Backprop
from gradmethods.studies.claims.claim import (
    UNDECIDED,
    Claim,
    Criterion,
    Decision,
    Evidence,
    Finding,
    Panel,
    Series,
    exactly,
    inside,
)
from gradmethods.timing.bootstrap import Estimate

LAYERS = (2, 4, 6, 8, 12, 16)
WIDTH = 32
NETWORKS = 12
"""Drawn for each setting; intervals are over these."""

SETTINGS = {
    "vanish": ("sigmoid", 1 / math.sqrt(WIDTH)),
    "explode": ("relu", 1.0),
}
"""Activation, and standard deviation of the weights: 1/√fan-in, and the article's 1."""

RATES = (0.03, 0.3, 3.0, 30.0)
STEPS = 100
SMALL = (2, 16, 16, 1)

Norms = NDArray[np.float64]


@dataclass(frozen=True)
class Deaths:
    """What became of the ReLUs of some networks, trained with one learning rate.

    Attributes
    ----------
    rate : float
        Learning rate.
    dead : sequence of float
        Fraction of hidden units, per network, that are 0 for every example.
    moved : int
        Partial derivatives by the weights and biases of dead units that are not exactly 0.
    """

    rate: float
    dead: Sequence[float]
    moved: int


def norms(activation: str, deviation: float, seed: int = 0) -> Norms:
    """Return the norm of the gradient by the weights next to the inputs: (networks, depths)."""
    found = []
    for layers in LAYERS:
        problem = problems.get(
            "mlp", widths=(2, *[WIDTH] * layers, 1), batch=50, activation=activation, loss="logits"
        )
        prepared = Backprop().prepare(problem)
        column = []
        for k in range(NETWORKS):
            rng = np.random.default_rng((seed, layers, k))
            params = {
                name: deviation * rng.standard_normal(shape) if len(shape) == 2 else np.zeros(shape)
                for name, shape in problem.structure.shapes.items()
            }
            column.append(np.linalg.norm(prepared(params).gradient["W1"]))
        found.append(column)
    return np.array(found).T


def factors(found: Norms) -> Norms:
    """Return, per network, by what a layer more multiplies the norm: a fit over the depths."""
    layers = np.array(LAYERS, dtype=float)
    layers -= layers.mean()
    with np.errstate(divide="ignore"):
        slopes = np.log(found) @ layers / (layers @ layers)
    return np.asarray(np.exp(slopes))


def deaths(rate: float, seed: int = 0) -> Deaths:
    """Train networks of ReLUs and count the dead units."""
    dead, moved = [], 0
    for k in range(NETWORKS):
        problem = problems.get("mlp", widths=SMALL, activation="relu", loss="logits", seed=seed + k)
        prepared = Backprop().prepare(problem)
        params = dict(problem.params)
        for _ in range(STEPS):
            gradient = prepared(params).gradient
            params = {name: params[name] - rate * gradient[name] for name in params}
        units = _dead(params, problem.data["X"])
        gradient = prepared(params).gradient
        moved += sum(
            int(np.count_nonzero(gradient[f"W{layer}"][units[layer]]))
            + int(np.count_nonzero(gradient[f"b{layer}"][units[layer]]))
            for layer in units
        )
        finite = all(np.isfinite(array).all() for array in params.values())
        dead.append(float(np.concatenate([*units.values()]).mean()) if finite else math.nan)
    return Deaths(rate, dead, moved)


def _dead(params: Arrays, X: NDArray[Any]) -> dict[int, NDArray[np.bool_]]:
    """Find the units that are 0 for every example, by a forward pass of its own."""
    found, h = {}, X
    for layer in range(1, len(SMALL) - 1):
        h = np.maximum(h @ params[f"W{layer}"].T + params[f"b{layer}"], 0.0)
        found[layer] = (h == 0).all(axis=0)
    return found


def judge(vanish: Norms, explode: Norms, trained: Sequence[Deaths], seed: int = 0) -> Finding:
    """Decide by intervals over the networks drawn, and the zeros by counting."""
    decisions = {}
    for name, found, least, most in (
        ("vanish", vanish, 0.0, 1.0),
        ("explode", explode, 1.0, math.inf),
    ):
        factor = Estimate.of(factors(found), seed=seed)
        decisions[name] = Decision(
            inside(factor.median, factor.low, factor.high, least, most),
            factor.median, factor.low, factor.high,
            f"from {LAYERS[0]} to {LAYERS[-1]} layers the norm changes {_times(found)}-fold",
        )  # fmt: skip
    first, last = trained[0], trained[-1]
    more = Estimate.of(np.array(last.dead) - np.array(first.dead), seed=seed)
    decisions["die"] = Decision(
        inside(more.median, more.low, more.high, np.nextafter(0, 1), math.inf),
        more.median, more.low, more.high,
        f"{np.mean(first.dead):.0%} dead at rate {first.rate:g}, {np.mean(last.dead):.0%} at "
        f"{last.rate:g}",
    )  # fmt: skip
    if any(np.any(np.asarray(d.dead) > 0) for d in trained):
        moved = sum(d.moved for d in trained)
        decisions["stay"] = Decision(
            exactly([moved == 0]), moved, moved, moved, "partial derivatives that are not 0"
        )
    else:
        decisions["stay"] = Decision(UNDECIDED, words="no unit died")
    return Finding(decisions, (_layers(vanish, explode, seed), _rates(trained, seed)))


def examine(evidence: Evidence) -> Finding:
    """Draw networks, differentiate and train them."""
    found = {name: norms(*setting, seed=evidence.seed) for name, setting in SETTINGS.items()}
    trained = [deaths(rate, evidence.seed) for rate in RATES]
    return judge(found["vanish"], found["explode"], trained, evidence.seed)


def _times(found: Norms) -> str:
    with np.errstate(all="ignore"):
        return f"{np.median(found[:, -1] / found[:, 0]):.1g}"


def _layers(vanish: Norms, explode: Norms, seed: int) -> Panel:
    series = []
    for name, found, provider in (
        ("sigmoid, weights of variance 1/fan-in", vanish, "numerical"),
        ("ReLU, weights of variance 1", explode, "backprop"),
    ):
        middle = [Estimate.of(column, seed=seed) for column in found.T]
        series.append(
            Series(name, LAYERS, [e.median for e in middle], [e.low for e in middle],
                   [e.high for e in middle], provider=provider)
        )  # fmt: skip
    return Panel("hidden layers", "norm of the gradient by W1", tuple(series), log_x=False)


def _rates(trained: Sequence[Deaths], seed: int) -> Panel:
    middle = [Estimate.of(d.dead, seed=seed) for d in trained]
    series = Series(
        "dead ReLUs", [d.rate for d in trained], [e.median for e in middle],
        [e.low for e in middle], [e.high for e in middle], provider="numerical:forward",
    )  # fmt: skip
    return Panel("learning rate", "fraction of units dead", (series,), log_y=False)


CLAIM = Claim(
    id="C8",
    title="Gradients vanish and explode, ReLUs die",
    text="In deep networks gradients vanish or explode with depth, and ReLUs die: a unit that is 0 "
    "for every example gets no gradient any more.",
    source="the article, after Karpathy 2016",
    method=f"Norm of the gradient by the weights next to the inputs, by backprop, in {NETWORKS} "
    f"networks with {LAYERS[0]} to {LAYERS[-1]} layers of {WIDTH} units, drawn for each setting; "
    f"and units that are 0 for all examples after {STEPS} steps of gradient descent in networks "
    "2-16-16-1. Medians over networks, with the 95 % interval of the median by percentile "
    "bootstrap.",
    criteria=(
        Criterion(
            "vanish",
            "Supported if with sigmoids and weights of variance 1/fan-in the interval of the "
            "factor by which a layer more multiplies the norm lies below 1; refuted if above.",
            "factor per layer",
        ),
        Criterion(
            "explode",
            "Supported if with ReLUs and the article's weights, of variance 1, that interval lies "
            "above 1; refuted if below.",
            "factor per layer",
        ),
        Criterion(
            "die",
            "Supported if the interval of the fraction dead at the largest learning rate, less "
            "that at the smallest, lies above 0; refuted if it lies at or below 0.",
            "more units dead, as a fraction of all",
        ),
        Criterion(
            "stay",
            "Supported if every partial derivative by the weights and biases of dead units is "
            "exactly 0; refuted by one that is not.",
            "partial derivatives of dead units that are not 0",
            exact=True,
        ),
    ),
    examine=examine,
)
