"""The choice of steps: what it costs, what it must survive, and what becomes of steps elsewhere."""

from __future__ import annotations

import math
import tracemalloc
from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.providers import schemes
from gradmethods.providers.numerical import Numerical
from tests.step_sweep import SCHEMES, at_steps, error, flat, flat_point

MOST = 64
"""Passes for each parameter of a loss that takes pains, and of its noise."""


def prepared_for(loss, x, scheme, dtype="float64") -> tuple[gm.Problem, Any]:
    problem = gm.Problem(lambda w, *, xp=np: loss(w, xp), np.asarray(x, dtype))
    return problem, Numerical(scheme).prepare(problem)


@pytest.mark.medium
@pytest.mark.parametrize("scheme", SCHEMES)
def test_passes_for_each_parameter(scheme):
    """A few evaluations for each parameter, and sub-linear where there are many."""
    passes = {}
    for n in (30, 300, 3_000, 30_000):
        x = np.random.default_rng(0).normal(size=n)
        _, prepared = prepared_for(lambda w, xp: xp.mean(xp.exp(w) * xp.sin(w[::-1])), x, scheme)
        passes[n] = prepared.preparation_passes
    most = {"five-point": 11}.get(scheme, 8)
    assert passes[30] <= (most + 1) * 30  # the noise is seen once
    assert passes[300] <= most * 300
    assert passes[3_000] <= 0.5 * 3_000
    assert passes[30_000] <= 0.05 * 30_000


@pytest.mark.medium
def test_passes_stay_few_where_arrays_are_many():
    """A deep network has hundreds of arrays: each can only be looked at briefly."""
    problem = gm.problems.get("mlp", widths=(2, *[3] * 100, 1), batch=3, activation="tanh")
    arrays = len(problem.structure.shapes)
    assert Numerical().prepare(problem).preparation_passes < 40 * arrays


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_choice_is_the_same_each_time(scheme):
    """Figures are cited: a gradient that changes from run to run cannot be."""
    problem = gm.problems.get("mlp")
    first, second = (Numerical(scheme).prepare(problem) for _ in range(2))
    assert first.preparation_passes == second.preparation_passes
    x = flat_point(problem)
    np.testing.assert_array_equal(first.step(x), second.step(x))
    for one, other in zip(
        problem.structure.check(first(problem.params).gradient).values(),
        problem.structure.check(second(problem.params).gradient).values(),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)


def test_memory_of_the_choice_does_not_grow():
    """A million parameters: the point is copied, and nothing else of that size."""
    n = 1_000_000
    problem = gm.Problem(lambda w, *, xp=np: w[0] * w[n // 2], np.full(n, 0.3))
    tracemalloc.start()
    Numerical().prepare(problem)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1.2 * 8 * n


def raising(w, xp):
    if (w > 1).any():
        raise ValueError("no loss there")
    return xp.sum(xp.sqrt(1 - w))


SURVIVED: dict[str, tuple[Any, list[float], list[float]]] = {
    "constant": (lambda w, xp: 0 * xp.sum(w) + 3.5, [1.0, 2.0], [0, 0]),
    "zero": (lambda w, xp: 0 * xp.sum(w), [1.0, 2.0], [0, 0]),
    "unused": (lambda w, xp: w[0] ** 2, [0.7, 2.0], [1.4, 0]),
    "linear": (lambda w, xp: 3 * w[0] - w[1], [0.3, 2e8 / 7], [3, -1]),
    "dyadic": (lambda w, xp: xp.sum(w**2), [0.5, 2.0], [1, 4]),
    "minimum": (lambda w, xp: xp.sum((w - 1) ** 2), [1.0, 1.0], [0, 0]),
    "zeros": (lambda w, xp: xp.sum(xp.exp(w)), [0.0, 0.0], [1, 1]),
    "kink": (lambda w, xp: xp.sum(abs(w)), [1e-7, 1.0], [1, 1]),
    "jump": (lambda w, xp: xp.sum(xp.sign(w - 0.3)) + w[1], [0.3 + 1e-6, 1.0], [0, 1]),
    "edge of log": (lambda w, xp: xp.sum(xp.log(w)), [1e-9, 1.0], [1e9, 1]),
    "edge of sqrt": (lambda w, xp: xp.sum(xp.sqrt(w)), [1e-12, 1.0], [5e5, 0.5]),
    "raising": (raising, [0.5, 1 - 1e-6], [-(0.5**0.5), -500]),
    "overflow": (lambda w, xp: xp.sum(xp.exp(w)), [700.0, 1.0], [math.exp(700), math.e]),
    "tiny loss": (lambda w, xp: 1e-290 * xp.sum(w**3), [0.7, 1.1], [1.47e-290, 3.63e-290]),
    "huge point": (lambda w, xp: xp.sum(w), [1e300 / 7, -1e300], [1, 1]),
}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("case", SURVIVED)
def test_what_a_choice_must_survive(case, scheme):
    """NaN, kinks, flat and exact losses: each could end in a step of 0, NaN, or across a kink."""
    loss, x, expected = SURVIVED[case]
    problem, prepared = prepared_for(loss, x, scheme)
    steps = prepared.step(flat_point(problem))
    assert np.isfinite(steps).all()
    assert (steps > 0).all()
    assert prepared.preparation_passes <= MOST * (1 + len(x))
    gradient = prepared(problem.params).gradient
    largest = max(map(abs, expected)) or 1.0
    np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-6 * largest)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_is_nowhere_finite(scheme, bad):
    """Nothing can be seen, one pass says so, and the rule for the precision is left."""
    _, prepared = prepared_for(lambda w, xp: xp.sum(w) * 0 + bad, [0.3, 40.0], scheme)
    assert prepared.preparation_passes == 1
    steps = prepared.step(np.array([0.3, 40.0]))
    assert steps[1] == pytest.approx(40 * steps[0])


def test_a_kink_beside_one_entry_is_its_own_matter():
    """A step made tiny by one entry's kink would drown the gradient of all others."""
    x = np.linspace(0.5, 2, 50)
    x[0] = 1e-9  # the smallest: certain to be searched
    problem, prepared = prepared_for(lambda w, xp: xp.sum(xp.maximum(xp.sin(w), 0.0)), x, "central")
    steps = prepared.step(x)
    assert steps[0] < 1e-9
    assert steps[1:].min() > 1e-6
    found = prepared(problem.params).gradient
    assert (abs(found - np.cos(x)) <= prepared.error_estimate).all()
    np.testing.assert_allclose(found[1:], np.cos(x[1:]), atol=1e-8)
    assert found[0] == pytest.approx(1, abs=1e-5)  # within 1e-9 nothing is seen more clearly


@pytest.mark.medium
def test_an_entry_that_nobody_searched():
    """One entry of thousands that varies much faster than the rest must not be missed."""
    n = 3000
    x = np.random.default_rng(0).normal(size=n)
    fast = np.ones(n)
    fast[1234] = 1e4
    problem, prepared = prepared_for(lambda w, xp: xp.sum(xp.sin(fast * w) / fast), x, "five-point")
    found = prepared(problem.params).gradient
    errors = abs(found - np.cos(fast * x))
    assert errors[1234] < 1e-5
    assert errors.max() < 1e-5
    assert (errors <= prepared.error_estimate).all()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_noisy_losses_get_wide_steps(scheme):
    """Differences of noise divided by a step for round-off would be of no use at all."""

    def loss(w, xp):  # no two floating-point numbers are on the same wave
        return xp.sum(xp.exp(w)) + 1e-6 * xp.sum(xp.sin(1e17 * w))

    x = np.array([0.3, 0.8])
    problem, prepared = prepared_for(loss, x, scheme)
    bound = {"forward": 0.05, "backward": 0.05, "central": 2e-3}.get(scheme, 5e-4)
    np.testing.assert_allclose(prepared(problem.params).gradient, np.exp(x), rtol=bound)


ELSEWHERE: dict[str, tuple[Any, list[float], tuple[float, ...]]] = {
    "network": (lambda w, xp: xp.sum(xp.tanh(w)) + w[0] * w[1], [0.7, -0.4], (1e-3, 0.3, 10.0)),
    "started at zero": (lambda w, xp: xp.sum(xp.log(1 + xp.exp(w))), [0.0, 0.0], (0.3, 3.0)),
    "saturated": (lambda w, xp: xp.sum(1 / (1 + xp.exp(-w))), [40.0, 50.0], (0.01, 0.1)),
    "logarithm": (lambda w, xp: xp.sum(w * xp.log(w)), [1.3, 0.7], (0.03, 0.3, 30.0, 1e3)),
    "minimum": (lambda w, xp: xp.sum(xp.cosh(w - 1) - 1), [1.0, 1.0], (0.1, 3.0)),
}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("case", ELSEWHERE)
def test_steps_stay_sane_elsewhere(case, scheme):
    """Training prepares once and calls everywhere: no step may stick to the first point."""
    loss, x, factors = ELSEWHERE[case]
    problem, prepared = prepared_for(loss, x, scheme)
    for factor in factors:
        there = factor * np.where(np.equal(x, 0), [1.0, -0.6], x)
        found = prepared(there).gradient
        other = gm.Problem(problem.loss, there)
        exact = flat(other, gm.certified_gradient(other).gradient)
        own = at_steps(other, scheme, np.arange(2), Numerical(scheme).prepare(other).step(there))
        order = {"forward": 1e-6, "backward": 1e-6, "central": 1e-8}.get(scheme, 1e-9)
        assert error(found, exact) <= max(order, 30 * error(own, exact))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_step_is_lost_elsewhere(scheme):
    """Far out, numbers are far apart: a step that stayed small would change nothing."""
    problem, prepared = prepared_for(lambda w, xp: xp.sum(w), [0.3, 0.7], scheme)
    there = np.array([1e20 / 7, -1e20 / 3])
    np.testing.assert_allclose(prepared(there).gradient, 1, rtol=0.5)
    assert (there + prepared.step(there) != there).all()
    assert prepared(problem.params).gradient == pytest.approx([1, 1], rel=1e-8)


def test_steps_go_along_with_sizes_only_where_these_tell():
    """A step in proportion to small weights drowns in round-off; one step for all units misses."""
    rng = np.random.default_rng(0)
    unit = 10.0 ** rng.uniform(-6, 6, 40)
    apart, _ = prepared_for(lambda w, xp: xp.sum(xp.exp(w / unit)), unit, "central")
    alike, _ = prepared_for(lambda w, xp: xp.sum(xp.exp(w)), rng.normal(size=40), "central")
    for problem in (apart, alike):
        prepared: Any = Numerical().prepare(problem)
        exact = flat(problem, gm.Backprop().prepare(problem)(problem.params).gradient)
        found = prepared(problem.params).gradient
        np.testing.assert_allclose(found, exact, rtol=1e-7)


def test_empty_arrays_take_no_part():
    """An array of shape (0,) has nothing to choose a step for, and shifts nothing."""
    params = {"a": np.array([0.3]), "none": np.zeros(0), "b": np.array([0.7, 1e-6])}
    problem = gm.Problem(lambda p, *, xp=np: xp.sum(xp.exp(p["a"])) + xp.sum(p["b"] ** 3), params)
    gradient = Numerical().prepare(problem)(params).gradient
    np.testing.assert_allclose(gradient["a"], np.exp(0.3), rtol=1e-9)
    np.testing.assert_allclose(gradient["b"], 3 * params["b"] ** 2, atol=1e-9)
    assert gradient["none"].shape == (0,)


@pytest.mark.medium
def test_many_small_arrays_are_looked_at_together():
    """A search in each of hundreds of arrays would cost more than the gradient."""
    arrays = {f"w{i}": np.full(3, 0.5 + i) for i in range(150)}
    problem = gm.Problem(lambda p, *, xp=np: sum(xp.sum(xp.sin(w)) for w in p.values()), arrays)
    prepared = gm.Numerical().prepare(problem)
    assert prepared.preparation_passes < 2 * problem.size
    error = problem.structure.join(prepared(problem.params).gradient)
    error -= np.cos(problem.structure.join(problem.params))
    assert abs(error).max() < 1e-7


@pytest.mark.parametrize("scheme", ["five-point", "richardson"])
def test_the_largest_losses_have_steps_too(scheme):
    """A quotient that overflows before its losses do would find no step finite."""
    at = np.array([709.0])
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(xp.exp(w)), at)
    found = gm.Numerical(scheme).prepare(problem)(at).gradient
    assert found == pytest.approx(np.exp(at), rel=1e-8)


def test_a_ladder_that_ends_nowhere_gives_nan():
    """A logarithm has no finite losses beside the least positive number: NaN, not a crash."""
    at = np.array([5e-324])
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(xp.log(w)), at)
    assert np.isnan(gm.Numerical("richardson").prepare(problem)(at).gradient).all()


def scaled_sine(w, s, *, xp=np):
    return xp.sum(xp.sin(w * s) * xp.exp(w))


SINE = {"s": np.array([1.0, 0.7, 1.3])}


@pytest.mark.parametrize("scheme", schemes.SCHEMES)
def test_steps_are_remembered_where_the_point_moves_little(scheme):
    """Along the way of an optimiser, each gradient would cost the search of its steps."""
    problem = gm.Problem(scaled_sine, np.array([0.7, -0.4, 1.1]), SINE)
    prepared: Any = Numerical(scheme).prepare(problem)
    look = {"forward": 5, "backward": 5}.get(scheme, 0)
    before, own = prepared.step, prepared.forward_passes
    for k in range(1, 6):
        x = problem.flat_params + 0.02 * k
        gradient = prepared(x).gradient
        assert prepared.forward_passes == own + look
        exact = gm.Backprop().prepare(problem)(x).gradient
        assert (abs(gradient - exact) <= prepared.error_estimate).all()
    assert prepared.step is before


def bent(w, xp):
    return xp.sum(xp.exp(w)) + 50 * xp.maximum(w[1] - 0.5, 0)


def jumping(w, xp):
    return xp.sum(xp.exp(w)) + 50 * xp.sign(w[1] - 0.5)


def peaked(w, xp):
    return xp.sum(xp.exp(w)) + xp.exp(-(((w[1] - 0.5) / 1e-7) ** 2))


@pytest.mark.parametrize("evaluation", ["plain", "reuse"])
@pytest.mark.parametrize("scheme", schemes.SCHEMES)
@pytest.mark.parametrize("loss", [bent, jumping, peaked])
def test_what_lies_between_two_points_is_seen(loss, scheme, evaluation):
    """Steps from before a kink, a jump or a peak would be taken across it, without a word."""
    x = np.array([0.3, 0.4, 0.6])
    provider = Numerical(scheme, evaluation=evaluation)
    problem = gm.Problem(lambda w, *, xp=np: loss(w, xp), x)
    prepared: Any = provider.prepare(problem)
    own, look = prepared.forward_passes, {"forward": 5, "backward": 5}.get(scheme, 0)
    x[1] = 0.5 + (3e-9 if look else 3e-8)
    gradient, passes = prepared(x).gradient, prepared.forward_passes
    there: Any = provider.prepare(problem.replace(params=x))
    np.testing.assert_array_equal(gradient, there(x).gradient)
    np.testing.assert_array_equal(prepared.error_estimate, there.error_estimate)
    assert passes == own + look + there.preparation_passes + own
    exact = gm.Backprop().prepare(problem)(x).gradient
    assert (abs(gradient - exact) <= prepared.error_estimate).all()
    if not prepared.unresolved.any():  # what was chosen there is remembered, and needs no search
        prepared(x)
        assert prepared.forward_passes == own


@pytest.mark.parametrize("evaluation", ["plain", "reuse"])
@pytest.mark.parametrize("scheme", schemes.SCHEMES)
@pytest.mark.parametrize("width", [1e-9, 1e-300])
def test_a_step_right_at_the_end_of_a_way(width, scheme, evaluation):
    """A jump, or a slope as steep, looks alike to both sides: only the way there tells of it."""
    problem = gm.Problem(
        lambda w, *, xp=np: xp.sum(xp.exp(w)) + xp.tanh((w[1] - 0.5) / width), [0.3, 0.4, 0.6]
    )
    x = np.array([0.3, 0.5, 0.6])
    provider = Numerical(scheme, evaluation=evaluation)
    prepared, there = (provider.prepare(p) for p in (problem, problem.replace(params=x)))
    np.testing.assert_array_equal(prepared(x).gradient, there(x).gradient)
    np.testing.assert_array_equal(prepared.error_estimate, there.error_estimate)


@pytest.mark.parametrize("scheme", schemes.SCHEMES)
@pytest.mark.parametrize(
    ("along", "way"),
    [([0, 1, 0], [0, 3, 0]), ([0, 1, 0], [5, 8, -400]), ([0, 1, 1], [0, 40, -37])],
)
def test_a_step_few_steps_away_is_told_from_a_parabola(along, way, scheme):
    """The loss rises to its middle as a parabola would, and each quotient looks right by itself."""
    end, along = np.array([0.3, 0.5, 0.6]), np.array(along, float)
    middle = float(end @ along)
    problem = gm.Problem(
        lambda w, *, xp=np: xp.sum(xp.exp(w)) + 1e-3 * xp.tanh((w @ along - middle) / 1e-11), end
    )
    provider = Numerical(scheme)
    smooth = provider.prepare(gm.Problem(lambda w, *, xp=np: xp.sum(xp.exp(w)), end))
    away = end - np.array(way) * smooth.step(end)
    prepared: Any = provider.prepare(problem.replace(params=away))
    there: Any = provider.prepare(problem)
    np.testing.assert_array_equal(prepared(end).gradient, there(end).gradient)
    np.testing.assert_array_equal(prepared.error_estimate, there.error_estimate)
    look = {"forward": 5, "backward": 5}.get(scheme, 0)
    again = 2 * there.forward_passes + there.preparation_passes
    assert prepared.forward_passes - again - look in (0, 2)


def test_steps_chosen_with_other_data_are_at_home_nowhere():
    """Estimates of one batch would be claimed for another one at the same point."""
    problem = gm.Problem(scaled_sine, np.array([0.7, -0.4, 1.1]), SINE)
    prepared: Any = Numerical().prepare(problem)
    fast = {"s": 1e4 * SINE["s"]}
    x = problem.params
    anew = prepared(x, **fast).gradient
    there: Any = Numerical().prepare(problem.replace(data=fast))
    np.testing.assert_array_equal(anew, there(x).gradient)
    np.testing.assert_array_equal(prepared.error_estimate, there.error_estimate)
    assert not prepared.step.known.is_home(x)
    again = prepared(x).gradient
    exact = gm.Backprop().prepare(problem)(x).gradient
    assert (abs(again - exact) <= prepared.error_estimate).all()


@pytest.mark.parametrize("evaluation", ["plain", "reuse"])
@pytest.mark.parametrize("scheme", ["central", "five-point"])
def test_other_data_leave_nothing_to_the_prepared_point(scheme, evaluation):
    """Steps for a fast wave are far too short at home, and show nothing there that is new."""

    def loss(w, a, xp):
        return xp.sum(xp.sin(a * w))

    x = np.array([1.0, 2.0, 3.0])
    prepared: Any = gm.Numerical(scheme, evaluation=evaluation).prepare(
        gm.Problem(loss, x, {"a": np.array(1.0)})
    )
    before, errors = prepared(x).gradient, prepared.error_estimate
    prepared(x, a=np.array(1e4))
    assert prepared.forward_passes > 50  # steps were chosen anew
    np.testing.assert_array_equal(prepared(x).gradient, before)
    np.testing.assert_array_equal(prepared.error_estimate, errors)


@pytest.mark.parametrize("evaluation", ["plain", "reuse"])
@pytest.mark.parametrize("scheme", ["central", "forward", "five-point"])
def test_steps_from_a_small_start_are_not_kept(scheme, evaluation):
    """Near 0 a loss is a parabola: a hundredth of a slope was wrong away from there, unsaid."""
    problem = gm.Problem(
        lambda w, *, xp=np: xp.sum(w * w) + xp.sum(xp.sin(w * w)),
        np.array([0.03, -0.02, 0.01], np.float32),
    )
    x = np.array([1.1, -2.5, 0.8], np.float32)
    provider = Numerical(scheme, evaluation=evaluation)
    prepared, there = (provider.prepare(p) for p in (problem, problem.replace(params=x)))
    np.testing.assert_array_equal(prepared(x).gradient, there(x).gradient)
    np.testing.assert_array_equal(prepared.error_estimate, there.error_estimate)
