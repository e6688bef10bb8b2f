"""Analytical gradients by the chain rule over names."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import sympy

import gradmethods as gm
from gradmethods.symbolic.chain import names as chain_names
from gradmethods.symbolic.chain import write
from gradmethods.tape import rules as tape_rules
from tests.primitive_cases import CASES

CHAIN = gm.Analytical("chain-rule")


def vector(problem, gradient):
    structure = problem.structure
    return structure.join({"": gradient} if structure.bare else gradient)


def assert_equal_to_backprop(problem, params=None, tolerance=1e-13, **data):
    """Compare value and gradient, relative to the norm; return the prepared gradient."""
    prepared = CHAIN.prepare(problem)
    point = problem.params if params is None else params
    value, gradient = prepared(point, **data)
    expected = gm.Backprop().prepare(problem)(point, **data)
    assert value == pytest.approx(expected.value, rel=100 * tolerance, abs=0)
    ours, theirs = vector(problem, gradient), vector(problem, expected.gradient)
    assert np.linalg.norm(ours - theirs) <= tolerance * np.linalg.norm(theirs)
    return prepared


def mlp(*widths, batch=20, **options):
    return gm.problems.get("mlp", widths=widths, batch=batch, **options)


# -- the same gradients


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_every_function(case):
    """A stage with a wrong formula would make every loss that has it wrong."""
    assert_equal_to_backprop(case.problem())


@pytest.mark.parametrize(
    "case", [c for c in CASES if c.shapes == ((3,),)], ids=lambda case: case.id
)
def test_float32_stays_float32(case):
    """A constant that turned float32 into float64 on the way would change cost and accuracy."""
    value, gradient = CHAIN.prepare(case.problem("float32"))(case.problem("float32").params)
    assert value.dtype == np.float32
    assert all(array.dtype == np.float32 for array in gradient.values())


@pytest.mark.parametrize("name", gm.problems.names())
def test_every_problem_at_another_point(name):
    """Formulas that hold the point they were prepared at would be right there alone."""
    problem = gm.problems.get(name)
    point = problem.params
    other = {k: v * 0.9 for k, v in point.items()} if isinstance(point, dict) else point * 0.9
    assert_equal_to_backprop(problem, other)


@pytest.mark.parametrize("reduce", ["mean", "sum"])
def test_examples_with_what_all_share(reduce):
    """A regulariser counts once in a mean; a column without examples would count differently."""

    def loss(params, X, t, *, xp=np):
        errors = xp.tanh(X @ params["w"] + params["b"]) - t
        penalty = 0.1 * xp.sum(params["w"] ** 2) + params["unused"] * 0.0
        if reduce == "mean":
            return xp.mean(errors**2) + penalty
        return xp.sum(errors**2 + penalty)

    rng = np.random.default_rng(0)
    data = {"X": rng.normal(size=(7, 3)), "t": rng.normal(size=7)}
    params = {"w": rng.normal(size=3), "b": np.array(0.3), "unused": np.array(1.0)}
    problem = gm.Problem(loss, params, data, examples=("X", "t"))
    X2 = rng.normal(size=(7, 3))
    prepared = assert_equal_to_backprop(problem, X=X2)
    assert prepared(params).gradient["unused"] == 0
    assert ("/N" in prepared.source()) == (reduce == "mean")


def softmax_problem(rows=30, classes=3):
    def loss(W, X, labels, *, xp=np):
        z = X @ W
        z = z - xp.max(z, axis=1, keepdims=True)
        chosen = xp.take_along_axis(z, labels[:, None], axis=1)[:, 0]
        return xp.mean(xp.log(xp.sum(xp.exp(z), axis=1)) - chosen)

    rng = np.random.default_rng(1)
    data = {"X": rng.normal(size=(rows, 2)), "labels": rng.integers(0, classes, rows)}
    return gm.Problem(loss, rng.normal(size=(2, classes)), data, examples=("X", "labels"))


def test_integer_labels_choose_formulas():
    """Examples of different classes have different formulas, proven on each pair of classes."""
    problem = softmax_problem()
    assert_equal_to_backprop(problem, labels=(problem.data["labels"] + 1) % 3)


def test_conditions_are_stages():
    """A condition that was taken for a number would choose the wrong branch."""

    def loss(w, *, xp=np):
        inside = xp.logical_and(w > -1, xp.logical_not(w > 1))
        either = xp.logical_or(inside, xp.logical_xor(w > 2, w > 3))
        count = xp.sum(xp.astype(either, w.dtype)) + xp.sum(xp.astype(inside, np.float64) * w)
        return count * xp.sum(xp.where(either, w**3, xp.exp(w))) + xp.sum(xp.where(w == 0, 1, w))

    assert_equal_to_backprop(gm.Problem(loss, np.array([-2.0, -0.5, 0.0, 0.7, 1.5, 2.5, 3.5])))


def test_literals_are_written_as_they_are():
    """A constant rounded a second time would shift the value by more than round-off."""
    constants = np.array([0.1, -0.2, 0.1 + 0.2, -1e-5, 2.0, 0.0])

    def loss(w, *, xp=np):
        return xp.sum(constants * w) + xp.sum(w**2.5) - 0.3 * xp.exp(xp.asarray(-0.7)) * w[0]

    problem = gm.Problem(loss, np.array([0.3, 0.7, 1.1, 0.9, 0.4, 0.6]))
    prepared = assert_equal_to_backprop(problem)
    assert "x_2*0.30000000000000004" in prepared.source()


def test_an_infinite_slope_behind_where_stays_out():
    """0 times infinity in a branch that is not taken would be NaN."""

    def loss(w, *, xp=np):
        return xp.sum(xp.where(w > 0, w, 1.0) * xp.asarray([2.0, 3.0]))

    gradient = CHAIN.prepare(gm.Problem(loss, np.array([0.0, 1.0])))(np.array([0.0, 1.0])).gradient
    np.testing.assert_array_equal(gradient, [0.0, 3.0])


def test_infinities_go_on_as_in_numpy():
    """Python's floats raise where NumPy goes on; a user must see infinity, not the error."""
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(xp.exp(w)), np.array([1.0, 2.0]))
    value, gradient = CHAIN.prepare(problem)(np.array([1000.0, 0.0]))
    assert value == np.inf
    np.testing.assert_array_equal(gradient, [np.inf, 1.0])


@pytest.mark.parametrize("loss", [lambda w, *, xp=np: 2.0 + 0 * w, lambda w, *, xp=np: w])
def test_a_loss_without_stages(loss):
    """A loss that is a number or a parameter itself has no stage to begin at."""
    assert_equal_to_backprop(gm.Problem(loss, np.array(0.7)))


def test_user_names_may_be_any():
    """A parameter called like a stage, a function or an argument would be overwritten."""
    words = ["exp1_0", "exp", "values", "params", "lambda", "d_exp1", "part0", "dot", "v é"]
    params = {name: np.array([0.3 + i]) for i, name in enumerate(words)}

    def loss(params, *, xp=np):
        return xp.sum(xp.exp(sum(params.values()) / 9) * params["exp1_0"])

    assert_equal_to_backprop(gm.Problem(loss, params))


# -- independence and reproducibility


def test_no_rule_of_the_tape_runs(monkeypatch):
    """A method that shared the tape's rules could not check it."""

    def poison(*args, **kwargs):
        raise AssertionError("a vjp rule ran")

    problem = mlp(2, 3, 2, 1)
    expected = vector(problem, gm.Backprop().prepare(problem)(problem.params).gradient)
    for name, line in tape_rules.RULES.items():
        monkeypatch.setitem(tape_rules.RULES, name, line and tuple(poison for _ in line))
    monkeypatch.setattr(tape_rules, "_concat", poison)
    gradient = vector(problem, CHAIN.prepare(problem)(problem.params).gradient)
    np.testing.assert_allclose(gradient, expected, rtol=1e-12, atol=1e-16)


PRINT_BITS = """
import sys
import gradmethods as gm
import tests.test_chain_rule as here
problems = [here.softmax_problem(), here.mlp(2, 3, 1), gm.problems.get("helmholtz"),
            gm.problems.get("log-sum-exp")]
for form in ("chain-rule", "cse", "expanded"):
    for problem in problems:
        prepared = gm.Analytical(form).prepare(problem)
        first, again = (prepared(problem.params) for _ in range(2))
        bits = here.vector(problem, first.gradient).tobytes()
        assert bits == here.vector(problem, again.gradient).tobytes()
        print(form, problem.name, bits.hex(), prepared.operations)
"""


def test_the_same_bits_in_two_processes():
    """An order that depends on Python's hash seed would round differently in every process."""
    outputs = []
    for seed in ("1", "2"):
        environment = os.environ | {
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": str(Path(__file__).parents[1]),
        }
        result = subprocess.run(
            [sys.executable, "-c", PRINT_BITS],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        )
        outputs.append(result.stdout.splitlines())
    assert len(outputs[0]) == 12
    assert outputs[0] == outputs[1]


# -- growth


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


def test_ten_thousand_parameters():
    """The whole formulas stop at some hundred parameters; names must go on."""
    prepared = assert_equal_to_backprop(mlp(2, 100, 100, 1, batch=100))
    assert prepared.problem.size == 10_501
    assert list(prepared.preparation) == ["build", "prove", "derive", "compile"]


@pytest.mark.parametrize("examples", [True, False])
def test_long_programs_are_split(examples, monkeypatch):
    """A value that one part does not pass on to the next would be missing there."""
    monkeypatch.setattr(write, "LONGEST", 5)
    monkeypatch.setattr(chain_names, "LONGEST_SUM", 3)
    problem = mlp(2, 5, 4, 1)
    if not examples:
        problem = gm.Problem(problem.loss, problem.params, problem.data)
    prepared = assert_equal_to_backprop(problem)
    assert prepared.source().count("def part") > 10
    assert "_part_" in prepared.source()


def test_deep_and_wide_programs():
    """Python's parser nests 200 parentheses; SymPy recurses: neither may limit a loss."""

    def loss(w, *, xp=np):
        x = xp.sum(w)
        for _ in range(1500):
            x = xp.sin(x) + w[0]
        return x + xp.sum(w[1:] * w[:-1])

    assert_equal_to_backprop(gm.Problem(loss, np.linspace(0.1, 0.2, 3000)), tolerance=1e-12)


# -- refusals


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


# -- what a user can read


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
