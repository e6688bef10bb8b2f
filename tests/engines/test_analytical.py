"""Analytical gradients: formulas, proofs over examples, exact literals, generated code, budgets."""

from __future__ import annotations

import numpy as np
import pytest
import sympy

import gradmethods as gm

FORMS = ["cse", "expanded"]


def smallest(params, x, t, *, xp=np):
    h = 1 / (1 + xp.exp(-(params["w_h"] * x + params["b_h"])))
    y = 1 / (1 + xp.exp(-(params["w_y"] * h + params["b_y"])))
    return (y - t) ** 2


POINT = {"w_h": 0.3, "b_h": -0.2, "w_y": 1.1, "b_y": 0.4}


def regression(w, x, t, *, xp=np):
    return xp.mean((xp.tanh(x @ w) - t) ** 2)


def batch(count=7, seed=0):
    rng = np.random.default_rng(seed)
    return {"x": rng.normal(size=(count, 2)), "t": rng.normal(size=count)}


def regression_by_hand(w, x, t):
    y = np.tanh(x @ w)
    return 2 * ((y - t) * (1 - y**2)) @ x / len(t)


W = np.array([0.3, -0.7])


# -- formulas


@pytest.mark.parametrize("form", FORMS)
def test_formulas_are_the_derivatives_of_the_loss_formula(form):
    """A formula that is shown must be the derivative of the loss that is shown."""
    prepared = gm.Analytical(form).prepare(gm.Problem(smallest, POINT, {"x": 0.9, "t": 0.6}))
    for name in POINT:
        symbol = prepared.symbols[name][()]
        difference = prepared.formula(name) - sympy.diff(prepared.loss_formula, symbol)
        assert sympy.simplify(difference) == 0


def test_the_articles_chain_rule_product():
    """dL/dw_h is the product of the five factors that the article names; SymPy must prove it."""
    prepared = gm.Analytical().prepare(gm.Problem(smallest, POINT, {"x": 0.9, "t": 0.6}))
    w_h, b_h, w_y, b_y, x, t = (prepared.symbols[n][()] for n in (*POINT, "x", "t"))
    h = 1 / (1 + sympy.exp(-(w_h * x + b_h)))
    y = 1 / (1 + sympy.exp(-(w_y * h + b_y)))
    shared = 2 * (y - t) * y * (1 - y) * w_y * h * (1 - h)
    assert sympy.simplify(prepared.formula("w_h") - shared * x) == 0
    assert sympy.simplify(prepared.formula("b_h") - shared) == 0


def test_formula_by_name_and_index():
    """Users ask for one entry by the name and index that they know."""

    def loss(params, *, xp=np):
        return xp.sum(params["W1"] ** 2 * xp.asarray([[1, 2], [3, 4]]))

    prepared = gm.Analytical().prepare(gm.Problem(loss, {"W1": [[0.1, 0.2], [0.3, 0.4]]}))
    assert str(prepared.formula("W1", (1, 0))) == "6*W1_1_0"
    assert prepared.formula("W1", (0, 1), latex=True) == prepared.latex("W1", (0, 1))
    assert "W" in prepared.latex("W1", (0, 1))
    with pytest.raises(gm.UnknownName, match="Did you mean 'W1'"):
        prepared.formula("W2", (0, 0))
    for index in ((2, 0), (0,), (), (-1, 0)):
        with pytest.raises(gm.ShapeMismatch, match=r"shape \(2, 2\)"):
            prepared.formula("W1", index)


def test_formula_of_a_bare_array():
    """A single array has no name to give."""
    prepared = gm.Analytical().prepare(gm.Problem(lambda w, xp=np: xp.sum(w**3), [0.5, 0.7]))
    assert prepared.formula(index=1) == 3 * prepared.symbols[""][1] ** 2


@pytest.mark.parametrize("name", ["lambda", "exp", "layer 1/W", "np", "value", "x", "N", "data"])
@pytest.mark.parametrize("form", FORMS)
def test_names_that_code_cannot_use(name, form):
    """A parameter may be called anything; generated code must neither break nor mix names up."""

    def loss(params, x, *, xp=np):
        return xp.mean(xp.exp(params[name] * x)) + params["x_0"] * params[name]

    params = {name: np.array(0.4), "x_0": np.array(1.3)}
    problem = gm.Problem(loss, params, {"x": [0.2, 0.9]}, examples="x")
    gradient = gm.Analytical(form).prepare(problem)(params).gradient
    x = np.array([0.2, 0.9])
    assert gradient[name] == pytest.approx(np.mean(x * np.exp(0.4 * x)) + 1.3, rel=1e-14)
    assert gradient["x_0"] == pytest.approx(0.4, rel=1e-14)


# -- examples


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_other_points_and_other_batches(form, reduction):
    """Formulas of one example must serve any parameters and any batch, for means and for sums."""

    def loss(w, x, t, *, xp=np):
        return getattr(xp, reduction)((xp.tanh(x @ w) - t) ** 2)

    problem = gm.Problem(loss, W, batch(), examples=("x", "t"))
    prepared = gm.Analytical(form).prepare(problem)
    for seed in range(3):
        data, w = batch(seed=seed), np.random.default_rng(seed).normal(size=2)
        value, gradient = prepared(w, **data)
        factor = 7 if reduction == "sum" else 1
        assert value == pytest.approx(loss(w, **data), rel=1e-14)
        np.testing.assert_allclose(gradient, factor * regression_by_hand(w, **data), rtol=1e-13)


def test_a_regularised_mean_is_a_mean():
    """A penalty does not depend on the example; averaging it must leave it as it is."""

    def loss(w, x, t, *, xp=np):
        return regression(w, x, t, xp=xp) + 0.1 * xp.sum(w**2)

    problem = gm.Problem(loss, W, batch(), examples=("x", "t"))
    gradient = gm.Analytical().prepare(problem)(W).gradient
    np.testing.assert_allclose(gradient, regression_by_hand(W, **batch()) + 0.2 * W, rtol=1e-13)


def hidden(w, x, *, xp=np):
    """Couple neighbouring examples by a term that is zero unless an entry exceeds 50."""
    y = x @ w
    shifted = xp.roll(y, 1)
    return xp.mean(y**2) + xp.mean(xp.maximum(y * shifted - 2500, 0))


def test_a_coupling_that_numbers_cannot_see_is_refused_by_the_proof():
    """Sub-batches agree wherever the term is inactive; only the symbols show it."""
    problem = gm.Problem(hidden, W, {"x": batch()["x"]}, examples="x")
    assert "mean" in str(gm.Analytical().obstacle(problem))
    with pytest.raises(gm.InvalidProblem, match="mean"):
        gm.Analytical().prepare(problem)


def test_integer_labels_as_examples():
    """Class labels used as an index are values of the batch, also of a batch never seen before."""

    def loss(params, x, label, *, xp=np):
        z = x @ params["W"]
        picked = xp.take_along_axis(z, label[:, None], axis=1)[:, 0]
        return xp.mean(xp.log(xp.sum(xp.exp(z), axis=1)) - picked)

    rng = np.random.default_rng(3)
    params = {"W": rng.normal(size=(2, 3))}
    x = rng.normal(size=(6, 2))
    problem = gm.Problem(
        loss, params, {"x": x, "label": np.array([0, 1, 1, 0, 1, 0])}, examples=("x", "label")
    )
    prepared = gm.Analytical().prepare(problem)
    for label in ([0, 1, 1, 0, 1, 0], [2, 2, 0, 1, 2, 1]):
        z = x @ params["W"]
        p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
        p[np.arange(6), label] -= 1
        gradient = prepared(params, label=np.array(label)).gradient["W"]
        np.testing.assert_allclose(gradient, x.T @ p / 6, rtol=1e-12, atol=1e-15)


def test_integer_data_of_the_whole_batch():
    """Formulas bound to the first index would answer for it whatever comes later."""

    def loss(w, index, *, xp=np):
        return xp.sum(xp.exp(w[index]))

    w = np.array([0.1, 0.2, 0.3])
    prepared = gm.Analytical().prepare(gm.Problem(loss, w, {"index": np.array([0, 0])}))
    for index in ([0, 0], [1, 2], [2, 2]):
        expected = np.bincount(index, minlength=3) * np.exp(w)
        np.testing.assert_allclose(
            prepared(w, index=np.array(index)).gradient, expected, rtol=1e-14
        )


# -- numbers


@pytest.mark.parametrize("examples", [(), ("x", "t")])
@pytest.mark.parametrize("form", FORMS)
def test_float32_is_computed_in_float32(form, examples):
    """Silent double precision would report an accuracy that users do not get."""
    data = {k: v.astype(np.float32) for k, v in batch(3).items()}
    problem = gm.Problem(regression, W.astype(np.float32), data, examples=examples)
    value, gradient = gm.Analytical(form).prepare(problem)(problem.params)
    exact = regression_by_hand(
        W.astype(np.float32).astype(float), **{k: v.astype(float) for k, v in data.items()}
    )
    assert value.dtype == gradient.dtype == np.float32
    error = np.abs(gradient - exact).max() / np.abs(exact).max()
    assert 1e-9 < error < 1e-6


# -- code and budget


@pytest.mark.medium
def test_expanded_shares_nothing_and_cse_does():
    """The claim that formulas do not share their parts is measured on these two programs."""
    problem = gm.problems.get("island")
    expanded, cse = (gm.Analytical(form).prepare(problem) for form in ("expanded", "cse"))
    assert expanded.operations > 3 * cse.operations
    assert expanded.source().count("exp(") > 5 * cse.source().count("exp(")
    compile(cse.source(), "program", "exec")


def test_deriving_calls_no_forward_pass():
    """Formulas are evaluated without the loss; a call of it would be counted as a pass."""
    calls = []

    def counted(w, x, t, *, xp=np):
        calls.append(xp)
        return regression(w, x, t, xp=xp)

    problem = gm.Problem(counted, W, batch(), examples=("x", "t"))
    prepared = gm.Analytical().prepare(problem)
    calls.clear()
    prepared(W)
    assert not calls
    assert prepared.forward_passes == prepared.value_passes == 0


@pytest.mark.parametrize("widths", [(2, 100, 100, 1), (2, 1000, 1000, 1)])
def test_large_networks_are_refused_with_the_estimate(widths):
    """An hour of writing, or all memory, must not be how a user finds out."""
    problem = gm.problems.get("mlp", widths=widths, batch=10)
    with pytest.raises(gm.BudgetExceeded, match=r"\d"):
        gm.Analytical("expanded").prepare(problem)
    assert gm.Analytical("expanded").obstacle(problem)


def test_the_budget_is_an_option():
    """Who has the time may spend it, and who has not may save it."""
    problem = gm.problems.get("island")
    with pytest.raises(gm.BudgetExceeded):
        gm.Analytical("cse", budget=1000).prepare(problem)
    with pytest.raises(gm.InvalidOption, match="positive"):
        gm.Analytical(budget=0)


def test_every_primitive_has_its_sympy_function():
    """A primitive without a line here would stop analytical gradients alone."""
    from gradmethods.engines.symbolic import matrix_values
    from gradmethods.engines.symbolic.functions import FUNCTIONS
    from gradmethods.xp.primitives import TABLE, Kind, of_kind

    called = {*of_kind(Kind.MATRIX, Kind.ORDER)}
    assert set(FUNCTIONS) | called == set(TABLE) | {"quotient", "normalised"}
    assert called | {"take"} == {name.removesuffix("_upper") for name in matrix_values.FUNCTIONS}
