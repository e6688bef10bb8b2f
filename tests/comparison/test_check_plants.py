"""check_gradient on planted mistakes and right gradients: no mistake passes, none is made up."""

from __future__ import annotations

import re
from functools import cache, partial
from itertools import product
from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.studies.plants import planted
from gradmethods.studies.plants.changes import LADDER
from tests.by_hand import CASES, mlp_by_hand
from tests.primitive_cases import CASES as PRIMITIVES
from tests.primitive_cases import each_function
from tests.samples import sampled

PROBLEMS: dict[str, Any] = {name: (name, {}) for name in gm.problems.names()} | {
    "mlp in float32": ("mlp", {"widths": (2, 4, 1), "dtype": "float32"}),
    "helmholtz in float32": ("helmholtz", {"dtype": "float32"}),
    "relu": ("mlp", {"activation": "relu", "loss": "logits", "batch": 20}),
    "saturated": ("log-sum-exp", {"spread": 100.0}),
}


@cache
def certified(name):
    key, options = PROBLEMS[name]
    return gm.certified_gradient(gm.problems.get(key, **options))


@cache
def checked(name, part):
    """One in three of the mistakes that a problem's gradient can have planted, and their checks."""
    truth, problem = certified(name), certified(name).problem
    plants = [plant for plant in planted(truth) if plant.gradient is not None]
    assert len(plants) > 25
    plants = plants[part::3]
    gradients = [problem.structure.restore(plant.gradient) for plant in plants]
    checks = [gm.check_gradient(gradient, problem, truth=truth) for gradient in gradients]
    return list(zip(plants, checks, strict=True))


PARTS = list(product(PROBLEMS, range(3)))
KEPT = [(name, k % 3) for k, name in enumerate(PROBLEMS)]


@pytest.mark.medium
@pytest.mark.parametrize("part", sampled(PARTS, kept=KEPT), ids=str)
def test_every_plant_is_rejected(part):
    """Kill rate 100 %: a check that one mistake passes is not one to rely on."""
    assert not [(plant.mistake, plant.where) for plant, check in checked(*part) if check.ok]


WORDS = {
    "zero": "zero, as if never computed",
    "NaN": "NaN",
    "infinite": "infinite",
    "one entry NaN": "NaN",
    "one entry infinite": "infinite",
    "sign flipped": "the sign is wrong",
    "sign of one entry flipped": "the sign is wrong",
    "twice": "twice the right one",
    "half": "half the right one",
    "one entry wrong": "one entry is wrong|twice the right one|where .* is right|zero",
    "one entry zero": "is 0 where|zero",
    "last entry forgotten": r"is 0 where .* is right \(the last one|zero",
    "transposed": "transposed",
    "arrays swapped": "arrays swapped",
    "entries reversed": "in reverse order",
    "entries shifted": r"shifted by one place \(\+1\)|in reverse order",
    "times N": r"times the right one: the 1/N of the mean is missing",
    "divided by N": "divided by N once too often",
    "last example forgotten": "the last example is missing",
    "bias not summed over examples": "not summed over examples",
    "slope at the activation": "slope σ′ .* is taken at the activation",
    "single precision": "single precision",
    LADDER: "off by|a few digits",
    "at a stale point": "by no pattern|times the right one",
    "of another problem": "by no pattern|times the right one",
}
"""What must be said about each mistake. Which point values are of, nobody can tell from them."""


@pytest.mark.medium
@pytest.mark.parametrize(
    "part", sampled([p for p in PARTS if p[0] in gm.problems.names()], kept=KEPT), ids=str
)
def test_each_mistake_is_called_by_its_name(part):
    """Whoever is told "transposed" looks at one line; who is told "wrong" looks at all."""
    shapes = certified(part[0]).problem.structure.shapes
    for plant, check in checked(*part):
        mistake = check.mistake
        assert re.search(WORDS[plant.mistake], mistake), (plant.mistake, plant.where, mistake)
        arrays = set(plant.where.split(", ")) & set(shapes)
        entry = re.match(r"(\w*)(\[[\d, ]+\])", plant.where)
        if entry and shapes[entry[1]] not in {(), (1,)}:
            assert entry[2] in mistake, (plant.where, mistake)
        for array in arrays:
            assert array in mistake, (plant.where, mistake)
        others = set(shapes) - arrays
        if arrays and plant.mistake != "arrays swapped":
            assert not any(f"{other}: " in mistake for other in others), (plant.where, mistake)


@pytest.mark.medium
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("seed", sampled([0, 1], kept=[0]))
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_gradients_by_hand_are_right(case, seed, dtype):
    """A false alarm teaches people to ignore the true ones; their formulas are not ours."""
    name, options, by_hand = CASES[case]
    options = options | {"seed": seed, "dtype": dtype}
    problem = gm.problems.get(name, **options)
    if problem.size > 60 and seed:
        problem = gm.problems.get(name, **options | {"seed": 2})
    check = gm.check_gradient(by_hand, problem)
    open_entries = int(check.table["open"].sum())
    if dtype == "float32" and open_entries:  # where rounding hides a small entry, and it is said
        assert check.ok is None
        assert open_entries <= problem.size / 20
        return
    assert check.ok, str(check)
    assert check.mistake == ""
    assert "RIGHT" in str(check)


EXACT = ("analytical:cse", "analytical:chain-rule", "numerical:complex-step", "backprop")
PAIRS = list(product(PROBLEMS, EXACT))


@pytest.mark.medium
@pytest.mark.parametrize("pair", sampled(PAIRS, kept=PAIRS[::3]), ids=" ".join)
def test_exact_providers_are_right(pair):
    """Every exact method must pass: four ways to order the same operations."""
    name, provider = pair
    truth = certified(name)
    assert gm.check_gradient(gm.get_provider(provider), truth.problem, truth=truth).ok


@pytest.mark.medium
@partial(each_function, cases=PRIMITIVES[::9], every=2)
def test_no_function_of_the_namespace_raises_a_false_alarm(case):
    """A bound that is too small for one function rejects every loss that uses it."""
    for dtype in ("float64", "float32"):
        problem = case.problem(dtype)
        right: Any = gm.Backprop().prepare(problem)(problem.params).gradient
        truth = gm.certified_gradient(problem)
        assert gm.check_gradient(right, problem, truth=truth).ok, dtype
        if any(array.any() for array in right.values()):
            wrong = {name: -array for name, array in right.items()}
            assert not gm.check_gradient(wrong, problem, truth=truth).ok, dtype


@pytest.mark.medium
@pytest.mark.parametrize("provider", ["numerical", "numerical:forward"])
def test_differences_are_told_from_exact_gradients(provider):
    """Differences are right to a few digits: as an exact gradient that is wrong, and said so."""
    check = gm.check_gradient(gm.get_provider(provider), gm.problems.get("mlp"))
    assert not check.ok
    assert "right to a few digits" in check.mistake


@pytest.mark.medium
def test_deep_networks_are_checked_where_the_proven_bound_is_too_coarse():
    """The bound on rounding grows with depth beyond use: what takes its place must still check."""
    problem = gm.problems.get("mlp", widths=(4, *[6] * 16, 1), activation="tanh", batch=3,
                              dtype="float32")  # fmt: skip
    right: Any = gm.Backprop().prepare(problem)(problem.params).gradient
    check = gm.check_gradient(right, problem)
    assert check.ok is not False, str(check)
    assert int(check.table["open"].sum()) <= 10
    assert check.points[0].bound is not None
    assert "W1" in check.points[0].bound.seen
    assert "1,000 times the error that backpropagation makes" in " ".join(str(check).split())
    wrong = right | {"W1": right["W1"] * np.float32(1.01)}
    assert "W1" in gm.check_gradient(wrong, problem).mistake


def saturated(scale, **options):
    """A network whose units are nearly all 0 or 1."""
    small = gm.problems.get("mlp", widths=(2, 4, 1), batch=6, **options)
    params = {name: scale * x for name, x in small.params.items()}
    return gm.Problem(small.loss, params, small.data, examples=small.examples, name="mlp")


@pytest.mark.medium
@pytest.mark.parametrize("loss", ["cross-entropy", "logits", "squared-error"])
@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_saturated_units_are_no_mistake(activation, loss):
    """σ′ = a (1 - a) cancels where a unit is saturated; every textbook writes it, and is right."""
    problem = saturated(15, activation=activation, loss=loss)
    by_hand = mlp_by_hand(activation, loss)
    for gradient in (by_hand, gm.Backprop(), gm.Numerical("complex-step")):
        check = gm.check_gradient(gradient, problem)
        assert check.ok is not False, str(check)

    def wrong(params, X, t):
        gradient = by_hand(params, X, t)
        return gradient | {"W1": -gradient["W1"]}

    assert "W1: the sign is wrong" in gm.check_gradient(wrong, problem).mistake


def test_what_cancellation_takes_whole_is_not_right():
    """Where textbook formulas give 0, no digit is right; those that are right are never wrong."""
    problem = saturated(300, activation="tanh", loss="logits")
    check = gm.check_gradient(mlp_by_hand("tanh", "logits"), problem)
    assert not check.ok
    assert gm.check_gradient(gm.Backprop(), problem).ok is not False
