"""The sign of a zero, by which an angle jumps from -π to π."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradmethods as gm

ENGINES: dict[str, Any] = {
    "backprop": gm.Backprop(),
    "forward": gm.Forward(),
    "analytical": gm.Analytical(),
    "chain-rule": gm.Analytical("chain-rule"),
    "complex-step": gm.Numerical(scheme="complex-step"),
}

# fmt: off
ZEROS: dict[str, Any] = {
    "p * -0.": lambda xp, p: p[1] * -0.0,
    "p * 0.": lambda xp, p: p[1] * 0.0,
    "-p * 0.": lambda xp, p: -p[1] * 0.0,
    "-(p * 0.)": lambda xp, p: -(p[1] * 0.0),
    "-0.": lambda xp, p: -0.0,
    "p * -0. + 0": lambda xp, p: p[1] * -0.0 + 0,
    "p * -0. - 0.": lambda xp, p: p[1] * -0.0 - 0.0,
    "sum": lambda xp, p: xp.sum(p * xp.asarray([0.0, -0.0])),
    "sum of one": lambda xp, p: xp.sum(p[1:] * -0.0),
    "mean of one": lambda xp, p: xp.mean(p[1:] * -0.0),
    "product with a vector": lambda xp, p: p @ xp.asarray([-0.0, -0.0]),
    "maximum": lambda xp, p: xp.maximum(-p[1], -0.0),
    "maximum of zeros": lambda xp, p: xp.maximum(p[1] * -0.0, 0.0),
    "minimum of zeros": lambda xp, p: xp.minimum(p[1] * 0.0, -0.0),
    "clip": lambda xp, p: xp.clip(p[1] * -0.0, 0.0, 1.0),
    "where": lambda xp, p: xp.where(p[1] > 0, -0.0, p[0]),
    "sqrt": lambda xp, p: xp.sqrt(p[1] * -0.0),
    "abs": lambda xp, p: xp.abs(p[1] * -0.0),
    "ceil": lambda xp, p: xp.ceil(-p[1] / 10),
}
# fmt: on


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", ZEROS)
def test_angles_follow_the_sign_of_zero(name, engine):
    """With the other sign, the gradient would be that of the other end of the angle's range."""

    def loss(p: Any, *, xp: Any = np) -> Any:
        return xp.atan2(ZEROS[name](xp, p), -p[1]) * p[1]

    at = np.array([-3.0, 1.25])
    prepared = ENGINES[engine].prepare(gm.Problem(loss, np.array([0.5, 0.75])))
    angle = float(np.atan2(ZEROS[name](np, at), -1.25))
    value, gradient = prepared(at)
    assert (value, *np.abs(gradient)) == (pytest.approx(angle * 1.25), 0, pytest.approx(np.pi))
    assert gradient[1] == pytest.approx(angle)


@pytest.mark.parametrize("form", ["auto", "cse", "expanded", "chain-rule"])
def test_a_zero_that_sympy_would_make_itself(form):
    """The sign of p - p is lost where SymPy subtracts; programs must leave that to the floats."""

    def loss(p: Any, *, xp: Any = np) -> Any:
        return xp.atan2(-(p[0] - p[0]), -p[1]) * p[1]

    problem = gm.Problem(loss, np.array([3.0, 1.0]))
    prepared = gm.Analytical(form).prepare(problem)
    np.testing.assert_allclose(prepared(problem.params).gradient, [0, -np.pi])


def test_formulas_of_another_value_are_refused():
    """SymPy's 1/0 has no sign: its formulas would be of another function than the loss."""

    def loss(p: Any, *, xp: Any = np) -> Any:
        return xp.atan(1 / (p[0] * -0.0)) * p[1]

    problem = gm.Problem(loss, np.array([3.0, 1.0]))
    with pytest.raises(gm.UnsupportedOperation, match="SymPy simplifies the loss"):
        gm.Analytical().prepare(problem)
    value, gradient = gm.Backprop().prepare(problem)(problem.params)
    assert value == -np.pi / 2
    np.testing.assert_allclose(gradient, [0, -np.pi / 2])


def test_a_zero_of_data_is_not_taken_for_rounding():
    """NumPy's sum of −0.0 is 0.0 and SymPy's −0.0: angles 2π apart passed for a rounding error."""

    def loss(p: Any, d: Any, *, xp: Any = np) -> Any:
        return xp.atan2(xp.sum(d), -1.0) * p

    problem = gm.Problem(loss, np.array(2.0), {"d": np.array([-0.0])})
    with pytest.raises(gm.UnsupportedOperation, match="no sign of a zero"):
        gm.Analytical().prepare(problem)
    assert gm.Backprop().prepare(problem)(2.0).gradient == np.pi


def test_values_are_rounded_as_in_numpy():
    """SymPy would simplify (1 + x) - 1 to x: a program must compute what the loss does."""
    loss = lambda p, *, xp=np: (1 + p) - 1  # noqa: E731
    problem = gm.Problem(loss, np.array(1e-17))
    value, gradient = gm.Analytical("cse").prepare(problem)(problem.params)
    assert value == 0
    assert gradient == 1
