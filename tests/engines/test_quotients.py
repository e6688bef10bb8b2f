"""Slopes of quotients whose parts outweigh one another: logistic functions, tanh, softmax, odds."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.engines.graph import record
from gradmethods.engines.program import recognise
from tests.duals import differentiate

ENGINES: dict[str, Any] = {
    "backprop": gm.Backprop(),
    "forward": gm.Forward(),
    "cse": gm.Analytical("cse"),
    "expanded": gm.Analytical("expanded"),
    "chain-rule": gm.Analytical("chain-rule"),
}

# fmt: off
WAYS: dict[str, Any] = {
    "1/(1+exp(-x))": lambda xp, x: 1 / (1 + xp.exp(-x)),
    "3/(2+.7*exp(-x))": lambda xp, x: 3 / (2 + 0.7 * xp.exp(-x)),
    "exp(x)/(1+exp(x))": lambda xp, x: xp.exp(x) / (1 + xp.exp(x)),
    "2*exp(x)/(1+2*exp(x))": lambda xp, x: 2 * xp.exp(x) / (1 + 2 * xp.exp(x)),
    "exp(x)/(3+exp(x))": lambda xp, x: xp.exp(x) / (3 + xp.exp(x)),
    "(3+exp(x))/(1+exp(x))": lambda xp, x: (3 + xp.exp(x)) / (1 + xp.exp(x)),
    "exp(-x)/(1+exp(-x))**2": lambda xp, x: xp.exp(-x) / (1 + xp.exp(-x)) ** 2,
    "exp(x)/(1+exp(x))/(1+exp(x))": lambda xp, x: xp.exp(x) / (1 + xp.exp(x)) / (1 + xp.exp(x)),
    "exp(x)*(1+exp(x))**-1": lambda xp, x: xp.exp(x) * (1 + xp.exp(x)) ** -1,
    "exp(x)*(1+exp(x))**-2": lambda xp, x: xp.exp(x) * (1 + xp.exp(x)) ** -2,
    "exp(x)*(1/(1+exp(x)))": lambda xp, x: xp.exp(x) * (1 / (1 + xp.exp(x))),
    "1/(1+exp(x))**3": lambda xp, x: 1 / (1 + xp.exp(x)) ** 3,
    "tanh by exp(x), exp(-x)": lambda xp, x: (xp.exp(x) - xp.exp(-x)) / (xp.exp(x) + xp.exp(-x)),
    "tanh by exp(2x)": lambda xp, x: (xp.exp(2 * x) - 1) / (xp.exp(2 * x) + 1),
    "tanh by one exponential": lambda xp, x: 2 / (1 + xp.exp(-2 * x)) - 1,
    "tanh by expm1": lambda xp, x: xp.expm1(2 * x) / (xp.expm1(2 * x) + 2),
    "sinh/cosh": lambda xp, x: xp.sinh(x) / xp.cosh(x),
    "cosh/sinh": lambda xp, x: xp.cosh(x) / xp.sinh(x),
    "3/cosh": lambda xp, x: 3 / xp.cosh(x),
    "1/(2+2*cosh)": lambda xp, x: 1 / (2 + 2 * xp.cosh(x)),
    "2/(exp(x)+exp(-x))": lambda xp, x: 2 / (xp.exp(x) + xp.exp(-x)),
    "x/(1+exp(-x))": lambda xp, x: x / (1 + xp.exp(-x)),
    "x*exp(x)/(1+exp(x))": lambda xp, x: x * xp.exp(x) / (1 + xp.exp(x)),
    "x/expm1(x)": lambda xp, x: x / xp.expm1(x),
    "x**3/(exp(x)-1)": lambda xp, x: x**3 / (xp.exp(x) - 1),
    "x**2/(1+x**2)": lambda xp, x: x**2 / (1 + x**2),
    "(x-1)/(x+1)": lambda xp, x: (x - 1) / (x + 1),
}
HIDDEN: dict[str, Any] = {
    "exp(-exp(x))": lambda xp, x: xp.exp(-xp.exp(x)),
    "atan(exp(x))": lambda xp, x: xp.atan(xp.exp(x)),
    "tanh(cosh(x))": lambda xp, x: xp.tanh(xp.cosh(x)),
}
# fmt: on
POINTS = (
    1.3,
    -1.3,
    20.3,
    -20.3,
    40.3,
    -40.3,
    150.3,
    -150.3,
    301.0,
    -301.0,
    701.0,
    -701.0,
    800.3,
    -800.3,
)
SMALLEST = 2e-300
"""Slopes below it have too few digits left."""


def prepared(engine: str, function: Any) -> Any:
    problem = gm.Problem(lambda w, *, xp=np: function(xp, w), np.array(0.7))
    return ENGINES[engine].prepare(problem)


@functools.cache
def truths(name: str) -> list[tuple[float, float]]:
    """Return points at which the loss in NumPy has its digits, and the slopes there."""
    function = (WAYS | HIDDEN)[name]
    found = []
    for x in POINTS:
        with np.errstate(all="ignore"):
            value = float(function(np, np.float64(x)))
        problem = gm.Problem(lambda w, *, xp=np: function(xp, w), np.array(x))
        exact = differentiate(problem, digits=1100)
        if math.isfinite(value) and abs(value - float(exact.v)) <= 1e-12 * abs(value):
            found.append((x, float(exact.t[0])))
    return found


def is_right(found: float, truth: float) -> bool:
    return abs(found - truth) <= max(1e-13 * abs(truth), SMALLEST)


@pytest.mark.medium
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", WAYS | HIDDEN)
def test_slopes_keep_their_digits(name, engine):
    """The quotient rule would give 0, the wrong sign or NaN for a loss that is right in NumPy."""
    gradient = prepared(engine, (WAYS | HIDDEN)[name])
    assert len(truths(name)) >= 4
    for x, truth in truths(name):
        found = float(gradient(np.array(x)).gradient)
        assert is_right(found, truth), (x, found, truth)


@pytest.mark.parametrize("engine", ENGINES)
def test_shares_of_a_sum_keep_their_digits(engine):
    """Where one entry outweighs the others, softmax and odds would get round-off for a slope."""

    def loss(p: Any, *, xp: Any = np) -> Any:
        share = xp.exp(p) / xp.sum(xp.exp(p))
        odds = xp.exp(p[0]) / (xp.exp(p[0]) + 2 * xp.exp(p[1]) + xp.exp(p[2]))
        return xp.sum(share**2) + odds + p[1] ** 2 / (p[1] ** 2 + p[2] ** 2)

    gradient = ENGINES[engine].prepare(gm.Problem(loss, np.array([0.3, -0.2, 0.5])))
    for point in ([40.2, 0.3, 1e-9], [150.2, 0.3, 1e-70], [0.2, 31.3, -3.1]):
        found = gradient(np.array(point)).gradient
        truth = differentiate(gm.Problem(loss, np.array(point)), digits=400).t
        assert all(is_right(f, float(t)) for f, t in zip(found, truth, strict=True)), point


@pytest.mark.parametrize("axis", [0, 1])
def test_softmax_of_rows_and_columns(axis):
    """The mean that softmax subtracts is one of each row, not of all entries."""
    weights = np.array([[0.3, -1.2, 0.8], [2.1, 0.4, -0.7]])

    def loss(p: Any, w: Any, *, xp: Any = np) -> Any:
        power = xp.exp(p)
        return xp.sum(w * (power / xp.sum(power, axis=axis, keepdims=True)))

    point = np.array([[0.2, 60.1, -0.4], [90.3, 0.1, 33.7]])
    problem = gm.Problem(loss, point, {"w": weights})
    truth = [float(t) for t in differentiate(problem, digits=200).t]
    for engine in ENGINES.values():
        found = engine.prepare(problem)(point).gradient.ravel()
        np.testing.assert_allclose(found, truth, rtol=1e-12, atol=0)


@pytest.mark.medium
@pytest.mark.parametrize("engine", ENGINES)
def test_a_sum_of_rows_that_divides_columns(engine):
    """Without keepdims, sums over the rows of a square divide its columns: that is no softmax."""

    def loss(p: Any, *, xp: Any = np) -> Any:
        power = xp.exp(p)
        share = power / xp.sum(power, axis=1)
        return xp.sum(share**2) + xp.sum((1 - power / xp.sum(power, axis=0)) ** 2)

    point = np.array([[0.3, -0.2, 0.5], [1.1, 0.7, -0.4], [0.2, 0.9, 0.1]])
    problem = gm.Problem(loss, point)
    value, gradient = ENGINES[engine].prepare(problem)(point)
    assert value == pytest.approx(loss(point), rel=1e-14)
    truth = [float(t) for t in differentiate(problem, digits=40).t]
    np.testing.assert_allclose(gradient.ravel(), truth, rtol=1e-13)


def test_ordinary_quotients_are_left_alone():
    """A quotient in which nothing cancels would pay for slopes that it has anyway."""

    def loss(p: Any, x: Any, *, xp: Any = np) -> Any:
        return xp.sum(x / (1 + p**2)) + xp.sum(p / (2 + x)) + xp.sum(p / xp.sum(x))

    problem = gm.Problem(loss, np.array([0.3, 0.4]), {"x": np.array([1.3, 2.4])})
    names = {node.primitive.name for node in recognise(record(problem)).nodes() if node.primitive}
    assert names.isdisjoint({"quotient", "normalised"})


def test_formulas_read_as_before():
    """What slopes are computed from must not show in formulas."""
    loss = lambda w, *, xp=np: xp.exp(w) / (1 + xp.exp(w))  # noqa: E731
    whole = gm.Analytical("cse").prepare(gm.Problem(loss, np.array(0.7)))
    assert str(whole.loss_formula) == "exp(x)/(exp(x) + 1)"
    assert str(whole.formula()) == "exp(x)/(exp(x) + 1)**2"


def largest(xp: Any, x: Any, axis: int | None = None) -> Any:
    return xp.max(x, axis=axis, keepdims=True)


SHIFTED: dict[str, Any] = {
    "all entries": lambda xp, x: xp.max(x) + xp.log(xp.sum(xp.exp(x - xp.max(x)))),
    "rows, squeezed": lambda xp, x: (
        xp.log(xp.sum(xp.exp(x - largest(xp, x, 1)), axis=1))
        + xp.squeeze(largest(xp, x, 1), axis=1)
    ),
    "rows, indexed": lambda xp, x: (
        largest(xp, x, 1)[:, 0] + xp.log(xp.sum(xp.exp(x - largest(xp, x, 1)), axis=1))
    ),
    "columns, kept": lambda xp, x: (
        largest(xp, x, 0) + xp.log(xp.sum(xp.exp(x - largest(xp, x, 0)), axis=0, keepdims=True))
    ),
    "by one entry": lambda xp, x: x[0, 0] + xp.log(xp.sum(xp.exp(x - x[0, 0]), axis=0)),
    "library": lambda xp, x: gm.special.logsumexp(x, axis=0),
    "log weights": lambda xp, x: gm.special.log_softmax(x, axis=1)[:, 1],
}
UNLIKE: dict[str, Any] = {
    "twice": lambda xp, x: 2 * xp.max(x) + xp.log(xp.sum(xp.exp(x - xp.max(x)))),
    "shifts of others": lambda xp, x: (
        largest(xp, x, 1) + xp.log(xp.sum(xp.exp(x - largest(xp, x, 1)), axis=1))
    ),
    "shifts within a sum": lambda xp, x: (
        x[0] + xp.log(xp.sum(xp.exp(x - x[0]), axis=1, keepdims=True))
    ),
    "of one row": lambda xp, x: x[:, :1] + xp.log(xp.sum(xp.exp(x - x[:, :1]), axis=0)),
}


@pytest.mark.parametrize("way", [*SHIFTED, *UNLIKE])
def test_what_exponents_are_shifted_by_has_no_slope(way):
    """Its slope, 0 but for rounding, takes as many passes as all else; that of others is one."""
    loss = (SHIFTED | UNLIKE)[way]
    x = np.array([[0.3, -1.2, 0.2], [2.0, 40.0, -0.7], [1.1, 1.2, 0.9]])
    weights = np.array([0.3, 0.5, 0.9])
    problem = gm.Problem(lambda x, *, xp=np: xp.sum(loss(xp, x) * weights), x)
    prepared = gm.Backprop().prepare(problem)
    held = "held" in {
        node.primitive.name for node in recognise(record(problem)).nodes() if node.primitive
    }
    assert held == (way in SHIFTED)
    assert ("astype(" in prepared.source()) == (way in ("twice", "shifts of others"))
    truth = gm.certified_gradient(problem).gradient
    for found in (prepared(x).gradient, gm.Forward().prepare(problem)(x).gradient):
        np.testing.assert_allclose(found, truth, rtol=1e-14, atol=1e-15)
