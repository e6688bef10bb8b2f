"""Symbols in place of numbers: exact literals, proofs over examples, the provider."""

from __future__ import annotations

import numpy as np
import pytest
import sympy

import gradmethods as gm
from gradmethods.engines.symbolic.numbers import literal
from tests.entries import poison_rules

FORMS = ["cse", "expanded"]
X = np.random.default_rng(5).normal(size=(7, 2))


def gradient(loss, at, form="cse"):
    """Prepare at one point, evaluate at another."""
    point = np.asarray(at, float)
    return gm.Analytical(form).prepare(gm.Problem(loss, point / 2 + 1))(point).gradient


# -- numbers


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.75, "3/4"),
        (-2.0, "-2"),
        (0.1, "0.1"),
        (-0.1, "-0.1"),
        (2.0**-11, "0.00048828125"),
        (1e300, "1e+300"),
        (np.float32(0.1), "0.10000000149011612"),
        (True, "True"),
        (7, "7"),
        (-np.inf, "-oo"),
        (np.nan, "nan"),
    ],
)
def test_literals_keep_their_digits(value, expected):
    """A literal that is rounded once more is the literal of another loss."""
    assert str(literal(value)) == expected


def test_constants_are_not_folded():
    """NumPy would round what the loss computes from numbers before any parameter is met."""
    problem = gm.Problem(lambda w, xp=np: w * (xp.asarray(0.1) + 0.2) * xp.asarray(2.0) / 3, 0.5)
    formula = gm.Analytical().prepare(problem).formula()
    assert {symbol.name for symbol in formula.free_symbols} == {"0.1", "0.2"}
    assert formula.has(sympy.Rational(2, 3))


def test_constants_that_are_not_real():
    """SymPy goes on into the complex plane, where NumPy has NaN or an infinity with a sign."""

    def loss(w, *, xp=np):
        numbers = [xp.log(xp.asarray(0.0)), 1 / xp.asarray(0.0), xp.reciprocal(xp.asarray(0.0))]
        return w[0] * numbers[0] + w[1] * numbers[1] + w[2] * numbers[2]

    np.testing.assert_array_equal(gradient(loss, [1.0, 1.0, 1.0]), [-np.inf, np.inf, np.inf])
    for function in ("log", "sqrt", "asin", "log1p"):

        def outside(w, *, xp=np, name=function):
            return w[0] * getattr(xp, name)(xp.asarray(-3.0))

        with np.errstate(invalid="ignore"):
            assert np.isnan(gradient(outside, [1.0])[0])


@pytest.mark.parametrize("examples", [(), ("x",)])
@pytest.mark.parametrize("form", FORMS)
def test_single_precision_throughout(form, examples):
    """One constant computed in double makes every number after it double."""

    def loss(w, x, *, xp=np):
        constants = xp.log(xp.asarray(3.0)) + xp.sqrt(xp.asarray(2.0)) + 0.1
        steps = xp.maximum(w, 0.1) + xp.where(w > 0.2, 0.3, 1.7) + (w > 0.3) + xp.max(w * 0.1)
        return xp.mean(x * xp.sum(constants * steps * w ** (1 / 3) * 3**w))

    w, x = np.array([0.3, 0.7], np.float32), np.array([0.4, 0.9], np.float32)
    problem = gm.Problem(loss, w, {"x": x}, examples=examples)
    prepared = gm.Analytical(form).prepare(problem)
    ((case, _),) = prepared._cases.at(problem.data)
    columns = [x] if examples else list(x)
    value, partials = case.over_numpy(list(w), columns, *[2] * len(examples))
    assert {np.asarray(part).dtype for part in (value, *partials)} == {np.dtype(np.float32)}


@pytest.mark.parametrize("form", ["chain-rule", "cse", "expanded"])
def test_functions_of_single_precision_constants_are_numpys(form):
    """Formulas that took them exactly were refused, as another function than the loss."""
    k = np.array([2.056, 0.3], np.float32)
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(w * xp.sin(k)), np.array([1.3, 0.4]))
    _, gradient = gm.Analytical(form).prepare(problem)(problem.params)
    np.testing.assert_array_equal(gradient, np.sin(k))


# -- proofs


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["sin", "cosh", "asin", "exp", "abs", "atan2"])
def test_functions_of_sums_whose_terms_are_all_negative(name, form):
    """SymPy takes the sign out of -x - y, and once took it out of the rest again, without end."""

    def loss(p, *, xp=np):
        function = getattr(xp, name)
        both = (0.5,) if name == "atan2" else ()
        return function(-p[0] - p[1], *both) + function(-0.25 - p[1], *both)

    problem = gm.Problem(loss, np.array([0.2, 0.35]))
    expected = gm.gradient(loss, problem.params)
    found = gm.Analytical(form).prepare(problem)(problem.params).gradient
    np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_not_a_mean_is_refused():
    """A spread over examples is no mean of anything; formulas of one example would say 0."""

    def loss(w, x, *, xp=np):
        return xp.var(x @ w)

    with pytest.raises(gm.InvalidProblem, match="mean"):
        gm.Analytical().prepare(gm.Problem(loss, np.array([0.3, 0.4]), {"x": X}, examples="x"))


@pytest.mark.parametrize(
    "loss",
    [
        lambda w, x, xp: xp.mean((x @ w) ** 2) * 0.1 - xp.mean(xp.exp(x @ w)) / 3,
        lambda w, x, xp: xp.exp(w[0]) * (xp.mean(xp.sin(x @ w)) + 0.1 * w[1]),
        lambda w, x, xp: xp.sum((x @ w) ** 2) / (2 * x.shape[0]),
        lambda w, x, xp: xp.mean(xp.max(x * w, axis=1)),
        lambda w, x, xp: (w[0] + w[1]) * (xp.mean(x @ w) + w[0]),
        lambda w, x, xp: xp.mean(x, axis=0) @ w * (w[0] + w[1]),
        lambda w, x, xp: xp.sum(w**2),
    ],
)
def test_means_in_other_words(loss):
    """Honest losses must not be refused because of how they are written."""
    w = np.array([0.3, -0.7])
    problem = gm.Problem(lambda w, x, xp=np: loss(w, x, xp), w, {"x": X}, examples="x")
    whole = gm.Problem(lambda w, x, xp=np: loss(w, x, xp), w, {"x": X})
    expected = gm.Backprop().prepare(whole)(w)
    value, result = gm.Analytical().prepare(problem)(w)
    np.testing.assert_allclose(result, expected.gradient, rtol=1e-12)
    np.testing.assert_allclose(value, expected.value, rtol=1e-13)


def test_weights_of_a_constant_in_a_sum():
    """A formula without data counts once for each example of a sum, and once in a mean."""

    def loss(w, x, *, xp=np):
        return xp.sum(x * w[0] + w[1] ** 2)

    problem = gm.Problem(loss, np.array([0.3, 0.5]), {"x": X[:, 0]}, examples="x")
    value, result = gm.Analytical().prepare(problem)(problem.params)
    np.testing.assert_allclose(result, [X[:, 0].sum(), 7.0], rtol=1e-14)
    np.testing.assert_allclose(value, problem.value(), rtol=1e-14)


def test_labels_as_numbers_and_conditions():
    """Labels that are computed with give one formula per class, weighted by its share."""

    def loss(w, x, t, keep, *, xp=np):
        y = 1 / (1 + xp.exp(-(x @ w)))
        return xp.mean(xp.where(keep, -(t * xp.log(y) + (1 - t) * xp.log(1 - y)), y * w[0]))

    w = np.array([0.3, -0.7])
    data = {"x": X, "t": np.array([0, 1, 1, 0, 1, 0, 1]), "keep": np.arange(7) % 3 > 0}
    problem = gm.Problem(loss, w, data, examples=("x", "t", "keep"))
    prepared = gm.Analytical().prepare(problem)
    assert prepared.formula(index=0, example=1) != prepared.formula(index=0, example=5)
    with pytest.raises(gm.ShapeMismatch, match="7 examples"):
        prepared.formula(index=0, example=7)
    y = 1 / (1 + np.exp(-(X @ w)))
    by_hand = np.where(data["keep"], y - data["t"], y * (1 - y) * w[0]) @ X / 7
    by_hand[0] += (y * ~data["keep"]).sum() / 7
    np.testing.assert_allclose(prepared(w).gradient, by_hand, rtol=1e-12)


def test_too_many_classes_are_refused():
    """A counter taken for a class label would ask for a formula per example, and hang."""

    def loss(w, x, i, *, xp=np):
        return xp.mean(x @ w * i)

    data = {"x": np.ones((2000, 2)), "i": np.arange(2000)}
    problem = gm.Problem(loss, np.array([0.3, 0.4]), data, examples=("x", "i"))
    assert "2,000 different values" in str(gm.Analytical().obstacle(problem))


# -- the provider


def network(params, X, t, *, xp=np):
    h = 1 / (1 + xp.exp(-(X @ params["W1"].T + params["b1"])))
    y = 1 / (1 + xp.exp(-(h @ params["W2"] + params["b2"])))
    return -xp.mean(t * xp.log(y) + (1 - t) * xp.log(1 - y))


def network_by_hand(params, X, t):
    h = 1 / (1 + np.exp(-(X @ params["W1"].T + params["b1"])))
    y = 1 / (1 + np.exp(-(h @ params["W2"] + params["b2"])))
    dz = (y - t) / len(t)
    dh = np.outer(dz, params["W2"]) * h * (1 - h)
    return {"W1": dh.T @ X, "b1": dh.sum(0), "W2": dz @ h, "b2": dz.sum()}


@pytest.mark.parametrize("form", FORMS)
def test_the_articles_network_without_the_tape(form, monkeypatch):
    """Two methods that shared their rules would agree on the same mistake."""
    rng = np.random.default_rng(2)

    def point():
        shapes = {"W1": (3, 2), "b1": (3,), "W2": (3,), "b2": ()}
        return {name: rng.normal(size=shape) for name, shape in shapes.items()}

    t = (X[:, 0] * X[:, 1] > 0).astype(float)
    problem = gm.Problem(network, point(), {"X": X, "t": t}, examples=("X", "t"))
    backprop = gm.Backprop().prepare(problem)
    poison_rules(monkeypatch)
    prepared = gm.Analytical(form).prepare(problem)
    for _ in range(2):
        params, other = point(), {"X": rng.normal(size=X.shape), "t": t[::-1].copy()}
        expected, result = network_by_hand(params, **other), prepared(params, **other).gradient
        taped = backprop(params, **other).gradient
        scale = max(np.abs(g).max() for g in expected.values())
        for name in params:
            assert np.abs(result[name] - expected[name]).max() <= 1e-13 * scale
            assert np.abs(result[name] - taped[name]).max() <= 1e-13 * scale


def test_an_index_by_value_is_refused_in_words():
    """An index of two axes at once has no formula; the message must say what to write."""

    def loss(w, *, xp=np):
        i = xp.sum(xp.astype(w > 0.5, np.int64))
        return w[i, i]

    with pytest.raises(gm.UnsupportedOperation, match=r"one axis after the other.*xp\.where"):
        gm.Analytical().prepare(gm.Problem(loss, np.array([[0.3, 0.7], [0.2, 0.4]])))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "function",
    [
        lambda xp, w: xp.exp(w[xp.argmax(w[:, 0]) - 1, 1]),
        lambda xp, w: xp.sum(w[None, xp.argsort(w[:, 1]), 2] * xp.arange(3.0)),
        lambda xp, w: xp.sum(w[1:, xp.argsort(w[0])] ** xp.asarray([1.0, 2.0, 3.0])),
        lambda xp, w: xp.reshape(w, (-1,))[xp.argmin(w) - 9] ** 2,
    ],
    ids=["from the end", "new axis", "slice", "flat"],
)
def test_an_index_by_value_takes_one_of_all_entries(function, form):
    """A place that is off by an axis or a sign would take the slope of another entry."""
    w = np.random.default_rng(2).normal(size=(3, 3))
    problem = gm.Problem(lambda w, *, xp=np: function(xp, w), w)
    found = gm.Analytical(form).prepare(problem)(w).gradient
    np.testing.assert_allclose(found, gm.Backprop().prepare(problem)(w).gradient, rtol=1e-14)


def test_form_and_name():
    """Tables name the provider; a form misspelt must not become the default."""
    assert [gm.Analytical(form).name for form in FORMS] == ["analytical:cse", "analytical:expanded"]
    assert gm.Analytical().name == "analytical"
    with pytest.raises(gm.UnknownName, match="Did you mean 'expanded'"):
        gm.Analytical("expandd")


def test_preparation_is_told_by_part():
    """Break-even is read from these seconds; a part that is missing would be free."""
    prepared = gm.Analytical().prepare(gm.problems.get("mlp", widths=(2, 3, 1), batch=5))
    assert list(prepared.preparation) == ["build", "prove", "derive", "compile"]
