"""The dtype of an operand never decides how precisely a gradient is computed."""

from __future__ import annotations

from itertools import product
from typing import Any

import mpmath  # type: ignore[import-untyped]  # published without types
import numpy as np
import pytest

import gradmethods as gm
from tests.samples import sampled

METHODS: dict[str, Any] = {
    "backprop": gm.Backprop(),
    "forward": gm.Forward(),
    "complex-step": gm.Numerical(scheme="complex-step"),
    "chain-rule": gm.Analytical(form="chain-rule"),
    "cse": gm.Analytical(form="cse"),
    "expanded": gm.Analytical(form="expanded"),
}
INTEGERS = ("int8", "uint8", "int16", "uint16", "int32", "int64", "uint64")
FLOATS = ("float16", "float32", "float64")
POINT = np.array([1.3, 0.7, 2.2])


def operand(dtype: str) -> Any:
    return np.array([2, 3, 7] if "int" in dtype else [0.3, 1.7, 2.3]).astype(dtype)


def assert_close(found: Any, truth: Any, dtype: Any = "float64") -> None:
    bound = 30 * np.finfo(dtype).eps
    np.testing.assert_allclose(found, np.array([float(t) for t in truth]), rtol=bound)


# Of wider integers, NumPy computes a float32 loss in float64.
SMALL = [(kind, "float32") for kind in ("int8", "uint8", "int16", "float16", "float32")]


@pytest.mark.medium
@pytest.mark.parametrize(("kind", "dtype"), [*((k, "float64") for k in INTEGERS + FLOATS), *SMALL])
@pytest.mark.parametrize("name", METHODS)
def test_powers_of_any_dtype(name, kind, dtype):
    """The slope k**w log k would take its logarithm in half precision for small integers."""
    k, w = operand(kind), POINT.astype(dtype)

    def power(w, *, xp=np):
        return xp.sum(k**w)

    def root(w, *, xp=np):
        return xp.sum(xp.abs(w) ** k)

    exact = [mpmath.mpf(float(x)) for x in k]
    point = [mpmath.mpf(float(x)) for x in w]
    by_exponent = [c**x * mpmath.log(c) for c, x in zip(exact, point, strict=True)]
    by_base = [c * x ** (c - 1) for c, x in zip(exact, point, strict=True)]
    for loss, truth in ((power, by_exponent), (root, by_base)):
        problem = gm.Problem(loss, w)
        assert_close(METHODS[name].prepare(problem)(w).gradient, truth, dtype)


@pytest.mark.parametrize("name", METHODS)
def test_powers_of_data_and_of_single_numbers(name):
    """Data, NumPy's own numbers and arrays of no axes reach a rule in other ways than arrays."""
    numbers = (np.float32(0.3), np.int8(3), np.array(7, np.uint8), 3, 0.3)
    for k in numbers:
        problem = gm.Problem(lambda w, *, xp=np, k=k: xp.sum(k**w), POINT)
        truth = [mpmath.mpf(float(k)) ** x * mpmath.log(float(k)) for x in POINT]
        assert_close(METHODS[name].prepare(problem)(POINT).gradient, truth)
    k = np.array([2, 3, 7], np.uint8)
    problem = gm.Problem(lambda w, k, *, xp=np: xp.sum(k**w), POINT, {"k": k})
    truth = [int(c) ** mpmath.mpf(x) * mpmath.log(int(c)) for c, x in zip(k, POINT, strict=True)]
    assert_close(METHODS[name].prepare(problem)(POINT).gradient, truth)


@pytest.mark.parametrize("exponent", [0.5, -1.0, 2.0, np.float64(2)])
def test_powers_of_integer_data_are_those_of_numpy(exponent):
    """√ of 8-bit integers has half precision, their square wraps round; not so their powers."""
    k = np.array([8, 7, 100], np.uint8)
    problem = gm.Problem(lambda w, k, *, xp=np: xp.sum(xp.pow(k, exponent) * w), POINT, {"k": k})
    truth = [mpmath.mpf(int(c)) ** mpmath.mpf(float(exponent)) for c in k]
    for method in METHODS.values():
        assert_close(method.prepare(problem)(POINT).gradient, truth)
    reuse = gm.Numerical(evaluation="reuse", step=0.5).prepare(problem)(POINT)
    np.testing.assert_allclose(reuse.gradient, [float(t) for t in truth], rtol=1e-12)


@pytest.mark.parametrize("name", METHODS)
def test_a_loss_may_name_every_integer_dtype_of_the_standard(name):
    """A loss that casts a mask to 8 bits ran over NumPy alone; there sums wrap round, as here."""

    def loss(w, m, *, xp=np):
        wrapped = [
            xp.astype(m, getattr(xp, dtype)) * 120 + xp.ones(3, dtype=getattr(xp, dtype)) * 100
            for dtype in (*INTEGERS, "uint32")
        ]
        return sum(xp.sum(w * each) for each in wrapped)

    data = {"m": np.array([True, False, True])}
    problem = gm.Problem(loss, POINT, data)
    weights = [loss(row, data["m"]) for row in np.eye(3)]
    assert weights[1] == 8 * 100
    assert weights[0] < 8 * 220
    assert_close(METHODS[name].prepare(problem)(POINT).gradient, weights)


@pytest.mark.parametrize("form", ["auto", "expanded"])
def test_formulas_leave_no_rounding_out(form):
    """Formulas have no precision: without the cast they were 1e-8 off, and nothing said so."""
    data = {"x": np.array([0.1, 0.2, 0.3])}
    problem = gm.Problem(lambda w, x, *, xp=np: xp.sum(w * xp.astype(x, xp.float32)), POINT, data)
    with pytest.raises(gm.UnsupportedOperation, match="Cast data with NumPy beforehand"):
        gm.Analytical(form=form).prepare(problem)
    single = {"x": data["x"].astype(np.float32)}
    assert_close(METHODS["backprop"].prepare(problem)(POINT).gradient, single["x"])


@pytest.mark.parametrize("name", METHODS)
def test_the_least_exponent_of_a_small_dtype(name):
    """Of -128 in 8 bits, one less is 127: the slope k w**(k - 1) would be another function's."""
    w, k = np.array([1.01, 1.2, 0.9]), np.array([-128, -3, 0], np.int8)
    problem = gm.Problem(lambda w, k, *, xp=np: xp.sum(w**k), w, {"k": k})
    truth = [int(c) * mpmath.mpf(x) ** (int(c) - 1) for c, x in zip(k, w, strict=True)]
    assert_close(METHODS[name].prepare(problem)(w).gradient, truth)


BINARY = "divide hypot atan2 logaddexp maximum minimum multiply subtract"
PAIRS = list(product(BINARY.split(), ["int8", "uint16", "bool", "float16", "float32"]))


@pytest.mark.medium
@pytest.mark.parametrize("pair", sampled(PAIRS, kept=PAIRS[::2]), ids=" ".join)
def test_functions_of_two_dtypes(pair):
    """A rule that computes in the dtype of a constant operand would lose its digits."""
    function, kind = pair
    k = np.array([True, True, False]) if kind == "bool" else operand(kind)
    for side in (0, 1):

        def loss(w, *, xp=np, side=side):
            a, b = (w, xp.asarray(k)) if side else (xp.asarray(k), w)
            if function == "subtract":
                return xp.sum(xp.exp(a - b))
            return xp.sum(getattr(xp, function)(a, b))

        if function == "divide" and side and kind == "bool":
            continue
        problem = gm.Problem(loss, POINT)
        truth = gm.certified_gradient(problem).gradient
        for method in METHODS.values():
            assert_close(method.prepare(problem)(POINT).gradient, truth)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16])
@pytest.mark.parametrize("function", ["sqrt", "log", "exp", "logaddexp"])
def test_functions_of_small_integers_are_those_of_numpy(function, dtype):
    """NumPy takes them in half or single precision: methods that do not would disagree."""
    k = np.array([3, 7], dtype)

    def loss(w: Any, k: Any, *, xp: Any = np) -> Any:
        return xp.sum(w * getattr(xp, function)(*([k, k] if function == "logaddexp" else [k])))

    problem = gm.Problem(loss, np.array([1.3, 2.1]), {"k": k})
    operands = [k, k] if function == "logaddexp" else [k]
    exact = getattr(np, function)(*operands).astype(float)
    for method in (*METHODS.values(), gm.Analytical(), gm.Analytical("chain-rule")):
        np.testing.assert_allclose(
            method.prepare(problem)(problem.params).gradient, exact, rtol=1e-9, atol=0
        )


OVERFLOWING: dict[str, Any] = {
    **METHODS,
    **{s: gm.Numerical(s) for s in ("forward", "central", "five-point", "richardson")},
    "reuse": gm.Numerical(evaluation="reuse"),
    "a given complex step": gm.Numerical("complex-step", step=1e-20),
}


@pytest.mark.parametrize("name", OVERFLOWING)
def test_no_warning_escapes_where_a_value_leaves_the_range_of_its_dtype(name):
    """A loss may compute in float64 what float32 cannot hold: infinity is an answer, not a fault.

    A warning is an error in these tests, as in programs that turn warnings into errors.
    """

    def loss(w, *, xp=np):
        return xp.sum(xp.exp(60 * xp.astype(w, xp.float64)))

    problem = gm.Problem(loss, np.array([1.5, 2.0], np.float32))
    assert problem.value() == np.inf
    prepared = OVERFLOWING[name].prepare(problem)
    value, _ = prepared(problem.params)
    assert type(value) is np.float32
    assert value == np.inf
    assert prepared.flat([1.5, 2.0])[0] == np.inf
