"""The loss as a black box: nothing of it is touched, and nothing of it is trusted."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.errors import NotDifferentiable
from gradmethods.providers import parts, schemes
from tests.numerical_cases import draw, network, prepare


@pytest.mark.parametrize("scheme", schemes.NAMES)
def test_nothing_outside_is_touched(scheme):
    """The caller's arrays may be read-only, and must hold what they held."""
    params, data = draw()
    for array in params.values():
        array.setflags(write=False)
    before = {name: array.copy() for name, array in params.items()}
    prepared = prepare(scheme, gm.Problem(network, params, data))
    first = prepared(params).gradient
    kept = {name: array.copy() for name, array in first.items()}
    prepared(draw(1)[0])
    for name, array in params.items():
        np.testing.assert_array_equal(array, before[name])
        np.testing.assert_array_equal(first[name], kept[name])


@pytest.mark.parametrize("scheme", schemes.NAMES)
def test_a_loss_that_raises_midway_leaves_no_trace(scheme):
    """A perturbation left behind would shift every later gradient."""
    x = np.array([0.3, 0.4, 0.5])
    state = {"calls": 0, "fuse": math.inf}

    def loss(w, *, xp=np):
        state["calls"] += 1
        if state["calls"] > state["fuse"]:
            raise KeyError("lost")
        return xp.sum(xp.sin(w))

    prepared = prepare(scheme, gm.Problem(loss, x))
    if scheme == "complex-step":
        prepared.recorded = None  # over what was recorded, the loss is called once
    expected = prepared(x)
    state["fuse"] = state["calls"] + 3
    if scheme == "complex-step":
        with pytest.raises(KeyError, match="lost"):
            prepared(x)
    else:
        assert np.isnan(prepared(x).gradient).any()
        assert prepared.unresolved.any()
    state["fuse"] = math.inf
    again = prepared(x)
    assert again.value == expected.value
    np.testing.assert_array_equal(again.gradient, expected.gradient)
    np.testing.assert_array_equal(x, [0.3, 0.4, 0.5])


@pytest.mark.parametrize("scheme", schemes.NAMES)
def test_a_loss_that_returns_or_keeps_its_argument(scheme):
    """The private copy moves: a result that is a view of it must be read at once."""
    problem = gm.Problem(lambda w, *, xp=np: w, 0.7)
    value, gradient = prepare(scheme, problem)(0.7)
    assert value == 0.7
    assert gradient == pytest.approx(1, rel=1e-9)
    kept = []

    def keeping(params, *, xp=np):
        kept.append(params["a"])
        params["a"] = 2 * params["a"]  # its own dict: the next pass must not see this
        return xp.sum(params["a"] ** 2)

    problem = gm.Problem(keeping, {"a": [0.3, 0.7]})
    _, gradient = prepare(scheme, problem)(problem.params)
    np.testing.assert_allclose(gradient["a"], [2.4, 5.6], rtol=1e-6)


@pytest.mark.parametrize("scheme", ["forward", "central"])
def test_a_loss_that_writes_into_its_argument_is_stopped(scheme):
    """Writing would move the point itself, for all later passes."""
    armed: list[bool] = []

    def loss(w, *, xp=np):
        if armed:
            w[0] = 5.0
        return xp.sum(w**2)

    prepared = prepare(scheme, gm.Problem(loss, np.ones(2)))
    armed.append(True)
    with pytest.raises(ValueError, match="read-only"):
        prepared(np.ones(2))


@pytest.mark.medium
@pytest.mark.parametrize("scheme", ["forward", "five-point", "complex-step"])
def test_memory_does_not_grow_with_passes(scheme, monkeypatch):
    """A copy per pass, or all places laid out at once, would not reach a million parameters."""
    monkeypatch.setattr(parts, "BLOCK", 512)
    n = 3 * parts.BLOCK
    x = np.full(n, 0.3)
    prepared = prepare(scheme, gm.Problem(lambda w, *, xp=np: w[0] * w[1], x))
    prepared(x)
    tracemalloc.start()
    prepared(x)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12 * 8 * n + 800 * parts.BLOCK


def test_the_loss_sees_plain_numpy():
    """A wrapper around the arrays would tax, and could change, the forward pass."""
    seen = set()

    def loss(params, X, *, xp=np):
        seen.add((type(params), type(params["w"]), type(X), xp))
        return xp.sum(params["w"]) * xp.sum(X)

    prepared = prepare("central", gm.Problem(loss, {"w": np.ones(2)}, {"X": np.ones(2)}))
    seen.clear()
    prepared({"w": np.ones(2)})
    assert seen == {(dict, np.ndarray, np.ndarray, np)}


@pytest.mark.parametrize("scheme", schemes.NAMES)
def test_nan_is_never_silent(scheme):
    """A loss that is NaN has no gradient; a number in its place would be believed."""
    x = np.array([0.4, 0.3])
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(w) + 0 * xp.log(xp.max(w) - 0.5), x)
    prepared = prepare(scheme, problem)
    if scheme == "complex-step":
        with pytest.raises(NotDifferentiable, match=r"xp\.log at -0\.09"):
            prepared(x)
    else:
        value, gradient = prepared(x)
        assert np.isnan(value)
        # Richardson's wide steps reach where the loss is defined; its error says so.
        assert np.isnan(gradient).all() or scheme == "richardson"
