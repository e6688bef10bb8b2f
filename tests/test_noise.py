"""Noise in a loss: seen where there is any, and not seen where there is none."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gradmethods.providers.noise import noise_along

U = 2.0**-53


def seen(function, x=math.pi / 3):
    """Return the noise of a function in multiples of u|f|, and its slope, moving `x` relatively."""

    def line(spacing, k):
        move = np.round(spacing * x * 2.0**52) / 2.0**52
        return float(function(x + k * move))

    value = float(function(x))
    noise, slope = noise_along(line, value, U)
    return noise / (U * abs(value) or 1.0), slope


@pytest.mark.parametrize(
    "function", [np.sin, np.exp, lambda x: 1 / x, lambda x: np.sin(30 * x + 1)]
)
def test_ordinary_round_off(function):
    """A smooth function, however curved, errs by about u|f|: no curvature may pass for noise."""
    noise, _ = seen(function)
    assert 0.5 <= noise < 30


def test_the_slope_is_told():
    """The first guess of a step is made from it."""
    assert seen(np.exp)[1] == pytest.approx(math.pi / 3 * math.exp(math.pi / 3), rel=1e-6)


@pytest.mark.parametrize("size", [1e-12, 1e-6, 1e-2])
def test_noise_of_any_size(size):
    """What a simulation adds to a loss decides about the step, far above round-off."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        noise, _ = seen(lambda x, rng=rng: np.sin(x) + size * rng.normal())
        assert 0.2 < noise * U * math.sin(math.pi / 3) / size < 5


def test_cancellation():
    """The digits that a difference of large numbers has lost are noise."""
    noise, _ = seen(lambda x: (1e6 + np.sin(x)) - 1e6)
    assert 1e5 < noise < 1e7


def test_a_staircase():
    """Where neighbouring losses are all equal, a wider look must show the height of the steps."""
    noise, _ = seen(lambda x: np.round(np.exp(x) * 1e7) / 1e7)
    assert 0.1 < noise * U * math.exp(math.pi / 3) / 1e-7 < 1


@pytest.mark.parametrize(
    ("function", "most"),
    [
        (lambda x: abs(x - math.pi / 3) + 1, 100),
        (lambda x: np.sign(x - math.pi / 3 - 1e-7) + 3, 100),
        (lambda x: np.sin(1e5 * x) + 3, 1e5),  # so much does rounding its argument give
        (lambda x: np.sin(1e9 * x) + 3, 1e9),
    ],
)
def test_what_is_no_noise(function, most):
    """A kink, a jump or an oscillation under the points would blow the step up."""
    noise, _ = seen(function)
    assert noise < most


def test_exact_arithmetic_leaves_a_floor():
    """Polynomials of few bits, constants and zeros show nothing, and must not give a step of 0."""
    assert seen(lambda x: x * x, x=0.5)[0] >= 0.5
    assert seen(lambda x: 3.0)[0] == 0.5
    assert noise_along(lambda spacing, k: 0.0, 0.0, U)[0] > 0


def test_outside_the_domain():
    """At the edge of a domain nothing is seen, and something must be answered."""
    assert noise_along(lambda spacing, k: math.nan, 2.0, U) == (U, 0.0)


def test_faint_waves_are_noise():
    """Steps that follow a ripple of 1e-8 would give the slope of the ripple, which nobody wants."""
    noise, _ = seen(lambda x: np.exp(x) + 1e-8 * np.sin(3e9 * x))
    assert 0.2 < noise * U * math.exp(math.pi / 3) / 1e-8 < 2
