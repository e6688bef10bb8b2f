"""Step sweeps: complete, counted, and as theory says on smooth problems."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.engines.certified import certified_derivatives
from gradmethods.providers.schemes import COMPLEX_STEP, NAMES, RICHARDSON, SCHEMES
from gradmethods.studies.accuracy.step_sweeps import (
    DTYPES,
    LAWS,
    NARROWEST,
    WIDEST,
    Balance,
    balance,
    curve,
    grid,
    loss_noise,
)
from gradmethods.studies.accuracy.subject import Subject, chosen_components
from tests.samples import sampled

pytestmark = pytest.mark.medium

SMALL = ["rosenbrock", "helmholtz", "log-sum-exp"]
FACTOR = 10.0
"""Between best steps in theory and measured: the grid is coarse, and round-off is luck."""


def counted(problem):
    """Count the calls of a problem's loss, whatever it is called with."""
    calls = [0]

    def loss(params, *, xp=np, **data):
        calls[0] += 1
        return problem.loss(params, **data, xp=xp)

    return gm.Problem(loss, problem.params, problem.data, name=problem.name), calls


@pytest.fixture(scope="module", params=sampled(["island", *SMALL], kept=SMALL))
def records(request):
    return {
        (record["dtype"], record["scheme"]): record
        for dtype in DTYPES
        for subject in (Subject(gm.problems.get(request.param), dtype),)
        for record in (curve(subject, scheme, per_decade=2) for scheme in NAMES)
    }


def test_every_curve_and_every_step_is_there(records):
    """A step that is missing would look like one that nobody can take."""
    assert set(records) == {(dtype, name) for dtype in ("float64", "float32") for name in NAMES}
    for (dtype, scheme), record in records.items():
        steps = [point["step"] for point in record["points"]]
        assert steps == grid(2, dtype, scheme)
        assert steps == sorted(steps, reverse=True)
        assert steps[0] == WIDEST
        assert (steps[-1] <= 1e-30) if scheme == COMPLEX_STEP else (steps[-1] == NARROWEST)
        for point in record["points"]:
            assert (point["error"] is None) == bool(point["lost"])
        json.dumps(record, allow_nan=False)


def test_truncation_grows_and_round_off_falls_with_the_step(records):
    """A curve that is not a V has lost its truth, its step or its scheme."""
    for scheme in SCHEMES:
        record = records["float64", scheme]
        found = [point for point in record["points"] if point["error"] is not None]
        wide = [p["error"] for p in found if p["step"] >= 10 * record["best"]["step"]]
        assert wide == sorted(wide, reverse=True), scheme
        narrow = [p["error"] for p in found if p["step"] <= record["best"]["step"] / 100]
        # Round-off is luck from step to step, not over two decades.
        assert all(b > a for a, b in zip(narrow, narrow[4:], strict=False)), scheme


def test_the_best_step_is_where_theory_says(records):
    """If theory were off, the mark in the figure, and any rule built on it, would mislead."""
    for (dtype, scheme), record in records.items():
        theory, best = record["theory"], record["best"]
        if scheme == RICHARDSON:
            assert theory is None
        elif theory is not None and theory["step"] < WIDEST:
            assert 1 / FACTOR < theory["step"] / best["step"] < FACTOR, (dtype, scheme)
            luck = 4 * float(np.finfo(dtype).eps)  # below it, one step rounds better by chance
            assert theory["error"] < max(FACTOR * record["least"], luck), (dtype, scheme)
            assert 1 / FACTOR < theory["predicted"] / theory["error"] < FACTOR, (dtype, scheme)


def test_the_complex_step_is_flat(records):
    """If it depended on its step, it would not be exact."""
    points = records["float64", COMPLEX_STEP]["points"]
    flat = [p["error"] for p in points if p["step"] < 1e-11]
    assert len(flat) > 20
    assert max(flat) < 1e-14


def test_derivatives_that_vanish_have_no_best_step():
    """If theory named a step where nothing is truncated, the table would hold it against one."""
    cubic = gm.Problem(lambda w, xp=np: xp.sum(w**3) / 3, np.array([0.3, 0.7]), name="cubic")
    record = curve(Subject(cubic), "five-point", per_decade=1)
    assert record["bend"] == 0
    assert record["theory"] is None
    assert record["best"]["step"] >= 0.01


def test_passes_are_those_that_were_made():
    """If passes were claimed, the trails of the accuracy-cost plane would be wrong."""
    problem, calls = counted(gm.problems.get("network-1-1-1"))
    subject = Subject(problem)
    assert subject.truth
    assert subject.derivatives is not None
    for scheme in NAMES:
        for step in (1e-2, 1e-6):
            prepared = gm.Numerical(scheme, step=step).prepare(problem)
            calls[0] = 0
            prepared(problem.params)
            made = calls[0]
            record = curve(subject, scheme, per_decade=1)
            claimed = {point["step"]: point["passes"] for point in record["points"]}
            assert claimed[step] == made, scheme


def test_steps_that_are_lost_have_no_error_and_say_why():
    """If they had one, it would be that of 0/0."""
    record = curve(Subject(gm.problems.get("log-sum-exp")), "central", per_decade=1)
    last = record["points"][-1]
    assert last["error"] is None
    assert last["passes"] is None
    assert "lost in rounding" in last["lost"]


def test_a_gradient_that_is_not_finite_has_no_error():
    """If NaN had an error, a curve would go on outside of the loss's domain."""
    edge = gm.Problem(lambda w, xp=np: xp.sum(xp.log(w)), np.array([1e-3]), name="edge")
    points = curve(Subject(edge), "central", per_decade=1)["points"]
    assert points[0]["error"] is None
    assert "not finite" in points[0]["lost"]
    assert points[4]["error"] is not None


def test_without_derivatives_there_is_a_curve_and_no_theory(monkeypatch):
    """If a missing theory stopped the curve, a kink nearby would leave an empty figure."""
    subject = Subject(gm.problems.get("network-1-1-1"))
    monkeypatch.setitem(subject.__dict__, "derivatives", None)
    record = curve(subject, "forward", per_decade=1)
    assert record["theory"] is None
    assert record["noise"] is None
    assert record["best"]["error"] < 1e-6


def test_without_a_gradient_there_is_a_reason():
    """If a kink were measured, its errors would be relative to nothing."""
    kink = gm.Problem(lambda w, xp=np: xp.sum(xp.abs(w)), np.array([0.0, 1.0]))
    subject = Subject(kink)
    for _ in range(2):  # the reason is kept
        with pytest.raises(gm.NotDifferentiable):
            curve(subject, "forward")


def test_large_problems_are_sampled():
    """If all components were moved, the sweep of a large problem would take for ever."""
    problem = gm.problems.get("rosenbrock", n=50)
    subject = Subject(problem, components=5)
    record = curve(subject, "central", per_decade=1)
    assert (record["n"], record["components"]) == (50, 5)
    assert record["points"][4]["passes"] == 2 * 5 + 1
    assert record["default"]["passes"] == 2 * 50 + 1  # as users get it: for all
    assert record["default"]["error"] < 1e-8
    again = curve(Subject(problem, components=5), "central", per_decade=1)
    assert again["points"] == record["points"]


def test_a_sampled_problem_is_the_same_loss():
    """If a rounding or an order changed, errors would be those of another problem."""
    problem = gm.problems.get("mlp", widths=(2, 3, 1))
    chosen = chosen_components(problem.size, 4, seed=0)
    some = problem.of_components(chosen)
    assert some.value() == problem.value()
    whole = problem.structure.join(gm.Backprop().prepare(problem)(problem.params).gradient)
    part = gm.Backprop().prepare(some)(some.params).gradient
    np.testing.assert_allclose(part, whole[chosen], rtol=1e-13)


def test_another_precision_keeps_name_and_data():
    """If it did not, float32 curves would be those of another problem."""
    problem = gm.problems.get("island")
    single = problem.in_dtype("float32")
    assert single.name == "island"
    assert single.dtype == np.float32
    assert problem.in_dtype("float64") is problem
    assert float(single.value()) == pytest.approx(float(problem.value()), rel=1e-6)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_constants_of_the_laws_follow_from_the_weights(scheme):
    """If a constant were wrong, theory would miss by it in every figure."""
    law, rule = LAWS[scheme], SCHEMES[scheme]
    places = np.array([[*rule.offsets, 0.0]]).T
    weights = np.array([rule.quotient(unit[:, None], places)[0] for unit in np.eye(len(places))])
    assert law.roundoff == pytest.approx(np.linalg.norm(weights))
    power = law.order + 1
    moment = float((weights * places[:, 0] ** power).sum()) / math.factorial(power)
    assert law.truncation == pytest.approx(abs(moment))
    for lower in range(2, power):
        assert (weights * places[:, 0] ** lower).sum() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("scheme", LAWS)
def test_the_best_step_is_a_minimum(scheme):
    """If it were not, “best in theory” would be a word."""
    law = Balance(LAWS[scheme], slope=2.0, bend=3.0, noise=1e-16, unit=1e-17)
    assert law.step is not None
    factors = (1.3,) if scheme == COMPLEX_STEP else (0.7, 1.3)
    assert all(law.error(law.step) < law.error(factor * law.step) for factor in factors)


def test_textbook_steps():
    """If these were lost, the docstring's table would lie."""
    e, derivative = 1e-16, 0.5
    forward = Balance(LAWS["forward"], 1.0, derivative, e, 0.0).step
    central = Balance(LAWS["central"], 1.0, derivative, e, 0.0).step
    five = Balance(LAWS["five-point"], 1.0, derivative, e, 0.0).step
    assert forward == pytest.approx(8 ** (1 / 4) * math.sqrt(e / derivative))
    assert central == pytest.approx(math.cbrt(3 * e / derivative))
    assert five == pytest.approx(1.70 * (e / derivative) ** (1 / 5), rel=2e-3)


def test_the_noise_of_a_loss_is_seen():
    """If it were not, the round-off side of theory would be a guess."""
    noisy = gm.Problem(  # no two floating-point numbers are on the same wave
        lambda w, xp=np: xp.sum(w) + math.sqrt(2) * 1e-9 * xp.sin(1e17 * xp.sum(w)), np.ones(20)
    )
    assert loss_noise(noisy) == pytest.approx(1e-9, rel=0.5)
    large = gm.Problem(lambda w, xp=np: 1e17 + xp.sum(w), np.ones(3))  # no step shows in it
    assert loss_noise(large) == pytest.approx(16 / math.sqrt(12))


def test_a_balance_reads_the_derivatives_of_its_order():
    """If it read its neighbour's, each scheme would have another's best step."""
    problem = gm.Problem(lambda w, xp=np: xp.sum(xp.exp(2 * w)), np.array([0.0]))
    derivatives = certified_derivatives(problem)
    found = {name: balance(name, problem, derivatives).bend for name in LAWS}
    assert found == {
        "forward": 4, "backward": 4, "central": 8, "five-point": 32, COMPLEX_STEP: 8,
    }  # fmt: skip
