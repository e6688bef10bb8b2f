"""Numerical differentiation: counts, accuracy, structures, names and options."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.errors import InvalidOption, ShapeMismatch, UnknownName
from gradmethods.providers import parts, schemes
from gradmethods.providers.numerical import Numerical
from tests.entries import poison_rules
from tests.numerical_cases import ORDERS, by_hand, draw, error, network, prepare

PASSES = {"forward": 1, "backward": 1, "central": 2, "five-point": 4, "complex-step": 1}


def bound(scheme, dtype):
    """Round-off u at the best step of a scheme of order p: u^(p/(p+1)), and room for constants."""
    u = float(np.finfo(dtype).eps) / 2
    if scheme == "complex-step":
        return 50 * u
    if scheme == "richardson":
        return 1e4 * u
    return 100 * u ** (ORDERS[scheme] / (ORDERS[scheme] + 1))


class Counter:
    """Wraps a loss and counts its calls, independently of what a provider reports."""

    def __init__(self, loss):
        self.loss, self.calls = loss, 0

    def __call__(self, params, **data):
        self.calls += getattr(data["xp"], "kind", "") != "traced"  # a recording computes nothing
        return self.loss(params, **data)


@pytest.mark.parametrize("scheme", schemes.NAMES)
def test_reported_passes_are_the_passes_made(scheme):
    """Costs are cited: a pass that is made and not reported falsifies them."""
    params, data = draw()
    loss = Counter(network)
    problem = gm.Problem(loss, params, data)
    prepared = prepare(scheme, problem)
    assert prepared.forward_passes == (
        None if scheme == "richardson" else PASSES[scheme] * problem.size
    )
    if prepared.recorded:  # complex steps through a recorded loss, which is called for its value
        before = loss.calls
        prepared(draw(1)[0])
        assert loss.calls - before == prepared.value_passes
        assert prepared.forward_passes == problem.size
        prepared.recorded = None
    for seed in (0, 1):
        before = loss.calls
        prepared(draw(seed)[0])
        assert loss.calls - before == prepared.forward_passes + prepared.value_passes
    assert prepared.value_passes == 1


@pytest.mark.parametrize("step", [None, 1e-5])
@pytest.mark.parametrize("scheme", schemes.NAMES)
def test_passes_of_preparation_are_told(scheme, step):
    """A pass spent on preparation is missing from the count of a gradient, and must stand apart."""
    params, data = draw()
    loss = Counter(network)
    problem = gm.Problem(loss, params, data)
    before = loss.calls
    prepared = prepare(scheme, problem, step=step)
    assert loss.calls - before == prepared.preparation_passes
    assert (prepared.preparation_passes == 0) == (step is not None and scheme != "complex-step")
    assert set(prepared.preparation) == {"steps"} | ({"compile"} if prepared.recorded else set())
    assert gm.Backprop().prepare(problem).preparation_passes == 0
    before = loss.calls
    assert gm.Numerical(scheme, step=step).obstacle(problem) is None
    assert loss.calls - before <= 2  # to be asked must stay cheap


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("scheme", schemes.NAMES)
def test_accuracy_at_another_point_on_other_data(scheme, dtype):
    """A step of the wrong size, a lost sign, or a first point that stuck would show."""
    params, data = draw(0, dtype)
    prepared = prepare(scheme, gm.Problem(network, params, data))
    for seed in (0, 1, 2):
        params, data = draw(seed, dtype)
        value, gradient = prepared(params, **data)
        assert value.dtype == dtype
        assert {array.dtype for array in gradient.values()} == {np.dtype(dtype)}
        assert {k: a.shape for k, a in gradient.items()} == {k: a.shape for k, a in params.items()}
        assert value == pytest.approx(network(params, **data), rel=1e-6)
        assert error(gradient, by_hand(params, **data)) < bound(scheme, dtype)


@pytest.mark.parametrize("scheme", schemes.NAMES)
@pytest.mark.parametrize("params", [math.pi, [math.e, -math.sqrt(2)], {"a": 0.7, "b": [[1.1]]}])
def test_structures(scheme, params):
    """Scalars, bare arrays and dicts must come back as they went in."""

    def loss(params, *, xp=np):
        parts = params.values() if isinstance(params, dict) else [params]
        return sum(xp.sum(xp.sin(part)) for part in parts)

    problem = gm.Problem(loss, params)
    _, gradient = prepare(scheme, problem)(params)
    named: dict[str, Any] = params if isinstance(params, dict) else {"": params}
    assert isinstance(gradient, dict) == isinstance(params, dict)
    for name, x in named.items():
        array = gradient[name] if isinstance(params, dict) else gradient
        assert array.shape == np.shape(x)
        np.testing.assert_allclose(array, np.cos(x), rtol=1e-6)


def test_blocks_join_without_a_seam(monkeypatch):
    """An entry dropped or moved twice at the edge of a block would be a wrong gradient."""
    monkeypatch.setattr(parts, "BLOCK", 4)
    x = np.linspace(0.1, 1.3, 11)
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(xp.sin(w)), x)
    for scheme in schemes.NAMES:
        _, gradient = prepare(scheme, problem)(x)
        np.testing.assert_allclose(gradient, np.cos(x), rtol=1e-6)


def test_vjp_rules_take_no_part(monkeypatch):
    """A method that used the tape's rules could not check them."""
    poison_rules(monkeypatch)
    params, data = draw()
    for scheme in schemes.NAMES:
        _, gradient = prepare(scheme, gm.Problem(network, params, data))(params)
        assert error(gradient, by_hand(params, **data)) < 1e-6


def test_names_tell_providers_apart():
    """Rows of a table are known by these names."""
    assert Numerical().name == "numerical"
    assert Numerical("forward").name == "numerical:forward"
    assert Numerical("forward", step=1e-6).name == "numerical:forward[step=1e-06]"
    assert Numerical(step=0.5).name == "numerical:central[step=0.5]"
    assert Numerical("complex-step").name == "numerical:complex-step"


def test_options_are_checked():
    """A misspelt scheme must not be found out after an hour."""
    with pytest.raises(UnknownName, match="Did you mean 'central'"):
        Numerical("centre")
    with pytest.raises(UnknownName, match="Did you mean 'reuse'"):
        Numerical(evaluation="re-use")
    wrong: list[Any] = [0.0, -1e-6, math.inf, math.nan, "small", True]
    for step in wrong:
        with pytest.raises(InvalidOption, match="positive finite"):
            Numerical(step=step)


def test_obstacles():
    """The real schemes take any loss, the complex step none that leaves its namespace."""
    problem = gm.Problem(lambda w, *, xp=np: np.sum(w**2), np.ones(2))
    for scheme in schemes.NAMES:
        assert (Numerical(scheme).obstacle(problem) is None) == (scheme != "complex-step")
    params, data = draw()
    assert Numerical("complex-step").obstacle(gm.Problem(network, params, data)) is None


def test_wrong_shapes_are_refused():
    """A gradient of another structure would be compared with the wrong thing."""
    prepared = prepare("central", gm.Problem(lambda w, *, xp=np: xp.sum(w), np.ones(2)))
    with pytest.raises(ShapeMismatch, match=r"\(2,\)"):
        prepared(np.ones(3))
