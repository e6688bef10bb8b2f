"""Special functions of NumPy's arrays: digits against Arb, dtypes and edges."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from flint import arb, ctx

import gradmethods as gm
from gradmethods import special
from gradmethods.engines.certified import functions as balls
from gradmethods.xp.primitives import TABLE
from gradmethods.xp.primitives.recognised import MILLS, TRIGAMMA

HALF = arb(0.5)
TRUE: dict[str, Any] = {
    name: lambda x, entry=entry: entry.ball(balls, x)
    for name, entry in TABLE.items()
    if entry.module == "special" and entry.arity == 1 and entry.ball is not None
}
TRUE |= {"mills": balls.mills, "trigamma": balls.trigamma}
EVALUATED = {**{name: TABLE[name].numpy for name in TRUE if name in TABLE}} | {
    "mills": MILLS.numpy,
    "trigamma": TRIGAMMA.numpy,
}
RANGES = {
    "erf": ((-7, 7), (-1e-3, 1e-3), (-1e-300, 1e-300)),
    "erfc": ((-7, 7), (0, 26)),
    "mills": ((-40, 10), (-1e4, 0), (0, 37)),
    "ndtr": ((-37, 9), (-1, 1)),
    "log_ndtr": ((-40, 10), (-1e4, 0), (0, 37)),
    "gammaln": ((0, 3), (3, 10), (10, 200), (0.999999, 1.000001), (1.999999, 2.000001),
                (0, 1e-5), (1e3, 1e8), (-1e-5, 0), (1e100, 1e300)),
    "digamma": ((0, 3), (1.46, 1.463), (2, 10), (10, 100), (0, 1e-5), (1e3, 1e8), (-1e-5, 0)),
    "trigamma": ((0, 3), (3, 100), (0, 1e-5), (1e3, 1e8), (-30, 0)),
}  # fmt: skip
UNITS = 6
"""Units in the last place that a value may be off by; 4.7 were seen."""


def truths(name, x):
    """Return the true values as balls of many digits."""
    before, ctx.prec = ctx.prec, 300
    try:
        return [TRUE[name](arb(float(entry))) for entry in x]
    finally:
        ctx.prec = before


@pytest.mark.parametrize("name", EVALUATED)
def test_values_have_all_digits_over_the_whole_range(name):
    """A likelihood in a tail, or beside a zero, would have the digits of neither."""
    rng = np.random.default_rng(3)
    for low, high in RANGES[name]:
        x = rng.uniform(low, high, 200)
        for at, found, true in zip(x, EVALUATED[name](x), truths(name, x), strict=True):
            unit = np.spacing(max(abs(float(true.mid())), 1e-300))
            assert abs(float((arb(float(found)) - true).mid())) <= UNITS * unit, (at, found)


@pytest.mark.parametrize("name", ["gammaln", "digamma"])
def test_values_between_negative_integers_are_close(name):
    """Beside zeros that no formula leaves out digits are lost, in the value and nothing else."""
    x = np.random.default_rng(4).uniform(-30, 0, 300)
    for at, found, true in zip(x, EVALUATED[name](x), truths(name, x), strict=True):
        assert abs(float((arb(float(found)) - true).mid())) <= 1e-13 * (1 + abs(found)), at


@pytest.mark.parametrize("name", ["erf", "expit", "logit", "log_ndtr", "softmax"])
def test_truths_are_numbers(name):
    """NumPy negates no truths, so that the logistic function of labels was an error of its own."""
    function = getattr(special, name)
    with np.errstate(divide="ignore"):
        np.testing.assert_array_equal(function(np.array([True])), function(np.array([1.0])))


@pytest.mark.parametrize("name", EVALUATED)
def test_dtypes_are_kept_and_integers_are_float64(name):
    """A float32 loss must stay one; small integers must not be computed in half precision."""
    function = EVALUATED[name]
    x = np.array([0.7, 1.6, 2.3])
    assert function(x.astype(np.float32)).dtype == np.float32
    np.testing.assert_allclose(function(x.astype(np.float32)), function(x), rtol=1e-6)
    whole = function(np.array([1, 2, 3], np.int8))
    assert whole.dtype == np.float64
    np.testing.assert_array_equal(whole, function(np.array([1.0, 2.0, 3.0])))
    out = np.empty(3)
    assert function(x, out) is out
    np.testing.assert_array_equal(out, function(x))
    assert np.shape(function(0.5)) == ()


def test_edges():
    """Infinities, poles and NaN are what they are in SciPy."""
    inf, nan = np.inf, np.nan
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        np.testing.assert_array_equal(special.erf([-inf, inf, nan, 0]), [-1, 1, nan, 0])
        np.testing.assert_array_equal(special.erfc([-inf, inf, nan]), [2, 0, nan])
        np.testing.assert_array_equal(special.ndtr([-inf, 0, inf]), [0, 0.5, 1])
        np.testing.assert_array_equal(special.log_ndtr([-inf, inf, nan]), [-inf, 0, nan])
        np.testing.assert_array_equal(
            special.gammaln([0, -1, -2, 1, 2, inf]), [inf] * 3 + [0, 0, inf]
        )
        assert np.isnan(special.digamma([-1.0, -2.0, nan])).all()
        np.testing.assert_array_equal(
            special.xlogy([0, 0, 0, 1], [0, -1, nan, 0]), [0, 0, nan, -inf]
        )
        np.testing.assert_array_equal(special.expit([-800, 0, 800]), [0, 0.5, 1])
        np.testing.assert_array_equal(special.log_expit([-800.0, 800.0]), [-800, 0])


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", [None, 0, -1, (0, 1)])
def test_a_logarithm_of_a_sum_has_any_axes(axis, keepdims):
    """Rows that are all -∞, ties and ±800 are what these functions are called for."""
    x = np.array([[800.0, 800.0, -800.0], [-np.inf, -np.inf, -np.inf], [-800.0, 0.0, -np.inf]])
    with np.errstate(all="ignore"):
        shift = np.max(x)
        rows = np.exp(np.longdouble(x) - shift)
        true = np.log(rows.sum(axis=axis, keepdims=keepdims)) + shift
    found = special.logsumexp(x, axis, keepdims=keepdims)
    np.testing.assert_allclose(found, true.astype(float), rtol=1e-15)


def test_shares_add_up_to_one():
    """A softmax of ±800 overflows where the largest entry is not taken out first."""
    x = np.array([[800.0, 800.0, -800.0], [0.0, -1.0, -np.inf]])
    np.testing.assert_allclose(special.softmax(x, axis=1).sum(axis=1), 1, rtol=1e-15)
    np.testing.assert_array_equal(special.softmax(x, axis=1)[0], [0.5, 0.5, 0])
    np.testing.assert_allclose(
        special.log_softmax(x, axis=1)[0], [-np.log(2), -np.log(2), -1600 - np.log(2)], rtol=1e-15
    )


def test_a_parameter_that_is_zero_has_a_slope_in_xlogy():
    """x log(where(x == 0, 1, y)), as one writes it by hand, has slope 0 at x = 0, not log y."""
    problem = gm.Problem(
        lambda w, *, y, xp=np: special.xlogy(w[0], y) + special.xlogy(0.0, w[1]),
        np.array([0.0, 0.0]),
        {"y": np.array(3.0)},
    )
    for name in ("analytical", "numerical:complex-step", "forward", "backprop"):
        found = gm.get_provider(name).prepare(problem)(problem.params).gradient
        np.testing.assert_allclose(found, [np.log(3), 0], rtol=1e-15)
    np.testing.assert_allclose(gm.certified_gradient(problem).gradient, [np.log(3), 0], rtol=1e-15)


def test_rows_that_are_masked_out_harm_nothing():
    """A row of -∞ has no gradient, and nothing of it reaches a loss that leaves it out."""
    mask = np.array([[0.0, -np.inf, 0.0], [-np.inf] * 3])
    keep = np.array([True, False])

    def loss(w, *, xp=np):
        return xp.sum(xp.where(keep, special.logsumexp(w + mask, axis=1), 0.0))

    problem = gm.Problem(loss, np.array([[0.3, 1.2, -0.4], [0.1, 0.2, 0.3]]))
    expected = special.softmax(np.array([0.3, -np.inf, -0.4]))
    for name in ("forward", "backprop", "numerical:complex-step"):
        found = gm.get_provider(name).prepare(problem)(problem.params).gradient
        np.testing.assert_allclose(found[0], expected, rtol=1e-14)
        assert not found[1].any()


def test_other_arrays_are_refused_with_the_way_out():
    """A tensor would otherwise become an array of NumPy's, without its gradient."""

    class Tensor:
        """Of another package, which has no special functions here."""

    with pytest.raises(gm.UnsupportedOperation, match=r"their own package, got .*Tensor"):
        special.erf(Tensor())


def test_cut_points_at_infinity_do_not_vary():
    """Ordered probit has the classes' cut points -∞ and ∞: an infinite slope times 0 was NaN."""
    low, high = np.array([-np.inf, -0.3, 0.8]), np.array([-0.3, 0.8, np.inf])

    def loss(w, *, xp=np):
        below, above = special.log_ndtr(low - w), special.log_ndtr(high - w)
        return -xp.sum(above + xp.log1p(-xp.exp(below - above)))

    problem, w = gm.Problem(loss, np.array(0.2)), np.array(0.2)
    inner = gm.Numerical("complex-step").prepare(problem)(w).gradient
    for provider in (gm.Backprop(), gm.Forward(), gm.Analytical()):
        np.testing.assert_allclose(provider.prepare(problem)(w).gradient, inner, rtol=1e-13)


@pytest.mark.parametrize("name", ["expit", "log_expit", "erf", "logsumexp", "softmax"])
def test_truths_are_numbers_in_a_recorded_loss_too(name):
    """If they were so in NumPy alone, a loss that runs there would be refused by every method."""
    function = getattr(special, name)

    def loss(w, *, xp=np):
        return xp.sum(w * function(w > 0.5))

    w = np.array([0.25, 0.75])
    for provider in ("backprop", "forward", "numerical:complex-step", "analytical:chain-rule"):
        value, gradient = gm.get_provider(provider).prepare(gm.Problem(loss, w))(w)
        expected = np.broadcast_to(function(np.array([0.0, 1.0])), 2)
        np.testing.assert_allclose(gradient, expected, rtol=1e-15)
        assert value == pytest.approx(loss(w), rel=1e-15)
