"""What attacks on the certified gradient have found, or tried: kinks, sizes, sums and dtypes."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from tests import enclosures
from tests.enclosures import holds, misses

KINKS: dict[str, tuple[Any, float]] = {
    "abs": (lambda xp, w: xp.abs(w), 0.0),
    "relu": (lambda xp, w: xp.maximum(w, 0.0), 0.0),
    "clip": (lambda xp, w: xp.clip(w, -1.0, 0.5), 0.5),
    "clip below": (lambda xp, w: xp.clip(w, min=0.2), 0.2),
    "sign": (lambda xp, w: xp.sign(w) * w, 0.0),
    "floor": (lambda xp, w: xp.floor(w) * w, 2.0),
    "ceil": (lambda xp, w: xp.ceil(w) * w, 2.0),
    "trunc": (lambda xp, w: xp.trunc(w) * w, -2.0),
    "round to even": (lambda xp, w: xp.round(w) * w, 2.5),
    "round to even, upwards": (lambda xp, w: xp.round(w) * w, 1.5),
    "greater": (lambda xp, w: xp.where(w > 0.3, w * w, w), 0.3),
    "less_equal": (lambda xp, w: xp.where(w <= 0.3, w * w, w), 0.3),
    "equal": (lambda xp, w: xp.where(w == 0.3, w * w, w), 0.3),
    "not_equal": (lambda xp, w: xp.where(w != 0.3, w * w, w), 0.3),
    "truth of a number": (lambda xp, w: xp.where(w, 3 * w, 2 * w), 0.0),
    "logical_not": (lambda xp, w: xp.where(xp.logical_not(w), w, 2 * w), 0.0),
    "any": (lambda xp, w: xp.where(xp.any(xp.stack([w, w - 1]) > 0.3), w, 2 * w), 0.3),
    "mask": (lambda xp, w: (w > 0.3) * w, 0.3),
    "max": (lambda xp, w: xp.max(xp.stack([w, 0 * w + 0.3, 0.1 * w])), 0.3),
    "min": (lambda xp, w: xp.min(xp.stack([w, 0 * w + 0.3, w + 5])), 0.3),
    "norm of order 1": (lambda xp, w: xp.linalg.vector_norm(xp.stack([w, w + 1]), ord=1), 0.0),
    "norm of order ∞": (lambda xp, w: xp.linalg.vector_norm(xp.stack([w]), ord=np.inf), 0.0),
    "std": (lambda xp, w: xp.std(xp.stack([w, 0 * w + 0.3])), 0.3),
}
"""A function, and where it has a kink or a jump."""


@pytest.mark.parametrize("name", KINKS)
def test_kinks_are_refused_and_their_neighbours_are_not(name):
    """One unit in the last place decides: neither a guess at the kink, nor a refusal beside it."""
    function, kink = KINKS[name]

    def at(w: float) -> gm.Problem:
        return gm.Problem(lambda w, *, xp=np: function(xp, w), np.asarray(w))

    with pytest.raises(gm.NotDifferentiable):
        gm.certified_gradient(at(kink))
    for w in np.nextafter(kink, [-np.inf, np.inf]) if kink else (-1e-20, 1e-20):
        _, truth = enclosures.derivatives(at(w))
        assert not misses(at(w), truth, enclosures.ERROR)


SAME: dict[str, Any] = {
    "maximum": lambda xp, v: xp.maximum(v, v),
    "minimum": lambda xp, v: xp.minimum(v, v),
    "max": lambda xp, v: xp.max(xp.stack([v, v, v]), axis=0),
    "transposed": lambda xp, v: xp.maximum(v.T, v.T),
}


@pytest.mark.parametrize("name", SAME)
def test_a_value_beside_itself_is_no_kink(name):
    """No precision tells a rounded value from itself: asked by size alone, it is a tie for ever."""
    problem = gm.Problem(
        lambda w, *, xp=np: xp.sum(SAME[name](xp, xp.tanh(w))), np.array([[0.3, -0.7]])
    )
    _, truth = enclosures.derivatives(problem)
    assert not misses(problem, truth, enclosures.ERROR)


def test_equal_values_that_are_made_twice_stay_undecided():
    """Two roundings of one number may as well be of two: a guess would be one time wrong."""
    problem = gm.Problem(
        lambda w, *, xp=np: xp.maximum(xp.tanh(w), xp.sinh(w) / xp.cosh(w)), np.asarray(0.3)
    )
    with pytest.raises(gm.NotDifferentiable):
        gm.certified_gradient(problem)


@pytest.mark.parametrize("exponent", [1e8, 1e10, 1e30, 1e300, -1e30])
def test_numbers_of_any_size_are_rounded(exponent):
    """As an integer, 2 to the power of an exponent beyond float64 would fill the memory."""
    found = gm.certified_gradient(gm.Problem(lambda w, xp=np: xp.exp(-w), np.asarray(exponent)))
    assert found.digits >= 30
    assert found.value == (0.0 if exponent > 0 else np.inf)
    assert found.gradient == -found.value
    assert found.tail[""] == 0


def test_a_loss_that_cancels_is_known_as_well_as_its_gradient():
    """The gradient, 1, has all its digits at once, and the loss had none."""
    found = gm.certified_gradient(gm.Problem(lambda w, xp=np: 1e40 + w - 1e40, np.asarray(0.1)))
    assert found.value == 0.1


def test_derivatives_that_cancel_are_known():
    """128 bits do not hold 1e-120 beside 1: the derivatives came out as noise, without a word."""
    problem = gm.Problem(lambda w, xp=np: (1 + w) ** 2 - 1 - 2 * w, np.asarray(1e-60))
    np.testing.assert_allclose(gm.certified_derivatives(problem, 3), [[1e-120, 2e-60, 2, 0]])
    sample = gm.certified_sample(problem, components=1, directions=0)
    assert holds(sample.partials[0], 2 * Fraction(1e-60))
    assert sample.value == pytest.approx(1e-120, rel=1e-15)


SUMS: dict[str, Any] = {
    "sum": lambda xp, w, x: w * xp.sum(x),
    "mean": lambda xp, w, x: w * xp.mean(x),
    "dot": lambda xp, w, x: w * (x @ xp.ones_like(x)),
    "cumulative_sum": lambda xp, w, x: w * xp.cumulative_sum(x)[-1],
}


@pytest.mark.parametrize("name", SUMS)
def test_rounding_bounds_sums_in_any_order(name):
    """NumPy adds in eight lanes: where the balls' own order cancels exactly, its order does not."""
    rng = np.random.default_rng(0)
    x = 1e16 * np.resize([1.0, -1.0], 4096) + 1e3 * rng.standard_normal(4096)
    problem = gm.Problem(lambda w, x, *, xp=np: SUMS[name](xp, w, x), np.asarray(1.0), {"x": x})
    found = gm.certified_gradient(problem)
    for order in (np.arange(4096), np.argsort(x), rng.permutation(4096)):
        for array in (np.float64(x[order].sum()), np.float64(np.cumsum(x[order])[-1])):
            scale = len(x) if name == "mean" else 1
            error = found.error(np.asarray(array / scale))[""]
            assert 0 <= abs(error) <= found.rounding()[""]
            assert abs(error) <= found.loss_rounding()


def test_rounding_bounds_what_comes_together_in_any_order():
    """Reverse mode adds up a value's uses from the last to the first: its sums do not cancel."""
    problem = gm.Problem(
        lambda x, d, *, xp=np: d[0] * x + d[1] * x + x, np.asarray(0.3), {"d": [1e16, -1e16]}
    )
    found = gm.certified_gradient(problem)
    assert found.gradient == 1.0
    for provider in (gm.Backprop(), gm.Analytical(), gm.Numerical("complex-step")):
        error = found.error(provider.prepare(problem)(problem.params).gradient)[""]
        assert 0 <= abs(error) <= found.rounding()[""]


def test_python_numbers_have_the_dtype_that_they_meet():
    """In float32, w > 0.1 compares with the float32 number: the other branch is another loss."""

    def loss(w, *, xp=np):
        return xp.sum(xp.where(w < 0.1, 3 * w, 5 * w))

    w = np.array([0.1, np.nextafter(np.float32(0.1), np.float32(0))], np.float32)
    with pytest.raises(gm.NotDifferentiable, match="equal"):
        gm.certified_gradient(gm.Problem(loss, w))
    np.testing.assert_array_equal(gm.certified_gradient(gm.Problem(loss, w[1:])).gradient, [3.0])
    found = gm.certified_gradient(gm.Problem(lambda w, xp=np: w * 0.1, w[0]))
    assert holds(found.enclosure[""].item(), Fraction(float(np.float32(0.1))))


def test_powers_of_zero_that_is_data_are_flat():
    """0 to any positive power is 0: a gamma correction has a gradient, black pixels or not."""
    problem = gm.Problem(lambda y, x, xp=np: xp.sum(x**y), np.array([2.0, 0.5]), {"x": [0.0, 0.0]})
    np.testing.assert_array_equal(gm.certified_gradient(problem).gradient, [0.0, 0.0])
    for point in (np.zeros(2), np.array([-1.0, 2.0])):
        with pytest.raises(gm.NotDifferentiable):
            gm.certified_gradient(gm.Problem(problem.loss, point, {"x": [0.0, 0.0]}))
    with pytest.raises(gm.NotDifferentiable):  # to the left of 0 there is no such power
        gm.certified_gradient(gm.Problem(lambda w, xp=np: w ** (2 + w), np.asarray(0.0)))


CONSTANT_ENTRIES: dict[str, tuple[Any, list[float]]] = {
    "beyond a clip": (lambda xp, w: xp.acos(xp.clip(w, -1, 1)), [0, -(0.91**-0.5), 0]),
    "below a maximum": (lambda xp, w: xp.sqrt(xp.maximum(w, 0.0)), [8**-0.5, 1.2**-0.5, 0]),
    "joined": (lambda xp, w: (xp.concat([xp.zeros(3), w]) > 0)[:3] * w, [0, 0, 0]),
    "not chosen": (lambda xp, w: xp.floor(xp.where(w < 1, w - 0.5, 2.0)) * w, [2, -1, -3]),
    "triangle": (lambda xp, w: xp.sign(xp.tril(xp.stack([w, w, w])))[0, :] * w, [1, 0, 0]),
    "running": (
        lambda xp, w: xp.floor(xp.cumulative_sum(xp.concat([xp.ones(3), w + 0.1])))[:3] * w,
        [1, 2, 3],
    ),
    "product": (lambda xp, w: xp.floor(xp.stack([xp.ones(3), w]) @ xp.ones(3))[0] * w, [3, 3, 3]),
    "power": (lambda xp, w: xp.concat([w**2, xp.zeros(1)]) ** 1.5, [12, 0.27, -12]),
    "scattered": (lambda xp, w: xp.where(xp.stack([w, xp.ones(3)])[:, 1:] == 1, 1.0, 2.0), [0] * 3),
}
"""A function of (2, 0.3, -2), and the gradient of its sum. Its constant entries lie on a jump, at a
tie or at the end of a domain, where entries that vary may not be."""


@pytest.mark.parametrize("name", CONSTANT_ENTRIES)
def test_entries_that_do_not_vary_may_lie_anywhere(name):
    """A constant beside parameters in one array would be refused for a jump that it never makes."""
    function, expected = CONSTANT_ENTRIES[name]
    w = np.array([2.0, 0.3, -2.0])
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(function(xp, w)), w)
    found = gm.certified_gradient(problem).gradient
    np.testing.assert_allclose(found, expected, rtol=1e-15, atol=0)


def test_entries_that_vary_may_not_lie_on_a_jump():
    """One entry that varies decides for its own place, whatever the constants beside it do."""
    for move in (lambda xp, w: xp.stack([0 * w, w]), lambda xp, w: xp.stack([0 * w, w - w])):
        problem = gm.Problem(
            lambda w, *, xp=np, m=move: xp.sum(xp.floor(m(xp, w))) + w, np.array(2.0)
        )
        with pytest.raises(gm.NotDifferentiable, match="jumps"):
            gm.certified_gradient(problem)


def test_angles_on_the_cut_follow_the_sign_of_zero():
    """Balls have no -0.0: an angle would be certified 2π beside the one that NumPy gives."""

    def at(y: Any) -> gm.Problem:
        return gm.Problem(lambda w, *, xp=np: xp.sum(xp.atan2(y(xp, w), w)), np.array([-2.0, 3.0]))

    for zero in (-0.0, 0.0):
        truth = gm.certified_gradient(at(lambda xp, w, z=zero: z))
        assert float(truth.value) == pytest.approx(np.copysign(np.pi, zero), rel=1e-15)
        assert not np.any(truth.gradient)
    with pytest.raises(gm.NotDifferentiable, match="sign"):
        gm.certified_gradient(at(lambda xp, w: xp.trunc(w / 8)))
