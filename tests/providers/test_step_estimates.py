"""What differences say of their own errors: bent slopes, kinks, noise of others, other points."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.providers.hidden import Term, bend_within, kinks, kinks_within
from gradmethods.providers.ladder import Rung
from tests.numerical_cases import ask, honest
from tests.step_sweep import SCHEMES

EACH_SCHEME = pytest.mark.parametrize("scheme", SCHEMES)

Case = tuple[Callable[[Any, Any], Any], Callable[[Any], Any], list[float]]


def huber(p, xp):
    return xp.sum(xp.where(abs(p) <= 1, p * p / 2, abs(p) - 0.5))


BENT: dict[str, Case] = {
    "square of a ReLU": (
        lambda p, xp: xp.sum(xp.maximum(p, 0) ** 2 + p / 3),
        lambda x: 2 * np.maximum(x, 0) + 1 / 3,
        [0.0, 0.3, -1.0],
    ),
    "p |p|": (lambda p, xp: xp.sum(p * abs(p)), lambda x: 2 * abs(x), [0.0]),
    "p |p| and a sine": (
        lambda p, xp: xp.sum(p * abs(p) + xp.sin(p)),
        lambda x: 2 * abs(x) + np.cos(x),
        [0.0, 0.5],
    ),
    "half a parabola": (
        lambda p, xp: xp.sum(p * p * (p < 0)),
        lambda x: 2 * x * (x < 0),
        [-0.75, -0.0, 0.0, 0.5],
    ),
    "Huber": (
        lambda p, xp: huber(p, xp) + xp.sum(xp.exp(p)),
        lambda x: np.clip(x, -1, 1) + np.exp(x),
        [1.0, -1.0, 0.4],
    ),
    "exponential unit": (
        lambda p, xp: xp.sum(xp.where(p > 0, p, xp.expm1(xp.minimum(p, 0)))),
        lambda x: np.where(x > 0, 1, np.exp(np.minimum(x, 0))),
        [0.0, 1e-7],
    ),
    "power 3/2": (
        lambda p, xp: xp.sum(xp.maximum(p, 0) ** 1.5 + xp.sin(p)),
        lambda x: 1.5 * np.maximum(x, 0) ** 0.5 + np.cos(x),
        [0.0],
    ),
}


@EACH_SCHEME
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("scale", [1.0, 1e3])
def test_jumps_of_the_curvature_are_in_the_estimate(scheme, dtype, scale):
    """Where slopes go as h and not as h², an extrapolation leaves far more than it seems to."""
    for name, (loss, slope, point) in BENT.items():
        x = np.array(point, dtype)
        found, prepared = ask(scheme, lambda p, xp, f=loss: scale * f(p, xp), x)
        errors = abs(found - scale * slope(x.astype(float)))
        rounded = float(np.finfo(dtype).eps) * abs(found)
        assert (errors <= prepared.error_estimate + rounded).all(), name


def test_a_kink_and_a_bend_are_told_from_a_smooth_loss():
    """Terms that a smooth loss has must not be taken for those of a kink, nor hide them."""
    h = [0.1, 0.3, 0.9]
    smooth = kinks(h, [Term(2 * s**2 + 3 * s**4, 1e-9) for s in h])
    assert abs(smooth[-1].size) < 1e-12
    kinked = kinks(h, [Term(0.5 * s + 2 * s**2 + 3 * s**4, 1e-9) for s in h])
    assert kinked[-1].size == pytest.approx(0.5)

    def rungs(slope, even):
        return [Rung(s, 0.0, 0.0, slope(s), even(s), 1e-12) for s in (0.05, 0.1, 0.3, 0.9)]

    seen = rungs(lambda s: 1 + 2 * s**2 + 3 * s**4, lambda s: s**2 + 5 * s**4)
    assert bend_within(seen).size < 1e-8
    assert kinks_within(seen)[0].size < 1e-8
    seen = rungs(lambda s: 1 + 0.25 * s + 2 * s**2, lambda s: 0.125 * s + s**2)
    assert bend_within(seen).size == pytest.approx(0.25)
    assert kinks_within(seen)[0].size == pytest.approx(0.125)


@EACH_SCHEME
def test_kinks_that_last_down_to_the_noise_are_told(scheme):
    """Below its noise nothing shows a kink at the point: that it was there above must be enough."""
    x = np.array([1.25, -0.75, -0.0, 0.0, -0.75, 0.0])
    gradient, prepared = ask(
        scheme, lambda p, xp: xp.sum(2 * p * xp.ceil(p / 0.375) + xp.sin(p)), x
    )
    at = x == 0
    if "ward" in scheme:  # the slope to one side is what it is asked for
        at = at & (abs(gradient - (1 if scheme == "backward" else 3)) > 0.1)
    assert (prepared.error_estimate[at] >= 0.8).all()


@EACH_SCHEME
def test_noise_of_one_parameter_is_not_that_of_all(scheme):
    """The rounding of one fast wave made the steps of all others ten times too wide."""
    x = np.random.default_rng(0).normal(size=40)
    s = np.where(np.arange(40) == 7, 3e4, 1)
    exact = s * np.cos(s * x)
    errors = honest(scheme, lambda w, s, xp: xp.sum(xp.sin(s * w)), x, exact, {"s": s})
    assert np.delete(errors, 7).max() < (1e-6 if "ward" in scheme else 1e-9)


@EACH_SCHEME
def test_peaks_a_few_numbers_wide(scheme):
    """Where x is exact, so is the loss of it: no rounding of an argument forbids narrow steps."""
    x = np.array([-19999.875], np.float32)
    truth = -8 * np.tanh(0.5) / np.cosh(0.5) ** 2
    error = honest(scheme, lambda w, xp: xp.sum(xp.cosh((w + 2e4) / 0.25) ** -2), x, truth)
    assert error <= (0.1 if "ward" in scheme else 0.02) * abs(truth)


@pytest.mark.parametrize("scheme", ["forward", "central"])
def test_a_loss_that_is_0_is_less_noisy_the_nearer_one_looks(scheme):
    """Noise seen on a wide line hid what a narrow one resolves: f = log(1 + 1e9 x) at 0."""
    found, prepared = ask(scheme, lambda w, xp: xp.sum(xp.log1p(1e9 * w)), [0.0])
    error = abs(found[0] - 1e9)
    assert error <= prepared.error_estimate[0] + 1e-7
    assert error < 0.01


SATURATED: dict[str, Case] = {
    "tanh": (
        lambda p, xp: xp.sum(xp.tanh(p)),
        lambda x: 4 * np.exp(-2 * abs(x)),
        [-33.8, 15.1, -29.0, 38.3],
    ),
    "log-softmax": (
        lambda p, xp: xp.log(xp.sum(xp.exp(p))) - p[1],
        lambda x: np.exp(x) / np.exp(x).sum() - np.array([0, 1]),
        [-30.0, 20.0],
    ),
    "1 - sigmoid": (
        lambda p, xp: xp.sum(1 - 1 / (1 + xp.exp(-p))),
        lambda x: -np.exp(-x),
        [40.0, 38.0],
    ),
    "log cosh": (
        lambda p, xp: xp.sum(xp.log(xp.cosh(p / 2))),
        lambda x: np.tanh(x / 2) / 2,
        [6e-12, 7e-5, 1e-9],
    ),
}


@EACH_SCHEME
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_large_terms_that_cancel_are_in_the_estimate(scheme, dtype):
    """A loss of 0 that is left of ones is as uncertain as they are: estimates were 1e-307, or 0."""
    for name, (loss, slope, point) in SATURATED.items():
        x = np.array(point, dtype)
        found, prepared = ask(scheme, loss, x)
        exact = slope(x.astype(float))
        errors = abs(found - exact)
        rounded = float(np.finfo(dtype).eps) * 10 * abs(exact)
        assert (errors <= prepared.error_estimate + rounded).all(), name


@EACH_SCHEME
def test_a_kink_some_numbers_away(scheme):
    """Noise hides the kink from the narrow steps, and the wider ones have it in all of them."""
    x = np.array([1000.0, 999.999, 1000.001], np.float32)
    found, prepared = ask(scheme, lambda p, xp: xp.sum(100 * xp.maximum(p - 1000.0005, 0) + p), x)
    errors = abs(found - np.array([1, 1, 101]))
    assert (prepared.unresolved | (errors <= prepared.error_estimate)).all()


@EACH_SCHEME
def test_steps_in_an_exact_ratio_on_a_lattice(scheme):
    """Two steps, one twice the other, agreed to the last digit on a staircase with a trend."""
    found, prepared = ask(
        scheme, lambda p, xp: xp.sum(3e-5 * xp.round(1e5 * p) + p), [0.30456, 0.9]
    )
    assert (prepared.unresolved | (abs(found - 1) < 0.05)).all()


@pytest.mark.parametrize(("scheme", "size"), [("central", 1e-7), ("five-point", 1e-9)])
def test_a_kink_within_the_step_of_another_entry_is_in_the_estimate(scheme, size):
    """The step of an entry that is alike is tried first: here it would cross a kink unseen."""
    x = np.array([0.7, 0.8, 0.9, 0.85])
    smooth = gm.Problem(lambda w, *, xp=np: xp.sum(xp.exp(w)), x)
    kink = x[3] + 0.1 * gm.Numerical(scheme).prepare(smooth).step(x)[3]
    found, prepared = ask(scheme, lambda w, xp: xp.sum(xp.exp(w)) + size * xp.abs(w[3] - kink), x)
    error = abs(found[3] - (np.exp(x[3]) - size))
    assert error <= prepared.error_estimate[3]


@EACH_SCHEME
def test_estimates_elsewhere(scheme):
    """Prepared at one point and called at others, a kink that is new must not go unnoticed."""
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(xp.exp(w) + abs(w - 1)), np.array([0.2, 2.0]))
    prepared: Any = gm.Numerical(scheme).prepare(problem)
    for x in ([0.3, 1.7], [0.7, 3.0], [1 - 1e-9, 1 + 1e-3]):
        found = prepared(np.array(x)).gradient
        errors = abs(found - np.exp(x) - np.sign(np.array(x) - 1))
        if "ward" in scheme and abs(x[0] - 1) < 1e-6:
            continue  # one difference to one side shows nothing of a kink
        assert (errors <= prepared.error_estimate).all()


@pytest.mark.parametrize("scheme", ["central", "five-point"])
def test_a_step_that_was_given_is_judged_by_its_losses(scheme):
    """A user's step across a kink shows in the even part of the loss."""
    x = np.array([0.02])
    errors = honest(scheme, lambda w, xp: xp.sum(abs(w) + xp.exp(w)), x, 1 + np.exp(x), step=0.05)
    assert errors > 0.5


def test_every_scheme_estimates_its_error():
    """What has no estimate cannot be marked in a table."""
    x = np.array([0.3, 0.8])
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(xp.exp(w)), x)
    for scheme in (*SCHEMES, "complex-step"):
        prepared: Any = gm.Numerical(scheme).prepare(problem)
        assert getattr(prepared, "error_estimate", 0) is None
        errors = abs(prepared(x).gradient - np.exp(x))
        assert prepared.error_estimate.shape == prepared.unresolved.shape == x.shape
        assert (errors <= prepared.error_estimate).all()
    backprop = gm.Backprop().prepare(problem)
    backprop(x)
    assert backprop.unresolved is None


@pytest.mark.medium
def test_tables_show_the_mark():
    """A number that its own method doubts must not stand in a table like any other."""
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(abs(w) + w / 8), np.array([0.0, 1.0]))
    comparison = gm.compare(problem, ["numerical", "backprop"], seconds=0)
    assert comparison.table.loc["numerical", "unresolved"] == 1
    text = str(comparison)
    assert "unresolved" in text.splitlines()[3]
    assert "unresolved" in str(gm.advise(problem))


@pytest.mark.parametrize("scheme", ["forward", "backward"])
@pytest.mark.parametrize("evaluation", ["plain", "reuse"])
def test_one_sided_schemes_look_around_elsewhere(scheme, evaluation):
    """One difference knows nothing of its truncation, and claimed to have none."""

    def rosenbrock(w, *, xp=np):
        return 100 * (w[1] - w[0] ** 2) ** 2 + (1 - w[0]) ** 2

    def peak(w, *, xp=np):
        return xp.sum(xp.exp(-((w - 1e6) ** 2)))

    cases = [
        (rosenbrock, [0.0, 0.0], [-1.2, 1.0], [-215.6, -88.0]),
        (peak, [0.0], [1e6 + 0.5], [-math.exp(-0.25)]),
    ]
    for loss, prepared_at, x, exact in cases:
        problem = gm.Problem(loss, np.array(prepared_at))
        prepared: Any = gm.Numerical(scheme, evaluation=evaluation).prepare(problem)
        errors = abs(prepared(np.array(x)).gradient - exact)
        assert (errors <= prepared.error_estimate).all()
        anew = prepared.forward_passes > len(x) + 5  # a look is five passes, a search many more
        assert errors.max() > (1e-9 if anew else 1e-8)
    given = gm.Numerical(scheme, 0.1, evaluation=evaluation).prepare(problem)
    given(problem.params)
    assert given.error_estimate is None
    assert given.unresolved is None


@EACH_SCHEME
@pytest.mark.parametrize("size", [1e-10, 2e-9, 1e-8, 2e-6])
def test_a_small_kink_at_the_point_is_in_the_estimate(size, scheme):
    """What a kink and a smooth loss add to the even part may cancel at two steps, and hid it."""
    x = np.array([0.7])
    _, prepared = ask(scheme, lambda w, xp: xp.sum(xp.exp(w) + size * abs(w - x)), x)
    assert prepared.error_estimate >= 0.8 * size


def test_estimates_are_of_what_was_seen():
    """They are computed when they are read, and the caller may have written to arrays since."""
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(xp.sin(3 * w)), np.array([0.7, -0.4, 1.1]))
    prepared, other = (gm.Numerical().prepare(problem) for _ in range(2))
    x = problem.flat_params + 0.01
    gradient = prepared(x).gradient
    other(x)
    expected = np.array(other.error_estimate)
    gradient[:], x[:] = np.nan, 0.0
    kept = copy.deepcopy(prepared)
    np.testing.assert_array_equal(prepared.error_estimate, expected)
    np.testing.assert_array_equal(kept.error_estimate, expected)
