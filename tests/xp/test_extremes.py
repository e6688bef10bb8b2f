"""Gradients where functions saturate, overflow or underflow, with all their digits."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from tests.duals import differentiate

BACKPROP = gm.Backprop()
COMPLEX = gm.Numerical(scheme="complex-step")
CHAIN = gm.Analytical(form="chain-rule")


def sigmoid(xp: Any, x: Any) -> Any:
    return 1 / (1 + xp.exp(-x))


# fmt: off
SATURATING: dict[str, Any] = {
    "1/(1+exp(-x))": sigmoid,
    "1/(1+exp(x))": lambda xp, x: 1 / (1 + xp.exp(x)),
    "exp(x)/(1+exp(x))": lambda xp, x: xp.exp(x) / (1 + xp.exp(x)),
    "1-sigmoid": lambda xp, x: 1 - sigmoid(xp, x),
    "log(sigmoid)": lambda xp, x: xp.log(sigmoid(xp, x)),
    "log(1-sigmoid)": lambda xp, x: xp.log(1 - sigmoid(xp, x)),
    "log1p(-sigmoid)": lambda xp, x: xp.log1p(-sigmoid(xp, x)),
    "log(1-sigmoid+eps)": lambda xp, x: xp.log(1 - sigmoid(xp, x) + 1e-12),
    "log(1-clipped)": lambda xp, x: xp.log(1 - xp.minimum(sigmoid(xp, x), 1 - 1e-12)),
    "log(1-moved)": lambda xp, x: xp.log(1 - xp.reshape(sigmoid(xp, x), (1,))[0]),
    "square of sigmoid": lambda xp, x: sigmoid(xp, x) ** 2,
    "tanh": lambda xp, x: xp.tanh(x),
    "(1+tanh(x/2))/2": lambda xp, x: 0.5 * (1 + xp.tanh(x / 2)),
    "log((1+tanh(x/2))/2)": lambda xp, x: xp.log(0.5 * (1 + xp.tanh(x / 2))),
    "log(1-tanh)": lambda xp, x: xp.log(1 - xp.tanh(x)),
    "1-tanh**2": lambda xp, x: 1 - xp.tanh(x) ** 2,
    "log(1-tanh**2)": lambda xp, x: xp.log(1 - xp.tanh(x) ** 2),
    "log(1-tanh*tanh)": lambda xp, x: xp.log(1 - xp.tanh(x) * xp.tanh(x)),
    "log(1+exp(x))": lambda xp, x: xp.log(1 + xp.exp(x)),
    "log1p(exp(-|x|))": lambda xp, x: xp.log1p(xp.exp(-xp.abs(x))),
    "logaddexp(0, x)": lambda xp, x: xp.logaddexp(0.0, x),
    "1/cosh": lambda xp, x: 1 / xp.cosh(x),
}
# fmt: on


@cache  # the points are the same in both dtypes
def slope(function: Any, x: float) -> Any:
    """Differentiate in so many digits that nothing saturates."""
    problem = gm.Problem(lambda w, *, xp=np: function(xp, w), np.array(x))
    return differentiate(problem, digits=1100).t[0]


def gradient_at(provider: Any, function: Any, x: Any) -> float:
    problem = gm.Problem(lambda w, *, xp=np: function(xp, w), x)
    return float(provider.prepare(problem)(x).gradient)


@pytest.mark.medium
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", SATURATING)
def test_slopes_of_saturated_functions_keep_their_digits(name, dtype):
    """Where y has rounded to 1, a slope that is computed as y(1 - y) is lost."""
    function = SATURATING[name]
    for x in (3.0, 8.0, 10.0, 20.0, 36.0, 40.0, 60.0, 300.0, 800.0):
        for point in (np.asarray(x, dtype), np.asarray(-x, dtype)):
            with np.errstate(all="ignore"):
                value = function(np, point)
            truth = float(slope(function, float(point)))
            tiny = abs(truth) < 100 * np.finfo(dtype).smallest_normal
            if (
                not np.isfinite(value)
                or (tiny and truth)
                or ("clip" in name and dtype == "float32")
            ):
                continue
            found = gradient_at(BACKPROP, function, point)
            assert found == pytest.approx(truth, rel=float(100 * np.finfo(dtype).eps)), (
                point,
                found,
            )


def test_many_saturated_entries_and_few():
    """The slope of tanh is taken by other means in long arrays than in short ones."""
    for count in (0, 1, 4096, 4097, 10_000):
        x = np.linspace(-2, 2, count)
        x[::97] *= 10
        problem = gm.Problem(lambda w, *, xp=np: xp.sum(xp.tanh(w[:-1])) + w[-1], np.append(x, 1.0))
        gradient = BACKPROP.prepare(problem)(problem.params).gradient
        np.testing.assert_allclose(gradient[:-1], 1 / np.cosh(x) ** 2, rtol=2e-14)


def test_nan_stays_nan_where_functions_saturate():
    """A slope that is 1 or 0 at its limits must not replace what is not a number."""
    for name in ("1/(1+exp(-x))", "tanh", "log(1-sigmoid)"):
        function = SATURATING[name]
        problem = gm.Problem(lambda w, *, xp=np, f=function: f(xp, w), np.asarray(0.3))
        assert np.isnan(BACKPROP.prepare(problem)(np.asarray(np.nan)).gradient)


@pytest.mark.parametrize(
    "provider", [BACKPROP, COMPLEX, CHAIN], ids=["backprop", "complex", "chain"]
)
@pytest.mark.parametrize("size", [0.0, 1.5, 1e3, 1e8, 1e15, 1e17, 1e150, 1e300])
def test_shares_of_logaddexp(provider, size):
    """Of equal arguments each has half, however large; their distance decides, not their size."""
    for a, b, share in ((size, size, 0.5), (-size, -size, 0.5), (size, 2 * size + 1e3, 0.0)):
        problem = gm.Problem(lambda w, *, xp=np: xp.logaddexp(w[0], w[1]), np.array([a, b]))
        gradient = provider.prepare(problem)(problem.params).gradient
        np.testing.assert_allclose(gradient, [share, 1 - share], rtol=1e-15, atol=1e-300)
    near = np.array([1e3, 1e3 + 1])
    problem = gm.Problem(lambda w, *, xp=np: xp.logaddexp(w[0], w[1]), near)
    gradient = provider.prepare(problem)(near).gradient
    np.testing.assert_allclose(gradient, [1 / (1 + np.e), np.e / (1 + np.e)], rtol=1e-15)


# fmt: off
TINY: dict[str, Any] = {
    "product": (lambda xp, w: w * w, lambda w: 2 * w),
    "square": (lambda xp, w: xp.square(w), lambda w: 2 * w),
    "power": (lambda xp, w: w**2, lambda w: 2 * w),
    "power of float": (lambda xp, w: w**2.0, lambda w: 2 * w),
    "1-tanh**2": (lambda xp, w: 1 - xp.tanh(w) ** 2, lambda w: -2 * w),
    "1/cosh": (lambda xp, w: 1 / xp.cosh(w), lambda w: -w),
    "cos": (lambda xp, w: xp.cos(w), lambda w: -w),
    "quotient": (lambda xp, w: w * w / (1 + w), lambda w: 2 * w),
    "of two": (lambda xp, w: w * (3 * w + 1e-3 * w), lambda w: 6.002 * w),
    "shifted": (lambda xp, w: 1 + w * w, lambda w: 2 * w),
}
# fmt: on


@pytest.mark.parametrize("name", TINY)
@pytest.mark.parametrize(
    ("dtype", "sizes"),
    [("float64", (1e-100, 1e-160, 1e-200, 1e-290)), ("float32", (1e-20, 1e-25, 1e-30))],
)
def test_the_complex_step_does_not_vanish_in_products_of_tiny_numbers(name, dtype, sizes):
    """A step in proportion to a tiny parameter underflows beside it, and 0 looks like a result."""
    function, derivative = TINY[name]
    for size in sizes:
        for x in (size, -size):
            point = np.asarray(x, dtype)
            found = gradient_at(COMPLEX, function, point)
            truth = derivative(float(point))
            assert found == pytest.approx(truth, rel=float(50 * np.finfo(dtype).eps), abs=0), x


def test_the_complex_step_is_right_or_marks_what_is_not():
    """Where no step is short enough and visible, a 0 for the derivative would be believed."""
    cube = gm.Problem(lambda w, *, xp=np: xp.sum(w**3), np.array([1e-120, 2.0]))
    prepared: Any = COMPLEX.prepare(cube)
    assert prepared(cube.params).gradient[1] == 12
    assert prepared.unresolved.tolist() == [True, False]
    for function in (lambda xp, w: w**3, lambda xp, w: w * xp.abs(w), lambda xp, w: xp.cos(w)):
        assert abs(gradient_at(COMPLEX, function, np.asarray(0.0))) < 1e-60  # the slope is 0
    flat = gm.Problem(lambda w, *, xp=np: xp.sum(xp.sign(w) * 1e-9), np.array([1e-200, 0.0, 2.0]))
    np.testing.assert_array_equal(COMPLEX.prepare(flat)(flat.params).gradient, 0)
    huge = gm.Problem(
        lambda w, *, xp=np: xp.sum(1 / w) + xp.sum(w / 1e200), np.array([1e150, 3e200])
    )
    gradient = COMPLEX.prepare(huge)(huge.params).gradient
    np.testing.assert_allclose(gradient, [1e-200 - 1e-300, 1e-200], rtol=1e-14)


# fmt: off
ZEROS: dict[str, Any] = {
    **{name: lambda xp, x, f=name: getattr(xp, f)(x) for name in (
        "trunc", "round", "ceil", "negative", "sqrt", "sin", "tan", "expm1", "log1p", "tanh",
        "atan", "asinh",
    )},
    "cube": lambda xp, x: x**3,
    "minus": lambda xp, x: xp.negative(-x),
    "times": lambda xp, x: x * 3.0,
}
REARRANGED: dict[str, Any] = {
    "-(a-a)": lambda xp, x: -((x - 1) - (x - 1)),
    "sum of one": lambda xp, x: xp.sum(xp.stack([x])),
    "maximum": lambda xp, x: xp.maximum(x, -x),
}
# fmt: on


@pytest.mark.medium
@pytest.mark.parametrize("name", [*ZEROS, *REARRANGED])
def test_zeros_have_the_sign_that_numpy_gives_them(name):
    """The angle of (-1, -0) is -π, that of (-1, 0) is π: one must not be turned into the other.

    Formulas are of numbers that have one zero; their functions keep the sign of their arguments.
    """
    function = (ZEROS | REARRANGED)[name]
    methods: dict[str, Any] = {"backprop": BACKPROP, "complex-step": COMPLEX}
    if name in ZEROS:
        methods |= {f: gm.Analytical(form=f) for f in ("chain-rule", "cse")}
    for x in (-0.5, -0.0, 0.0, 0.2, -0.2):
        point = np.asarray(x)
        problem = gm.Problem(lambda w, *, xp=np: xp.atan2(function(xp, w), -1.0) + 0.25, point)
        if np.isnan(problem.value()):
            continue
        for method, provider in methods.items():
            found = provider.prepare(problem)(point).value
            assert found == pytest.approx(problem.value(), rel=1e-14), (method, x)


@pytest.mark.parametrize(
    "provider", [BACKPROP, CHAIN, COMPLEX], ids=["backprop", "chain", "complex"]
)
def test_squares_of_slopes_neither_overflow_nor_underflow(provider):
    """The slope of 1/x is made of two factors 1/x, and each belongs beside the adjoint alone."""
    tiny = float(np.finfo(float).tiny)
    cases: dict[Any, tuple[Any, list[float], list[float]]] = {
        "limited": (
            lambda xp, w: xp.sum(xp.log(1 / xp.maximum(w, tiny))),
            [1e-200, 0.3, 1e-310, 2.0, 1e200],
            [-1e200, -1 / 0.3, 0.0, -0.5, -1e-200],
        ),
        "log sigmoid": (lambda xp, w: xp.sum(xp.log(sigmoid(xp, w))), [-400.0], [1.0]),
    }
    for function, at, truth in cases.values():
        problem = gm.Problem(lambda w, *, xp=np, f=function: f(xp, w), np.array(at))
        gradient = provider.prepare(problem)(problem.params).gradient
        np.testing.assert_allclose(gradient, truth, rtol=1e-13)


# fmt: off
LIMITED: dict[str, Any] = {
    "log(maximum)": lambda xp, w, tiny: xp.log(xp.maximum(w, tiny)),
    "log2(where)": lambda xp, w, tiny: xp.log2(xp.where(w > 0, w, tiny)),
    "log of a multiple": lambda xp, w, tiny: xp.log(xp.maximum(w, tiny) * 3),
    "log(max)": lambda xp, w, tiny: xp.log(xp.max(xp.stack([w, xp.maximum(w, tiny)]), axis=0)),
    "minimum(1/maximum)": lambda xp, w, tiny: xp.minimum(1 / xp.maximum(w, tiny), 1e5),
    "1/maximum": lambda xp, w, tiny: 1 / xp.maximum(w, 1e30 * tiny),
    "maximum**-1": lambda xp, w, tiny: xp.maximum(w, 1e30 * tiny) ** -1,
    "3/clip": lambda xp, w, tiny: 3 / xp.clip(w, 1e30 * tiny, 9.0),
    "sqrt(maximum)": lambda xp, w, tiny: xp.sqrt(xp.maximum(w, tiny)),
}
# fmt: on


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", LIMITED)
def test_limits_so_small_that_slopes_overflow(name, dtype):
    """Behind a limit that took over, the slope of log or 1/x at it would turn 0 into NaN."""
    tiny = float(np.finfo(dtype).smallest_subnormal)

    def loss(w: Any, *, xp: Any = np) -> Any:
        return xp.sum(LIMITED[name](xp, w, tiny))

    problem = gm.Problem(loss, np.array([0, 2], dtype))
    slopes = [method.prepare(problem)(problem.params).gradient for method in (BACKPROP, CHAIN)]
    slopes.append(gm.Analytical("expanded").prepare(problem)(problem.params).gradient)
    truth = slope(lambda xp, w: LIMITED[name](xp, w, tiny), 2.0)
    for found in slopes:
        assert found[0] == 0
        assert found[1] == pytest.approx(float(truth), rel=1e-6)


def test_formulas_square_nothing_that_overflows():
    """A norm of large or small numbers exists where the squares do, and so does its slope."""

    def loss(p: Any, *, xp: Any = np) -> Any:
        return xp.sqrt(xp.sum((p * 1e150) ** 2))

    problem = gm.Problem(loss, np.array([3e-200, 4e-200]))
    for form in ("auto", "cse", "expanded", "chain-rule"):
        value, gradient = gm.Analytical(form).prepare(problem)(problem.params)
        assert value == pytest.approx(5e-50)
        np.testing.assert_allclose(gradient, [6e149, 8e149], rtol=1e-14)
