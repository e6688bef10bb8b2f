"""Analytical gradients by the chain rule over names."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import gradmethods as gm
from tests.chain_losses import CHAIN, assert_equal_to_backprop, mlp, vector
from tests.entries import poison_rules
from tests.primitive_cases import CASES, each_function

# -- the same gradients


@pytest.mark.medium
@partial(each_function, every=8)
def test_every_function(case):
    """A stage with a wrong formula would make every loss that has it wrong."""
    assert_equal_to_backprop(case.problem())


@pytest.mark.medium
@partial(each_function, cases=[c for c in CASES if c.shapes == ((3,),)], every=3)
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
    problem = mlp(2, 3, 2, 1)
    expected = vector(problem, gm.Backprop().prepare(problem)(problem.params).gradient)
    poison_rules(monkeypatch)
    gradient = vector(problem, CHAIN.prepare(problem)(problem.params).gradient)
    np.testing.assert_allclose(gradient, expected, rtol=1e-12, atol=1e-16)


PRINT_BITS = """
import sys
import gradmethods as gm
import tests.engines.test_chain_rule as here
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


@pytest.mark.slow
def test_the_same_bits_in_two_processes():
    """An order that depends on Python's hash seed would round differently in every process."""
    outputs = []
    for seed in ("1", "2"):
        environment = os.environ | {
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": str(Path(__file__).parents[2]),
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


# -- refusals
