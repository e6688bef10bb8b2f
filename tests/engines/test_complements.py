"""Slopes of what saturates: factors such as 1 + tanh(x), whose value has lost its digits."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.engines.graph import record
from gradmethods.engines.tape.reverse import Reverse
from tests.duals import differentiate

ENGINES: dict[str, Any] = {
    "backprop": gm.Backprop(),
    "cse": gm.Analytical("cse"),
    "expanded": gm.Analytical("expanded"),
    "chain-rule": gm.Analytical("chain-rule"),
    "complex-step": gm.Numerical("complex-step"),
}
C = math.sqrt(2 / math.pi)


def sigmoid(xp, x):
    return 1 / (1 + xp.exp(-x))


def softmax(xp, x):
    power = xp.exp(xp.stack([x, 0 * x, 0 * x + 1]))
    return power / xp.sum(power)


LOSSES: dict[str, tuple[Any, tuple[float, ...]]] = {
    "GELU by tanh": (
        lambda xp, x: 0.5 * x * (1 + xp.tanh(C * (x + 0.044715 * x**3))),
        (-5.1, -7.1, -10.3),
    ),
    "GELU in one axis": (
        lambda xp, x: xp.sum(xp.reshape((xp.tanh(C * xp.stack([x, x / 2])) + 1) * x, (-1,))),
        (-5.1, -19.1),
    ),
    "(1-tanh)²": (lambda xp, x: (1 - xp.tanh(x)) ** 2, (3.1, 18.3, 40.3)),
    "(tanh-1)³": (lambda xp, x: (xp.tanh(x) - 1) ** 3, (3.1, 18.3, 40.3)),
    "(-1-tanh)³": (lambda xp, x: (-1 - xp.tanh(x)) ** 3, (-3.1, -18.3, 2.1)),
    "(-1+tanh)²": (lambda xp, x: (-1 + xp.tanh(x)) ** 2, (3.1, 18.3, -2.1)),
    "√(1+tanh)": (lambda xp, x: xp.sqrt(1 + xp.tanh(x)), (-3.1, -18.3, -40.3)),
    "(1-tanh²)^1.5": (lambda xp, x: (1 - xp.tanh(x) ** 2) ** 1.5, (3.1, -18.3, 40.3)),
    "x/(1+tanh)": (lambda xp, x: x / (1 + xp.tanh(x)), (-3.1, -15.3)),
    "log(1-tanh)": (lambda xp, x: xp.log(1 - xp.tanh(x)), (3.1, 15.3)),
    "log10(1-σ)": (lambda xp, x: xp.log10(1 - sigmoid(xp, x)), (3.1, 30.3)),
    "x(1-σ)": (lambda xp, x: x * (1 - sigmoid(xp, x)), (3.1, 35.3, 705.0, -800.0)),
    "(1-σ)^2.5": (lambda xp, x: (1 - sigmoid(xp, x)) ** 2.5, (3.1, 40.2)),
    "clipped 1-σ": (lambda xp, x: (1 - xp.minimum(sigmoid(xp, x), 0.999999999)) ** 2, (-3.1, 12.2)),
    "1-σ, and a little": (lambda xp, x: (1 - sigmoid(xp, x) + 1e-30) ** 2, (3.1, 40.2)),
    "focal loss": (
        lambda xp, x: -((1 - sigmoid(xp, x)) ** 2) * xp.log(sigmoid(xp, x)),
        (-30.1, 3.1, 20.3, 40.2),
    ),
    "focal loss of shares": (
        lambda xp, x: -((1 - softmax(xp, x)[0]) ** 2) * xp.log(softmax(xp, x)[0]),
        (-3.1, 3.2, 20.3, 40.1),
    ),
    "σ log σ": (lambda xp, x: sigmoid(xp, x) * xp.log(sigmoid(xp, x)), (-30.1, 3.1, 30.3)),
    "exp(x)/(1+exp(x))": (lambda xp, x: xp.exp(x) / (1 + xp.exp(x)), (3.1, 40.2, 300.3, -40.2)),
    "(1-odds)²": (lambda xp, x: (1 - xp.exp(x) / (2 + xp.exp(x))) ** 2, (3.1, 40.2)),
    "-log of a share": (lambda xp, x: -xp.log(softmax(xp, x)[0]), (-300.2, -3.1, 30.2)),
    "(1-exp(-x))²": (lambda xp, x: (1 - xp.exp(-x)) ** 2, (1e-3, 1.3e-7, -1.1e-9)),
    "(exp(x)-1)²": (lambda xp, x: (xp.exp(x) - 1) ** 2, (1e-3, 1.3e-7, 2.1)),
    "(1-cos)²": (lambda xp, x: (1 - xp.cos(x)) ** 2, (1e-3, 1.3e-7, 2.1)),
    "√(1+cos)": (lambda xp, x: xp.sqrt(1 + xp.cos(x)), (3.1415, 2.1)),
}


@functools.cache
def truth(name: str, x: float) -> float:
    function, _ = LOSSES[name]
    problem = gm.Problem(lambda w, *, xp=np: function(xp, w), np.array(x))
    return float(differentiate(problem, digits=400).t[0])


@pytest.mark.medium
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", LOSSES)
def test_factors_that_saturate_keep_their_digits(name, engine):
    """A factor that the loss has rounded would leave a slope with as few digits, or none."""
    function, points = LOSSES[name]
    problem = gm.Problem(lambda w, *, xp=np: function(xp, w), np.array(0.7))
    prepared = ENGINES[engine].prepare(problem)
    for x in points:
        found = float(prepared(np.array(x)).gradient)
        assert found == pytest.approx(truth(name, x), rel=4e-14, abs=0), x


@pytest.mark.parametrize("engine", ENGINES)
def test_values_and_decisions_stay_those_of_the_loss(engine):
    """A better value for slopes must not show in the loss, nor choose another branch."""

    def loss(w, *, xp=np):
        rest = 1 - xp.tanh(w)
        return xp.sum(xp.where(rest > 0, rest * w, -w)) + xp.max(rest) + xp.maximum(rest[0], 0.0)

    point = np.array([25.0, 0.3, 18.0])
    value, gradient = ENGINES[engine].prepare(gm.Problem(loss, point / 9))(point)
    assert value == loss(point)
    assert gradient[0] == pytest.approx(-1, abs=1e-20)


def test_what_loses_nothing_is_left_alone():
    """Programs of losses in which no difference is a factor would pay for nothing."""

    def loss(p: Any, x: Any, t: Any, *, xp: Any = np) -> Any:
        h = xp.tanh(x @ p["W"] + p["b"])
        y = 1 / (1 + xp.exp(-(h @ p["v"])))
        return -xp.mean(t * xp.log(y)) + xp.mean((2 - h) ** 2) + xp.sum((p["v"] - 1) ** 2)

    rng = np.random.default_rng(0)
    params = {"W": rng.normal(size=(3, 2)), "b": rng.normal(size=2), "v": rng.normal(size=2)}
    problem = gm.Problem(loss, params, {"x": rng.normal(size=(5, 3)), "t": rng.random(5)})
    graph = record(problem)
    found = Reverse().complements(graph)
    assert found is not None
    logarithms = [n for n in graph.nodes() if n.primitive and n.primitive.name == "log"]
    assert all(found.of(node) is node for node in graph.nodes() if node not in logarithms)


def test_formulas_read_as_they_are_written():
    """What slopes are computed from must not show in formulas, nor in a loss."""
    loss = lambda w, *, xp=np: (1 - xp.tanh(w)) ** 2  # noqa: E731
    prepared = gm.Analytical("cse").prepare(gm.Problem(loss, np.array(0.7)))
    assert str(prepared.loss_formula) == "(1 - tanh(x))**2"
    assert str(prepared.formula()) == "-2*(1 - tanh(x))/cosh(x)**2"
