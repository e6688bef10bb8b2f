"""Bounds on rounding where a branch is open in the loss's own precision alone: both are held."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

import gradmethods as gm

NEAR = np.array([0.1, 0.2, 0.3])
"""Its first two add up to the third but for rounding."""


class Open(NamedTuple):
    """A loss with an open branch, and the gradients that it has on its two sides at `NEAR`."""

    loss: Any
    sides: tuple[Any, Any]


def gap(w: Any) -> Any:
    """Return 2.8e-17 in exact numbers; float64 finds 5.6e-17 or 0, by the order of its sums."""
    return w[0] + w[1] - w[2]


LOSSES = {
    "maximum": Open(lambda w, xp: xp.maximum(gap(w), 0.0), ([1, 1, -1], [0, 0, 0])),
    "minimum": Open(lambda w, xp: xp.minimum(3 * gap(w), gap(w)), ([3, 3, -3], [1, 1, -1])),
    "abs": Open(lambda w, xp: xp.abs(gap(w)), ([1, 1, -1], [-1, -1, 1])),
    "where": Open(lambda w, xp: xp.where(gap(w) > 0, w[0], w[1] * w[1]), ([1, 0, 0], [0, 0.4, 0])),
    "max": Open(lambda w, xp: xp.max(xp.concat([w[:1] + w[1], w[2:]])), ([1, 1, 0], [0, 0, 1])),
    "sign": Open(lambda w, xp: xp.sign(gap(w)) * w[1], ([0, 1, 0], [0, -1, 0])),
    "floor": Open(lambda w, xp: xp.floor(gap(w)) * w[0], ([0, 0, 0], [-1, 0, 0])),
    "and": Open(
        lambda w, xp: xp.where(xp.logical_and(gap(w) > 0, w[0] > 0), w[0], w[2]),
        ([1, 0, 0], [0, 0, 1]),
    ),
    "not": Open(
        lambda w, xp: xp.where(xp.logical_not(gap(w) <= 0), w[0], w[2]), ([1, 0, 0], [0, 0, 1])
    ),
    "decided by logic": Open(
        lambda w, xp: xp.where(xp.logical_or(gap(w) > 0, w[0] > 0), w[0], w[2]),
        ([1, 0, 0], [1, 0, 0]),
    ),
    "a condition as a number": Open(
        lambda w, xp: xp.astype(gap(w) > 0, w.dtype) * w[1], ([0, 1, 0], [0, 0, 0])
    ),
    "behind a function": Open(
        lambda w, xp: xp.sin(xp.where(gap(w) > 0, w[0], w[1])),
        ([np.cos(0.1), 0, 0], [0, np.cos(0.2), 0]),
    ),
}


@pytest.mark.parametrize("beside", [2, 40])
@pytest.mark.parametrize("name", LOSSES)
def test_both_branches_are_held_and_nothing_else(name, beside):
    """Either side is a right computation; what does not pass there keeps its small bound.

    With a few parameters the bound is carried forward, with many back.
    """
    loss, sides = LOSSES[name]
    problem = gm.Problem(
        lambda p, *, xp=np: loss(p["w"], xp) + xp.sum(xp.exp(p["v"])),
        {"w": NEAR, "v": np.linspace(0.1, 1, beside)},
    )
    truth = gm.certified_gradient(problem)
    rounding = truth.rounding()
    assert (rounding["v"] < 1e-14).all()
    allowed = rounding["w"] * (1 + 1e-6) + 1e-15
    for side in sides:
        error = truth.error({"w": np.array(side, float), "v": np.exp(problem.params["v"])})["w"]
        assert (abs(error) <= allowed).all()
    apart = abs(np.subtract(*sides))
    assert (rounding["w"] <= 2 * apart + 1e-14).all()


def test_an_open_branch_beyond_a_domain_spoils_only_what_passes_there():
    """A root whose operand rounding may make negative is no number; the others are as they were."""
    problem = gm.Problem(
        lambda p, *, xp=np: xp.where(p["a"] > 0, xp.exp(p["b"]), xp.sqrt(gap(p["w"]))),
        {"w": NEAR, "a": np.float64(1.0), "b": np.float64(0.3)},
    )
    rounding = gm.certified_gradient(problem).rounding()
    assert rounding["b"] < 1e-15
    assert (rounding["w"] == 0).all()
    added = problem.replace(loss=lambda p, *, xp=np: xp.sqrt(gap(p["w"])) + xp.exp(p["b"]))
    rounding = gm.certified_gradient(added).rounding()
    assert (rounding["w"] == np.inf).all()
    assert rounding["b"] < 1e-15
