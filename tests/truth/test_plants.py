"""Planted mistakes: that each is one, is where it says it is, and is missing only for a reason."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.studies.plants import MISTAKES, planted
from gradmethods.studies.plants.changes import LADDER
from gradmethods.studies.plants.elsewhere import share_of_one
from gradmethods.studies.plants.slopes import network_gradient
from gradmethods.truth.error_bounds import exact_bound
from gradmethods.truth.verdict import verdict
from tests.known import linear

NO_EXAMPLES = {
    "times N",
    "divided by N",
    "last example forgotten",
    "bias not summed over examples",
}
NO_MATRIX = {"transposed", "arrays swapped", "slope at the activation"}

ABSENT = {
    "network-1-1-1": NO_EXAMPLES
    | {"last entry forgotten", "transposed", "entries reversed", "entries shifted"},
    "island": set(),
    "xor": set(),
    "moons": set(),
    "mlp": set(),
    "logistic-regression": NO_MATRIX,
    "rosenbrock": NO_EXAMPLES | NO_MATRIX,
    "helmholtz": NO_EXAMPLES | NO_MATRIX,
    "log-sum-exp": NO_EXAMPLES | NO_MATRIX,
}
"""Mistakes that cannot be made in a problem."""


@pytest.fixture(scope="module", params=gm.problems.names())
def field(request):
    truth = gm.certified_gradient(gm.problems.get(request.param))
    return request.param, truth, planted(truth)


@pytest.mark.medium
def test_every_mistake_is_planted_or_says_why_not(field):
    """A mistake that silently vanished would count as caught."""
    name, _, plants = field
    assert {plant.mistake for plant in plants} == set(MISTAKES)
    present = {plant.mistake for plant in plants if plant.gradient is not None}
    assert set(MISTAKES) - present == ABSENT[name]
    for plant in plants:
        assert (plant.gradient is None) == bool(plant.reason)


def test_every_plant_differs_by_more_than_the_bound(field):
    """A plant that is a right gradient would make the checker look blind."""
    _, truth, plants = field
    allowed = exact_bound(truth)
    for plant in plants:
        if plant.gradient is not None:
            wrong = truth.problem.structure.restore(plant.gradient)
            assert not verdict(wrong, truth, allowed).ok, plant
            assert plant.change > 0
            assert plant.where


def test_a_plant_leaves_the_other_arrays_alone(field):
    """A mistake in one array that touched the rest would be caught for the wrong reason."""
    _, truth, plants = field
    problem = truth.problem
    for plant in plants:
        if plant.gradient is None or plant.where == "all" or problem.structure.bare:
            continue
        right = problem.structure.check(truth.gradient)
        touched = {n for n in right if not np.array_equal(plant.gradient[n], right[n])}
        named = set(plant.where.split("[")[0].split("(")[0].split(", "))
        if named <= set(right):
            assert touched == named, plant


def test_ladders_go_down_to_the_bound(field):
    """The smallest mistake caught is read off the ladder: it must end where the bound begins."""
    plants = field[2]
    rungs = [plant for plant in plants if plant.mistake == LADDER]
    assert len({plant.where.split(" by ")[0] for plant in rungs}) == 2
    assert rungs[0].amount == pytest.approx(1e-2)
    assert min(plant.amount for plant in rungs) < 1e-11
    for plant in rungs:
        assert plant.amount == pytest.approx(float(plant.where.split(" by ")[1]), rel=0.1)


@pytest.mark.medium
def test_the_right_slope_gives_the_right_gradient():
    """The plant must be wrong by the slope alone, or it shows nothing about slopes."""
    sizes: list[tuple[str, Any]] = [
        ("network-1-1-1", {}),
        ("island", {}),
        ("xor", {}),
        ("mlp", {}),
    ] + [
        ("mlp", {"widths": (3, 4, 2), "activation": activation, "loss": loss, "batch": 9})
        for activation in ("sigmoid", "tanh", "relu")
        for loss in ("cross-entropy", "logits", "squared-error")
    ]
    for name, options in sizes:
        truth = gm.certified_gradient(gm.problems.get(name, **options))
        gradient = network_gradient(truth.problem, at_activation=False)
        assert verdict(gradient, truth, exact_bound(truth)).ok, (name, options)


def test_relu_has_one_slope_at_both_places():
    """σ′(a) is σ′(z) for ReLU: that is no mistake, and must be said to be none."""
    problem = gm.problems.get("mlp", activation="relu", loss="logits")
    plants = {p.mistake: p for p in planted(gm.certified_gradient(problem))}
    assert "by more than rounding" in plants["slope at the activation"].reason


@pytest.mark.parametrize(("reduce", "share"), [("mean", 0.25), ("sum", 1.0)])
def test_a_mean_and_a_sum_are_told_apart(reduce, share):
    """The example that is forgotten enters with 1/N, or with 1."""

    def loss(w, x, *, xp=np):
        return getattr(xp, reduce)(xp.tanh(x @ w))

    x = np.random.default_rng(0).normal(size=(4, 3))
    problem = gm.Problem(loss, np.array([0.3, -0.2, 0.7]), {"x": x}, examples=("x",))
    assert share_of_one(problem) == share
    plants = {p.mistake: p for p in planted(gm.certified_gradient(problem))}
    forgotten = plants["last example forgotten"].gradient
    rest = gm.Problem(loss, problem.params, {"x": x[:3]})
    scale = 0.75 if reduce == "mean" else 1.0
    expected = scale * gm.Backprop().prepare(rest)(rest.params).gradient
    assert forgotten is not None
    assert forgotten[""] == pytest.approx(expected, rel=1e-12)


def test_where_nothing_can_be_wrong_nothing_is_planted():
    """A gradient of zeros has no entry to flip: the table must say so, and not crash."""
    plants = planted(linear({"dead": np.zeros(3), "w": np.ones(1)}))
    by_name = {p.mistake: p for p in plants}
    assert by_name["sign of one entry flipped"].where == "w[0]"
    flat = planted(linear(np.zeros(3)))
    assert {p.mistake for p in flat if p.gradient is not None} == {"NaN", "infinite"}
    assert all(p.reason for p in flat if p.gradient is None)


@pytest.mark.parametrize("scale", [1e-300, 1e-310, 1e300])
def test_plants_at_the_ends_of_the_range(scale):
    """Where squares vanish or overflow, a mistake is as wrong as anywhere."""
    plants = planted(linear(scale * np.array([3.0, -4.0, 1.5])))
    flipped = next(p for p in plants if p.mistake == "sign flipped")
    assert flipped.change == pytest.approx(2)
