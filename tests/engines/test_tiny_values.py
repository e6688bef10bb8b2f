"""Values of a few entries, which programs compute entry by entry, as Python's numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.engines.graph import record
from gradmethods.engines.program import compile_graph, recognise, simplify
from gradmethods.engines.tape import differentiate

A, MASK = np.array([[0.5, -1.0], [0.0, 2.0]]), np.array([True, False])
STEPS: dict[str, Any] = {
    "products": lambda w, xp: A @ (w * xp.sum(w)) + w @ A - xp.sum(A * w[:, None]) / (w @ w),
    "functions": lambda w, xp: xp.sin(w) ** 3 * xp.log(w * w + 1) + xp.sqrt(w * w) ** -2,
    "largest": lambda w, xp: (
        xp.maximum(A @ (A @ (w * w[::-1])), w * w) + xp.minimum(A @ (A @ (w * w * w)), 0.1)
    ),
    "ties": lambda w, xp: xp.maximum(A @ (w * w), A @ w**2) + A @ (w * w[0] * w),
    "slopes": lambda w, xp: (
        xp.tanh(9 * w) / (1 + xp.exp(-99 * w)) + xp.tanh(w[0]) * (1 / (1 + xp.exp(-w)))
    ),
    "moves": lambda w, xp: xp.reshape(xp.concat([w, w[:1], -w[1:]]), (2, 2))[:, 1] * w[1],
    "turned": lambda w, xp: xp.sum((w[:, None] * w[None, :]).T * A, axis=1) + w[1],
    "choices": lambda w, xp: xp.where(MASK, w * w[0], xp.broadcast_to(w[1] * w[1], (2,))) * 1.0,
    "conditions": lambda w, xp: xp.where(w > 1, w * w, w / 3) * w[0] - w * 1e-30,
}
"""Each maps two numbers to two."""


def loss_of(step, times):
    def loss(p, x, *, xp=np):
        w = p["w"]
        for _ in range(times):
            w = step(w, xp) / 3 + x[:2] * p["b"]
        return xp.sum(w * w) + xp.mean(x)

    params = {"w": np.array([0.7, 1.3]), "b": np.array(0.4)}
    return gm.Problem(loss, params, {"x": np.linspace(0.2, 1.9, 20)})


@pytest.mark.parametrize("step", STEPS)
def test_entries_by_themselves_are_those_of_arrays(step, monkeypatch):
    """Where a name is taken for another, or entries are moved otherwise, gradients are wrong."""
    problem = loss_of(STEPS[step], 4)
    prepared = gm.Backprop().prepare(problem)
    assert ".tolist()" in prepared.source()
    found = [prepared(problem.params) for _ in range(2)][1]
    graph = differentiate(recognise(record(problem)))
    value, *gradient = graph.evaluate(problem.structure.check(problem.params), problem.data)
    assert type(found.value) is np.float64
    assert found.value == pytest.approx(value, rel=1e-14)
    for name, want in zip(problem.params, gradient, strict=True):
        got = found.gradient[name]
        assert (type(got), got.shape, got.dtype) == (np.ndarray, np.shape(want), np.float64)
        np.testing.assert_allclose(got, want, rtol=1e-13)
    monkeypatch.setattr("gradmethods.engines.program.tiny_values.LONGEST", 0)
    assert ".tolist()" not in compile_graph(simplify(graph)).source


def test_what_python_refuses_is_done_in_arrays():
    """It divides nothing by 0, where NumPy gives an infinity or NaN, and takes no large powers."""
    problem = loss_of(lambda w, xp: w / (w - w[0]) + 1 / (w[1] - 2) + (w * w[0]) ** 3, 4)
    prepared = gm.Backprop().prepare(problem)
    assert ".tolist()" in prepared.source()
    for w in ([0.7, 1.3], [0.7, 2.0], [1e200, 1e200], [0.7, 1.1]):
        params = {"w": np.array(w), "b": np.array(0.4)}
        with np.errstate(all="ignore"):
            expected = problem.value(params)
        np.testing.assert_array_equal(prepared(params).value, expected)
    power = gm.Problem(
        lambda w, *, xp=np: sum((w[0] * w[1] + i) ** 5 for i in range(9)), np.array([2.0, 3.0])
    )
    prepared = gm.Backprop().prepare(power)
    assert " ** " in prepared.source()
    assert prepared(np.array([1e80, 1.0])).value == np.inf
    again = prepared(power.params)
    assert again.value == pytest.approx(power.value(), rel=1e-15)
    np.testing.assert_allclose(again.gradient, gm.certified_gradient(power).gradient, rtol=1e-15)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_only_double_precision_is_computed_in_pythons_numbers(dtype):
    """They are in double precision: results in single precision would not be those of NumPy."""

    def loss(w, *, xp=np):
        for _ in range(9):
            w = w * w[0] + w[1] / (w + 2)
        return xp.sum(w)

    problem = gm.Problem(loss, np.array([0.7, 0.3], dtype))
    prepared = gm.Backprop().prepare(problem)
    assert (".tolist()" in prepared.source()) == (dtype == "float64")
    assert prepared(problem.params).gradient.dtype == dtype


def test_one_thread_at_a_time_computes_in_numbers(monkeypatch):
    """NumPy's settings are a context, which is refused to a second thread: also to make a float64.

    By chance the threads meet there once in some ten thousand calls.
    """
    problem = loss_of(STEPS["products"], 4)
    prepared = gm.Backprop().prepare(problem)
    entered = []

    def scalar(value):
        entered.append(prepared._enter(False))  # noqa: FBT003  # does not wait
        return np.float64(value)

    monkeypatch.setattr(prepared, "_scalar", scalar)
    assert prepared(problem.params).value == pytest.approx(problem.value(), rel=1e-14)
    assert entered == [False]


def test_roots_of_infinity_are_infinite():
    """NumPy's power 0.5 of a number is its root: NaN for -inf, whose power in an array is inf."""
    monomials = np.array([0.5, 2.0])

    def loss(w, *, xp=np):
        for _ in range(4):
            w = w * (w + 1) - w * w  # itself, in many steps
        return xp.sum(xp.tanh(abs(xp.sinh(w) ** monomials)))

    prepared = gm.Backprop().prepare(gm.Problem(loss, np.array([0.3, 0.7])))
    assert ".tolist()" in prepared.source()
    at = np.array([-800.0, 0.7])
    with np.errstate(all="ignore"):
        expected = loss(at)
    assert prepared(at).value == pytest.approx(expected, rel=1e-13)


ZEROS: dict[str, Any] = {
    "sum": lambda w, xp: xp.sum(w),
    "inner": lambda w, xp: xp.sum(w * (w + 1.0)),
    "vectors": lambda w, xp: w @ (w + 1.0),
    "matrix": lambda w, xp: (xp.reshape(w, (1, -1)) @ (w + 1.0))[0],
    "largest": lambda w, xp: xp.maximum(w, 0.0)[0],
    "largest of the other": lambda w, xp: xp.maximum(-w, w)[0],
    "smallest": lambda w, xp: xp.minimum(w, -w)[0],
    "clip": lambda w, xp: xp.clip(w, 0.0, 1.0)[0],
}


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("name", ZEROS)
def test_zeros_have_the_sign_that_numpy_gives_them(name, size, monkeypatch):
    """By the sign of a zero an angle is π or -π: NumPy adds up from 0.0 on, Python from a term."""
    monkeypatch.setattr("gradmethods.engines.program.tiny_values.GAIN", -np.inf)
    problem = gm.Problem(
        lambda w, *, xp=np: xp.atan2(ZEROS[name](w, xp), -1.0) + 0.25, np.full(size, 0.5)
    )
    prepared = gm.Backprop().prepare(problem)
    for zero in (0.0, -0.0):
        at = np.full(size, zero)
        assert prepared(at).value == pytest.approx(problem.loss(at), rel=1e-15)
