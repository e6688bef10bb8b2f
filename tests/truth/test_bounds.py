"""Bounds on errors and the verdicts by them: that they let a right gradient through, and no other.

The truth is known in closed form here; the certified one has its own tests.
"""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.providers.probe import Probe
from gradmethods.truth.error_bounds import (
    DECISIVE,
    ROUNDINGS,
    SLACK,
    SURE,
    UNDERFLOW,
    amplification,
    bound,
    decisive,
    rounding_bound,
)
from gradmethods.truth.stretch import Line, trend
from gradmethods.truth.verdict import RIGHT, UNDECIDED, WRONG, verdict
from tests.known import Known, linear
from tests.samples import sampled

POINT = np.array([0.3, -1.7, 2.9])
U = 2.0**-53


def exponential(dtype=float):
    """The sum of exp(w): every derivative along w is exp(w), known to the last digit."""
    point = POINT.astype(dtype)
    problem = gm.Problem(lambda w, xp=np: xp.sum(xp.exp(w)), point)
    true = np.exp(point.astype(np.longdouble))
    gradient = true.astype(float)
    tail = {"": (true - gradient).astype(float)}
    truth = Known(problem, gradient, tail, value=float(true.sum()), units=2.0)

    def derivatives(problem, order):
        return np.repeat(gradient[:, None], order + 1, axis=1)

    return truth, derivatives


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    "name",
    [
        "backprop", "analytical", "numerical:complex-step", "numerical:forward",
        "numerical:backward", "numerical:central", "numerical:five-point", "numerical:richardson",
        "numerical:central[reuse]", "numerical:forward[step=0.01]", "numerical:central[step=0.1]",
        "numerical:five-point[step=0.5]", "numerical:central[step=1e-06]",
    ],
)  # fmt: skip
def test_every_method_is_within_its_bound_and_a_mistake_is_not(name, dtype):
    """A bound that is broken by a right gradient is no bound; one that is loose checks nothing."""
    truth, derivatives = exponential(dtype)
    prepared = gm.get_provider(name).prepare(truth.problem)
    gradient: Any = prepared(truth.problem.params).gradient
    allowed = bound(prepared, truth, derivatives)
    assert verdict(gradient, truth, allowed).outcome in {RIGHT, UNDECIDED}
    wrong = gradient + 2.5 * allowed[""]
    assert verdict(wrong.astype(dtype), truth, allowed).outcome == WRONG


@pytest.mark.parametrize(
    ("scheme", "step", "leading"),
    [
        ("forward", 1e-3, lambda h, f: h / 2 * f),
        ("backward", 1e-3, lambda h, f: h / 2 * f),
        ("central", 1e-2, lambda h, f: h**2 / 6 * f),
        ("five-point", 1e-1, lambda h, f: h**4 / 30 * f),
    ],
)
def test_truncation_is_the_textbooks(scheme, step, leading):
    """The docstring's formulas are what a reader will hold against the figures."""
    truth, derivatives = exponential()
    allowed = bound(gm.Numerical(scheme, step=step), truth, derivatives)[""]
    expected = leading(step, np.exp(POINT))
    assert (allowed >= expected).all()
    assert (allowed <= 3 * expected).all()


def test_roundoff_is_the_textbooks():
    """With a step far too small nothing but 2ε/(2h) is left of the bound."""
    truth, derivatives = exponential()
    allowed = bound(gm.Numerical(step=1e-9), truth, derivatives)[""]
    assert allowed == pytest.approx(2 * truth.loss_rounding() / 1e-9, rel=1e-2)


def test_the_steps_are_those_taken():
    """A bound for other steps than the method's would be a bound on another method."""
    truth, derivatives = exponential()
    prepared: Any = gm.Numerical("forward").prepare(truth.problem)
    narrow = bound(prepared, truth, derivatives)[""]
    prepared.step = lambda x: np.full_like(x, 0.25)
    wide = bound(prepared, truth, derivatives)[""]
    assert (wide > 1e5 * narrow).all()


def test_the_exact_bound_is_the_sum_that_is_stated():
    """Slack times rounding, one rounding of the result, and underflow: nothing else hides in it."""
    truth = linear({"w": np.array([2.0, 0.0]), "b": 1e-320})
    allowed = bound("backprop", truth)
    assert allowed["w"][0] == pytest.approx((10 * SLACK + ROUNDINGS) * U * 2)
    assert allowed["w"][1] == allowed["b"] == UNDERFLOW * 5e-324
    assert bound(gm.Backprop(), truth)["w"][0] == allowed["w"][0]


def test_amplification():
    """A condition number of infinity where nothing is rounded would hide the one that matters."""
    found = amplification(linear({"w": np.array([2.0, 0.0]), "b": np.zeros(1)}))
    assert found["w"] == pytest.approx([10, 0])
    assert found["b"] == [0]
    hidden = Known(linear(POINT).problem, POINT, units=math.inf)
    assert amplification(hidden)[""] == pytest.approx(math.inf)


def test_an_unknown_rounding_promises_nothing():
    """Where rounding cannot be bounded, nothing is right or wrong: the verdict must say so."""
    truth, derivatives = exponential()
    hidden = Known(truth.problem, truth.gradient, units=math.inf, value=1.0)
    for name in ("backprop", "numerical", "numerical:richardson"):
        allowed = bound(name, hidden, derivatives)
        assert np.isinf(allowed[""]).all()
        found = verdict(np.zeros(3), hidden, allowed)
        assert (found.outcome, found.ok) == (UNDECIDED, None)
        assert found.open == 3


def test_no_difference_is_judged_by_a_bound_that_is_not_a_number():
    """An infinite derivative times a step of 0 is NaN: as a bound it must stop everything or be
    infinite, and never be let through by a comparison."""
    truth, _ = exponential()
    broken = bound("numerical", truth, lambda problem, order: np.full((3, order + 1), np.nan))
    assert np.isinf(broken[""]).all()
    nan = {"": np.full(3, np.nan)}
    assert verdict(truth.gradient * 1.001, truth, nan).outcome == WRONG


GRADIENT = {"W": np.array([[3.0, -1.5], [0.75, 1e-9]]), "b": np.array([-2.0, 0.0])}


def judged(change, allowed=None):
    truth = linear(GRADIENT)
    gradient = {name: array.copy() for name, array in GRADIENT.items()}
    change(gradient)
    return verdict(gradient, truth, allowed or bound("backprop", truth))


def test_a_verdict_names_arrays_and_entries():
    """Whoever reads "wrong" asks where."""
    assert judged(lambda g: None).ok
    assert judged(lambda g: None).reason == ""

    def one_entry(g):
        g["W"][1, 1] *= 1 + 1e-12

    found = judged(one_entry)
    assert (found.outcome, found.concerned) == (WRONG, ("W",))
    assert found.arrays["W"].entries == ((1, 1),)
    assert found.arrays["b"].outcome == RIGHT
    assert "'W', entry [1, 1]" in found.reason
    assert found.arrays["W"].excess == pytest.approx(
        1e-12 / (U * (10 * SLACK + ROUNDINGS)), rel=1e-3
    )


def test_the_worst_entry_comes_first():
    """The first one shown should be the one to look at."""

    def two_entries(g):
        g["W"][0, 0] *= 1.1
        g["W"][1, 1] *= 2.0

    assert judged(two_entries).arrays["W"].entries == ((1, 1), (0, 0))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_never_within(bad):
    """A comparison with NaN is false, and infinity may meet an infinite bound."""

    def put(g):
        g["b"][1] = bad

    for allowed in (None, {"W": np.full((2, 2), math.inf), "b": np.full(2, math.inf)}):
        found = judged(put, allowed)
        assert found.arrays["b"].outcome == found.outcome == WRONG
        assert found.arrays["b"].excess == math.inf
        assert "'b', entry [1]" in found.reason


def test_a_bound_above_a_hundredth_of_an_entry_decides_nothing():
    """If everything passes, passing is no news: it must not be called right, nor wrong."""
    for part, outcome in ((0.9 * DECISIVE, RIGHT), (1.1 * DECISIVE, UNDECIDED), (1.5, UNDECIDED)):
        wide = {name: part * abs(array) for name, array in GRADIENT.items()}
        found = judged(lambda g, part=part: g["W"].__imul__(1 + 0.5 * part), wide)
        assert found.outcome == outcome, part
        assert found.ok == (True if outcome == RIGHT else None)
    assert found.arrays["W"].allowed == pytest.approx(1.5)
    assert judged(lambda g: g["W"].__imul__(3), wide).outcome == WRONG


def test_what_is_right_to_the_last_roundings_is_right_under_any_bound():
    """Where nothing bounds rounding, the right digits are still the right ones."""
    nothing = {name: np.full(array.shape, math.inf) for name, array in GRADIENT.items()}
    assert judged(lambda g: None, nothing).ok
    assert judged(lambda g: g["W"].__imul__(1 + 2 * U), nothing).ok
    assert judged(lambda g: g["W"].__imul__(1 + 1e-14), nothing).ok is None
    assert judged(lambda g: g["b"].__setitem__(1, 1e9), nothing).ok is None


def test_entries_are_decided_one_by_one():
    """An entry that rounding hides must not hide the others of its array."""
    allowed = {name: np.full(array.shape, 1e-8) for name, array in GRADIENT.items()}
    assert judged(lambda g: None, allowed).ok
    found = judged(lambda g: g["W"].__setitem__((1, 1), 0.0), allowed)
    assert (found.outcome, found.arrays["W"].open) == (UNDECIDED, ((1, 1),))
    found = judged(lambda g: g["W"].__setitem__((1, 0), 0.75001), allowed)
    assert (found.outcome, found.arrays["W"].entries) == (WRONG, ((1, 0),))


def test_a_zero_array_is_held_to_the_bound():
    """A dead unit's gradient is exactly 0, and anything else must be beyond."""
    truth = linear({"dead": np.zeros(2), "w": np.ones(2)})
    allowed = bound("backprop", truth)
    assert verdict({"dead": np.zeros(2), "w": np.ones(2)}, truth, allowed).ok
    found = verdict({"dead": np.array([0, 1e-300]), "w": np.ones(2)}, truth, allowed)
    assert found.outcome == WRONG


def test_one_unit_in_the_last_place_is_right():
    """Forward mode does not round at all in a sum; a formula of one's own may."""
    truth = Known(linear(POINT).problem, POINT, units=0.0)
    for up in (-np.inf, np.inf):
        near = np.nextafter(POINT, up)
        assert verdict(near, truth, rounding_bound(truth, near)).ok
        far = POINT + np.sign(up) * 16 * np.spacing(POINT)
        assert verdict(far, truth, rounding_bound(truth, far)).ok is False


def test_no_bound_that_decides_allows_more_than_a_hundredth():
    """What is accepted must be near the truth, whatever the method errs by."""
    truth = linear(GRADIENT)
    wide = {name: np.full(array.shape, 0.1) for name, array in GRADIENT.items()}
    sure = decisive(wide, truth).sure
    for name, array in GRADIENT.items():
        here = array != 0
        assert (sure[name][here] <= DECISIVE * abs(array[here])).all()


def test_a_scalar_has_no_entry_to_name():
    """'entry ()' helps nobody."""
    truth = linear(np.array(2.0))
    found = verdict(np.array(2.1), truth, bound("backprop", truth))
    assert "entry" not in found.reason
    assert found.reason.startswith("the gradient is")


SCHEMES = ("forward", "backward", "central", "five-point", "richardson", "complex-step")
METHODS = ("analytical:chain-rule", "backprop", *(f"numerical:{scheme}" for scheme in SCHEMES))
HALVES = list(product(gm.problems.names(), (0, 1)))
"""Of a problem, every other method from the first or from the second."""
KEPT = [(name, k % 2) for k, name in enumerate(gm.problems.names())]


@pytest.mark.medium
@pytest.mark.parametrize("half", sampled(HALVES, kept=KEPT), ids=str)
def test_every_method_is_within_its_bound_on_the_catalogue(half):
    """The verdicts of the accuracy report are these: theory must hold where it is applied."""
    name, first = half
    # Higher derivatives of the default network take twenty seconds.
    size: dict[str, Any] = {"widths": (2, 4, 3, 1), "batch": 20} if name == "mlp" else {}
    truth = gm.certified_gradient(gm.problems.get(name, **size))
    problem = truth.problem
    for method in METHODS[first::2]:
        prepared = gm.get_provider(method).prepare(problem)
        found = verdict(prepared(problem.params).gradient, truth, bound(prepared, truth))
        assert found.ok, (method, found.reason)
        # Differences are known to half the digits or more; the rest of the methods, to nearly all.
        exact = not method.startswith("numerical") or method.endswith("complex-step")
        coarsest = max(array.resolution for array in found.arrays.values())
        assert coarsest < (1e-10 if exact else 1e-2), method


def test_the_slope_of_a_noisy_stretch_is_that_of_the_best_polynomial():
    """Those of low degree leave out waves, and would know the slope to a tenth only."""
    rng = np.random.default_rng(1)

    def noisy(w):
        return float(np.sin(12 * (w[0] - 1)) + 1e-4 * rng.standard_normal())

    probe = Probe(gm.Problem(noisy, [1.0], black_box=True))
    slope, error = trend(Line(probe, 0, 1.0), 1e-4)
    assert error <= 1e-3 * 12
    assert abs(slope - 12) <= SURE * error
