"""Differences over the recorded graph: the same as of the black box, for less work."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.providers.numerical import Numerical
from gradmethods.studies.accuracy.tolerances import tolerance
from tests.primitive_cases import each_function
from tests.reuse_checks import (
    SCHEMES,
    assert_alike,
    assert_same,
    everything,
    flat,
    moved,
    prepare,
    round_off,
)

MLPS = ((2, 3, 1), (2, 7, 5, 1), (3, 4, 6, 2), (2, 1, 1))


@pytest.mark.medium
@partial(each_function, every=8)
def test_same_as_plain_on_every_function(case):
    """A primitive that loses pins, or mistakes which entries depend on which, changes a result."""
    problem = case.problem()
    plain, reuse = Numerical().prepare(problem), prepare(problem)
    for params in (problem.params, moved(problem)):
        assert_alike(plain, reuse, params)


@pytest.mark.medium
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("widths", MLPS)
def test_same_as_plain_on_networks(widths, dtype, scheme):
    """Contractions are where the saving is: a wrong row or column must show, in every scheme."""
    options: dict[str, Any] = {"activation": "tanh", "loss": "logits", "dtype": dtype}
    problem = gm.problems.get("mlp", widths=widths, batch=9, **options)
    assert_same(problem, moved(problem), scheme)


@pytest.mark.parametrize("name", gm.problems.names())
def test_same_as_plain_on_the_catalogue(name):
    """What is reported beside plain differences must be those differences."""
    problem = gm.problems.get(name)
    assert_same(problem, moved(problem))


TABLE = np.array([[0.3, -0.7, 1.1, 0.9], [0.2, -1.3, 0.4, 0.8], [1.7, 0.1, -0.6, 0.5]])
WAYS = {
    "arrays that stand apart": lambda xp, W: xp.exp(xp.reshape(W, (2, 3, 2)))[
        np.array([0, 1, 1]), :, np.array([1, 0, 1])
    ],
    "integer and array apart": lambda xp, W: xp.exp(xp.reshape(W, (2, 3, 2)))[1, :, np.array([1])],
    "index that changes": lambda xp, W: (
        TABLE[0] * xp.asarray(TABLE)[xp.astype(W > 0.2, xp.int64), 1] + xp.sum(W * W)
    ),
    "product of integers": lambda xp, W: (
        (xp.astype(W > 0.2, xp.int64) @ np.arange(8).reshape(4, 2)) * W[:, :2]
    ),
    "transposed activations": lambda xp, W: (
        xp.tanh(xp.tanh(TABLE.T @ W) @ TABLE.T).T @ TABLE.T[:, :2]
    ),
    "transposed on the right": lambda xp, W: TABLE @ xp.tanh(xp.tanh(W @ TABLE.T) @ TABLE).T,
    "column of activations": lambda xp, W: TABLE @ xp.tanh(W[1, :] + W[0, :]),
    "signs of zero": lambda xp, W: xp.atan2(0.0, -W * W) + 2 * xp.atan2(-0.0, -W * W) + W,
    "kept and overwritten": lambda xp, W: xp.sqrt(xp.exp(W) + 1) * (xp.exp(W) + 1) - xp.exp(W),
    "split and joined": lambda xp, W: xp.reshape(xp.exp(W), (2, 6)) * xp.reshape(W, (6, 2)).T,
    "stacked with others": lambda xp, W: xp.stack([W, xp.asarray(TABLE)]) ** 3 / W,
    "repeated along an axis": lambda xp, W: xp.exp(W[:1, :]) * W + xp.broadcast_to(W[1, :], (3, 4)),
    "linear chain": lambda xp, W: -(2 - (1 - W / TABLE) * 3) @ TABLE.T @ TABLE - 0.5,
    "vectors": lambda xp, W: W[0, :] @ TABLE.T @ xp.ones(3) * (W[1, :] @ W[2, :]),
}


@pytest.mark.medium
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("way", WAYS)
def test_same_as_plain_on_rare_ways(way, dtype):
    """Layouts, dtypes and forms that few losses have are where a stale copy would hide."""
    table = TABLE.astype(dtype)

    def loss(W, *, xp=np):
        return xp.sum(xp.astype(WAYS[way](xp, W), xp.float64) * 0.3)

    problem = gm.Problem(loss, table + np.asarray(0.05, dtype))
    assert_same(problem, problem.params)
    assert_same(problem, moved(problem), "five-point")


def test_values_of_the_data_outlive_their_use():
    """What is computed from data alone is kept from call to call, and nothing may write over it."""

    def loss(w, X, *, xp=np):
        moved_away = X + 1
        return xp.mean(xp.tanh(xp.exp(moved_away) @ w) * xp.sqrt(moved_away @ w))

    rng = np.random.default_rng(0)
    data = {"X": rng.uniform(0.1, 1, size=(6, 4))}
    problem = gm.Problem(loss, np.array([0.2, 0.4, 0.1, 0.3]), data)
    assert_same(problem, problem.params)
    assert_same(problem, moved(problem), X=data["X"] + 0.3)


def test_values_of_the_data_have_memory_of_their_own():
    """One that no perturbation starts from is still read at each call, and must still be there."""

    def loss(w, X, *, xp=np):
        before = xp.sum(xp.exp(xp.tanh(X @ w)))  # leaves memory of the right size to take
        return before + xp.mean(xp.tanh((2 * X) @ w + xp.exp(X[:, 0])))

    X = np.random.default_rng(0).uniform(0.1, 1, size=(6, 4))
    problem = gm.Problem(loss, np.array([0.2, 0.4, 0.1, 0.3]), {"X": X})
    prepared = prepare(problem)
    for params in (problem.params, problem.params, moved(problem)):
        assert prepared(params).value == pytest.approx(problem.value(params), rel=1e-13)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_other_points_and_other_data(scheme):
    """What was recorded or laid out at the first point and data must not stick to them."""
    problem, other = everything(), everything(1)
    prepared = prepare(problem, scheme)
    plain = Numerical(scheme).prepare(problem)
    for at, data in ((problem, {}), (other, other.data), (problem, {"t": other.data["t"]})):
        for params in (at.params, moved(at)):
            found, expected = prepared(params, **data), plain(params, **data)
            bounds = round_off(prepared, params, float(expected.value))
            assert found.value == pytest.approx(expected.value, rel=1e-13)
            for name, bound in bounds.items():
                assert (abs(found.gradient[name] - expected.gradient[name]) <= bound).all()
    assert not problem.structure.check(prepared(problem.params).gradient)["unused"].any()


@pytest.mark.parametrize("params", [math.pi, [math.e, -math.sqrt(2)], {"a": 0.7, "b": [[1.1]]}])
def test_structures(params):
    """Scalars, bare arrays and dicts must come back as they went in."""

    def loss(params, *, xp=np):
        parts = params.values() if isinstance(params, dict) else [params]
        return sum(xp.sum(xp.sin(part)) for part in parts)

    assert_same(gm.Problem(loss, params), params)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (lambda w, xp: w[1], [0.0, 1.0]),
        (lambda w, xp: xp.asarray(3.0), [0.0, 0.0]),
        (lambda w, xp: xp.sum(xp.sign(w)) + 1.5, [0.0, 0.0]),
        (lambda w, xp: xp.sum(w[np.array([1, 1])]), [0.0, 2.0]),
    ],
)
def test_losses_that_hardly_depend_on_parameters(loss, expected):
    """A graph that ends in an input or a constant has no node for heads to meet at."""
    problem = gm.Problem(lambda w, *, xp=np: loss(w, xp), np.array([0.3, 0.4]))
    value, gradient = prepare(problem)(problem.params)
    assert value == problem.value()
    np.testing.assert_allclose(gradient, expected, atol=1e-10)


@pytest.mark.medium
@pytest.mark.parametrize("scheme", SCHEMES)
def test_as_accurate_as_its_tolerance(scheme):
    """Saving work must not cost digits: the gradient stays within the scheme's bound."""
    problem = gm.problems.get("mlp", widths=(2, 40, 30, 1), batch=50)
    provider = Numerical(scheme, evaluation="reuse")
    point = moved(problem)
    found = flat(problem, provider.prepare(problem)(point).gradient)
    exact = flat(problem, gm.Backprop().prepare(problem)(point).gradient)
    bound = tolerance(provider.name, problem.dtype)
    assert bound < 1e-5
    assert np.linalg.norm(found - exact) < bound * np.linalg.norm(exact)


def test_entries_compared_with_themselves_stay_equal():
    """An entry was taken as its base plus a difference: off by a rounding, x >= x[k] was false."""
    values = np.array([5622155.264304497, 8491758.94731653, 4.925697490789876e16])

    def loss(w, *, xp=np):
        x = xp.asinh(w)
        return xp.sum(xp.where(x >= x[1], np.array([1.0, 10.0, 100.0]), 0.0))

    problem, step = gm.Problem(loss, values), 2.0**42
    plain = gm.Numerical(step=step).prepare(problem)(values)
    reuse = gm.Numerical(step=step, evaluation="reuse").prepare(problem)(values)
    np.testing.assert_array_equal(reuse.gradient, plain.gradient)
    np.testing.assert_array_equal(plain.gradient * 2 * step, [1, -1, 0])
