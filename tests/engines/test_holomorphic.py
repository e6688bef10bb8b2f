"""Complex arithmetic for the complex step: accurate, holomorphic, and honest about real domains."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.engines.complex import Holomorphic
from gradmethods.errors import UnsupportedOperation
from gradmethods.providers.numerical import Numerical
from gradmethods.xp.array import Array
from gradmethods.xp.primitives import TABLE, Kind, of_kind
from tests.smooth_functions import BINARY, UNARY

mpmath: Any = importlib.import_module("mpmath")  # comes with SymPy; has no types

TURNS = (1e-32, 1e-8, 0.2)


def apply(name, *payloads, **static):
    with np.errstate(all="ignore"):
        return Holomorphic().apply(TABLE[name], [np.asarray(p) for p in payloads], static)


def assert_parts(got, exact, rtol=3e-15):
    """Compare real and imaginary parts apart: a tiny imaginary part is the derivative."""
    for part, expected in ((got.real, exact.real), (got.imag, exact.imag)):
        assert abs(part - float(expected)) <= rtol * abs(float(expected)), (got, exact)


OURS = frozenset(of_kind(Kind.SMOOTH))
"""Taken when tests are collected: the example of `special.add` leaves one more behind."""


def test_the_rows_cover_every_smooth_function():
    """A new function must be compared with high precision too, and in every method."""
    assert UNARY.keys() | BINARY.keys() == OURS


@pytest.mark.medium
@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("name", UNARY)
def test_unary_functions_are_holomorphic_and_accurate(name, turn):
    """A formula that is not the holomorphic extension, or loses the imaginary part, shows here."""
    exact, points = UNARY[name].value, UNARY[name].points
    with mpmath.workdps(400):
        for a in points:
            z = complex(a, turn * min(abs(a), 1))
            # A series of polynomials for the real line has fewer digits far from it.
            fewer = turn == max(TURNS) and TABLE[name].module == "special"
            assert_parts(apply(name, z), exact(mpmath.mpc(z)), rtol=1e-11 if fewer else 5e-15)


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("name", BINARY)
def test_binary_functions_are_holomorphic_and_accurate(name, turn):
    """As for unary functions, in both operands at once and in one alone."""
    with mpmath.workdps(400):
        for a, c in ((0.7, 1.9), (2.3, 0.4), (1.1, -0.6), (1e-3, 5.0)):
            if name == "xlogy" and c < 0:
                continue
            for b, d in ((turn * a, turn * 0.3), (turn * a, 0.0), (0.0, turn * 0.3)):
                z, w = complex(a, b), complex(c, d)
                exact = BINARY[name].value(mpmath.mpc(z), mpmath.mpc(w))
                assert_parts(apply(name, z, w), exact, rtol=2e-14)
                if d == 0:
                    assert_parts(apply(name, z, c), exact, rtol=2e-14)
                if b == 0:
                    assert_parts(apply(name, a, w), exact, rtol=2e-14)


@pytest.mark.parametrize("exponent", [-3, -1, 0, 1, 2, 5, 3.0])
@pytest.mark.parametrize("base", [-1.3, 0.7, 0.0])
def test_integer_powers_of_any_base(base, exponent):
    """Powers by exp(p log z) would refuse or twist negative bases, and lose x**1 at 0."""
    h = 1e-30
    got = apply("pow", complex(base, h), exponent)
    if base == 0 and exponent < 0:
        assert np.isinf(got.real)
        return
    slope = 0.0 if exponent == 0 else exponent * base ** (exponent - 1)
    assert got.real == pytest.approx(base**exponent, rel=0, abs=2 * h * h)
    assert got.imag / h == pytest.approx(slope, rel=1e-14, abs=1e-29)


@pytest.mark.parametrize("name", [n for n in (*UNARY, *BINARY) if n in TABLE])
def test_real_parts_are_numpys_own(name):
    """Where a loss compares two values, complex arithmetic must not break their tie."""
    rng = np.random.default_rng(0)
    x = rng.uniform(0.01, 0.99, size=300) + (name == "acosh")
    operands = (x,) if name in UNARY else (x, rng.uniform(0.1, 3, size=300))
    real = TABLE[name].numpy(*operands)
    ours = apply(name, *(o * (1 + 1e-32j) for o in operands)).real
    inverse = name in ("asin", "acos", "atan", "asinh", "acosh", "atanh")  # NumPy's complex ones
    np.testing.assert_allclose(ours, real, rtol=1e-15 if inverse else 0, atol=0)


def step(loss, params, data=None) -> Any:
    """Value and gradient by the complex step."""
    return Numerical("complex-step").prepare(gm.Problem(loss, params, data))(params)


X = np.array([0.3, -1.7, 2.9])


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda xp, x: xp.sum(xp.abs(x)), np.sign(X)),
        (lambda xp, x: xp.max(x), [0, 0, 1]),
        (lambda xp, x: xp.min(x), [0, 1, 0]),
        (lambda xp, x: xp.sum(xp.maximum(x, 0.0)), [1, 0, 1]),
        (lambda xp, x: xp.sum(xp.minimum(0.0, x)), [0, 1, 0]),
        (lambda xp, x: xp.sum(xp.clip(x, -1, 1)), [1, 0, 0]),
        (lambda xp, x: xp.sum(xp.where(x > 0, x * x, -x)), [0.6, -1, 5.8]),
        (lambda xp, x: xp.vecdot(x, x), 2 * X),
        (lambda xp, x: xp.linalg.vector_norm(x), X / np.linalg.norm(X)),
        (lambda xp, x: xp.linalg.vector_norm(x, ord=1), np.sign(X)),
        (lambda xp, x: xp.linalg.vector_norm(x, ord=np.inf), [0, 0, 1]),
        (lambda xp, x: xp.var(x), 2 * (X - X.mean()) / 3),
        (lambda xp, x: xp.sum(x * xp.sign(x)), np.sign(X)),
        (lambda xp, x: xp.sum(x * xp.floor(x)), np.floor(X)),
        (lambda xp, x: xp.sum(x * xp.round(x)), np.round(X)),
        (lambda xp, x: xp.sum(x * xp.astype(x > 0, x.dtype)), [1, 0, 1]),
        (lambda xp, x: xp.sum(xp.where(xp.isfinite(x) & ~(x < 0), x, 0)), [1, 0, 1]),
        (lambda xp, x: xp.sum(xp.cumulative_sum(x) * np.array([1.0, 2, 3])), [6, 5, 3]),
        (lambda xp, x: xp.sum(xp.concat([x, xp.ones(2)]) ** 2), 2 * X),
        (lambda xp, x: xp.sum(x[np.array([0, 0, 2])]), [2, 0, 1]),
        (lambda xp, x: xp.sum(np.arange(6.0).reshape(2, 3) @ x), [3, 5, 7]),
        (lambda xp, x: xp.sum(xp.outer(x, x) @ xp.outer(x, x)), None),
    ],
)  # fmt: skip
def test_not_holomorphic_in_numpy_but_here(function, expected):
    """Bare NumPy differentiates |z|, max, comparisons and vecdot wrongly, without a word."""
    _, gradient = step(lambda x, *, xp=np: function(xp, x), X)
    if expected is None:  # (sum x)² (x·x)
        expected = 2 * X.sum() * (X @ X) + 2 * X * X.sum() ** 2
    np.testing.assert_allclose(gradient, expected, rtol=1e-14, atol=1e-30)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda xp, x: xp.abs(x[0]), [0, 0]),
        (lambda xp, x: xp.maximum(x[0], 0.0), [0.5, 0]),
        (lambda xp, x: xp.minimum(x[0], x[1]), [0.5, 0.5]),
        (lambda xp, x: xp.max(x), [0.5, 0.5]),
        (lambda xp, x: xp.min(xp.reshape(x, (2, 1)), axis=0)[0], [0.5, 0.5]),
        (lambda xp, x: xp.where(x[0] > 0, x[0], 3 * x[0]), [3, 0]),
        (lambda xp, x: xp.sign(x[0]) + xp.trunc(x[1]), [0, 0]),
        (lambda xp, x: xp.max(xp.exp(xp.concat([x, xp.zeros(2)]))), [0.25, 0.25]),
        (lambda xp, x: xp.hypot(x[0], x[1]), [0, 0]),
    ],
)
def test_convention_at_kinks(function, expected):
    """Methods that choose differently at ties could not be compared there."""
    _, gradient = step(lambda x, *, xp=np: function(xp, x), np.zeros(2))
    np.testing.assert_array_equal(gradient, expected)


@pytest.mark.parametrize("x", [-800.0, 800.0])
@pytest.mark.parametrize(
    "function",
    [
        lambda xp, x: 1 / (1 + xp.exp(-x)),
        lambda xp, x: xp.reciprocal(1 + xp.exp(x)),
        lambda xp, x: xp.tanh(x),
        lambda xp, x: xp.minimum(xp.exp(x), 5.0),
        lambda xp, x: 0.5 ** xp.exp(xp.abs(x)),
        lambda xp, x: xp.atan(xp.exp(xp.abs(x))),
        lambda xp, x: (2 / xp.cosh(x)) ** 2,
        lambda xp, x: xp.exp(-xp.exp(abs(x))),
    ],
)
def test_overflow_inside_a_flat_function(function, x):
    """Where the real function saturates, infinity times a zero part must not make NaN of it."""
    value, gradient = step(lambda w, *, xp=np: function(xp, w), x)
    assert value == function(np, np.float64(x)) if abs(x) < 700 else np.isfinite(value)
    assert gradient == 0


def test_masks_of_infinity():
    """Attention masks and log-sum-exp put -inf beside numbers that vary."""

    def loss(x, *, xp=np):
        masked = xp.where(np.array([True, True, False]), x, -np.inf)
        shifted = masked - xp.max(masked)
        return xp.log(xp.sum(xp.exp(shifted))) + xp.max(masked) + xp.logaddexp(-np.inf, x[0])

    x = np.array([0.3, 1.1, 0.2])
    soft = np.exp(x[:2]) / np.exp(x[:2]).sum()
    _, gradient = step(loss, x)
    np.testing.assert_allclose(gradient, [soft[0] + 1, soft[1], 0], rtol=1e-15)


def test_infinite_constants_in_products():
    """One infinite entry that does not vary must spoil neither value nor neighbours."""

    def loss(x, *, xp=np):
        product = xp.outer(x, xp.ones(2)) @ np.array([[np.inf, 1.0], [np.inf, 2.0]])
        return xp.sum(1 / product[:, 0]) + xp.sum(product[:, 1])

    value, gradient = step(loss, np.array([0.3, 1.1]))
    assert value == pytest.approx(4.2)
    np.testing.assert_allclose(gradient, [3, 3], rtol=1e-15)


@pytest.mark.parametrize(
    "function",
    [
        lambda xp, x: xp.exp(1e3 * x[0]) + x[1],
        lambda xp, x: xp.sum((xp.reshape(x, (2, 1)) @ np.array([[np.inf, 1]]))[[0, 1], [0, 1]]),
    ],
)
def test_what_does_not_vary_stays_constant_when_infinite(function):
    """An overflow in one term must leave the slopes of the others alone."""
    value, gradient = step(lambda x, *, xp=np: function(xp, x), np.array([1.0, 2.0]))
    assert value == np.inf
    assert gradient[1] == 1


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_arrays_report_the_real_dtype(dtype):
    """A loss that asks for x.dtype must see what it sees under NumPy."""
    xp = Holomorphic()
    x = Array(xp, np.ones(3, dtype) * (1 + 0j))
    assert x.payload.dtype == np.result_type(dtype, np.complex64)
    for array in (x, xp.exp(x), xp.sum(2 * x), xp.zeros_like(x), xp.max(x), 1 / x, x**2, x**0.5):
        assert array.dtype == dtype
    for array in (xp.hypot(x, 1), xp.logaddexp(x, 0), xp.where(x > 0, x, 0), xp.atan2(x, x)):
        assert array.dtype == dtype
    with np.errstate(all="ignore"):
        for array in (xp.sqrt(x - 1), xp.log(x - 2), (x - 1) ** 3, 1 / (x - 1), (x - 1) ** 0.5):
            assert array.dtype == dtype
    assert xp.astype(x, "float32").dtype == "float32"
    assert xp.astype(x, "float32").payload.dtype == "complex64"
    assert (x > 0).dtype == bool


def test_a_missing_function_is_named():
    """A primitive added to the table alone must say so, not fail with a KeyError."""
    from dataclasses import replace

    with pytest.raises(UnsupportedOperation, match="'cbrt'"):
        Holomorphic().apply(replace(TABLE["exp"], name="cbrt", complex=None), [np.ones(1) * 1j], {})
