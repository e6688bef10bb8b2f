"""The gallery of hard cases: every outcome is expected, and every sentence about it holds."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.problems import hard
from gradmethods.studies.accuracy import hard_cases, reasons
from gradmethods.studies.accuracy.survey import VARIANTS
from tests.hard_truths import RULES, measured


@pytest.fixture(scope="module")
def rows():
    return measured()


def gradient(name, provider):
    problem = hard.get(name)
    return gm.get_provider(provider).prepare(problem)(problem.params).gradient


@pytest.mark.medium
def test_no_outcome_is_a_surprise(rows):
    """A method that fails where it worked, or works where it failed, is news either way."""
    assert {(row["case"], row["provider"]) for row in rows} == {
        (case, variant) for case in hard.names() for variant in VARIANTS
    }
    surprises = [row for row in rows if not row["expected"]]
    assert not surprises, json.dumps(surprises, indent=1)


def test_every_cell_has_one_expectation():
    """A method that two reasons claim, or none, could come out as it liked."""
    assert list(reasons.REASONS) == hard.names()
    for case, entries in reasons.REASONS.items():
        claimed = [method for entry in entries for method in entry.methods]
        assert sorted(claimed) == sorted(VARIANTS), case
        assert all(entry.outcome in hard_cases.OUTCOMES for entry in entries), case
        assert all(entry.why.endswith(".") for entry in entries), case


def test_a_sentence_does_not_outlive_its_fact():
    """A reason would be untrue beside another outcome than the one that it explains."""
    for case, entries in reasons.REASONS.items():
        for entry in entries:
            for other in set(hard_cases.OUTCOMES) - {entry.outcome}:
                assert reasons.reason(case, entry.methods[0], other) == ""


@pytest.mark.medium
def test_there_is_a_truth_where_there_is_a_derivative(rows):
    """If the reference guessed at a kink, or gave up beside one, methods would be blamed for it."""
    certified = {row["case"] for row in rows if row["certified_digits"] is not None}
    assert certified == set(RULES)
    assert all(row["certified_digits"] >= 30 for row in rows if row["case"] in certified)
    for row in rows:
        if row["case"] not in certified:
            assert "ifferentiable" in row["truth"], row["truth"]


@pytest.mark.parametrize(
    ("found", "truth", "outcome"),
    [
        ([1.0, 2.0], [1.0, 2.0], "right"),
        ([1.0, 2.0 + 1e-9], [1.0, 2.0], "inaccurate"),
        ([1.0, -2.0], [1.0, 2.0], "wrong"),
        ([0.0, 0.0], [1.0, 2.0], "zero"),
        ([0.0, 1e-20], [0.0, 0.0], "not zero"),
        ([1e-20, 0.0], [0.0, 0.0], "not zero"),
        ([-0.0, 0.0], [0.0, 0.0], "right"),
        ([math.nan, 2.0], [1.0, 2.0], "not finite"),
        ([math.inf, 2.0], [1.0, 2.0], "not finite"),
        ([math.nan, math.nan], [0.0, 0.0], "not finite"),
    ],
)
def test_outcomes_of_made_up_gradients(found, truth, outcome):
    """If NaN compared well with anything, or zero with everything, the gallery would be empty."""
    problem = gm.Problem(lambda x, xp=np: xp.sum(x), np.ones(2))
    arrays, true = {"": np.array(found)}, {"": np.array(truth)}
    rounding = np.array([0.0, math.inf])  # infinite where balls do not decide: no excuse
    relative = {"": hard_cases._relative(arrays[""] - true[""], true[""], rounding)}
    assert hard_cases._outcome(problem, "backprop", arrays, true, relative) == outcome


# -- the sentences, where they claim more than an outcome


@pytest.mark.parametrize(
    ("name", "step", "error"),
    [
        ("relu-beside-kink", 1e-10, 1e-6),
        ("jump-nearby", 1e-10, 1e-4),
        ("edge-of-domain", 1e-12, 1e-3),
        ("log-sum-exp-shifted", 1e-5, 1e-6),
    ],
)
def test_a_shorter_step_is_the_remedy(name, step, error):
    """If it were not, it would not be the step that is to blame."""
    problem = hard.get(name)
    found = gm.Numerical("central", step=step).prepare(problem)(problem.params).gradient
    np.testing.assert_allclose(found, gradient(name, "backprop"), rtol=error, atol=error)


def test_units_are_the_remedy_for_two_scales():
    """If it were not the step made for parameters near 1, other units would change nothing."""
    case = hard.get("two-scales")

    def scaled(params, t, v, *, xp=np):
        params = {"R": params["R"] * 1e12, "C": params["C"] * 1e-12}
        return case.loss(params, t, v, xp=xp)

    problem = gm.Problem(scaled, {"R": 1.1, "C": 0.9}, case.data)
    assert gm.compare(problem, ["numerical", "backprop"], seconds=0).agree


def test_selecting_twice_is_the_remedy_for_an_infinite_branch():
    """If it were not the branch that is not selected, keeping it finite would change nothing."""

    def loss(x, *, xp=np):
        inside = xp.where(x > hard.kinks.JOIN, x, 1.0)
        tangent = x / hard.kinks.JOIN + (np.log(hard.kinks.JOIN) - 1)
        return xp.sum(xp.where(x > hard.kinks.JOIN, xp.log(inside), tangent))

    problem = gm.Problem(loss, hard.get("where-infinite-branch").params)
    found = gm.Backprop().prepare(problem)(problem.params).gradient
    np.testing.assert_allclose(found, gradient("where-infinite-branch", "analytical"), rtol=1e-15)


def right_to_the_last_digits(problem):
    mine = gm.Backprop().prepare(problem)(problem.params).gradient
    error = gm.certified_gradient(problem).error(mine)[""]
    return bool((abs(error) <= 1e-15 * abs(mine)).all())


def test_backprop_knows_the_sigmoid_in_other_shapes():
    """A slope that is lost where numerator and denominator are halved would be a matter of luck."""

    def loss(z, *, xp=np):
        return xp.sum(0.5 / (0.5 + xp.exp(-z) / 2))

    for name in ("saturated-sigmoid", "overflow-in-exp"):
        known = hard.get(name)
        assert right_to_the_last_digits(gm.Problem(loss, known.params))
        assert right_to_the_last_digits(known)


@pytest.mark.parametrize("provider", reasons.SYMMETRIC)
def test_differences_find_what_a_user_wants(provider):
    """The sentences say that steps over many stairs see the loss behind them."""
    x = hard.get("staircase").params
    np.testing.assert_allclose(gradient("staircase", provider), np.cos(x), rtol=0.03)


@pytest.mark.parametrize("scheme", ["central", "five-point"])
def test_wide_steps_go_over_waves(scheme):
    """The sentences say so of steps over many waves; Richardson's end with short ones."""
    noise = hard.get("noise")
    wide = gm.Numerical(scheme, step=1e-3).prepare(noise)(noise.params)
    np.testing.assert_allclose(wide.gradient, 2 * noise.params, rtol=2e-2)


def test_what_is_left_at_the_minimum_is_truncation():
    """h/2 f'' with f'' = 802: the sentence quotes the formula."""
    problem = hard.get("stationary")
    prepared: Any = gm.get_provider("numerical:forward").prepare(problem)
    h = float(prepared.step(problem.params)[0])
    found = prepared(problem.params).gradient[0]
    assert found == pytest.approx(401 * h, rel=1e-3, abs=0)


@pytest.mark.medium
@pytest.mark.parametrize("name", ["noise", "cancellation", "expanded-power", "hilbert"])
def test_lost_digits_are_lost_to_round_off(name):
    """The sentences blame round-off: more than its bound would be a wrong rule, and no excuse."""
    certified = gm.certified_gradient(hard.get(name))
    for provider in reasons.EXACT:
        error = certified.error(gradient(name, provider))[""]
        assert (abs(error) > 0).any()
        assert (abs(error) <= certified.rounding()[""]).all()


def test_infinite_losses_are_infinite_and_the_others_are_not():
    """The sentence says that the loss is infinite: if it were finite, it would blame the wrong."""
    infinite = {name for name in hard.names() if not np.isfinite(hard.get(name).value())}
    assert infinite == {"saturated-probabilities", "log-sum-exp-plain"}
    assert hard.get("underflow").value() == 0
