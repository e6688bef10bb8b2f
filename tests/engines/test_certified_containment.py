"""The enclosure holds the truth: exact fractions, closed forms, and quotients to many digits."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import Any

import mpmath  # type: ignore[import-untyped]  # published without types
import numpy as np
import pytest

import gradmethods as gm
from gradmethods.problems import hard
from tests import enclosures, hard_truths
from tests.enclosures import holds, misses, number
from tests.primitive_cases import each_function
from tests.program_writer import written

INPUTS = 2500
"""Inputs of each family of losses: 10,000 in all."""
TOGETHER = 25
"""Inputs of one problem: their partial derivatives are as many gradients of one variable."""


def test_a_miss_is_seen():
    """A check of containment that cannot fail would certify anything."""
    problem = gm.Problem(rational, np.array([0.7, -3.0]))
    truth = [of_rational(x) for x in hard_truths.fractions(problem.params)]
    assert not misses(problem, {"": truth})
    assert len(misses(problem, {"": [truth[0] + Fraction(1, 10**36), truth[1]]})) == 1
    beside = number(truth[1]) + mpmath.mpf(10) ** -36
    assert len(misses(problem, {"": [truth[0], beside]}, enclosures.ERROR)) == 1


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


@pytest.mark.medium
@pytest.mark.parametrize("family", FAMILIES)
def test_the_enclosure_holds_derivatives_in_closed_form(family):
    """One miss in 7,500 inputs, from 1e-6 to 1e6, and nothing could be called certified."""
    loss, derivative, orders = FAMILIES[family]
    rng = np.random.default_rng(0)
    inputs = rng.choice([-1.0, 1.0], INPUTS) * 10 ** rng.uniform(orders[0], orders[1], INPUTS)
    read = hard_truths.fractions if family == "rational" else hard_truths.numbers
    found = []
    with mpmath.workdps(2 * enclosures.DIGITS):
        for x in inputs.reshape(-1, TOGETHER):
            truth = {"": [derivative(entry) for entry in read(x)]}
            found += misses(gm.Problem(loss, x, name=family), truth, enclosures.ERROR)
    assert not found, found[:5]


@pytest.mark.medium
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


@pytest.mark.medium
@partial(each_function, every=6)
def test_the_enclosure_holds_every_function(case):
    """Thirty digits of a rule are checked, where floating-point gradients check fifteen."""
    if case.name == "x.real":
        pytest.skip("the oracle's numbers have a real part of their own")
    problem = case.problem()
    value, truth = enclosures.derivatives(problem)
    assert holds(gm.certified_gradient(problem).loss, value, enclosures.ERROR)
    assert not misses(problem, truth, enclosures.ERROR)


@pytest.mark.medium
def test_the_enclosure_holds_random_programs():
    """Rules that are right one by one can still be wrong together: reuse, broadcasting, zeros."""
    found, refused = [], []
    for seed in range(1000, 1120):
        problem = written(seed).problem()
        try:
            _, truth = enclosures.derivatives(problem)
            found += misses(problem, truth, enclosures.ERROR)
        except gm.NotDifferentiable:
            refused.append(seed)  # some tie by chance, as the maximum of a row of equal entries
    assert not found, found[:5]
    assert len(refused) < 20, refused


SMALLER: dict[str, dict[str, Any]] = {
    "mlp": {"widths": (2, 3, 1), "batch": 3},
    "island": {"batch": 40},
    "xor": {"batch": 40},
}
"""Sizes that take a second, where the default takes more."""


@pytest.mark.medium
@pytest.mark.parametrize("name", gm.problems.names())
def test_the_enclosure_holds_the_catalogue(name):
    """These are the truths that reports refer to."""
    problem = gm.problems.get(name, **SMALLER.get(name, {}))
    _, truth = enclosures.derivatives(problem)
    assert not misses(problem, truth, enclosures.ERROR)


def test_samples_hold_the_truth():
    """Long gradients are judged by a few components and directions: these too must be true."""
    for seed in range(300, 315):
        problem = written(seed).problem()
        try:
            found = gm.certified_sample(problem, components=4, directions=2, seed=seed)
        except gm.NotDifferentiable:
            continue
        _, truth = enclosures.derivatives(problem)
        flat = [entry for entries in truth.values() for entry in entries]
        for position, ball in zip(found.components, found.partials, strict=True):
            assert holds(ball, flat[position], enclosures.ERROR)
        for direction, ball in zip(found.directions, found.slopes, strict=True):
            with mpmath.workdps(enclosures.DIGITS):
                slope = mpmath.fdot(hard_truths.numbers(direction), flat)
            assert holds(ball, slope, 100 * enclosures.ERROR)


# -- hard cases


@pytest.mark.parametrize("name", hard_truths.RULES)
def test_the_enclosure_holds_the_truth_of_hard_cases(name):
    """Where every method is wrong, only the closed form can tell whether the reference is right."""
    problem = hard.get(name)
    assert not misses(problem, hard_truths.truth(problem), mpmath.mpf(10) ** -90)
