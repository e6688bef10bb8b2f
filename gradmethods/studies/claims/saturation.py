"""C7: squared error does not punish extremely bad predictions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.problems.shared_formulas import cross_entropy, sigmoid, squared_error
from gradmethods.studies.claims.claim import (
    Claim,
    Criterion,
    Decision,
    Evidence,
    Finding,
    Panel,
    Series,
    exactly,
)

PLACES = tuple(float(z) for z in np.linspace(0.0, -30.0, 31))
"""Inputs z of the last sigmoid for a target of 1: from undecided to extremely bad."""

WORST = math.log(2)
"""Squared error punishes most at y = 1/3, which is z = −ln 2."""

LOSSES: Mapping[str, Any] = {
    "squared error": lambda z, xp: squared_error(sigmoid(z, xp), 1.0, xp),
    "cross entropy": lambda z, xp: cross_entropy(sigmoid(z, xp), 1.0, xp),
}

Slopes = Mapping[str, Sequence[float]]


def slopes(places: Sequence[float] = PLACES) -> dict[str, list[float]]:
    """Certify |∂L/∂z| of both losses at every place."""
    from gradmethods.engines.certified import certified_gradient

    found: dict[str, list[float]] = {}
    for name, formula in LOSSES.items():
        truths = [certified_gradient(Problem(_loss(formula), np.array(z)), 20) for z in places]
        found[name] = [abs(float(truth.gradient)) for truth in truths]
    return found


def _loss(formula: Any) -> Any:
    def loss(z: Any, *, xp: Any = np) -> Any:
        return formula(z, xp)

    return loss


def judge(places: Sequence[float], found: Slopes) -> Finding:
    """Decide by the certified derivatives, each right to its last digit."""
    bad = [i for i, z in enumerate(places) if z <= -WORST]
    squares = [found["squared error"][i] for i in bad]
    entropy = [found["cross entropy"][i] for i in bad]
    falls = [b < a for a, b in pairwise(squares)]
    holds = [b >= a for a, b in pairwise(entropy)]
    share = squares[-1] / entropy[-1]
    decisions = {
        "squares": Decision(
            exactly(falls, fewest=10), squares[-1], squares[-1], squares[-1],
            f"from {squares[0]:.2g} at z = {places[bad[0]]:g}",
        ),
        "entropy": Decision(
            exactly(holds, fewest=10), entropy[-1], entropy[-1], entropy[-1],
            f"from {entropy[0]:.2g} at z = {places[bad[0]]:g}",
        ),
        "ratio": Decision(
            exactly([share < 1e-6]), share, share, share,
            f"at z = {places[-1]:g}, a probability of {1 / (1 + math.exp(-places[-1])):.1g} "
            "for what is true",
        ),
    }  # fmt: skip
    looks = {"squared error": "numerical", "cross entropy": "backprop"}
    series = tuple(
        Series(name, [-z for z in places], values, provider=looks[name])
        for name, values in found.items()
    )
    panel = Panel("−z: how wrong the prediction is", "|∂L/∂z|", series, log_x=False)
    return Finding(decisions, (panel,))


def examine(_evidence: Evidence) -> Finding:
    """Certify the derivatives."""
    return judge(PLACES, slopes())


CLAIM = Claim(
    id="C7",
    title="Squared error forgives extremely bad predictions",
    text="In classification squared error cannot tell a bad prediction from an extremely bad one; "
    "cross entropy can.",
    source="the article",
    method="Derivative of the loss of one prediction y = σ(z) by z, for the target 1, from z = 0 "
    "down to −30: certified, so that every digit shown is right.",
    criteria=(
        Criterion(
            "squares",
            "Supported if |∂L/∂z| of squared error falls from each place to the next worse one, "
            "from y = 1/3 on; refuted if it rises once.",
            "|∂L/∂z| at the worst place",
            exact=True,
        ),
        Criterion(
            "entropy",
            "Supported if |∂L/∂z| of cross entropy never falls towards worse places; refuted if it "
            "falls once.",
            "|∂L/∂z| at the worst place",
            exact=True,
        ),
        Criterion(
            "ratio",
            "Supported if at the worst place |∂L/∂z| of squared error is less than a millionth of "
            "that of cross entropy; refuted if not.",
            "|∂L/∂z| of squared error ÷ of cross entropy",
            exact=True,
        ),
    ),
    examine=examine,
)
