"""The namespace of the complex step beside NumPy: shapes, dtypes, values, and where both end."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.engines.complex import Holomorphic
from gradmethods.errors import NotDifferentiable
from gradmethods.xp.array import Array
from gradmethods.xp.primitives import TABLE
from tests.primitive_cases import DOMAINS, each_function
from tests.smooth_functions import BINARY, UNARY

STEPS = ("abs", "sign", "floor", "ceil", "trunc", "round")
POINTS = (
    0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 1e200, -1e200, 1e-20, -1e-20, 710.0, -710.0, 0.1,
    math.nextafter(1, 2), math.nextafter(1, 0), math.nextafter(-1, -2), math.inf, -math.inf,
    math.nan,
)  # fmt: skip


@pytest.mark.medium
@each_function
def test_every_function_is_numpys_on_the_real_line(case):
    """A function that reduces another axis, or returns another dtype, is another loss."""
    rng = np.random.default_rng(1)
    xp = Holomorphic()
    for dtype, rounded in product(("float64", "float32"), (False, True)):  # whole numbers tie
        operands = [rng.uniform(*DOMAINS[case.domain], shape) for shape in case.shapes]
        operands = [(np.round(x) if rounded else x).astype(dtype) for x in operands]
        with np.errstate(all="ignore"):
            try:
                expected = np.asarray(case.function(np, *operands))
            except np.linalg.LinAlgError:  # a matrix of whole numbers may have no inverse
                continue
            payloads = [x.astype(np.result_type(dtype, np.complex64)) for x in operands]
            found = case.function(xp, *(Array(xp, payload) for payload in payloads))
        assert found.shape == expected.shape
        assert found.dtype == expected.dtype
        tolerance = 30 * float(np.finfo(dtype).eps)
        np.testing.assert_allclose(found.payload.real, expected, tolerance, tolerance)
        assert not found.payload.imag[np.isfinite(expected)].any()


def moved(x):
    """Give a number an imaginary part as small as the complex step's."""
    return complex(x, 1e-32 * (min(abs(x), 1) if math.isfinite(x) and x else 1))


def assert_real_part(name, *operands):
    with np.errstate(all="ignore"):
        expected = TABLE[name].numpy(*map(np.real, operands))
        payloads = [np.asarray(x) for x in operands]
        found = np.real(Holomorphic().apply(TABLE[name], payloads, {}))
    beyond = name == "pow" and operands[0].real < 0  # refused wherever it is NaN on one side
    if not (beyond and np.isnan(found)):
        np.testing.assert_allclose(found, expected, rtol=1e-15, atol=0, err_msg=f"{operands}")


@pytest.mark.parametrize("name", [n for n in (*UNARY, *STEPS) if n != "tan"])
def test_one_operand_at_every_edge(name):
    """Outside the real domain NumPy is NaN; the complex functions would go on without a word."""
    for x in POINTS:
        assert_real_part(name, moved(x))


@pytest.mark.medium
@pytest.mark.parametrize("name", [*BINARY, "maximum", "minimum", "less", "equal"])
def test_two_operands_at_every_edge(name):
    """Zeros, infinities and NaN must meet as they do in NumPy, whichever of the two varies."""
    for x, y in product(POINTS, repeat=2):
        if name == "pow" and 1e100 < abs(y) < math.inf:
            continue  # too steep for any step
        for operands in ((moved(x), moved(y)), (moved(x), y), (x, moved(y))):
            assert_real_part(name, *operands)


@pytest.mark.parametrize(
    ("loss", "at", "slope"),
    [
        (lambda w, *, xp=np: xp.maximum(xp.log(w), 0.0), 1.0, 0.5),
        (lambda w, *, xp=np: xp.where(xp.log(w) > 0, 2 * w, w), 1.0, 1),
        (lambda w, *, xp=np: xp.where(w * w < 0, 2 * w, w), 0.0, 1),
        (lambda w, *, xp=np: xp.where(w**2 < 0, 2 * w, w), 0.0, 1),
        (lambda w, *, xp=np: xp.where(w / (1 + w) > 0, 2 * w, w), 0.0, 1),
        (lambda w, *, xp=np: xp.where(xp.expm1(w) < 0, 2 * w, w), 0.0, 1),
    ],
)
def test_ties_at_zero_stay_ties(loss, at, slope):
    """(ih)² is a little below 0, and log(1 + ih) a little above: enough to choose a branch."""
    problem = gm.Problem(loss, np.array(at))
    assert gm.Numerical("complex-step").prepare(problem)(at).gradient == slope
    assert gm.Backprop().prepare(problem)(at).gradient == slope


@pytest.mark.parametrize("at", [0.25, 0.3])
def test_a_product_that_cancels_takes_numpys_branch(at):
    """Where products are fused, NumPy itself leaves a rounding error of w² - w²: follow it."""

    def loss(w, *, xp=np):
        return xp.where(xp.stack([w, -w]) @ xp.stack([w, w]) != 0, 2 * w, w)

    problem = gm.Problem(loss, np.array(at))
    slope = problem.value() / at
    assert gm.Numerical("complex-step").prepare(problem)(at).gradient == slope
    assert gm.Backprop().prepare(problem)(at).gradient == slope


@pytest.mark.parametrize(
    "loss",
    [
        lambda w, xp: xp.log(-w),
        lambda w, xp: xp.sqrt(-w),
        lambda w, xp: xp.asin(2 * w),
        lambda w, xp: xp.acos(-2 * w),
        lambda w, xp: (-w) ** 0.5,
        lambda w, xp: xp.acosh(w / 2),
        lambda w, xp: xp.atanh(2 * w),
        lambda w, xp: xp.log1p(-2 * w),
        lambda w, xp: xp.log2(-w),
        lambda w, xp: xp.log10(-w),
    ],
)
def test_where_numpy_is_nan_the_complex_step_refuses(loss):
    """Complex functions have finite values there, and slopes that belong to no real loss."""
    problem = gm.Problem(lambda w, *, xp=np: xp.asarray(loss(w, xp)), np.array(0.3))
    with np.errstate(invalid="ignore"):
        assert np.isnan(loss(np.float64(1.0), np))
    with pytest.raises(NotDifferentiable, match="real domain"):
        gm.Numerical("complex-step").prepare(problem)(1.0)
