"""Estimates of formulas, and what is refused before it is derived."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest

import gradmethods as gm
from tests.chain_losses import vector

FORMS = ["cse", "expanded"]


def mlp(*widths):
    return gm.problems.get("mlp", widths=widths, batch=5)


def wide(w, *, xp=np):
    return xp.prod(w + 1)


def deep(w, *, xp=np):
    h = w[0]
    for _ in range(160):
        h = xp.tanh(w[1] * h)
    return h


def running(w, *, xp=np):
    return w[0] * xp.sum(xp.cumulative_sum(xp.sin(xp.full(3000, 0.1) * w[0])) ** 2)


@pytest.mark.medium
@pytest.mark.parametrize(
    ("loss", "size", "why"),
    [(wide, 5000, "operations written out"), (deep, 2, "levels deep"), (running, 1, "steps")],
    ids=["wide", "deep", "running"],
)
def test_what_is_too_long_or_too_deep_is_not_written_out(loss, size, why):
    """Products, nesting and running sums are where formulas fill the memory, or the stack."""
    problem = gm.Problem(loss, np.full(size, 1e-3))
    with pytest.raises(gm.BudgetExceeded, match=why):
        gm.Analytical("expanded").prepare(problem)
    assert gm.Analytical("cse").obstacle(problem) is None


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
    "product": (lambda w, *, xp=np: xp.prod(w), 5000),
    "extremes in each other": (nested_extremes, 3),
    "partial sums": (squares, 120),
    "softmax": (lambda w, *, xp=np: xp.sum(xp.exp(w) / xp.sum(xp.exp(w))) ** 2, 3000),
    "thousands in each other": (nested, 1),
    "sums of themselves": (nested_sums, 1),
}


@pytest.mark.medium
@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_names_the_form_that_would_do(name):
    """Who is refused must learn what to write; and the form that is named must keep the promise."""
    loss, size = REFUSED[name]
    problem = gm.Problem(loss, np.linspace(0.9, 1.1, size))
    with pytest.raises(gm.BudgetExceeded, match='form="cse"'):
        gm.Analytical("expanded").prepare(problem)
    found = gm.Analytical("cse").prepare(problem)(problem.params)
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


def test_data_in_a_closure_are_told_where_they_belong():
    """If it were not said, formulas of 30,000 examples would be refused where those of one do."""
    X = np.linspace(0.1, 1.0, 120_000).reshape(-1, 4)

    def loss(w, *, xp=np):
        return xp.mean((xp.asarray(X) @ w - 1) ** 2)

    analytical = gm.Analytical(budget=1_000_000)
    reason = str(analytical.obstacle(gm.Problem(loss, np.ones(4))))
    assert "gm.Problem(loss, params, data={…}, examples=[names of data])" in reason
    given = gm.Problem(
        lambda w, X, *, xp=np: xp.mean((X @ w - 1) ** 2), np.ones(4), {"X": X}, examples=["X"]
    )
    assert analytical.obstacle(given) is None


@pytest.mark.medium
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


@pytest.mark.medium
@pytest.mark.parametrize(
    "problem", [mlp(2, *[8] * 8, 1), gm.Problem(doubling, np.ones(1))], ids=["mlp", "doubling"]
)
def test_what_grows_by_a_factor_is_counted_and_not_written(problem):
    """Written out, a deep network fills the memory; how long it is must be told before."""
    with pytest.raises(gm.BudgetExceeded, match=r"10\^\d+ operations written out"):
        gm.Analytical("expanded").prepare(problem)
    assert gm.Analytical("expanded").count_operations(problem) > 10**12
    with pytest.raises(gm.BudgetExceeded, match="chain-rule"):
        _ = gm.Analytical("cse").prepare(problem).loss_formula


# -- the default


def log_sum_exp(w, *, xp=np):
    return xp.log(xp.sum(xp.exp(w - xp.max(w))))


def mixture(params, x, *, xp=np):
    d = (x[:, None, :] - params["m"][None]) * xp.exp(-params["s"])[None]
    q = params["a"] - xp.sum(d**2, axis=2) / 2 - xp.sum(params["s"], axis=1)
    return -xp.mean(xp.log(xp.sum(xp.exp(q), axis=1)))


def scaled_by_norm(w, *, xp=np):
    return xp.sum((w / xp.sqrt(xp.mean(w**2) + 1e-6)) ** 3)


W = np.linspace(0.3, 1.7, 100)
MIXTURE = {"m": np.ones((3, 2)) * W[:6].reshape(3, 2), "s": W[:6].reshape(3, 2), "a": W[:3]}

REACHED = [
    gm.Problem(log_sum_exp, W),
    gm.Problem(mixture, MIXTURE, {"x": W[:10].reshape(5, 2)}, examples="x"),
    gm.Problem(mixture, MIXTURE, {"x": W[:60].reshape(30, 2)}),
    gm.Problem(scaled_by_norm, W[:64]),
    gm.problems.get("rosenbrock", n=1000),
    gm.problems.get("island"),
]


@pytest.mark.medium
@pytest.mark.parametrize("problem", REACHED, ids=lambda p: f"{p.name}-{p.size}")
def test_the_default_shares_what_stages_have_in_common(problem):
    """A user who asked for formulas waited for minutes, without a word about the other form."""
    default = gm.Analytical()
    assert default.obstacle(problem) is None
    prepared = default.prepare(problem)
    assert (prepared.form, default.name) == ("cse", "analytical")
    stages = gm.Analytical("chain-rule").prepare(problem)
    assert prepared.operations == stages.operations
    found = vector(problem, prepared(problem.params).gradient)
    expected = vector(problem, gm.Backprop().prepare(problem)(problem.params).gradient)
    assert np.linalg.norm(found - expected) <= 1e-12 * np.linalg.norm(expected)


def test_what_takes_much_longer_than_announced_is_stopped(monkeypatch):
    """No estimate is right for every loss; a wrong one must not cost an hour."""
    monkeypatch.setattr("gradmethods.engines.symbolic.cases.OVERRUN", 0.0)
    problem = gm.Problem(log_sum_exp, W[:5])
    with pytest.raises(gm.BudgetExceeded, match=r'stopped after .* Use form="cse"'):
        gm.Analytical("expanded").prepare(problem)


def large(w, *, xp=np):
    return xp.sum(xp.sin(xp.reshape(w, (1, -1)) * xp.reshape(xp.arange(1000.0), (-1, 1))))


@pytest.mark.medium
def test_an_estimate_that_would_take_long_is_a_refusal():
    """To be told whether formulas are affordable must not take longer than some formulas do."""
    problem = gm.Problem(large, W[:5])
    reason = str(gm.Analytical("expanded").obstacle(problem))
    assert "finding out how long its formulas are, written out, would take" in reason
    assert 'Use form="cse"' in reason
    assert gm.Analytical("cse").obstacle(problem) is None


# -- expressions that SymPy turns round for ever

TURNED = {
    "logaddexp": lambda w, c, xp: xp.logaddexp(w, c),
    "sigmoid": lambda w, c, xp: 1 / (1 + xp.exp(c - w)),
    "log of a sum": lambda w, c, xp: xp.log(1 + xp.exp(c - w)),
    "root": lambda w, c, xp: xp.sqrt(3 + xp.exp(c - w)),
    "power": lambda w, c, xp: 1 / (1 + 2 ** (c - w)),
    "acosh": lambda w, c, xp: xp.acosh(xp.exp(c - w) + 1),
}


@pytest.mark.medium
@pytest.mark.parametrize("form", ["chain-rule", *FORMS])
@pytest.mark.parametrize("constant", [-1, -0.5, 2.5])
@pytest.mark.parametrize("name", TURNED)
def test_no_constant_is_turned_round_for_ever(name, constant, form):
    """The derivative of logaddexp(w, -1) ended in a RecursionError of SymPy's."""
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(TURNED[name](w, constant, xp)), W[:2])
    provider = gm.Analytical(form)
    assert provider.obstacle(problem) is None
    found = provider.prepare(problem)(problem.params).gradient
    expected = gm.Backprop().prepare(problem)(problem.params).gradient
    np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_a_recursion_error_is_a_refusal(monkeypatch):
    """Whatever else SymPy turns round for ever must not end in an error that is none of ours."""

    def endless(*args):
        return endless(*args)

    monkeypatch.setattr("gradmethods.engines.symbolic.templates.sympy.diff", endless)
    problem = gm.Problem(log_sum_exp, W[:3])
    for form in ("chain-rule", *FORMS):
        with pytest.raises(gm.BudgetExceeded, match="nested too deeply"):
            gm.Analytical(form).prepare(problem)
