"""The enclosure holds the truth: exact fractions, closed forms, and quotients to many digits."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import mpmath  # type: ignore[import-untyped]  # published without types
import numpy as np
import pytest

import gradmethods as gm
from gradmethods.problems import hard
from tests import hard_truths, multiprecision
from tests.primitive_cases import CASES

INPUTS = 2500
"""Of each family of losses: 10,000 in all."""
TOGETHER = 25
"""Inputs of one problem: their partial derivatives are as many gradients of one variable."""


def fraction(ball: Any) -> Fraction:
    """Return an exact ball as what it is."""
    mantissa, exponent = ball.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def number(x: Any) -> Any:
    """Turn a fraction, or mpmath's number, into the latter, at the precision at hand."""
    return mpmath.mpf(x.numerator) / x.denominator if isinstance(x, Fraction) else x


def holds(ball: Any, truth: Any, error: Any = 0) -> bool:
    """Say whether a ball holds the truth, known to within `error` of its size."""
    middle, radius = fraction(ball.mid()), fraction(ball.rad())
    if isinstance(truth, Fraction):
        return abs(truth - middle) <= radius
    with mpmath.workdps(2 * multiprecision.DIGITS):
        return bool(abs(truth - number(middle)) <= number(radius) + error * (1 + abs(truth)))


def misses(problem: gm.Problem, truth: dict[str, Any], error: Any = 0) -> list[str]:
    """Enclose a gradient; list the components whose balls do not hold the truth."""
    found = gm.certified_gradient(problem)
    assert found.digits >= 30
    assert {name: array.size for name, array in found.enclosure.items()} == {
        name: len(entries) for name, entries in truth.items()
    }
    return [
        f"{problem.name}: {name}[{i}]: {ball} does not hold {mpmath.nstr(number(entry), 50)}"
        for name, entries in truth.items()
        for i, (ball, entry) in enumerate(zip(found.enclosure[name].flat, entries, strict=True))
        if not holds(ball, entry, error)
    ]


def test_a_miss_is_seen():
    """A check of containment that cannot fail would certify anything."""
    problem = gm.Problem(rational, np.array([0.7, -3.0]))
    truth = [of_rational(x) for x in hard_truths.fractions(problem.params)]
    assert not misses(problem, {"": truth})
    assert len(misses(problem, {"": [truth[0] + Fraction(1, 10**36), truth[1]]})) == 1
    beside = number(truth[1]) + mpmath.mpf(10) ** -36
    assert len(misses(problem, {"": [truth[0], beside]}, multiprecision.ERROR)) == 1


# -- ten thousand inputs


def rational(x, *, xp=np):
    return xp.sum((x**3 - 2 * x + 0.3) / (1 + x**2) + xp.reciprocal(x) - x**-2)


def of_rational(x):
    value, below = x**3 - 2 * x + Fraction(0.3), 1 + x**2
    return (3 * x**2 - 2) / below - value * 2 * x / below**2 - 1 / x**2 + 2 / x**3


def exponential(x, *, xp=np):
    return xp.sum(xp.exp(-x * x / 8) * xp.sin(3 * x) + xp.log(x * x + 1) / xp.cosh(x / 9))


def of_exponential(x):
    e, s, c = mpmath.exp(-x * x / 8), mpmath.sin(3 * x), mpmath.cos(3 * x)
    log, sech = mpmath.log(x * x + 1), mpmath.sech(x / 9)
    slope = 2 * x / (x * x + 1) - log * mpmath.tanh(x / 9) / 9
    return e * (3 * c - x / 4 * s) + slope * sech


def logistic(x, *, xp=np):
    return xp.sum(xp.log(1 / (1 + xp.exp(-x))) + xp.tanh(x) ** 2 + xp.logaddexp(x, 1.0))


def of_logistic(x):
    sigmoid = 1 / (1 + mpmath.exp(x))
    return (
        sigmoid
        + 2 * mpmath.tanh(x) * mpmath.sech(x) ** 2
        + mpmath.exp(x) / (mpmath.exp(x) + mpmath.e)
    )


FAMILIES: dict[str, tuple[Any, Any, Any]] = {
    "rational": (rational, of_rational, (-6, 6)),
    "exponential": (exponential, of_exponential, (-6, 2)),
    "logistic": (logistic, of_logistic, (-6, 3)),
}
"""A loss that is a sum over inputs, the derivative of its terms, and the orders of the inputs."""


@pytest.mark.parametrize("family", FAMILIES)
def test_the_enclosure_holds_derivatives_in_closed_form(family):
    """One miss in 7,500 inputs, from 1e-6 to 1e6, and nothing could be called certified."""
    loss, derivative, orders = FAMILIES[family]
    rng = np.random.default_rng(0)
    inputs = rng.choice([-1.0, 1.0], INPUTS) * 10 ** rng.uniform(orders[0], orders[1], INPUTS)
    read = hard_truths.fractions if family == "rational" else hard_truths.numbers
    found = []
    with mpmath.workdps(2 * multiprecision.DIGITS):
        for x in inputs.reshape(-1, TOGETHER):
            truth = {"": [derivative(entry) for entry in read(x)]}
            found += misses(gm.Problem(loss, x, name=family), truth, multiprecision.ERROR)
    assert not found, found[:5]


def test_the_enclosure_holds_exact_gradients_of_least_squares():
    """2,500 more inputs, coupled: products of matrices must not lose the truth either."""
    rng = np.random.default_rng(1)
    found = []
    for _ in range(INPUTS // 24 + 1):  # each has 24 parameters
        x, t, w = (rng.standard_normal(s) * 10 ** rng.uniform(-4, 4) for s in ((8, 5), 8, 5))
        problem = gm.Problem(
            lambda p, x, t, *, xp=np: xp.sum((x @ p["W"] @ p["v"] - t) ** 2),
            {"W": rng.standard_normal((5, 4)), "v": w[:4]},
            {"x": x, "t": t},
        )
        found += misses(problem, least_squares(problem))
    assert not found, found[:5]


def least_squares(problem: Any) -> dict[str, list[Fraction]]:
    def matrix(array: Any) -> Any:
        exact = [Fraction(float(entry)) for entry in np.ravel(array)]
        return np.array(exact, object).reshape(np.shape(array))

    x, t = matrix(problem.data["x"]), matrix(problem.data["t"])
    W, v = (matrix(problem.params[name]) for name in ("W", "v"))
    residual = 2 * (x @ W @ v - t)
    return {"W": list(np.outer(x.T @ residual, v).flat), "v": list((x @ W).T @ residual)}


# -- every function, and how they work together


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_enclosure_holds_every_function(case):
    """Thirty digits of a rule are checked, where floating-point gradients check fifteen."""
    problem = case.problem()
    value, truth = multiprecision.quotients(problem)
    assert holds(gm.certified_gradient(problem).loss, value, multiprecision.ERROR)
    assert not misses(problem, truth, multiprecision.ERROR)


TERMS: tuple[Any, ...] = (
    lambda xp, x, y: xp.sin(x) + y,
    lambda xp, x, y: xp.tanh(x) * y,
    lambda xp, x, y: xp.log(1.5 + x * x) - xp.sqrt(1.5 + y * y),
    lambda xp, x, y: x / (1.1 + y * y),
    lambda xp, x, y: xp.maximum(x, y + 0.1),
    lambda xp, x, y: xp.minimum(x, 2 * y) + xp.abs(x),
    lambda xp, x, y: xp.hypot(x, 1 + y * y) * xp.floor(3 * x),
    lambda xp, x, y: xp.atan2(x, 1.3 + y * y) * xp.round(5 * y),
    lambda xp, x, y: xp.logaddexp(x, y) * xp.sign(y),
    lambda xp, x, y: (1.1 + xp.abs(x)) ** xp.tanh(y),
    lambda xp, x, y: xp.where(x > y + 0.2, x * y, xp.exp(-x * x)),
    lambda xp, x, y: xp.where(x > 9.0, xp.log(x - 9.0), xp.clip(y, -0.4, 0.9)),
    lambda xp, x, y: xp.sum(x * y, axis=-1, keepdims=True),
    lambda xp, x, y: xp.max(x, axis=-1, keepdims=True) - xp.mean(y),
    lambda xp, x, y: xp.prod(x, axis=0) + xp.var(y),
    lambda xp, x, y: xp.cumulative_sum(x + y, axis=-1),
    lambda xp, x, y: xp.flip(x) - y**3,
    lambda xp, x, y: (x + y) @ xp.ones((3, 3)) / 5.0,
    lambda xp, x, y: xp.concat([x + y, x * y], axis=-1)[..., 1:4],
)
SHAPES = ((3,), (2, 3), (2, 1))


def random_program(seed: int) -> gm.Problem:
    """Draw a loss: each value is made of two earlier ones, of which parameters are few."""
    rng, draw = np.random.default_rng(seed), random.Random(seed)
    steps = [
        (draw.choice(TERMS), draw.randrange(k), draw.randrange(k))
        for k in range(4, 4 + draw.randint(3, 9))
    ]

    def loss(p: Any, d: Any, e: Any, *, xp: Any = np) -> Any:
        zeros = xp.zeros((2, 3))
        values = [p["a"] + zeros, p["b"] + zeros, d + zeros, e + zeros]
        for term, i, j in steps:
            values.append(xp.tanh(term(xp, values[i], values[j]) + zeros))
        return xp.sum(values[-1] * values[len(values) // 2]) + xp.sum(p["b"]) * 0.5

    params = {name: rng.standard_normal(draw.choice(SHAPES)) for name in "ab"}
    data = {name: rng.standard_normal(draw.choice(SHAPES)) for name in "de"}
    return gm.Problem(loss, params, data, name=f"program {seed}")


def test_the_enclosure_holds_random_programs():
    """Rules that are right one by one can still be wrong together: reuse, broadcasting, zeros."""
    found, refused = [], []
    for seed in range(120):
        problem = random_program(seed)
        try:
            _, truth = multiprecision.quotients(problem)
            found += misses(problem, truth, multiprecision.ERROR)
        except gm.NotDifferentiable:
            refused.append(seed)  # some tie by chance, as the maximum of a row of equal entries
    assert not found, found[:5]
    assert len(refused) < 20, refused


# -- hard cases, and what attacks have found


@pytest.mark.parametrize("name", hard_truths.RULES)
def test_the_enclosure_holds_the_truth_of_hard_cases(name):
    """Where every method is wrong, only the closed form can tell whether the reference is right."""
    problem = hard.get(name)
    assert not misses(problem, hard_truths.truth(problem), mpmath.mpf(10) ** -90)


KINKS: dict[str, tuple[Any, float]] = {
    "abs": (lambda xp, w: xp.abs(w), 0.0),
    "relu": (lambda xp, w: xp.maximum(w, 0.0), 0.0),
    "clip": (lambda xp, w: xp.clip(w, -1.0, 0.5), 0.5),
    "clip below": (lambda xp, w: xp.clip(w, min=0.2), 0.2),
    "sign": (lambda xp, w: xp.sign(w) * w, 0.0),
    "floor": (lambda xp, w: xp.floor(w) * w, 2.0),
    "ceil": (lambda xp, w: xp.ceil(w) * w, 2.0),
    "trunc": (lambda xp, w: xp.trunc(w) * w, -2.0),
    "round to even": (lambda xp, w: xp.round(w) * w, 2.5),
    "round to even, upwards": (lambda xp, w: xp.round(w) * w, 1.5),
    "greater": (lambda xp, w: xp.where(w > 0.3, w * w, w), 0.3),
    "less_equal": (lambda xp, w: xp.where(w <= 0.3, w * w, w), 0.3),
    "equal": (lambda xp, w: xp.where(w == 0.3, w * w, w), 0.3),
    "not_equal": (lambda xp, w: xp.where(w != 0.3, w * w, w), 0.3),
    "truth of a number": (lambda xp, w: xp.where(w, 3 * w, 2 * w), 0.0),
    "logical_not": (lambda xp, w: xp.where(xp.logical_not(w), w, 2 * w), 0.0),
    "any": (lambda xp, w: xp.where(xp.any(xp.stack([w, w - 1]) > 0.3), w, 2 * w), 0.3),
    "mask": (lambda xp, w: (w > 0.3) * w, 0.3),
    "max": (lambda xp, w: xp.max(xp.stack([w, 0 * w + 0.3, 0.1 * w])), 0.3),
    "min": (lambda xp, w: xp.min(xp.stack([w, 0 * w + 0.3, w + 5])), 0.3),
    "norm of order 1": (lambda xp, w: xp.linalg.vector_norm(xp.stack([w, w + 1]), ord=1), 0.0),
    "norm of order ∞": (lambda xp, w: xp.linalg.vector_norm(xp.stack([w]), ord=np.inf), 0.0),
    "std": (lambda xp, w: xp.std(xp.stack([w, 0 * w + 0.3])), 0.3),
}
"""A function, and where it has a kink or a jump."""


@pytest.mark.parametrize("name", KINKS)
def test_kinks_are_refused_and_their_neighbours_are_not(name):
    """One unit in the last place decides: neither a guess at the kink, nor a refusal beside it."""
    function, kink = KINKS[name]

    def at(w: float) -> gm.Problem:
        return gm.Problem(lambda w, *, xp=np: function(xp, w), np.asarray(w))

    with pytest.raises(gm.NotDifferentiable):
        gm.certified_gradient(at(kink))
    for w in np.nextafter(kink, [-np.inf, np.inf]) if kink else (-1e-20, 1e-20):
        _, truth = multiprecision.quotients(at(w))
        assert not misses(at(w), truth, multiprecision.ERROR)


@pytest.mark.parametrize("exponent", [1e8, 1e10, 1e30, 1e300, -1e30])
def test_numbers_of_any_size_are_rounded(exponent):
    """As an integer, 2 to the power of an exponent beyond float64 would fill the memory."""
    found = gm.certified_gradient(gm.Problem(lambda w, xp=np: xp.exp(-w), np.asarray(exponent)))
    assert found.digits >= 30
    assert found.value == (0.0 if exponent > 0 else np.inf)
    assert found.gradient == -found.value
    assert found.tail[""] == 0


def test_a_loss_that_cancels_is_known_as_well_as_its_gradient():
    """The gradient, 1, has all its digits at once, and the loss had none."""
    found = gm.certified_gradient(gm.Problem(lambda w, xp=np: 1e40 + w - 1e40, np.asarray(0.1)))
    assert found.value == 0.1


def test_derivatives_that_cancel_are_known():
    """128 bits do not hold 1e-120 beside 1: the derivatives came out as noise, without a word."""
    problem = gm.Problem(lambda w, xp=np: (1 + w) ** 2 - 1 - 2 * w, np.asarray(1e-60))
    np.testing.assert_allclose(gm.certified_derivatives(problem, 3), [[1e-120, 2e-60, 2, 0]])
    sample = gm.certified_sample(problem, components=1, directions=0)
    assert holds(sample.partials[0], 2 * Fraction(1e-60))
    assert sample.value == pytest.approx(1e-120, rel=1e-15)


SUMS: dict[str, Any] = {
    "sum": lambda xp, w, x: w * xp.sum(x),
    "mean": lambda xp, w, x: w * xp.mean(x),
    "dot": lambda xp, w, x: w * (x @ xp.ones_like(x)),
    "cumulative_sum": lambda xp, w, x: w * xp.cumulative_sum(x)[-1],
}


@pytest.mark.parametrize("name", SUMS)
def test_rounding_bounds_sums_in_any_order(name):
    """NumPy adds in eight lanes: where the balls' own order cancels exactly, its order does not."""
    rng = np.random.default_rng(0)
    x = 1e16 * np.resize([1.0, -1.0], 4096) + 1e3 * rng.standard_normal(4096)
    problem = gm.Problem(lambda w, x, *, xp=np: SUMS[name](xp, w, x), np.asarray(1.0), {"x": x})
    found = gm.certified_gradient(problem)
    for order in (np.arange(4096), np.argsort(x), rng.permutation(4096)):
        for array in (np.float64(x[order].sum()), np.float64(np.cumsum(x[order])[-1])):
            scale = len(x) if name == "mean" else 1
            error = found.error(np.asarray(array / scale))[""]
            assert 0 <= abs(error) <= found.rounding()[""]
            assert abs(error) <= found.loss_rounding()


def test_rounding_bounds_what_comes_together_in_any_order():
    """Reverse mode adds up a value's uses from the last to the first: its sums do not cancel."""
    problem = gm.Problem(
        lambda x, d, *, xp=np: d[0] * x + d[1] * x + x, np.asarray(0.3), {"d": [1e16, -1e16]}
    )
    found = gm.certified_gradient(problem)
    assert found.gradient == 1.0
    for provider in (gm.Backprop(), gm.Analytical(), gm.Numerical("complex-step")):
        error = found.error(provider.prepare(problem)(problem.params).gradient)[""]
        assert 0 <= abs(error) <= found.rounding()[""]


def test_python_numbers_have_the_dtype_that_they_meet():
    """In float32, w > 0.1 compares with the float32 number: the other branch is another loss."""

    def loss(w, *, xp=np):
        return xp.sum(xp.where(w < 0.1, 3 * w, 5 * w))

    w = np.array([0.1, np.nextafter(np.float32(0.1), np.float32(0))], np.float32)
    with pytest.raises(gm.NotDifferentiable, match="equal"):
        gm.certified_gradient(gm.Problem(loss, w))
    np.testing.assert_array_equal(gm.certified_gradient(gm.Problem(loss, w[1:])).gradient, [3.0])
    found = gm.certified_gradient(gm.Problem(lambda w, xp=np: w * 0.1, w[0]))
    assert holds(found.enclosure[""].item(), Fraction(float(np.float32(0.1))))


def test_powers_of_zero_that_is_data_are_flat():
    """0 to any positive power is 0: a gamma correction has a gradient, black pixels or not."""
    problem = gm.Problem(lambda y, x, xp=np: xp.sum(x**y), np.array([2.0, 0.5]), {"x": [0.0, 0.0]})
    np.testing.assert_array_equal(gm.certified_gradient(problem).gradient, [0.0, 0.0])
    for point in (np.zeros(2), np.array([-1.0, 2.0])):
        with pytest.raises(gm.NotDifferentiable):
            gm.certified_gradient(gm.Problem(problem.loss, point, {"x": [0.0, 0.0]}))
    with pytest.raises(gm.NotDifferentiable):  # to the left of 0 there is no such power
        gm.certified_gradient(gm.Problem(lambda w, xp=np: w ** (2 + w), np.asarray(0.0)))
