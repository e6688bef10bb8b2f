"""Richardson extrapolation: what it takes, and what it knows of its own error."""

from __future__ import annotations

import math

import numpy as np
import pytest

import gradmethods as gm
from tests.numerical_cases import prepare


@pytest.mark.parametrize(
    ("function", "derivative"),
    [
        (lambda xp, w: xp.exp(w), np.exp),
        (lambda xp, w: xp.sin(9 * w), lambda x: 9 * np.cos(9 * x)),
        (lambda xp, w: 1 / (1 + xp.exp(-w)), lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2),
        (lambda xp, w: w**2, lambda x: 2 * x),
        (lambda xp, w: xp.log(w), lambda x: 1 / x),
        (lambda xp, w: 1 / w**2, lambda x: -2 / x**3),
        (lambda xp, w: xp.cos(w) * 1e-9 + 1, lambda x: -np.sin(x) * 1e-9),
    ],
)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_richardson_knows_its_error(function, derivative, dtype):
    """An estimate below the error misleads; one far above is of no use."""
    for x in np.array([0.05, 0.37, math.sqrt(2), math.pi]).astype(dtype):
        problem = gm.Problem(lambda w, *, xp=np: function(xp, w), x)
        prepared = prepare("richardson", problem)
        value, gradient = prepared(x)
        exact = float(derivative(np.float64(x)))
        u = float(np.finfo(dtype).eps) / 2
        true = abs(float(gradient) - exact)
        estimate = float(prepared.error_estimate)
        assert prepared.error_estimate.shape == ()
        assert true <= 5 * estimate
        # Round-off: u|f|/h with h of a hundredth or so; the loss errs by a few u, and by what
        # rounding its argument makes of it. What the rest of a loss drowns is not known at all.
        drowned = abs(exact) < u * abs(float(value)) / float(x)
        assert drowned or estimate <= 1e4 * u * (abs(exact) + abs(float(value)) / float(x))


def test_richardson_takes_what_it_needs():
    """It is adaptive: an entry of another scale must cost more than one like the last."""
    x = np.array([0.3, 0.31, 0.32])

    def passes(loss):
        prepared = prepare("richardson", gm.Problem(loss, x))
        gradient = prepared(x).gradient
        return gradient, prepared.forward_passes

    alike, few = passes(lambda w, *, xp=np: xp.sum(xp.exp(w)))
    unlike, many = passes(lambda w, *, xp=np: xp.exp(w[0]) + xp.sin(4e4 * w[1]) + xp.exp(w[2]))
    np.testing.assert_allclose(alike, np.exp(x), rtol=1e-11)
    np.testing.assert_allclose(unlike[1], 4e4 * np.cos(4e4 * x[1]), rtol=1e-8)
    assert few <= 24 * x.size
    assert many > few


def test_richardson_comes_back_from_outside_the_domain():
    """Its first steps are wide: NaN beyond log's domain must not end the search."""
    x = np.array([0.01])
    prepared = prepare("richardson", gm.Problem(lambda w, *, xp=np: xp.sum(xp.log(w)), x))
    _, gradient = prepared(x)
    np.testing.assert_allclose(gradient, 100, rtol=1e-8)


def test_richardson_without_a_finite_row():
    """No finite difference means no answer: not a number, with an infinite error."""
    x = np.array([0.3])
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(xp.where(w == x, 1.0, xp.nan)), x)
    prepared = prepare("richardson", problem)
    assert np.isnan(prepared(x).gradient).all()
    assert prepared.unresolved.all()


def test_richardson_looks_again_at_every_point():
    """A kink near another point was not there at preparation, and must not be stepped over."""
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(xp.exp(w) + 5 * abs(w)), np.array([0.7]))
    prepared = prepare("richardson", problem)
    for x in (1e-3, -1e-6):
        gradient = float(prepared(np.array([x])).gradient[0])
        exact = math.exp(x) + math.copysign(5, x)
        assert abs(gradient - exact) <= prepared.error_estimate[0]
        assert gradient == pytest.approx(exact, rel=1e-6)


def test_losses_that_rounding_leaves_at_zero_are_no_crash():
    """Where the loss is 0, nothing rounds: its noise was divided by, a bare ZeroDivisionError."""
    y = np.array([1.39, -2.8, 0.5, -1.0])

    def loss(w, *, xp=np):
        small = 1e-9 * w
        waves = xp.sum((1 - xp.cos(1e-4 * w)) / 1e-8) + xp.sum(xp.expm1(small) - small) * 1e18
        return waves + xp.sum(xp.log1p(small) * y)

    prepared = prepare("richardson", gm.Problem(loss, np.array([0.3, 0.5, -0.2, 0.9])))
    gradient = prepared(np.zeros(4)).gradient
    resolved = ~prepared.unresolved
    assert (abs(gradient - 1e-9 * y) <= prepared.error_estimate)[resolved].all()
