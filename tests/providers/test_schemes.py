"""Steps, places and orders of the difference schemes."""

from __future__ import annotations

import math

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.errors import InvalidOption
from gradmethods.providers import schemes, steps
from tests.numerical_cases import ORDERS, prepare


@pytest.mark.parametrize("scheme", ORDERS)
def test_order_of_convergence(scheme):
    """A wrong weight or offset lowers the order, which no check of one step would see."""
    x = np.array([math.sqrt(2)])
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(xp.exp(xp.sin(3 * w))), x)
    exact = 3 * np.cos(3 * x) * np.exp(np.sin(3 * x))
    errors = [
        float(abs(prepare(scheme, problem, step=h)(x).gradient - exact)[0])
        for h in (0.01, 0.005, 0.0025)
    ]
    rates = np.log2(np.divide(errors[:-1], errors[1:]))
    np.testing.assert_allclose(rates, ORDERS[scheme], atol=0.1)


@pytest.mark.parametrize("scheme", ORDERS)
def test_constants_of_the_errors(scheme):
    """Steps balance truncation and round-off by these constants: by hand, and as they are seen."""
    rule = schemes.SCHEMES[scheme]
    by_hand = {"forward": 2, "backward": 2, "central": 1 / 2, "five-point": 65 / 72}
    assert rule.round_off**2 == pytest.approx(by_hand[scheme])
    assert rule.order == ORDERS[scheme]
    x, h = np.array([math.sqrt(2)]), 2.0**-7
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(xp.exp(w)), x)
    error = float(prepare(scheme, problem, step=h)(x).gradient[0] - np.exp(x[0]))
    truncation = rule.remainder * h**rule.order * math.exp(x[0])
    assert abs(error) == pytest.approx(truncation, rel=0.01)


def test_steps_come_from_the_unit_round_off():
    """The formulas of the docstring, for both dtypes and both ends of the scale."""
    for dtype in (np.float64, np.float32):
        u = float(np.finfo(dtype).eps) / 2
        x = np.array([0.0, 1e-9, -40.0], dtype)
        scale = np.array([1, 1, 40.0])
        expected = {
            "forward": (8**0.5 * u) ** 0.5, "backward": (8**0.5 * u) ** 0.5,
            "central": (3 * u) ** (1 / 3), "five-point": (14.25 * u) ** 0.2, "richardson": 1 / 64,
        }  # fmt: skip
        for scheme, relative in expected.items():
            found = steps.step_for(scheme, x, np.dtype(dtype))
            assert found.dtype == dtype
            np.testing.assert_allclose(found, relative * scale, rtol=1e-4)
        found = steps.step_for("complex-step", x, np.dtype(dtype))
        np.testing.assert_allclose(found, u * u * np.array([1, 1e-9, 40]), rtol=1e-6)
        assert steps.step_for("complex-step", np.full(1, 1e-37, dtype), np.dtype(dtype))[0] > 0


def test_the_step_taken_is_the_step_divided_by():
    """Dividing by the step asked for, not taken, costs digits: x + h is rounded."""
    x = np.array([1e8 / 3])
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(w), x)
    for scheme in ORDERS:
        _, gradient = prepare(scheme, problem, step=1e-7)(x)
        assert gradient == pytest.approx(1, rel=1e-15)


@pytest.mark.parametrize("scheme", ["central", "five-point"])
def test_places_lie_symmetrically(scheme):
    """A place that is rounded to one side adds a first-order error to an even-order scheme."""
    x, seen = 1e8 / 3, []

    def loss(w, *, xp=np):
        seen.append(float(w))
        return 1.0 * w

    prepared = prepare(scheme, gm.Problem(loss, x), step=1.1e-7)
    seen.clear()
    prepared(x)
    offsets = [place - x for place in seen[1:]]
    assert offsets[0] == pytest.approx(1.1e-7, rel=0.05)
    assert offsets == [k * offsets[0] for k in schemes.SCHEMES[scheme].offsets]


@pytest.mark.parametrize("scheme", [*ORDERS, "richardson"])
def test_a_step_lost_in_rounding_is_refused(scheme):
    """0/0 would come out as NaN, or 0/h as a gradient of zero."""
    x = np.array([1.0, 1e9 / 7])
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(w), x)
    with pytest.raises(InvalidOption, match=r"lost in rounding.*142857142"):
        prepare(scheme, problem, step=1e-10)(x)
