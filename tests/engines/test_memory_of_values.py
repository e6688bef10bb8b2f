"""No method writes over what it was given, or over what it returned before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from tests.memory_programs import Program, differs, misplaced
from tests.primitive_cases import CASES

METHODS: dict[str, Any] = {
    "backprop": gm.Backprop(),
    "reuse": gm.Numerical(evaluation="reuse", step=1e-5),
    "central": gm.Numerical(step=1e-5),
    "complex-step": gm.Numerical(scheme="complex-step"),
    "chain-rule": gm.Analytical(form="chain-rule"),
    "cse": gm.Analytical(form="cse"),
}
RNG = np.random.default_rng(3)
W, V, B = RNG.normal(size=(3, 3)), RNG.normal(size=3), np.array(-0.41)
X = RNG.normal(size=(3, 3))
VIEWS: dict[str, Any] = {
    "transposed": lambda q, xp: xp.sum(xp.tanh(X @ q["W"].T + q["b"]) @ q["v"]),
    "transposed and reused": lambda q, xp: xp.sum(xp.exp(xp.sin(q["W"].mT) * q["b"]) * X),
    "full": lambda q, xp: xp.sum(xp.tanh(xp.full((2, 3), q["b"]))) + q["b"],
    "full of a number": lambda q, xp: xp.sum(xp.tanh(xp.full((2, 3), q["b"]))) + xp.sin(V[0]),
    "broadcast": lambda q, xp: xp.sum(xp.tanh(xp.broadcast_to(q["v"], (3, 3)) @ X) @ X),
    "reshaped": lambda q, xp: xp.sum(
        xp.exp(xp.reshape(xp.sin(xp.reshape(q["W"], (9,))), (3, 3))) @ q["v"]
    ),
    "sliced": lambda q, xp: xp.sum(xp.exp(xp.sin(q["v"][:3]) * q["b"])),
    "reversed": lambda q, xp: xp.sum(xp.exp(xp.sin(q["v"][::-1]) * q["b"])),
    "a row": lambda q, xp: xp.sum(xp.tanh(xp.sum(X * q["v"][None, :], axis=1) * q["b"])),
    "views of views": lambda q, xp: xp.sum(xp.exp(xp.sin(xp.flip(q["W"].T)[:, ::-1]) * q["b"])),
}
"""Losses whose last use of a parameter is a view, before a value of the parameter's shape."""


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("view", VIEWS)
def test_a_parameter_outlives_the_last_use_of_a_view(view, dtype):
    """A later value laid in the parameter's memory would give wrong differences silently."""
    params = {name: x.astype(dtype) for name, x in {"W": W, "v": V, "b": B}.items()}
    problem = gm.Problem(lambda q, *, xp=np: VIEWS[view](q, xp), params)
    truth = gm.certified_gradient(problem).gradient
    for scheme in ("central", "five-point"):
        found = gm.Numerical(scheme, evaluation="reuse").prepare(problem)(problem.params).gradient
        for name, expected in truth.items():
            loose = 1e-6 if dtype == "float64" else 2e-2
            np.testing.assert_allclose(found[name], expected, rtol=loose, atol=loose)


@pytest.mark.parametrize("method", [gm.Backprop(), gm.Forward()])
def test_constants_keep_their_places_in_buffers(method):
    """Where one stands in the next loss's place, what varies there writes over it silently."""

    def loss(w, *, xp=np):
        t, apart = 1.0, np.array([7.0])
        for k in (4, 6, 2, 8):
            x = xp.exp(w) * t
            t = xp.mean(xp.cos(xp.concat([2 * x[:k], apart, 3 * x[k:]])))
        return t

    problem = gm.Problem(loss, np.linspace(0.1, 0.5, 10))
    truth = gm.certified_gradient(problem).gradient
    prepared = method.prepare(problem)
    for _ in range(2):
        found = prepared(problem.params)
        assert found.value == pytest.approx(loss(problem.params), rel=1e-13)
        np.testing.assert_allclose(found.gradient, truth, rtol=1e-10)


FOUND = (86, 364, 535, 652, 889)
"""Programs whose gradients were wrong once, or that crashed."""


@pytest.mark.parametrize("seed", [*FOUND, *range(40)])
def test_random_programs_have_certified_gradients(seed):
    """Values that share memory in a way that nobody thought of would be wrong here."""
    problem = Program(seed).problem()
    truth = gm.certified_gradient(problem).gradient
    for name, bound in (("backprop", 1e-12), ("reuse", 1e-8)):
        found = METHODS[name].prepare(problem)(problem.params).gradient
        assert not differs(problem, found, truth, bound), (name, seed)


@pytest.mark.medium
@pytest.mark.parametrize("name", METHODS)
def test_inputs_and_results_have_memory_of_their_own(name):
    """A user who overwrites an input or a result must change no other number, before or after."""
    for seed in range(5 if name in ("chain-rule", "cse") else 20):
        assert not misplaced(METHODS[name], Program(seed).problem()), seed


@pytest.mark.medium
@pytest.mark.parametrize("name", ["backprop", "reuse"])
def test_every_function_keeps_to_its_own_memory(name):
    """A primitive that returns a view of an operand must not hand it out, nor write over it."""
    for case in CASES[::4]:
        assert not misplaced(METHODS[name], case.problem()), case.id


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize(
    "loss",
    [
        lambda q, xp: xp.sum(q["a"]),
        lambda q, xp: xp.sum(q["a"] * q["b"]),
        lambda q, xp: xp.sum(q["a"].T) + xp.sum(xp.reshape(q["b"], (-1,))),
        lambda q, xp: q["a"][0, 0] * q["b"][1, 1],
        lambda q, xp: xp.sum(q["a"] * 3.0 + q["b"] * 3.0),
        lambda q, xp: xp.sum(q["a"] @ X[:2, :2] + q["b"] @ X[:2, :2]),
        lambda q, xp: xp.sum(xp.broadcast_to(q["a"][0], (2, 2)) * q["b"]),
    ],
)
def test_gradients_that_are_inputs_constants_or_one_another(name, loss):
    """The gradient of a product is its other operand: returned as it is, it would be an alias."""
    given = np.array([[0.3, 0.7], [1.1, 0.9]])
    problem = gm.Problem(lambda q, *, xp=np: loss(q, xp), {"a": given, "b": given})
    assert not misplaced(METHODS[name], problem)
    value, gradient = METHODS[name].prepare(problem)({"a": given, "b": given})
    truth = gm.certified_gradient(problem)
    assert value == pytest.approx(float(truth.value))
    assert not differs(problem, gradient, truth.gradient, 1e-9)


@pytest.mark.medium
@pytest.mark.parametrize("name", METHODS)
def test_strided_arrays_are_arrays(name):
    """Broadcast, reversed and transposed views must count as the numbers in them."""

    def loss(q, Y, k, *, xp=np):
        rows = xp.tanh(q["a"] @ q["b"]) * Y[:, 0] + xp.sum(q["a"] * Y, axis=1)
        return xp.sum(xp.exp(rows[k] / 3)) + xp.sum(q["a"].T @ q["b"])

    big, row = np.arange(36.0).reshape(6, 6) / 29 - 0.5, np.array([0.3, -0.7, 0.2])
    views = {"a": big[::-2, 1::2].T, "b": np.broadcast_to(0.7, (3,))}
    data = {"Y": np.broadcast_to(row, (3, 3)), "k": np.array([0, 1, 2, 0])[::-1]}
    copies = {n: np.ascontiguousarray(a) for n, a in views.items()}
    plain = {n: np.ascontiguousarray(a) for n, a in data.items()}
    prepared = METHODS[name].prepare(gm.Problem(loss, views, data))
    expected = METHODS[name].prepare(gm.Problem(loss, copies, plain))(copies, **plain)
    for found in (prepared(views), prepared(copies), prepared(views, **data)):
        assert found.value == pytest.approx(float(expected.value), rel=1e-14)
        for array, other in zip(found.gradient.values(), expected.gradient.values(), strict=True):
            np.testing.assert_allclose(array, other, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("shape", [(3, 0), (0, 3), (0,), (2, 0, 3)])
def test_parameters_without_entries(name, shape):
    """An array of no entries has a gradient of no entries, and must not disturb the others."""

    params = {"z": np.zeros(shape), "w": np.concatenate([W, W[:1]]), "s": np.array(0.3)}
    problem = gm.Problem(lambda q, *, xp=np: _empty(q, xp), params)
    truth = gm.certified_gradient(problem).gradient
    found = METHODS[name].prepare(problem)(problem.params).gradient
    assert found["z"].shape == shape
    assert not differs(problem, found, truth, 1e-8)


def _empty(q: Any, xp: Any) -> Any:
    """Join, multiply, take and reduce what has no entries."""
    z, w, s = xp.tanh(q["z"] * q["s"]), q["w"], q["s"]
    flat = xp.reshape(z, (0, 4))
    inner = xp.take(xp.tanh(w)[:, :0], np.array([0, 0]), axis=0) @ np.zeros((0, 4))
    outer = w.T @ flat.T @ flat[:, :2] + xp.tanh(w[:0, :]).T @ flat[:, :2]
    joined = xp.concat([flat.T, w], axis=1)
    rows = flat[np.zeros(0, int)]
    return (
        xp.sum(xp.exp(inner))
        + xp.sum(xp.exp(outer) * s)
        + xp.sum(joined**2)
        + xp.sum(xp.cumulative_sum(rows, axis=0))
        + xp.prod(z) * s
    )
