"""Alike lines computed together: the numbers of the lines, one by one, in fewer operations."""

from __future__ import annotations

import pickle
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.engines.symbolic import run

FORMS = ["cse", "chain-rule"]
EXAMPLES = ("X", "t")


def network(first, last, layers, dtype=np.float64, count=7):
    """Make a network of one row of units after another, and its loss."""
    rng = np.random.default_rng(len(layers))
    widths = [2, *layers]
    params = {
        f"{kind}{i}": rng.standard_normal(shape).astype(dtype)
        for i, (a, b) in enumerate(pairwise(widths))
        for kind, shape in (("W", (a, b)), ("b", (b,)))
    }
    data = {"X": rng.standard_normal((count, 2)), "t": rng.standard_normal((count, widths[-1]))}

    def loss(params, X, t, *, xp=np):  # as in books
        h = X
        for i in range(len(layers)):
            h = (first if i < len(layers) - 1 else last)(h @ params[f"W{i}"] + params[f"b{i}"], xp)
        return xp.mean(xp.sum((h - t) ** 2, axis=-1))

    typed = {name: x.astype(dtype) for name, x in data.items()}
    return gm.Problem(loss, params, typed, examples=EXAMPLES)


UNITS = {
    "logistic": lambda z, xp: 1 / (1 + xp.exp(-z)),
    "tanh": lambda z, xp: xp.tanh(z),
    "relu": lambda z, xp: xp.maximum(z, 0.0),
    "leaky": lambda z, xp: xp.where(z > 0, z, 0.1 * z),
    "root": lambda z, xp: xp.sqrt(1 + z * z),
}


def by_lines(prepared, problem):
    """Evaluate line by line."""
    ((case, _),) = prepared._cases.at(problem.data)
    plain = replace(case, program=replace(case.program, blocks=None))
    runner = run.Runner(prepared._cases)
    count = len(problem.data["X"])
    inputs = runner._inputs(problem.data, floats=False)
    return runner._over_numpy(plain, problem.params, inputs, count)


def blocks_of(problem, form="cse"):
    """Return what computes alike lines together."""
    return gm.Analytical(form).prepare(problem)._cases.of(0).program.blocks


@pytest.mark.parametrize(
    ("form", "dtype"), [("cse", np.float64), ("chain-rule", np.float64), ("cse", np.float32)]
)
@pytest.mark.parametrize("unit", UNITS)
def test_blocks_have_the_numbers_of_the_lines(unit, dtype, form):
    """A row taken for another would be a wrong derivative; 4 roundings are for products."""
    problem = network(UNITS[unit], UNITS[unit], (4, 5, 3), dtype)
    prepared = gm.Analytical(form).prepare(problem)
    assert prepared._cases.of(0).program.blocks
    expected = by_lines(prepared, problem)
    result = prepared._runner(problem.params, problem.data)
    assert result.dtype == dtype
    scale = np.abs(expected).max()
    np.testing.assert_allclose(result, expected, rtol=0, atol=4 * np.finfo(dtype).eps * scale)


@pytest.mark.parametrize("form", FORMS)
def test_wider_layers_need_no_more_operations(form):
    """If units were computed one by one, the time would grow with them."""
    texts = [
        blocks_of(network(UNITS["logistic"], UNITS["tanh"], (h, h, 1)), form).source for h in (4, 9)
    ]
    four, nine = (text.count("\n    ") for text in texts)
    assert four == nine < 70


def test_sums_before_a_kink_keep_their_order():
    """A product of matrices may not round to 0 where the terms, added one by one, do."""
    w = np.array([[0.1, 0.2], [0.3, 0.7]])

    def loss(w, a, b, *, xp=np):
        return xp.sum(xp.abs(a * w[0, 0] + b * w[1, 0]) + xp.abs(a * w[0, 1] + b * w[1, 1]))

    # 0.3·0.1 and 0.1·0.3 round alike; with one rounding their difference is not 0.
    problem = gm.Problem(
        loss, w, {"a": np.full(3, 0.3), "b": np.full(3, -0.1)}, examples=("a", "b")
    )
    source = blocks_of(problem).source
    assert "dot(" not in source.split("out[")[0]
    gradient = gm.Analytical().prepare(problem)(w).gradient
    assert gradient[0, 0] == gradient[1, 0] == 0
    assert gradient[0, 1] != 0


POLES = {
    "log": lambda z, xp: xp.log(z),
    "quotient": lambda z, xp: 1 / xp.tanh(z),
    "power": lambda z, xp: z**-3,
    "complement": lambda z, xp: xp.log1p(-xp.exp(1000 * z)),
}


@pytest.mark.parametrize("pole", POLES)
def test_sums_before_a_pole_keep_their_order(pole):
    """Where the loss is infinite, the formulas would be NaN, or some 1e18."""

    def loss(w, a, b, *, xp=np):
        return xp.sum(POLES[pole](a * w[0] + b * w[1], xp))

    w, data = np.array([0.1, 0.3]), {"a": np.full(3, 0.3), "b": np.full(3, -0.1)}
    problem = gm.Problem(loss, w, data, examples=("a", "b"))
    value, gradient = gm.Analytical().prepare(problem)(w)
    np.testing.assert_array_equal(np.abs([value, *gradient]), np.inf)


def test_long_sums_of_one_example_keep_their_order():
    """NumPy adds nine numbers in pairs: a tie would be missed, and a kink taken for a slope."""
    w = np.array([1e16, *[1.0] * 8])

    def loss(w, x, t, *, xp=np):
        total = w[0] * x
        for i in range(1, 9):
            total = total + w[i] * x
        return xp.sum(xp.abs(total - t))

    assert loss(w, 1.0, 1e16) == 0 != np.sum(w) - 1e16
    data = {"x": np.ones(1), "t": np.array([1e16])}
    problem = gm.Problem(loss, w, data, examples=("x", "t"))
    assert "in_order(" in blocks_of(problem).source
    value, gradient = gm.Analytical().prepare(problem)(w)
    assert value == 0
    assert not gradient.any()


def test_large_batches_are_computed_line_by_line():
    """Blocks that leave the cache are slower than columns."""
    count = run.LARGEST_BLOCK // 4 + 1
    problem = network(UNITS["tanh"], UNITS["tanh"], (4, 1), count=count)
    prepared = gm.Analytical("cse").prepare(problem)
    result = prepared._runner(problem.params, problem.data)
    np.testing.assert_array_equal(result, by_lines(prepared, problem))
    assert "over_blocks" not in vars(prepared._cases.of(0))  # never compiled


def test_signs_that_cancel_are_left_out():
    """Each is an operation on every example."""
    program = gm.Analytical("cse").prepare(network(UNITS["logistic"], UNITS["tanh"], (3, 1)))
    code = program._cases.of(0).program
    assert code.blocks is not None
    assert "-(-" in code.source
    assert "-(-" not in code.blocks.source


def test_functions_of_whole_rows_stay_in_lines():
    """They take lists of entries, and a block would be taken for one of them."""

    def loss(w, X, *, xp=np):
        return xp.mean(xp.sort(X * w, axis=-1)[:, 1])

    problem = gm.Problem(loss, np.ones(3), {"X": np.ones((2, 3))}, examples=("X",))
    assert blocks_of(problem) is None


def test_other_data_and_copies_of_the_formulas():
    """Blocks of the problem's own data must not stand for others, nor be lost with a pickle."""
    problem = network(UNITS["logistic"], UNITS["tanh"], (4, 1))
    prepared = gm.Analytical("cse").prepare(problem)
    before = prepared(problem.params)
    data = {"X": problem.data["X"] + 1, "t": problem.data["t"]}
    other = prepared(problem.params, **data)
    expected = gm.Backprop().prepare(problem.replace(data=data))(problem.params)
    np.testing.assert_allclose(other.gradient["W0"], expected.gradient["W0"], rtol=1e-13)
    program = pickle.loads(pickle.dumps(prepared._cases.of(0).program))  # noqa: S301  # our own
    assert program.blocks == prepared._cases.of(0).program.blocks
    assert prepared(problem.params).value == before.value
