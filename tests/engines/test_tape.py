"""The graph, the reverse sweep and the compiled program."""

from __future__ import annotations

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.engines.graph import record
from gradmethods.engines.program import compile_graph
from gradmethods.engines.tape import differentiate
from tests.entries import ALL, poison_rules, replace_field


def network(params, X, t, *, xp=np):
    h = 1 / (1 + xp.exp(-(X @ params["W1"].T + params["b1"])))
    y = 1 / (1 + xp.exp(-(h @ params["W2"] + params["b2"])))
    return -xp.mean(t * xp.log(y) + (1 - t) * xp.log(1 - y))


def draw(seed=0, count=20):
    rng = np.random.default_rng(seed)
    params = {
        "W1": rng.normal(size=(3, 2)),
        "b1": rng.normal(size=3),
        "W2": rng.normal(size=3),
        "b2": rng.normal(),
    }
    return params, {"X": rng.normal(size=(count, 2)), "t": rng.integers(0, 2, count) * 1.0}


@pytest.fixture
def problem():
    params, data = draw()
    return gm.Problem(network, params, data, examples=("X", "t"))


def by_hand(params, X, t):
    """The article's backward pass, written with array equations."""
    h = 1 / (1 + np.exp(-(X @ params["W1"].T + params["b1"])))
    y = 1 / (1 + np.exp(-(h @ params["W2"] + params["b2"])))
    dz = (y - t) / len(t)
    dh = np.outer(dz, params["W2"]) * h * (1 - h)
    return {"W1": dh.T @ X, "b1": dh.sum(0), "W2": dz @ h, "b2": dz.sum()}


def assert_same(gradient, expected, rtol=1e-13):
    assert gradient.keys() == expected.keys()
    for name, array in expected.items():
        scale = np.abs(array).max()
        np.testing.assert_allclose(gradient[name], array, rtol=0, atol=rtol * scale)


def test_prepared_at_one_point_used_at_another(problem):
    """A gradient that baked in its first point or batch would repeat itself here."""
    prepared = gm.Backprop().prepare(problem)
    for seed in (0, 1, 2):
        params, data = draw(seed)
        value, gradient = prepared(params, **data)
        assert value == pytest.approx(network(params, **data), rel=1e-14)
        assert_same(gradient, by_hand(params, **data))


def test_the_loss_is_traced_once(problem):
    """Tracing at every call would cost more than the gradient itself."""
    calls = []

    def counted(params, X, t, *, xp=np):
        calls.append(xp)
        return network(params, X, t, xp=xp)

    problem = problem.replace(loss=counted)
    prepared = gm.Backprop().prepare(problem)
    assert len(calls) == 1
    for seed in range(3):
        params, data = draw(seed)
        prepared(params, **data)
    assert len(calls) == 1


def test_integer_data_are_not_baked_in():
    """Labels used as an index belong to the batch, not to the program."""

    def loss(w, labels, *, xp=np):
        return xp.sum(xp.exp(w)[labels]) + xp.sum(xp.where(labels > 1, w[0], 2 * w[1]))

    w = np.array([0.1, 0.5, 0.9])
    prepared = gm.Backprop().prepare(gm.Problem(loss, w, {"labels": np.array([0, 0, 2])}))
    for labels in ([0, 0, 2], [1, 2, 2], [1, 1, 1]):
        gradient = prepared(w, labels=np.array(labels)).gradient
        counts = np.bincount(labels, minlength=3)
        expected = counts * np.exp(w)
        expected[0] += counts[2]
        expected[1] += 2 * (counts[0] + counts[1])
        np.testing.assert_allclose(gradient, expected, rtol=1e-14)


def test_returned_arrays_belong_to_the_caller(problem):
    """A result that aliased a buffer or an input would change behind the user's back."""
    prepared = gm.Backprop().prepare(problem)
    first = prepared(problem.params).gradient
    kept = {name: array.copy() for name, array in first.items()}
    for array in first.values():
        assert array.flags.writeable
    params, data = draw(5)
    second = prepared(params, **data).gradient
    for name, array in kept.items():
        np.testing.assert_array_equal(first[name], array)
        second[name][...] = np.nan
    assert_same(prepared(problem.params).gradient, kept, rtol=0)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (lambda p, xp: xp.sum(p["a"]) + xp.sum(p["b"]), (1.0, 1.0)),
        (lambda p, xp: xp.sum(p["a"] * p["b"]), (3.0, 2.0)),
        (lambda p, xp: xp.sum(p["a"] + p["a"]), (2.0, 0.0)),
        (lambda p, xp: xp.asarray(1.5), (0.0, 0.0)),
        (lambda p, xp: 1.5, (0.0, 0.0)),
        (lambda p, xp: p["a"][0] + 0.0, ([1.0, 0.0], 0.0)),
    ],
    ids=["ones", "inputs", "twice", "constant", "number", "one entry"],
)
def test_gradients_that_are_constants_or_inputs(loss, expected):
    """A gradient that is no new value must not leak a constant or the caller's own array."""
    params = {"a": np.array([2.0, 2.0]), "b": np.array([3.0, 3.0])}
    problem = gm.Problem(lambda p, xp=np: loss(p, xp), params)
    gradient = gm.Backprop().prepare(problem)(params).gradient
    for name, value in zip("ab", expected, strict=True):
        np.testing.assert_array_equal(gradient[name], np.broadcast_to(value, 2))
        gradient[name][...] = 7.0
    np.testing.assert_array_equal(params["a"], [2.0, 2.0])
    assert gradient["a"] is not gradient["b"]


def test_the_same_bits_at_every_call(problem):
    """Results that depend on when they were computed cannot be cited."""
    prepared, again = gm.Backprop().prepare(problem), gm.Backprop().prepare(problem)
    results = [p(problem.params).gradient for p in (prepared, prepared, again)]
    for name in results[0]:
        assert len({r[name].tobytes() for r in results}) == 1


@pytest.mark.medium
def test_the_tape_is_the_only_user_of_its_rules(problem, monkeypatch):
    """A cross-check by a method that shared the rules would repeat their mistakes."""
    expected = by_hand(problem.params, **problem.data)
    poison_rules(monkeypatch)
    for name, rtol in (
        ("analytical", 1e-13),
        ("analytical:expanded", 1e-13),
        ("analytical:chain-rule", 1e-13),
        ("numerical", 1e-8),
        ("numerical:complex-step", 1e-13),
    ):
        assert_same(gm.get_provider(name).prepare(problem)(problem.params).gradient, expected, rtol)
    assert_same(gm.certified_gradient(problem).gradient, expected, 1e-13)
    with pytest.raises(AssertionError, match="a vjp rule ran"):
        gm.Backprop().prepare(problem)


@pytest.mark.medium
def test_a_wrong_rule_is_caught(problem, monkeypatch):
    """The comparison must see a planted mistake in one rule, or it checks nothing."""
    rules = ALL["sigmoid"].vjp
    wrong = (lambda xp, g, y, x: g * (y * (1 - y)) * (1 + 1e-9),)
    replace_field(monkeypatch, "sigmoid", vjp=wrong)
    comparison = gm.compare(problem, seconds=0)
    assert comparison.verdicts["backprop"] == "wrong"
    assert not comparison.agree
    replace_field(monkeypatch, "sigmoid", vjp=rules)
    assert gm.compare(problem, seconds=0).agree


def test_source_reads_like_a_program(problem):
    """A program that cannot be read cannot be trusted or taught."""
    source = gm.Backprop().prepare(problem).source()
    assert "# matmul (20, 3)" in source
    assert source.count("exp(") == 2  # nothing of the forward pass is computed again
    compile(source, "program", "exec")


def test_equal_values_are_computed_once():
    """Repeated subexpressions would be paid for twice, forward and backward."""

    def loss(w, *, xp=np):
        return xp.sum(xp.sin(w) * xp.sin(w)) + xp.sum(xp.sin(w))

    source = gm.Backprop().prepare(gm.Problem(loss, np.ones(3))).source()
    assert source.count(" sin(") == 1


def test_work_that_the_result_does_not_need_is_dropped():
    """Dead code would make a method look slower than it is."""

    def loss(w, *, xp=np):
        xp.exp(xp.cos(w))  # computed for nothing
        return xp.sum(w * w)

    assert "cos" not in gm.Backprop().prepare(gm.Problem(loss, np.ones(3))).source()


def test_graph_evaluates_to_the_loss(problem):
    """Replaying the graph is what later work builds on; it must mean the loss."""
    graph = record(problem)
    (value,) = graph.evaluate(problem.params, problem.data)
    assert value == pytest.approx(problem.value(), rel=1e-14)
    joint = differentiate(graph)
    value, *gradients = joint.evaluate(problem.params, problem.data)
    result, gradient = compile_graph(joint).function(problem.params, problem.data)
    assert result == value
    for replayed, name in zip(gradients, gradient, strict=True):
        np.testing.assert_array_equal(replayed, gradient[name])


def test_operations_are_counted_exactly():
    """Counts carry verdicts on claims; this one is small enough to count by hand."""
    problem = gm.Problem(
        lambda w, x, *, xp=np: xp.sum((x @ w - 1) ** 2),
        np.array([0.1, 0.2]),
        {"x": np.ones((3, 2))},
    )
    counts = record(problem).operations()
    assert counts == {"matmul": 3 * (2 + 1), "subtract": 3, "pow": 3, "sum": 2}


def test_operations_are_those_of_one_example():
    """Formulas are counted for one example; a whole batch beside them would compare nothing."""

    def loss(w, x, *, xp=np):
        return xp.mean((x @ w - 1) ** 2)

    w, x = np.array([0.1, 0.2]), np.ones((50, 2))
    prepared = gm.Backprop().prepare(gm.Problem(loss, w, {"x": x}, examples="x"))
    # x @ w: 3; less 1: 1; squared: 1; doubled: 1; times x: 2
    assert prepared.operations == 8
    assert prepared.program.operations > 20 * prepared.operations


@pytest.mark.medium
def test_deep_graphs_do_not_exhaust_the_stack():
    """A recursive walk over the graph would fail on a loop of a few hundred steps."""

    def loss(w, *, xp=np):
        for _ in range(3000):
            w = w * 0.999 + 0.001
        return xp.sum(w)

    gradient = gm.Backprop().prepare(gm.Problem(loss, np.array([0.3]))).__call__([0.5]).gradient
    assert gradient[0] == pytest.approx(0.999**3000, rel=1e-12)
