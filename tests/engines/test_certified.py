"""The certified gradient: what it encloses, what it refuses, and what it costs nobody."""

from __future__ import annotations

import math
from functools import partial

import flint
import numpy as np
import pytest

import gradmethods as gm
from gradmethods.engines.certified.decisions import COMPARISONS, FINITE, PLACES, STEPS
from gradmethods.engines.certified.functions import SMOOTH as FUNCTIONS
from gradmethods.engines.certified.matrices import FUNCTIONS as MATRICES
from gradmethods.engines.certified.moving import MOVES
from gradmethods.engines.certified.namespace import Balls
from gradmethods.engines.certified.piecewise import LOGIC
from gradmethods.xp.primitives import TABLE
from tests.primitive_cases import each_function

E_MINUS_NEAREST = 1.4456468917292502e-16
"""e less the float64 nearest to it, from its decimal expansion."""


def scalar(function, at):
    """The problem of one function of one number."""
    return gm.Problem(lambda w, *, xp=np: function(xp, w), np.asarray(at, float))


@pytest.mark.parametrize("name", TABLE)
def test_every_primitive_has_balls(name):
    """A primitive without a rule would make losses that use it uncertifiable."""
    known = {*FUNCTIONS, *COMPARISONS, *FINITE, *STEPS, *PLACES, *MOVES, *LOGIC}
    whole = TABLE[name].written_out is not None or name in MATRICES
    assert name in known or hasattr(Balls, f"_{name}") or whole


@pytest.mark.medium
@partial(each_function, every=6)
def test_every_function_agrees_with_backprop(case):
    """The two share no derivative: a wrong rule of either shows as more than round-off."""
    problem = case.problem()
    truth = gm.certified_gradient(problem)
    result = gm.Backprop().prepare(problem)(problem.params)
    assert truth.digits >= 30
    assert abs(result.value - truth.value) <= truth.loss_rounding() + 4e-16 * abs(truth.value)
    rounding, error = truth.rounding(), truth.error(result.gradient)
    for name in error:
        near = truth.gradient[name]
        assert (abs(error[name]) <= 8 * rounding[name] + 4e-16 * abs(near)).all(), name


@pytest.mark.parametrize("name", gm.problems.names())
def test_catalogue_has_thirty_digits(name):
    """The reports promise thirty digits for every problem at its default size."""
    truth = gm.certified_gradient(gm.problems.get(name))
    assert truth.digits >= 30
    assert all((digits >= 30).all() for digits in truth.component_digits.values())


def test_midpoint_has_more_digits_than_a_float():
    """Errors of a correct float64 gradient are smaller than its last place: they need a tail."""
    truth = gm.certified_gradient(scalar(lambda xp, w: xp.exp(w), 1.0))
    assert truth.gradient == math.e
    assert truth.tail[""] == pytest.approx(E_MINUS_NEAREST, rel=1e-15)
    assert 0 < truth.tail_radius[""] < 1e-31
    assert E_MINUS_NEAREST <= truth.radius <= E_MINUS_NEAREST * (1 + 1e-15)


def test_gradient_is_the_nearest_float():
    """A certified gradient that was itself rounded wrongly would be no reference."""
    x = np.random.default_rng(0).uniform(0.1, 2, 200)
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(w**3), x)
    truth = gm.certified_gradient(problem)
    exact = [3 * flint.fmpq(*float(v).as_integer_ratio()) ** 2 for v in x]
    below, above = (np.nextafter(truth.gradient, end) for end in (-np.inf, np.inf))
    for found, low, high, true in zip(truth.gradient, below, above, exact, strict=True):
        distance = abs(flint.fmpq(*found.as_integer_ratio()) - true)
        assert distance <= abs(flint.fmpq(*low.as_integer_ratio()) - true)
        assert distance <= abs(flint.fmpq(*high.as_integer_ratio()) - true)


def test_constants_are_not_rounded_by_numpy():
    """An expression of data, folded in float64, would put its rounding error into the truth."""
    problem = gm.Problem(
        lambda w, x, *, xp=np: w * xp.sum(xp.exp(x) / 3), np.asarray(1.0), {"x": [1.0, 2.0]}
    )
    truth = gm.certified_gradient(problem)
    with flint.ctx.workprec(300):
        true = (flint.arb(1).exp() + flint.arb(2).exp()) / 3
        assert truth.enclosure[""].item().overlaps(true)
        assert abs(float(truth.enclosure[""].item().mid() - true)) < 1e-36


def test_float32_parameters_are_exact_numbers():
    """The truth of a float32 problem is that of the numbers it holds, not of float32 arithmetic."""
    x = np.asarray(0.1, np.float32)
    truth = gm.certified_gradient(gm.Problem(lambda w, *, xp=np: xp.sin(w), x))
    assert truth.gradient.dtype == np.float64
    assert truth.gradient == pytest.approx(math.cos(float(x)), rel=2e-16)


def test_cancellation_raises_the_precision():
    """Digits lost to cancellation must be made up for, not reported as digits."""
    truth = gm.certified_gradient(scalar(lambda xp, w: xp.cos(w * 1e-30), 1.0))
    assert truth.digits >= 30
    assert truth.gradient == pytest.approx(-1e-60, rel=1e-15)
    truth = gm.certified_gradient(scalar(lambda xp, w: (1 + w) ** 2 - 1 - 2 * w, 1e-40))
    assert truth.bits > 132
    assert truth.digits >= 30
    assert truth.gradient == pytest.approx(2e-40, rel=1e-15)


def test_saturation_needs_more_bits_and_gets_them():
    """Where float64 has infinities the truth is a number all the same."""

    def loss(xp, z):
        return -xp.log(1 - 1 / (1 + xp.exp(-z)))

    truth = gm.certified_gradient(scalar(loss, 900.0))
    assert truth.gradient == 1.0
    assert truth.value == 900.0


def test_stationary_points_do_not_raise_precision_for_ever():
    """A gradient that is 0, but not by structure, must come back as 0 with a radius."""

    def loss(p, *, xp=np):
        return xp.sum((xp.exp(p["a"]) - xp.exp(p["b"])) ** 2) + p["c"]

    point = {"a": np.array([0.3]), "b": np.array([0.3]), "c": np.asarray(1.0)}
    truth = gm.certified_gradient(gm.Problem(loss, point))
    assert truth.gradient["a"] == truth.gradient["b"] == 0
    assert 0 < truth.radius["a"] < 1e-100
    assert truth.digits >= 30


def test_structural_zeros_are_exact():
    """What the loss does not depend on has derivative 0 with radius 0."""
    truth = gm.certified_gradient(
        gm.Problem(lambda p, *, xp=np: p["a"], {"a": np.asarray(1.0), "b": np.ones(3)})
    )
    assert (truth.radius["b"] == 0).all()
    assert (truth.gradient["b"] == 0).all()
    constant = gm.certified_gradient(gm.Problem(lambda w, *, xp=np: 3.0, np.ones(2)))
    assert (constant.gradient == 0).all()


KINKS = {
    "abs": lambda xp, w: xp.abs(w),
    "relu": lambda xp, w: xp.maximum(w, 0.0),
    "minimum": lambda xp, w: xp.minimum(w, -w),
    "max": lambda xp, w: xp.max(xp.stack([w, 2 * w, w - 1])),
    "where": lambda xp, w: xp.where(w > 0, w, w**2),
    "where equal": lambda xp, w: xp.where(w == 0, w, w**2),
    "sqrt": lambda xp, w: xp.sqrt(w),
    "sqrt of a square": lambda xp, w: xp.sqrt(w**2),
    "hypot": lambda xp, w: xp.hypot(w, 2 * w),
    "power": lambda xp, w: w**0.5,
    "edge of a power's domain": lambda xp, w: w**1.5,
    "reciprocal": lambda xp, w: 1 / w,
    "log": lambda xp, w: xp.log(w),
    "asin": lambda xp, w: xp.asin(w + 1),
    "acosh": lambda xp, w: xp.acosh(w + 1),
    "atan2": lambda xp, w: xp.atan2(w, -1.0),
    "sign": lambda xp, w: xp.sign(w) * w,
    "floor": lambda xp, w: xp.floor(w) * w,
    "round": lambda xp, w: xp.round(w + 0.5) * w,
    "trunc": lambda xp, w: xp.trunc(w + 1) * w,
    "outside": lambda xp, w: xp.log(w - 1),
    "norm": lambda xp, w: xp.linalg.vector_norm(xp.stack([w, 2 * w])),
}


@pytest.mark.parametrize("name", KINKS)
def test_no_derivative_is_made_up(name):
    """At a kink, a jump or an edge every number would be a guess."""
    with pytest.raises(gm.NotDifferentiable, match="not differentiable"):
        gm.certified_gradient(gm.Problem(lambda w, *, xp=np: KINKS[name](xp, w), np.zeros(())))


SMOOTH = {
    "the other branch has a kink": (lambda xp, w: xp.where(w > -1, 3 * w, xp.abs(w)), 3.0),
    "the other branch is infinite": (lambda xp, w: xp.where(w < 1, 3 * w, 1 / w), 3.0),
    "ties among those that lose": (lambda xp, w: xp.max(xp.stack([w, 2 * w, w + 1])), 1.0),
    "equals that vary alike": (lambda xp, w: xp.maximum(3 * w, w + 2 * w), 3.0),
    "abs of what is flat": (lambda xp, w: xp.abs(w**2), 0.0),
    "a constant kink": (lambda xp, w: 3 * w + xp.abs(xp.asarray(0.0)), 3.0),
    "trunc at 0": (lambda xp, w: xp.trunc(w) + w, 1.0),
    "floor between integers": (lambda xp, w: xp.floor(w + 0.5) + w, 1.0),
    "negative base": (lambda xp, w: (w - 1) ** 3, 3.0),
    "power 0 of 0": (lambda xp, w: w**0 + w, 1.0),
    "power 2.0 of 0": (lambda xp, w: w**2.0 + w, 1.0),
    "isfinite": (lambda xp, w: xp.where(xp.isfinite(w), w, 2 * w), 1.0),
    "logic": (lambda xp, w: xp.where(xp.logical_and(w < 1, w > -1), w, 2 * w), 1.0),
    "mask": (lambda xp, w: xp.sum(xp.stack([w, w + 1])[xp.asarray([False, True])]), 1.0),
    "angle along the cut": (lambda xp, w: xp.atan2(xp.asarray(0.0), w - 1) + w, 1.0),
    "logaddexp of minus infinity": (lambda xp, w: xp.logaddexp(w, xp.asarray(-xp.inf)), 1.0),
    "bits of a comparison": (lambda xp, w: w * xp.astype(w > -1, xp.float64), 1.0),
    "weak tie": (lambda xp, w: xp.clip(w, -1, 1) + xp.minimum(w, 2.0), 2.0),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_what_does_not_reach_the_loss_does_no_harm(name):
    """A gradient that exists must not be refused because of what the loss discards."""
    function, expected = SMOOTH[name]
    truth = gm.certified_gradient(scalar(function, 0.0))
    assert truth.gradient == expected
    assert truth.radius <= 1e-38


STEPS_AT_A_JUMP = {
    "floor": lambda xp, w: xp.floor(xp.exp(w) / xp.exp(w) + w),
    "ceil": lambda xp, w: xp.ceil(xp.log(xp.exp(w + 3))),
    "round": lambda xp, w: xp.round(xp.log(xp.exp(w + 0.5))),
    "sign": lambda xp, w: xp.sign(xp.exp(w) - xp.exp(-w)),
}


@pytest.mark.parametrize("name", STEPS_AT_A_JUMP)
def test_balls_that_hold_a_jump_are_refused(name):
    """Within the ball the step may go up or not: neither of its values is certain."""
    with pytest.raises(gm.NotDifferentiable):
        gm.certified_gradient(scalar(lambda xp, w: STEPS_AT_A_JUMP[name](xp, w) * w, 0.0))


def test_refusals_name_the_place():
    """Whoever is refused wants to know which line to look at."""

    def loss(w, *, xp=np):
        y = w * 2
        return xp.sum(xp.abs(y))

    with pytest.raises(gm.NotDifferentiable, match=r"'loss'.*kink"):
        gm.certified_gradient(gm.Problem(loss, np.zeros(2)))

    def branching(w, *, xp=np):
        return xp.sum(xp.where(w > 0, w, -w))

    with pytest.raises(gm.NotDifferentiable, match=r"xp.greater.*\[test_certified.py:\d+\]"):
        gm.certified_gradient(gm.Problem(branching, np.zeros(2)))


def test_equal_but_inexact_values_are_not_decided():
    """Two ways to write one number overlap at every precision: neither is the larger."""
    with pytest.raises(gm.NotDifferentiable, match="not decided"):
        gm.certified_gradient(
            scalar(lambda xp, w: xp.maximum(xp.exp(w), 1 / xp.exp(-w) * (1 + 0 * w)), 0.3)
        )


def test_precision_of_flint_is_left_alone():
    """flint.ctx is global: other code in the process must not find it changed."""
    before = flint.ctx.prec, flint.ctx.cap
    problem = scalar(lambda xp, w: xp.tanh(w), 0.3)
    gm.certified_gradient(problem).rounding()
    gm.certified_derivatives(problem)
    with pytest.raises(gm.NotDifferentiable):
        gm.certified_derivatives(scalar(lambda xp, w: xp.abs(w), 0.0))
    assert (flint.ctx.prec, flint.ctx.cap) == before


def test_nan_is_far_from_the_truth():
    """NaN compares false: an error that hides it would pass every check."""
    truth = gm.certified_gradient(gm.Problem(lambda w, *, xp=np: xp.sum(w**2), np.ones(2)))
    assert np.isnan(truth.error(np.array([np.nan, 2.0]))[""][0])
    assert truth.error(np.array([np.inf, 2.0]))[""][0] == np.inf


@pytest.mark.medium
def test_rounding_bounds_what_float64_does():
    """A bound below the errors of straightforward code would accuse methods that are right."""
    rng = np.random.default_rng(3)
    for _ in range(10):
        a, b = rng.standard_normal((8, 40)), rng.standard_normal((40, 7))
        problem = gm.Problem(lambda w, b, *, xp=np: xp.sum((w @ b) ** 3), a, {"b": b})
        truth = gm.certified_gradient(problem, 20)
        by_hand = 3 * (a @ b) ** 2 @ b.T
        assert (abs(truth.error(by_hand)[""]) <= truth.rounding()[""]).all()


def test_rounding_covers_every_term_of_a_product():
    """Balls round a sum of products once: where terms cancel, floating-point numbers err more."""
    rng = np.random.default_rng(5)
    beyond_one_rounding = 0
    for _ in range(10):
        w, b = rng.standard_normal((2, 40))
        b[-1] = -(w[:-1] @ b[:-1]) / w[-1]
        problem = gm.Problem(lambda w, b, *, xp=np: (w @ b) ** 2, w, {"b": b})
        truth = gm.certified_gradient(problem)
        error = abs(truth.error(2 * sum(w * b) * b)[""])
        assert (error <= truth.rounding()[""]).all()
        beyond_one_rounding += (error > 1e-15 * abs(truth.gradient)).all()
    assert beyond_one_rounding >= 5


@pytest.mark.parametrize("digits", [0, 1001, 2.5, True, None])
def test_digits_are_checked(digits):
    """A nonsensical number of digits must be refused with what is wanted."""
    with pytest.raises(gm.InvalidOption, match="whole number from 1 to 1000"):
        gm.certified_gradient(scalar(lambda xp, w: w, 1.0), digits)


def test_a_hundred_digits():
    """Whoever asks for more digits than usual gets them."""
    truth = gm.certified_gradient(gm.problems.get("network-1-1-1"), 100)
    assert truth.digits >= 100


def test_work_beyond_the_budget_is_refused():
    """Nobody should find out after an hour that the wait is a day."""
    problem = gm.problems.get("mlp", widths=(2, 64, 64, 1))
    with pytest.raises(gm.BudgetExceeded, match="certified_sample"):
        gm.certified_gradient(problem, budget=1e-3)


def test_dtypes_are_numpys():
    """A loss may ask for a dtype: integers that were divided are floats."""
    seen = []

    def loss(w, k, *, xp=np):
        scaled = [w / k[0], xp.divide(k, k), xp.exp(k), k * 0.5, xp.where(k > 1, k, 0.5)]
        seen.append([x.dtype for x in scaled])
        return xp.sum(xp.stack(scaled[1:])) * xp.sum(scaled[0])

    gm.certified_gradient(gm.Problem(loss, np.ones(2, np.float32), {"k": np.array([1, 2])}))
    assert seen[-1] == seen[0]


def logistic_map(w, *, xp=np):
    for _ in range(300):
        w = 4 * w * (1 - w)
    return xp.sum(w)


LARGE_BALLS = {
    "chaos": (logistic_map, 0.3, -1.5739162e90),
    "huge terms": (lambda w, *, xp=np: (w * 1e300 + w) - w * 1e300, 1.0, 1.0),
    "tiny terms": (lambda w, *, xp=np: (w + w * 1e-300) - w, 1.0, 1e-300),
}


@pytest.mark.medium
@pytest.mark.parametrize("name", LARGE_BALLS)
def test_a_large_ball_that_holds_zero_is_not_zero(name):
    """A ball that holds 0 and much else says nothing: to call it 0 would certify a lie."""
    loss, at, expected = LARGE_BALLS[name]
    problem = gm.Problem(loss, np.asarray(at))
    truth = gm.certified_gradient(problem)
    assert truth.gradient == pytest.approx(expected, rel=1e-7, abs=0)
    assert truth.digits >= 30
    assert gm.certified_derivatives(problem, 1)[0, 1] == truth.gradient
    sample = gm.certified_sample(problem, components=1, directions=0)
    assert sample.component_error(truth.gradient) <= 1e-15 * abs(expected)
    assert gm.check_gradient(truth.gradient, problem).ok or truth.rounding()[""] > abs(expected)
    with pytest.raises(gm.GradientMismatch):
        gm.assert_gradient(np.asarray(12345.0), problem)
