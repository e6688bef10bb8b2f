"""The complex step at the ends of real domains, beyond them, and outside the namespace."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.errors import NotDifferentiable, UnsupportedOperation
from gradmethods.providers.numerical import Numerical
from gradmethods.xp.primitives import TABLE
from gradmethods.xp.primitives.primitive import REAL_LINE
from tests.smooth_functions import UNARY

X = np.array([0.3, -1.7, 2.9])


def step(loss, params, data=None) -> Any:
    """Value and gradient by the complex step."""
    return Numerical("complex-step").prepare(gm.Problem(loss, params, data))(params)


OUTSIDE = {name: row.outside for name, row in UNARY.items() if row.outside is not None}


def test_every_domain_is_tested():
    """A domain without a test could be lost unnoticed."""
    assert {p.name for p in TABLE.values() if p.domain != REAL_LINE} == OUTSIDE.keys()


@pytest.mark.parametrize("name", [*OUTSIDE, "pow"])
def test_refuses_points_outside_the_real_domain(name):
    """Complex log, sqrt and powers go on silently where the real loss is NaN."""

    def loss(x, *, xp=np):
        inside = x[0] ** 1.5 if name == "pow" else getattr(xp, name)(x[0])
        return inside + x[1]

    x = np.array([OUTSIDE.get(name, -0.7), 1.0])
    problem = gm.Problem(loss, x)
    provider = Numerical("complex-step")
    with pytest.raises(NotDifferentiable, match=rf"xp\.{name} at {x[0]}"):
        provider.prepare(problem)(x)
    assert f"xp.{name}" in str(provider.obstacle(problem))


def test_a_varying_exponent_needs_a_positive_base():
    """(-2)**p is real at p = 3, but its slope in p is not."""
    with pytest.raises(NotDifferentiable, match=r"xp\.pow at -2"):
        step(lambda p, *, xp=np: (-2.0) ** p, 3.0)


@pytest.mark.parametrize(
    "function",
    [
        lambda xp, x: xp.where(x > 0, xp.log(x), 2 * x),
        lambda xp, x: xp.where(x > 0, xp.sqrt(x), 2 * x),
        lambda xp, x: xp.where(x > 0, x**0.5, 2 * x),
    ],
)
def test_a_discarded_branch_may_leave_the_domain(function):
    """Refusing what `where` discards would refuse the usual guard."""
    value, gradient = step(lambda w, *, xp=np: function(xp, w), -0.7)
    assert (value, gradient) == (-1.4, 2)


@pytest.mark.parametrize(
    ("function", "point", "slope"),
    [
        (lambda xp, x: xp.sqrt(x), 0.0, np.inf),
        (lambda xp, x: x**0.5, 0.0, np.inf),
        (lambda xp, x: xp.log(x), 0.0, np.inf),
        (lambda xp, x: xp.asin(x), 1.0, np.inf),
        (lambda xp, x: xp.acos(x), -1.0, -np.inf),
        (lambda xp, x: xp.acosh(x), 1.0, np.inf),
    ],
)
def test_infinite_slope_at_the_end_of_a_domain(function, point, slope):
    """Im √(ih) is finite: divided by h it would pass for a large, ordinary slope."""
    value, gradient = step(lambda w, *, xp=np: function(xp, w), point)
    with np.errstate(divide="ignore"):
        assert value == function(np, np.float64(point))
    assert gradient == slope


def test_nan_is_not_passed_off_as_a_slope():
    """A gradient of 0 beside a loss that is NaN would be a wrong answer."""
    value, gradient = step(lambda x, *, xp=np: xp.sum(x) + xp.sum(np.inf * (x - x)), np.ones(2))
    assert np.isnan(value)
    assert np.isnan(gradient).all()


@pytest.mark.parametrize(
    "loss",
    [
        lambda x, *, xp=np: np.sum(np.exp(x)),
        lambda x, *, xp=np: xp.sum(x) if x[0] > 0 else x[0],
        lambda x, *, xp=np: xp.asarray(float(x[0])) * x[1],
    ],
)
def test_leaving_the_namespace_is_refused(loss):
    """np.abs or a Python branch on complex numbers would be silently wrong."""
    problem = gm.Problem(loss, X)
    with pytest.raises(UnsupportedOperation, match="xp"):
        Numerical("complex-step").prepare(problem)(X)
    assert "xp." in str(Numerical("complex-step").obstacle(problem))
