"""Numbers in formulas: literals, extremes, infinities, and constants beneath steps."""

from __future__ import annotations

import importlib
from itertools import product
from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.xp.primitives import TABLE
from tests.samples import together
from tests.smooth_functions import BINARY, UNARY, called

mpmath: Any = importlib.import_module("mpmath")  # comes with SymPy; has no types

FORMS = ["cse", "expanded"]


@pytest.mark.parametrize("form", FORMS)
def test_literals_are_exact(form):
    """A literal printed with 15 digits, or folded by SymPy, would be another number."""
    a, b = 0.1, 1 / 3
    problem = gm.Problem(lambda w, xp=np: xp.sum(w * a + w * b), np.array([1.0]))
    assert gm.Analytical(form).prepare(problem)([1.0]).gradient[0] == a + b
    huge = gm.Problem(lambda w, xp=np: xp.sum(w * 1.7976931348623157e308), np.array([0.5]))
    assert gm.Analytical(form).prepare(huge)([0.5]).gradient[0] == 1.7976931348623157e308


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (lambda w, xp: xp.sum(xp.exp(w * w)), np.inf),
        (lambda w, xp: xp.sum(1 / (w - w[0])), np.inf),
        (lambda w, xp: xp.sum(xp.log(w - 100)), np.nan),
    ],
    ids=["overflow", "division by zero", "domain"],
)
def test_scalar_code_follows_ieee_where_python_raises(loss, expected):
    """Python's math raises where NumPy has infinity or NaN; the answer must be NumPy's."""
    problem = gm.Problem(lambda w, xp=np: loss(w, xp), np.array([40.0]))
    value = gm.Analytical().prepare(problem)([40.0]).value
    np.testing.assert_equal(abs(value), expected)
    np.testing.assert_equal(abs(problem.value()), expected)


def test_where_does_not_substitute_its_condition():
    """SymPy's own Piecewise would put 0 for w in the branch, and lose the slope."""
    problem = gm.Problem(
        lambda w, xp=np: xp.sum(xp.where(w == 0, 5 * w, w**2)), np.array([0.0, 3.0])
    )
    np.testing.assert_array_equal(gm.Analytical().prepare(problem)([0.0, 3.0]).gradient, [5.0, 6.0])


def test_reals_that_sympy_cannot_tell():
    """SymPy cannot know that log(w) is real; the derivative of its absolute value still is."""
    problem = gm.Problem(lambda w, xp=np: xp.sum(xp.abs(xp.log(w))), np.array([0.5, 3.0]))
    gradient = gm.Analytical().prepare(problem)([0.5, 3.0]).gradient
    np.testing.assert_allclose(gradient, [-2.0, 1 / 3], rtol=1e-15)


# -- zeros and extremes

ALL_FORMS = [*FORMS, "chain-rule"]


def prepared_in(form, loss, start):
    return gm.Analytical(form).prepare(gm.Problem(loss, np.array(start)))


@pytest.mark.parametrize("form", ALL_FORMS)
@pytest.mark.parametrize(
    ("loss", "at", "slope"),
    [
        (lambda w, *, xp=np: xp.abs(w) ** 1.3, 0.0, 0),
        (lambda w, *, xp=np: xp.maximum(w, 0) ** 1.3, -0.7, 0),
        (lambda w, *, xp=np: (w * w) ** 1.3, 0.0, 0),
        (lambda w, *, xp=np: (w**1.3) ** 2, 0.0, 0),
        (lambda w, *, xp=np: w**0.3, 0.0, np.inf),
        (lambda w, *, xp=np: (xp.exp(w) + xp.exp(2 * w)) ** 0.3, -1e4, 0.0),
        (lambda w, *, xp=np: (xp.exp(w) + xp.exp(2 * w)) ** 1.3, -1e4, 0),
        (lambda w, *, xp=np: 0.3**w, 0.0, np.log(0.3)),
    ],
)
def test_powers_of_zero(form, loss, at, slope):
    """SymPy writes the derivative of x**p as p*x**p/x, which is not a number at 0."""
    _, gradient = prepared_in(form, loss, 0.7)(at)
    np.testing.assert_allclose(gradient, slope, rtol=1e-15)


SIZES = (1e160, 1e-160, 1e200, 1e-200, -1e160, -1e-160, -1e200, -1e-200, 0.7, -1.3)
SLOPES: dict[str, Any] = {
    **{name: row.slope for name, row in UNARY.items()},
    **{name: row.slopes for name, row in BINARY.items() if row.slopes is not None},
}
NORMAL = 1e-307
"""Above this, numbers have all their digits."""


@pytest.mark.medium
@pytest.mark.parametrize("form", ALL_FORMS)
@pytest.mark.parametrize("name", SLOPES)
def test_slopes_of_huge_and_tiny_numbers(name, form):
    """x² overflows at 1e160 and is 0 at 1e-170, where the derivative is an ordinary number."""
    count = TABLE[name].arity
    prepared = prepared_in(
        form, lambda w, *, xp=np: called(xp, name)(*(w[i] for i in range(count))), [1.3] * count
    )
    for point in product(SIZES, repeat=count):
        with np.errstate(all="ignore"):
            value = TABLE[name].numpy(*point)
        if np.isnan(value):
            continue
        result = prepared(np.array(point))
        np.testing.assert_allclose(result.value, value, rtol=1e-14)
        with mpmath.workdps(450):
            slopes = SLOPES[name](*map(mpmath.mpf, point))
        for found, slope in zip(result.gradient, np.atleast_1d(slopes), strict=True):
            if abs(slope) > NORMAL or abs(found) > NORMAL:
                assert found == pytest.approx(float(slope), rel=1e-13, abs=0)


EDGES = {
    "asin": (1 - 1e-10, 1e-13 - 1), "acos": (1 - 1e-10, 1e-13 - 1),
    "atanh": (1 - 1e-10, 1e-13 - 1), "acosh": (1 + 1e-10, 1 + 2.0**-50),
}  # fmt: skip
"""Points beside the ends of domains, where 1 − x² has few digits left."""


@pytest.mark.parametrize("form", ALL_FORMS)
@pytest.mark.parametrize("name", EDGES)
def test_slopes_at_the_ends_of_a_domain_keep_their_digits(name, form):
    """1/√(1 - x²) at 1 - 1e-10 has ten digits, where backprop has sixteen."""
    prepared = prepared_in(form, lambda w, *, xp=np: getattr(xp, name)(w[0]), [EDGES[name][0]])
    for x in EDGES[name]:
        with mpmath.workdps(60):
            slope = float(SLOPES[name](mpmath.mpf(x)))
        assert prepared(np.array([x])).gradient[0] == pytest.approx(slope, rel=1e-15)


OUTER, INNER = ("sin", "cos", "tan", "tanh"), ("asin", "acos", "atan", "acosh", "asinh")


@pytest.mark.parametrize("form", ALL_FORMS)
def test_functions_of_inverse_functions_are_not_rewritten(form):
    """SymPy makes x/√(1 + x²) of sin(atan(x)), whose derivative at 1e10 has no digit left."""
    points = {"asin": 0.999, "acos": 0.999, "atan": 1e4, "acosh": 1e4, "asinh": 1e4}
    pairs = [(f, g) for f in OUTER for g in INNER]
    w = np.array([points[g] for _, g in pairs])

    def loss(w, *, xp=np):
        parts = [getattr(xp, f)(getattr(xp, g)(w[i])) for i, (f, g) in enumerate(pairs)]
        return xp.sum(xp.stack(parts))

    found = prepared_in(form, loss, w)(w).gradient
    with mpmath.workdps(60):
        for (f, g), x, slope in zip(pairs, w, found, strict=True):
            inner = getattr(mpmath, g)(mpmath.mpf(x))
            exact = SLOPES[f](inner) * SLOPES[g](mpmath.mpf(x))
            # What one rounding of the inner value does to the outer slope, no method avoids.
            rounded = SLOPES[f](inner * (1 + mpmath.mpf(2) ** -50)) * SLOPES[g](mpmath.mpf(x))
            assert abs(slope - exact) <= abs(rounded - exact) + 1e-14 * abs(exact), (f, g)


# -- constants

CONSTANTS = {
    "hypot": lambda xp: xp.hypot(xp.asarray(3.0), 4.5),
    "atan2": lambda xp: xp.atan2(xp.asarray(1.0), 2.0),
    "logaddexp": lambda xp: xp.logaddexp(xp.asarray(1.0), 2.0),
    "infinite": lambda xp: xp.hypot(xp.asarray(np.inf), 1.0),
    "overflow": lambda xp: xp.cosh(xp.asarray(800.0)),
    "long overflow": lambda xp: xp.exp(xp.asarray(1e5)),
    "huge power": lambda xp: xp.asarray(10.0) ** 1e9,
    "exp": lambda xp: xp.exp(xp.asarray(1.0)),
    "root": lambda xp: xp.asarray(2.0) ** 0.5,
    "literal": lambda xp: xp.asarray(0.1),
}
USES = {
    "maximum": lambda xp, c, w: xp.maximum(c, 2.0) * w,
    "minimum": lambda xp, c, w: xp.minimum(c, 2.0) * w,
    "max": lambda xp, c, w: xp.max(xp.stack([c, xp.asarray(2.0), w])),
    "clip": lambda xp, c, w: xp.clip(c, 0.0, w),
    "abs": lambda xp, c, w: xp.abs(c) * w,
    "rounding": lambda xp, c, w: xp.floor(xp.minimum(c, 9)) * w + xp.trunc(xp.minimum(c, 9)) * w**2,
    "floor": lambda xp, c, w: xp.floor(c) * w,
    "ceil": lambda xp, c, w: xp.ceil(c) * w,
    "round": lambda xp, c, w: xp.round(c) * w,
    "sign": lambda xp, c, w: xp.sign(c) * w,
    "isfinite": lambda xp, c, w: xp.where(xp.isfinite(c), w, 2 * w),
    "isinf": lambda xp, c, w: xp.where(xp.isinf(c), w, 2 * w),
    "isnan": lambda xp, c, w: xp.where(xp.isnan(c), w, 2 * w),
    "where": lambda xp, c, w: xp.where(c > w, w, 2 * w),
}


@pytest.mark.parametrize("constant", CONSTANTS)
@together("use", USES)
@together("form", ALL_FORMS)
def test_constants_beneath_steps(constant, use, form):
    """SymPy knows such a constant as a number, but cannot compare it, or not as floats compare."""

    def loss(w, *, xp=np):
        with np.errstate(over="ignore"):
            return xp.asarray(USES[use](xp, CONSTANTS[constant](xp), w))

    problem = gm.Problem(loss, np.array(0.5))
    expected = gm.Backprop().prepare(problem)(0.7)
    value, gradient = gm.Analytical(form).prepare(problem)(0.7)
    np.testing.assert_allclose(value, expected.value, rtol=1e-14)
    np.testing.assert_allclose(gradient, expected.gradient, rtol=1e-14)


@pytest.mark.parametrize("form", ALL_FORMS)
@pytest.mark.parametrize("other", [0.0, np.nan, np.inf])
def test_a_loss_that_is_nowhere_finite_has_no_gradient(form, other):
    """SymPy's NaN and infinity forget what they are made of, and would pass for constants."""

    def loss(w, *, xp=np):
        with np.errstate(divide="ignore"):
            return (w[0] + xp.log(xp.asarray(other))) ** 2 + w[1]

    value, gradient = prepared_in(form, loss, [0.3, 0.4])(np.array([0.5, 0.6]))
    assert not np.isfinite(value)
    assert np.isnan(gradient).all()


@pytest.mark.parametrize("form", ALL_FORMS)
def test_a_sum_with_nan_has_no_gradient(form):
    """A term that is NaN takes the parameters in it along; the others' slopes mean nothing."""

    def loss(w, *, xp=np):
        return xp.sum(xp.concat([w, w * xp.asarray(np.nan)]))

    value, gradient = prepared_in(form, loss, [0.3, 0.4])(np.array([0.5, 0.6]))
    assert np.isnan(value)
    assert np.isnan(gradient).all()


@pytest.mark.parametrize("form", ALL_FORMS)
@pytest.mark.parametrize("examples", [(), ("x",)])
@pytest.mark.parametrize("which", ["max", "min"])
def test_shares_of_nan_are_nan(which, form, examples):
    """An extreme of entries of which one is NaN has no derivative, and 0 would pass for one."""

    def loss(w, x, *, xp=np):
        far = w * 1e300 * 1.1e300  # infinite, where Python raises nothing
        return xp.mean(x * getattr(xp, which)(far - far[0]))

    problem = gm.Problem(loss, np.full(3, 0.3), {"x": [1.0, 2.0]}, examples=examples)
    value, gradient = gm.Analytical(form).prepare(problem)([0.3, 0.4, 0.5])
    assert np.isnan(value)
    assert np.isnan(gradient).all()


def test_constants_squared_again_and_again():
    """Exact, a constant squared sixty times has more digits than there is memory."""

    def loss(w, *, xp=np):
        large, small = xp.asarray(10.0), xp.asarray(0.5)
        for _ in range(60):
            with np.errstate(over="ignore", under="ignore"):
                large, small = large * large, small * small
        return w[0] / large + w[1] * small + w[0] * w[1]

    for form in ("cse", "chain-rule"):
        value, gradient = prepared_in(form, loss, [0.3, 0.4])(np.array([0.5, 0.6]))
        assert value == 0.3
        np.testing.assert_array_equal(gradient, [0.6, 0.5])
    with pytest.raises(gm.BudgetExceeded, match=r'10\^15 operations written out.*form="cse"'):
        prepared_in("expanded", loss, [0.3, 0.4])


@pytest.mark.parametrize("form", ALL_FORMS)
@pytest.mark.parametrize(
    ("loss", "at", "expected"),
    [
        (lambda w, *, xp=np: xp.exp(xp.log(w)), -0.7, (np.nan, np.nan)),
        (lambda w, *, xp=np: xp.sqrt(w) ** 2, -0.7, (np.nan, np.nan)),
        (lambda w, *, xp=np: w / w, 0.0, (np.nan, np.nan)),
        (lambda w, *, xp=np: 0 * xp.exp(w) + w, 1e3, (1e3, 1)),
    ],
)
def test_what_simplification_hides(loss, at, expected, form):
    """The documentation says where values are not NumPy's; a change must be told to users."""
    with np.errstate(all="ignore"):
        assert np.isnan(loss(np.float64(at)))
    np.testing.assert_array_equal(prepared_in(form, loss, 0.7)(at), expected)


@pytest.mark.parametrize("form", ALL_FORMS)
def test_a_loss_that_underflows_keeps_its_slopes(form):
    """A product of tiny factors is 0 in float64; its slopes, of size 1, would lose a term."""
    problem = gm.Problem(lambda w, *, xp=np: w[0] * w[1] / (w[0] + w[1]), np.array([1.0, 3.0]))
    value, gradient = gm.Analytical(form).prepare(problem)(np.array([1e-200, 3e-200]))
    assert value == 0
    np.testing.assert_allclose(gradient, [0.5625, 0.0625], rtol=1e-15)


@pytest.mark.parametrize("name", ["tanh", "sin", "cosh", "expm1", "exp"])
@pytest.mark.parametrize("form", ["cse", "chain-rule"])
def test_numbers_larger_than_memory_are_not_written_out(name, form):
    """In wider numbers w**w has an exponent of 18 digits, and none of it is a number of its own."""

    def loss(w, *, xp=np):
        return xp.sum(xp.atan(getattr(xp, name)(w**w)))

    w = np.array([3e6, 5.017884383221681e16])
    problem = gm.Problem(loss, w)
    _, gradient = gm.Analytical(form).prepare(problem)(w)
    assert not np.isfinite(gradient[gradient != 0]).any()
