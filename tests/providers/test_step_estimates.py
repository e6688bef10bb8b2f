"""What ladders tell of errors: jumps of the curvature, kinks at the point, noise of others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.providers.hidden import bend_within, kinks, kinks_within
from gradmethods.providers.ladder import Rung, Term
from tests.step_sweep import SCHEMES

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


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("scale", [1.0, 1e3])
def test_jumps_of_the_curvature_are_in_the_estimate(scheme, dtype, scale):
    """Where slopes go as h and not as h², an extrapolation leaves far more than it seems to."""
    for name, (loss, slope, point) in BENT.items():
        x = np.array(point, dtype)
        problem = gm.Problem(lambda p, *, xp=np, f=loss: scale * f(p, xp), x)
        prepared: Any = gm.Numerical(scheme).prepare(problem)
        errors = abs(prepared(x).gradient - scale * slope(x.astype(float)))
        rounded = float(np.finfo(dtype).eps) * abs(prepared(x).gradient)
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


@pytest.mark.parametrize("scheme", SCHEMES)
def test_kinks_that_last_down_to_the_noise_are_told(scheme):
    """Below its noise nothing shows a kink at the point: that it was there above must be enough."""
    x = np.array([1.25, -0.75, -0.0, 0.0, -0.75, 0.0])
    problem = gm.Problem(lambda p, *, xp=np: xp.sum(2 * p * xp.ceil(p / 0.375) + xp.sin(p)), x)
    prepared: Any = gm.Numerical(scheme).prepare(problem)
    gradient = prepared(x).gradient
    at = x == 0
    if "ward" in scheme:  # the slope to one side is what it is asked for
        at = at & (abs(gradient - (1 if scheme == "backward" else 3)) > 0.1)
    assert (prepared.error_estimate[at] >= 0.8).all()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_noise_of_one_parameter_is_not_that_of_all(scheme):
    """The rounding of one fast wave made the steps of all others ten times too wide."""
    x = np.random.default_rng(0).normal(size=40)
    s = np.where(np.arange(40) == 7, 3e4, 1)
    problem = gm.Problem(lambda w, s, *, xp=np: xp.sum(xp.sin(s * w)), x, {"s": s})
    prepared: Any = gm.Numerical(scheme).prepare(problem)
    errors = abs(prepared(x).gradient - s * np.cos(s * x))
    assert (errors <= prepared.error_estimate).all()
    assert np.delete(errors, 7).max() < (1e-6 if "ward" in scheme else 1e-9)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_peaks_a_few_numbers_wide(scheme):
    """Where x is exact, so is the loss of it: no rounding of an argument forbids narrow steps."""
    x = np.array([-19999.875], np.float32)
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(xp.cosh((w + 2e4) / 0.25) ** -2), x)
    prepared: Any = gm.Numerical(scheme).prepare(problem)
    gradient = prepared(x).gradient[0]
    truth = -8 * np.tanh(0.5) / np.cosh(0.5) ** 2
    assert abs(gradient - truth) <= prepared.error_estimate[0]
    assert abs(gradient - truth) <= (0.1 if "ward" in scheme else 0.02) * abs(truth)


@pytest.mark.parametrize("scheme", ["forward", "central"])
def test_a_loss_that_is_0_is_less_noisy_the_nearer_one_looks(scheme):
    """Noise seen on a wide line hid what a narrow one resolves: f = log(1 + 1e9 x) at 0."""
    x = np.array([0.0])
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(xp.log1p(1e9 * w)), x)
    prepared: Any = gm.Numerical(scheme).prepare(problem)
    error = abs(prepared(x).gradient[0] - 1e9)
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


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_large_terms_that_cancel_are_in_the_estimate(scheme, dtype):
    """A loss of 0 that is left of ones is as uncertain as they are: estimates were 1e-307, or 0."""
    for name, (loss, slope, point) in SATURATED.items():
        x = np.array(point, dtype)
        problem = gm.Problem(lambda p, *, xp=np, f=loss: f(p, xp), x)
        prepared: Any = gm.Numerical(scheme).prepare(problem)
        exact = slope(x.astype(float))
        errors = abs(prepared(x).gradient - exact)
        rounded = float(np.finfo(dtype).eps) * 10 * abs(exact)
        assert (errors <= prepared.error_estimate + rounded).all(), name


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_kink_some_numbers_away(scheme):
    """Noise hides the kink from the narrow steps, and the wider ones have it in all of them."""
    x = np.array([1000.0, 999.999, 1000.001], np.float32)
    problem = gm.Problem(lambda p, *, xp=np: xp.sum(100 * xp.maximum(p - 1000.0005, 0) + p), x)
    prepared: Any = gm.Numerical(scheme).prepare(problem)
    errors = abs(prepared(x).gradient - np.array([1, 1, 101]))
    assert (prepared.unresolved | (errors <= prepared.error_estimate)).all()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_steps_in_an_exact_ratio_on_a_lattice(scheme):
    """Two steps, one twice the other, agreed to the last digit on a staircase with a trend."""
    x = np.array([0.30456, 0.9])
    problem = gm.Problem(lambda p, *, xp=np: xp.sum(3e-5 * xp.round(1e5 * p) + p), x)
    prepared: Any = gm.Numerical(scheme).prepare(problem)
    errors = abs(prepared(x).gradient - 1)
    assert (prepared.unresolved | (errors < 0.05)).all()
