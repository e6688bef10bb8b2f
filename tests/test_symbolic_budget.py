"""Estimates of formulas, and what is refused before it is derived."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.symbolic import budget
from gradmethods.symbolic.arrays import undistributed
from gradmethods.symbolic.build import Builder
from gradmethods.symbolic.program import differentiate
from tests.chain_checks import vector

FORMS = ["cse", "expanded"]


def mlp(*widths):
    return gm.problems.get("mlp", widths=widths, batch=5)


def losses():
    w = np.linspace(0.1, 0.9, 12)
    yield mlp(2, 3, 1)
    yield mlp(2, 6, 1)
    yield mlp(2, 3, 3, 1)
    yield gm.Problem(lambda w, xp=np: xp.prod(w + 1), w)
    yield gm.Problem(lambda w, xp=np: xp.log(xp.sum(xp.exp(w - xp.max(w)))), w)
    yield gm.Problem(lambda w, xp=np: xp.sum(((w - xp.mean(w)) / xp.std(w)) ** 3), w[:6])


def tree_size(expr):
    return 1 + sum(map(tree_size, expr.args))


@pytest.mark.parametrize("problem", list(losses()), ids=lambda p: p.name)
def test_estimates_are_near_what_is_derived(problem):
    """An estimate that is far too low lets an hour pass; far too high, it refuses what is easy."""
    builder = Builder(problem, 10**8)
    with undistributed():
        loss = builder.loss(builder.case(problem.data, 0))
    symbols = [symbol for array in builder.params.values() for symbol in array.ravel()]
    found = budget.estimate(loss, symbols)
    actual = sum(map(tree_size, differentiate(loss, builder.params).all()))
    assert 0.3 < found.operations / (2 * actual / 3) < 8
    assert found.steps > actual


def wide(w, *, xp=np):
    return xp.prod(w + 1)


def deep(w, *, xp=np):
    h = w[0]
    for _ in range(160):
        h = xp.tanh(w[1] * h)
    return h


def running(w, *, xp=np):
    return w[0] * xp.sum(xp.cumulative_sum(xp.sin(xp.full(3000, 0.1) * w[0])) ** 2)


@pytest.mark.parametrize(
    ("loss", "size", "why"),
    [(wide, 300, "steps"), (deep, 2, "more than 300 levels"), (running, 1, "steps")],
    ids=["wide", "deep", "running"],
)
@pytest.mark.parametrize("form", FORMS)
def test_what_is_too_wide_or_too_deep_is_refused(loss, size, why, form):
    """Products, nesting and running sums are where SymPy takes an hour, or all of the stack."""
    problem = gm.Problem(loss, np.full(size, 1e-3))
    with pytest.raises(gm.BudgetExceeded, match=why):
        gm.Analytical(form).prepare(problem)


def squares(w, *, xp=np):
    return xp.max(w) + xp.sum(xp.cumulative_sum(w) ** 2)


def nested_extremes(w, *, xp=np):
    h = w[0]
    for i in range(30):
        h = xp.maximum(h * w[i % 3], h + w[(i + 1) % 3])
    return h


def nested(w, *, xp=np):
    return reduce(lambda x, _: xp.sin(x), range(3000), w[0])


def nested_sums(w, *, xp=np):
    return reduce(lambda x, _: xp.sin(x) + x, range(3000), w[0])


REFUSED = {
    "product": (lambda w, *, xp=np: xp.prod(w), 1000),
    "extremes in each other": (nested_extremes, 3),
    "partial sums": (squares, 300),
    "softmax": (lambda w, *, xp=np: xp.sum(xp.exp(w) / xp.sum(xp.exp(w))) ** 2, 300),
    "thousands in each other": (nested, 1),
    "sums of themselves": (nested_sums, 1),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_names_the_form_that_would_do(name, form):
    """Who is refused must learn what to write; and the form that is named must keep the promise."""
    loss, size = REFUSED[name]
    problem = gm.Problem(loss, np.linspace(0.9, 1.1, size))
    with pytest.raises(gm.BudgetExceeded, match='form="chain-rule"'):
        gm.Analytical(form).prepare(problem)
    found = gm.Analytical("chain-rule").prepare(problem)(problem.params)
    expected = gm.Backprop().prepare(problem)(problem.params)
    np.testing.assert_allclose(found.value, expected.value, rtol=1e-11)
    error = vector(problem, found.gradient) - vector(problem, expected.gradient)
    assert np.linalg.norm(error) <= 1e-11 * np.linalg.norm(vector(problem, expected.gradient))


def test_a_refusal_names_nothing_that_would_not_do():
    """Sent from one refusal to the next, a user gives up."""
    problem = gm.Problem(lambda w, *, xp=np: xp.max(w * xp.max(w)), np.linspace(0.0, 1.0, 3000))
    for form in (*FORMS, "chain-rule"):
        reason = str(gm.Analytical(form).obstacle(problem))
        assert "Use another method" in reason
        assert "gm.Analytical(budget=" in reason
        assert "form=" not in reason


def test_one_form_deep_enough_for_three_thousand_stages():
    """A nest of stages is a straight line of code; no limit on recursion may end it."""
    problem = gm.Problem(nested, np.array([0.7]))
    for evaluation in ("plain", "reuse"):
        found = gm.Numerical(evaluation=evaluation).prepare(problem)(problem.params)
        exact = gm.Analytical("chain-rule").prepare(problem)(problem.params)
        assert vector(problem, found.gradient) == pytest.approx(
            vector(problem, exact.gradient), rel=1e-5
        )


def doubling(w, *, xp=np):
    for _ in range(40):
        w = w * xp.sin(w) + xp.exp(-w)
    return xp.sum(w)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "problem", [mlp(2, *[8] * 8, 1), gm.Problem(doubling, np.ones(1))], ids=["mlp", "doubling"]
)
def test_what_grows_by_a_factor_is_refused_while_it_is_built(form, problem):
    """SymPy walks over all that is written out; a deep network kept it walking for an hour."""
    with pytest.raises(gm.BudgetExceeded, match="Already a part"):
        gm.Analytical(form).prepare(problem)
    assert gm.Analytical("chain-rule").obstacle(problem) is None
