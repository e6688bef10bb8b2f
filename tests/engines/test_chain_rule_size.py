"""The chain rule over names: how it grows, what it refuses, and what a user can read."""

from __future__ import annotations

import numpy as np
import pytest
import sympy

import gradmethods as gm
from gradmethods.engines.symbolic import lines
from gradmethods.engines.symbolic import names as chain_names
from tests.chain_losses import CHAIN, assert_equal_to_backprop, mlp


def test_derivatives_are_taken_once_a_kind_of_stage(monkeypatch):
    """Differentiating every entry anew is what makes formulas of large networks unreachable."""
    counts = []
    diff = sympy.diff
    for width in (3, 12):
        calls: list[object] = []
        monkeypatch.setattr(sympy, "diff", lambda *a, calls=calls: calls.append(a) or diff(*a))
        CHAIN.prepare(mlp(2, width, width, 1))
        counts.append(len(calls))
    assert counts[0] == counts[1] > 0


def test_operations_grow_as_the_parameters():
    """A factor that is not shared would be computed once a parameter: a faster growth."""
    small, large = (CHAIN.prepare(mlp(2, width, width, 1)) for width in (20, 40))
    ratio = large.problem.size / small.problem.size
    assert large.operations / small.operations < 1.05 * ratio
    assert large.operations < 6 * large.problem.size


@pytest.mark.medium
def test_ten_thousand_parameters():
    """The whole formulas stop at some hundred parameters; names must go on."""
    prepared = assert_equal_to_backprop(mlp(2, 100, 100, 1, batch=100))
    assert prepared.problem.size == 10_501
    assert list(prepared.preparation) == ["build", "prove", "derive", "compile"]


@pytest.mark.parametrize("examples", [True, False])
def test_long_programs_are_split(examples, monkeypatch):
    """A value that one part does not pass on to the next would be missing there."""
    monkeypatch.setattr(lines, "LONGEST", 5)
    monkeypatch.setattr(chain_names, "LONGEST_SUM", 3)
    problem = mlp(2, 5, 4, 1)
    if not examples:
        problem = gm.Problem(problem.loss, problem.params, problem.data)
    prepared = assert_equal_to_backprop(problem)
    assert prepared.source().count("def part") > 10
    assert "_part_" in prepared.source()


@pytest.mark.medium
def test_deep_and_wide_programs():
    """Python's parser nests 200 parentheses; SymPy recurses: neither may limit a loss."""

    def loss(w, *, xp=np):
        x = xp.sum(w)
        for _ in range(1500):
            x = xp.sin(x) + w[0]
        return x + xp.sum(w[1:] * w[:-1])

    assert_equal_to_backprop(gm.Problem(loss, np.linspace(0.1, 0.2, 3000)), tolerance=1e-12)


def test_coupled_examples_are_refused():
    """A gradient for single examples of a loss that couples them would be wrong."""

    def loss(w, x, *, xp=np):
        hidden = xp.maximum(xp.max(x) - xp.min(x) - 1e6, 0) * w[0]
        return xp.mean((x * w[1]) ** 2) + hidden

    problem = gm.Problem(loss, np.array([0.3, 0.7]), {"x": [0.3, 0.5, 0.9]}, examples="x")
    with pytest.raises(gm.errors.InvalidProblem, match="proven"):
        CHAIN.prepare(problem)
    assert "proven" in str(CHAIN.obstacle(problem))


def test_what_is_above_the_budget_is_refused_at_once():
    """A preparation that nobody can wait for must be a row with its reason."""
    small = gm.Analytical("chain-rule", budget=10**5)
    assert "budget" in str(small.obstacle(mlp(2, 100, 100, 1)))
    problem = gm.Problem(lambda w, *, xp=np: xp.max(w), np.linspace(0.0, 1.0, 5000))
    assert "xp.max" in str(CHAIN.obstacle(problem))


def test_a_proof_that_needs_products_multiplied_out():
    """A mean over examples that is not written as one would be refused for its form alone."""

    def loss(w, x, *, xp=np):
        return xp.mean((x * w[0]) ** 2) + (xp.mean(x) + w[0]) * (w[1] + 1) - w[0] * w[1]

    x = [0.3, 0.5, 0.9]
    assert_equal_to_backprop(gm.Problem(loss, np.array([0.3, 0.7]), {"x": x}, examples="x"))


def test_names_resolve_to_the_closed_formulas():
    """Formulas in names that do not mean the derivative would teach something wrong."""
    problem = gm.problems.get("network-1-1-1")
    chain, whole = CHAIN.prepare(problem), gm.Analytical("expanded").prepare(problem)
    point = {
        s: 0.3 + 0.1 * i for i, s in enumerate(sorted(whole.loss_formula.free_symbols, key=str))
    }
    values = dict(point)
    for name, expr in chain.definitions.items():
        values[name] = expr.subs(values)
    for name in problem.params:
        index = (0,) * problem.params[name].ndim
        formula = chain.formula(name, index)
        assert formula.free_symbols <= values.keys()
        assert float(formula.subs(values)) == pytest.approx(
            float(whole.formula(name, index).subs(point)), rel=1e-13
        )
    assert float(chain.loss_formula.subs(values)) == pytest.approx(
        float(whole.loss_formula.subs(point)), rel=1e-13
    )


def test_definitions_are_looked_up_by_symbol_or_name():
    """The names in a formula must lead somewhere."""
    prepared = CHAIN.prepare(mlp(2, 3, 1))
    definitions = prepared.definitions
    (symbol,) = [s for s in prepared.formula("W1", (0, 1)).free_symbols if str(s) != "X_1"]
    assert definitions[symbol] == definitions[str(symbol)]
    assert len(definitions) == len(list(definitions))
    assert "W1_0_0" not in definitions
    with pytest.raises(KeyError):
        definitions["nothing"]
    assert prepared.latex("W1", (0, 1)) == sympy.latex(prepared.formula("W1", (0, 1)))
    assert gm.Analytical().prepare(mlp(2, 1, 1)).definitions == {}


def test_the_name_tells_the_form():
    """Tables with two forms under one name could not be read."""
    assert CHAIN.name == "analytical:chain-rule"
