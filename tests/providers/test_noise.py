"""Noise in a loss: seen where there is any, and not seen where there is none."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gradmethods.providers.noise import noise_along, unit_of

U = 2.0**-53


def seen(function, x=math.pi / 3):
    """Return the noise of a function in multiples of u|f|, moving `x` relatively."""

    rng = np.random.default_rng(0)

    def line(spacing):
        move = np.round(spacing * x * rng.uniform(0.5, 1) * 2.0**52) / 2.0**52
        return [float(function(x + k * move)) for k in range(-4, 5)]

    value = float(function(x))
    return noise_along(line, value, U, U, lambda: 0.0) / (U * abs(value) or 1.0)


@pytest.mark.parametrize(
    "function", [np.sin, np.exp, lambda x: 1 / x, lambda x: np.sin(30 * x + 1)]
)
def test_ordinary_round_off(function):
    """A smooth function, however curved, errs by about u|f|: no curvature may pass for noise."""
    noise = seen(function)
    assert 0.5 <= noise < 60


@pytest.mark.parametrize("size", [1e-12, 1e-6, 1e-2])
def test_noise_of_any_size(size):
    """What a simulation adds to a loss decides about the step, far above round-off."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        noise = seen(lambda x, rng=rng: np.sin(x) + size * rng.normal())
        assert 0.2 < noise * U * math.sin(math.pi / 3) / size < 5


def test_cancellation():
    """The digits that a difference of large numbers has lost are noise."""
    noise = seen(lambda x: (1e6 + np.sin(x)) - 1e6)
    assert 1e5 < noise < 1e7


def test_a_staircase():
    """Where neighbouring losses are all equal, a wider look must show the height of the steps."""
    noise = seen(lambda x: np.round(np.exp(x) * 1e7) / 1e7)
    assert 0.1 < noise * U * math.exp(math.pi / 3) / 1e-7 < 2  # 0.3 if nothing is in step


@pytest.mark.parametrize("quantum", [1e-10, 1e-5, 1e-2])
def test_a_lattice(quantum):
    """Values printed with a few digits differ by whole quanta, whatever their number."""
    noise = seen(lambda x: np.round(np.exp(x) / quantum) * quantum)
    assert 0.1 < noise * U * math.exp(math.pi / 3) / quantum < 2


def test_a_parabola_is_no_lattice():
    """At equidistant points a parabola takes multiples of one value, and has no noise."""
    assert seen(lambda x: np.cosh(x - math.pi / 3) - 1) < 1e-15


@pytest.mark.parametrize(
    ("function", "most"),
    [
        (lambda x: abs(x - math.pi / 3) + 1, 100),
        (lambda x: np.sign(x - math.pi / 3 - 1e-7) + 3, 100),
        (lambda x: np.sin(1e5 * x) + 3, 1e5),  # so much does rounding its argument give
        (lambda x: np.sin(1e9 * x) + 3, 1e9),
        (lambda x: np.exp(x) + 1e-8 * np.sin(3e9 * x), 1e8),
    ],
)
def test_what_is_no_noise(function, most):
    """A kink, a jump or a wave under the points would blow the step up."""
    assert seen(function) < most


def test_rounding_of_an_argument_that_is_exact_at_some_spacings():
    """At spacings of few bits 1024 x is exact: less than is there at others must not be believed.

    The noise is that of an argument of 3,217, not that of a loss of 1e-13.
    """
    value = math.sin(1024 * 2 * math.pi * 0.5)
    noise = seen(lambda x: np.sin(2 * np.pi * 1024 * x), x=0.5)
    assert 1e-14 < noise * U * abs(value) < 1e-12


def test_exact_arithmetic_leaves_a_floor():
    """Polynomials of few bits, constants and zeros show nothing, and must not give a step of 0."""
    assert seen(lambda x: x * x, x=0.5) >= 0.5
    assert seen(lambda x: 3.0) == 0.5
    assert noise_along(lambda spacing: [0.0] * 9, 0.0, U, U, lambda: 0.0) > 0


def test_outside_the_domain():
    """At the edge of a domain nothing is seen, and something must be answered."""
    assert noise_along(lambda spacing: [math.nan] * 9, 2.0, U, U, lambda: 0.0) == U


@pytest.mark.parametrize(("losses", "digits"), [([0.5, 1.25, math.nan], 24), ([0.5, 0.1], 53)])
def test_the_digits_of_a_loss(losses, digits):
    """A loss computed in float64 from float32 parameters was held to be as coarse as they are."""
    assert unit_of(losses, np.dtype("float32")) == 2.0**-digits
    assert unit_of(losses, np.dtype("float64")) == 2.0**-53
