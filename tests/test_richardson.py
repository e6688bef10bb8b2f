"""Richardson extrapolation: what it takes, and what it knows of its own error."""

from __future__ import annotations

import math

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.providers.extrapolation import extrapolate
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
        # Round-off: u|f|/h with h of a hundredth or so; the loss itself errs by a few u.
        assert estimate <= 1e4 * u * (abs(exact) + abs(float(value)) / float(x))


def test_richardson_takes_what_it_needs():
    """It is adaptive: a rough component must cost more than a smooth one, both be right."""

    def loss(w, *, xp=np):
        return w[0] ** 2 + xp.sin(40 * w[1])

    x = np.array([0.3, 0.2])
    prepared = prepare("richardson", gm.Problem(loss, x))
    _, gradient = prepared(x)
    np.testing.assert_allclose(gradient, [0.6, 40 * np.cos(8)], rtol=1e-11)
    smooth = prepare("richardson", gm.Problem(lambda w, *, xp=np: xp.sum(w**2), x))
    smooth(x)
    assert smooth.forward_passes == 2 * 2 * 2  # two rows of two passes for each of two entries
    assert smooth.forward_passes < prepared.forward_passes - 4
    assert prepared.error_estimate.shape == (2,)
    first = prepared.forward_passes
    prepared(np.array([0.3, 7.0]))
    assert prepared.forward_passes > first


def test_richardson_comes_back_from_outside_the_domain():
    """Its first steps are wide: NaN beyond log's domain must not end the search."""
    x = np.array([0.01])
    prepared = prepare("richardson", gm.Problem(lambda w, *, xp=np: xp.sum(xp.log(w)), x))
    _, gradient = prepared(x)
    np.testing.assert_allclose(gradient, 100, rtol=1e-8)


def test_richardson_without_a_finite_row():
    """No finite difference means no answer: not a number, with an infinite error."""
    derivative, error, rows = extrapolate(lambda h: (math.nan, 0.0), 1.0)
    assert math.isnan(derivative)
    assert error == math.inf
    assert rows > 1
