"""The complex step at the limits of its arithmetic: right, or marked as unresolved."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.engines.complex.doubts import coarse, faint
from gradmethods.xp.primitives import TABLE
from tests.numerical_cases import prepare

EPS = {"float64": 2.0**-52, "float32": 2.0**-23}


def differentiated(function, at, dtype="float64", **options):
    """Return the gradient, its marks, its estimated errors and the value."""
    problem = gm.Problem(lambda w, *, xp=np: function(xp, w), np.array(at, dtype))
    prepared = prepare("complex-step", problem, **options)
    value, gradient = prepared(problem.params)
    return gradient, prepared.unresolved, prepared.error_estimate, value


# fmt: off
BRANCHES: dict[str, Any] = {
    "square >= 0": (lambda xp, w: xp.sum(xp.where(w * w >= 0, w, w / 2)), [3e-160, 4e-9], [1, 1]),
    "outer >= 0": (lambda xp, w: xp.sum(xp.where(xp.linalg.outer(w, w) >= 0, w * w, w)),
                   [3e-160], [6e-160]),
    "exp < 1": (lambda xp, w: xp.mean(w * (xp.exp(w / 4) < 1)), [4e-200, 4e-9], [0, 0]),
    "cos < 1": (lambda xp, w: xp.sum(xp.where(xp.cos(w) < 1, w, 3 * w) * w), [4e-200], [2.4e-199]),
    "maximum": (lambda xp, w: xp.sum(w * w * xp.maximum(xp.cosh(w), 1)), [4e-200], [8e-200]),
    "floor": (lambda xp, w: xp.sum(w * w * (2 + xp.floor(xp.cosh(w)))), [4e-200], [2.4e-199]),
    "max": (lambda xp, w: xp.max(xp.stack([w * w, w**4 + w * w])), 4e-200, 8e-200),
    "abs": (lambda xp, w: xp.sum(w * xp.abs(1 - xp.cosh(w) + w * w)), [4e-200], [0]),
}
"""Entries beside which only wide steps can be seen, and what they must not choose."""

FAST: dict[str, Any] = {
    "sin of a square": (lambda xp, w: xp.sum(xp.sin(w * w)), [6.73932097391565e100],
                        lambda w: 2 * w * np.cos(w * w)),
    "sin": (lambda xp, w: xp.sum(xp.sin(w)), [1e100, 1e17, 3.0], np.cos),
    "sin of 1e16 w": (lambda xp, w: xp.sum(xp.sin(1e16 * w)), [1.0, 0.3],
                      lambda w: 1e16 * np.cos(1e16 * w)),
    "sin of 1e40 w": (lambda xp, w: xp.sum(xp.sin(1e40 * w)), [1.0, 1e-30],
                      lambda w: 1e40 * np.cos(1e40 * w)),
    "decay": (lambda xp, w: xp.sum(xp.exp(-w / 1e-30)), [1e-30, 0.0],
              lambda w: -1e30 * np.exp(-w / 1e-30)),
    "beside a pole": (lambda xp, w: xp.sum(xp.log((w - 1) ** 2)), [1 + 2.0**-52, 2.0],
                      lambda w: 2 / (w - 1)),
    "edge": (lambda xp, w: xp.sum(xp.log1p(-w) + xp.atanh(w)), [1 - 2.0**-53],
             lambda w: -1 / (1 - w) + 1 / ((1 - w) * (1 + w))),
}
FAST32: dict[str, Any] = {
    "sin": (lambda xp, w: xp.sum(xp.sin(w)), [4e20, 3.0], np.cos),
    "logarithm of a wave": (lambda xp, w: xp.sum(xp.log10(1.25 + xp.sin(w))), [4e20, 1e10],
                            lambda w: np.cos(w) / (1.25 + np.sin(w)) / np.log(10)),
    "decay": (lambda xp, w: xp.sum(xp.exp(-w / 1e-30)), [0.0], lambda w: -1e30 + w),
}

INSIDE: dict[str, Any] = {
    "square": (lambda xp, w: xp.sum((1e-140 * w) ** 2) * 1e280, lambda w: 2 * w),
    "product": (lambda xp, w: xp.sum((1e-150 * w) * (1e-150 * w)) * 1e300, lambda w: 2 * w),
    "matmul": (lambda xp, w: xp.sum((1e-150 * w[None, :]) @ (1e-150 * w[:, None])) * 1e300,
               lambda w: 2 * w),
    "some terms": (lambda xp, w: xp.sum((w * xp.asarray([1e-150, 1.0])) ** 2
                                        * xp.asarray([1e300, 1.0])), lambda w: 2 * w),
    "norm": (lambda xp, w: xp.linalg.vector_norm(1e-100 * w, ord=3) * 1e100,
             lambda w: w**2 / np.sum(w**3) ** (2 / 3)),
}
INSIDE32: dict[str, Any] = {
    "square": (lambda xp, w: xp.sum((1e-17 * w) ** 2) * 1e34, lambda w: 2 * w),
    "matmul": (lambda xp, w: xp.sum((1e-17 * w[None, :]) @ (1e-17 * w[:, None])) * 1e34,
               lambda w: 2 * w),
    "some terms": (lambda xp, w: xp.sum((w * xp.asarray([1e-17, 1.0], dtype=xp.float32)) ** 2
                   * xp.asarray([1e34, 1.0], dtype=xp.float32)), lambda w: 2 * w),
    "norm": (lambda xp, w: xp.linalg.vector_norm(1e-11 * w, ord=3) * 1e11,
             lambda w: w**2 / np.sum(w**3) ** (2 / 3)),
}
# fmt: on


@pytest.mark.parametrize("name", BRANCHES)
def test_a_wide_step_takes_the_branches_of_the_real_run(name):
    """(x + ih)² is negative once h exceeds x: a comparison with 0 would choose the other branch."""
    function, at, truth = BRANCHES[name]
    gradient, marks, _, _ = differentiated(function, at)
    np.testing.assert_allclose(gradient, truth, rtol=1e-14)
    assert not marks.any()


@pytest.mark.parametrize(
    ("name", "dtype"), [*((n, "float64") for n in FAST), *((n, "float32") for n in FAST32)]
)
def test_losses_that_vary_much_faster_than_their_parameters(name, dtype):
    """sinh of a step of u|w| is infinite, or a wrong number, where the loss varies on a scale of 1.

    Sensitivity to the rounding of parameters is none of the method's: it starts from these numbers.
    """
    function, at, slope = (FAST if dtype == "float64" else FAST32)[name]
    at = np.array(at, dtype)
    gradient, marks, _, _ = differentiated(function, at, dtype)
    np.testing.assert_allclose(gradient, slope(at.astype(float)), rtol=16 * EPS[dtype])
    assert not marks.any()


@pytest.mark.parametrize(
    ("name", "dtype"), [*((n, "float64") for n in INSIDE), *((n, "float32") for n in INSIDE32)]
)
def test_what_underflows_inside_a_loss(name, dtype):
    """Some of many terms may underflow, so that the sum looks like a derivative."""
    function, slope = (INSIDE if dtype == "float64" else INSIDE32)[name]
    at = np.array([1.3, 2.1], dtype)
    gradient, marks, _, _ = differentiated(function, at, dtype)
    np.testing.assert_allclose(gradient, slope(at.astype(float)), rtol=500 * EPS[dtype])
    assert not marks.any()


def test_a_cast_to_a_dtype_of_less_range():
    """An imaginary part of 1e-192 is 0 in float32, and the derivative of a cast is 1."""
    at = [7.2e-20, 7.2e-160, 8e-9, 0.3]
    gradient, marks, _, _ = differentiated(lambda xp, w: xp.sum(xp.astype(w, xp.float32)), at)
    np.testing.assert_allclose(gradient, 1, rtol=1e-7)
    assert not marks.any()


def test_a_float32_norm_of_tiny_entries():
    """|w|³ underflows beside the step, and what is left of the loss gave 1.0 for 1.7."""
    at = np.array([[5.769906783825718e-05, 5.349052797920528e-12],
                   [5.080846312921494e-05, 6.072564326387031e-12]], np.float32)  # fmt: skip
    gradient, marks, _, _ = differentiated(
        lambda xp, w: xp.sum(xp.linalg.vector_norm(w, axis=-2, ord=3)) + xp.sum(w), at, "float32"
    )
    w = at.astype(float)
    truth = 1 + w**2 / np.sum(w**3, axis=0) ** (2 / 3)
    np.testing.assert_allclose(gradient, truth, rtol=1e-6)
    assert not marks.any()


@pytest.mark.parametrize(
    "function",
    [
        lambda xp, w: xp.sum((1e-200 * w) ** 2) * 1e300,
        lambda xp, w: xp.sum(xp.exp(-1000 * w) * 1e300) * 1e300,
        lambda xp, w: xp.linalg.vector_norm(1e-160 * w) * 1e160,
        lambda xp, w: xp.std(1e-200 * w) * 1e200,
    ],
)
def test_what_no_step_can_see_is_marked(function):
    """Where NumPy's own value has underflowed, a 0 would be believed."""
    _, marks, errors, _ = differentiated(function, [1.3, 2.1])
    assert marks.all()
    assert np.isinf(errors).all()


def test_beside_the_least_numbers_there_is_no_step():
    """Shorter and shorter steps ended at 0, and in a division by it."""
    _, marks, _, _ = differentiated(lambda xp, w: xp.sum(w * w * 1e300 * 1e300), [5e-324, 1e-310])
    assert marks.all()


@pytest.mark.parametrize("dtype", EPS)
@pytest.mark.parametrize(
    "function",
    [
        lambda xp, w: xp.sum(xp.exp(w - xp.max(w)) / xp.sum(xp.exp(w - xp.max(w))) * w),
        lambda xp, w: xp.sum(xp.tanh(w)),
        lambda xp, w: xp.sum(xp.exp(-w * w)),
        lambda xp, w: xp.sum(1 / (1 + xp.exp(-w))),
        lambda xp, w: xp.sum(xp.maximum(w, 0) * w + w**3 + w**4 * xp.cos(w)),
    ],
)
def test_underflow_that_does_not_matter_is_not_marked(function, dtype):
    """Saturated units underflow in every network: to mark them would make marks worthless."""
    at = np.array([30.0, -400.0, 0.0, 2.0, 700.0], dtype)
    problem = gm.Problem(lambda w, *, xp=np: function(xp, w), at)
    gradient, marks, _, _ = differentiated(function, at, dtype)
    truth = gm.Backprop().prepare(problem)(at).gradient
    least = float(np.finfo(dtype).tiny) / EPS[dtype]
    np.testing.assert_allclose(gradient, truth, rtol=64 * EPS[dtype], atol=least)
    assert not marks.any()


def test_the_value_is_not_that_of_a_step_that_was_too_wide():
    """The real part of sin(x + ih) is no value of the loss where h is large."""
    at = np.array([1e15, 2.0])
    _, _, _, value = differentiated(lambda xp, w: xp.sum(xp.sin(w * w)), at)
    assert value == pytest.approx(np.sin(at * at).sum(), rel=1e-14)


@pytest.mark.parametrize("step", [0.3, 1e-2, 1e-5, 1e-30])
def test_the_estimate_of_a_given_step_holds(step):
    """A step that the user chose may be wide: it is taken, and its error is told."""
    at = np.array([0.7, -1.2])
    gradient, marks, errors, _ = differentiated(
        lambda xp, w: xp.sum(xp.exp(w) + xp.sin(3 * w)), at, step=step
    )
    off = abs(gradient - np.exp(at) - 3 * np.cos(3 * at))
    assert not marks.any()
    assert (off <= errors).all()
    assert (errors <= 10 * off + 1e-14).all()


def test_cubes_are_flat_at_zero():
    """Im (ih)³/h is -h², which is no derivative: that is 0."""
    for power in (3, np.int8(3), 1.5, 2):
        gradient, *_ = differentiated(lambda xp, w, p=power: xp.sum(xp.pow(w, p)), [0.0, 2.0])
        assert gradient[0] == 0


@pytest.mark.parametrize("shape", [(3, 4), (7, 33), (64, 50)])
def test_products_of_parameters_round_as_numpys(shape):
    """A sum of complex products is rounded in another order, and a tie may break by it."""
    rng = np.random.default_rng(3)
    given = {"a": rng.normal(size=shape), "b": rng.normal(size=shape[::-1])}
    products = []

    def loss(p, *, xp=np):
        product = p["a"] @ p["b"]
        total = xp.sum(p["a"], axis=0)
        payloads: list[Any] = [getattr(x, "payload", None) for x in (product, total)]
        if all(isinstance(x, np.ndarray) for x in payloads):  # and not what is only recorded
            products.append([np.real(x) for x in payloads])
        return xp.sum(product) + xp.sum(total)

    gm.Numerical("complex-step").obstacle(gm.Problem(loss, given))
    np.testing.assert_array_equal(products[-1][0], given["a"] @ given["b"])
    np.testing.assert_array_equal(products[-1][1], given["a"].sum(0))


def test_doubts_ask_only_for_what_varies():
    """Zeros that belong to no underflow would cost passes in every loss."""
    still, varies, none = np.array([2 + 0j]), np.array([2 + 1e-32j]), np.array([0j])
    lost = np.array([4 + 0j])
    assert faint(TABLE["multiply"], lost, [varies, varies])[0] is not None
    assert faint(TABLE["multiply"], lost, [still, still])[0] is None
    assert faint(TABLE["multiply"], lost, [varies, none])[0] is None
    assert faint(TABLE["cos"], lost, [np.array([0 + 1e-32j])])[0] is None
    assert faint(TABLE["matmul"], lost[:, None], [varies[:, None], none[:, None]])[0] is None
    assert coarse(TABLE["sin"], [np.array([1 + 1e-7j])])
    assert not coarse(TABLE["sin"], [np.array([1 + 1e-9j])])
    assert coarse(TABLE["log"], [np.array([1e-9 + 1e-16j])])
    assert not coarse(TABLE["square"], [np.array([1e-9 + 1e-3j])])


@pytest.mark.parametrize("order", [2.5, 3.5])
def test_a_broken_power_far_beyond_an_entry_is_not_trusted(order):
    """Two steps that are far wider than an entry agreed on −0.5, in silence: it is 3e-20."""
    gradient, marks, _, _ = differentiated(
        lambda xp, w: xp.linalg.vector_norm(w, ord=order), [7.4e-12, 7.4e-25], "float32"
    )
    assert marks[1] or abs(gradient[1]) < 1e-19
