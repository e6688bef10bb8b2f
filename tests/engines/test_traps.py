"""Finite gradients where a branch that nothing selects has an infinite slope, or is no number."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods import problems
from gradmethods.engines.graph import Graph, Node, Recorder, record
from gradmethods.engines.graph.slopes import EXPOSING, PASSING, STEEP, UNBOUNDED, Slopes, unbounded
from gradmethods.engines.program import recognise
from gradmethods.engines.tape import differentiate
from gradmethods.engines.tape.selection import Selection
from gradmethods.xp.array import Array
from gradmethods.xp.primitives import TABLE
from tests import trap_masks, trap_programs  # noqa: F401  # masks register their losses
from tests.samples import together
from tests.trap_kept import FLAT_AT_TIPS, HIDING_NOTHING
from tests.trap_losses import TRAPS

METHODS: dict[str, Any] = {
    "backprop": gm.Backprop(),
    "forward": gm.Forward(),
    "chain-rule": gm.Analytical(form="chain-rule"),
    "cse": gm.Analytical(form="cse"),
    "expanded": gm.Analytical(form="expanded"),
    "complex-step": gm.Numerical(scheme="complex-step"),
}
SINGLE = ("backprop", "forward", "complex-step")
OVERFLOWS = {"tan"}
"""Losses whose point is no number of single precision."""


def flat(gradient):
    arrays = gradient.values() if isinstance(gradient, dict) else [gradient]
    return np.concatenate([np.ravel(x) for x in arrays])


@pytest.mark.medium
@pytest.mark.parametrize("name", TRAPS)
@together("method", METHODS)
def test_what_nothing_selects_adds_nothing(method, name):
    """A slope that is infinite where nothing selects it must not make the gradient NaN."""
    trap = TRAPS[name]
    problem = trap.problem(float)
    _, gradient = METHODS[method].prepare(problem)(problem.params)
    np.testing.assert_allclose(flat(gradient), flat(trap.gradient), rtol=1e-12, atol=0)


@pytest.mark.parametrize("name", [name for name in TRAPS if name not in OVERFLOWS])
@together("method", SINGLE)
def test_nothing_is_added_in_single_precision(method, name):
    """Masks and zeros must have the dtype of the problem, and work where less overflows."""
    trap = TRAPS[name]
    problem = trap.problem(np.float32)
    _, gradient = METHODS[method].prepare(problem)(problem.params)
    assert flat(gradient).dtype == np.float32
    np.testing.assert_allclose(flat(gradient), flat(trap.gradient), rtol=1e-5, atol=0)


@pytest.mark.parametrize("name", HIDING_NOTHING)
@pytest.mark.parametrize("method", ["backprop", "forward", "chain-rule"])
def test_a_zero_by_value_silences_nothing(method, name):
    """(√x)² has a slope on one side of 0 only, and stays NaN there, in a selected branch too."""
    problem = HIDING_NOTHING[name].problem(float)
    _, gradient = METHODS[method].prepare(problem)(problem.params)
    assert np.isnan(flat(gradient)).any()


@pytest.mark.parametrize("name", FLAT_AT_TIPS)
@pytest.mark.parametrize("method", METHODS)
def test_what_is_flat_at_the_tip_of_a_cone_has_slope_zero(method, name):
    """‖x‖² is smooth: a norm without a slope at 0 must not make its gradient NaN."""
    trap = FLAT_AT_TIPS[name]
    for dtype in (float, np.float32) if method in SINGLE else (float,):
        problem = trap.problem(dtype)
        _, gradient = METHODS[method].prepare(problem)(problem.params)
        assert gradient.dtype == dtype
        np.testing.assert_allclose(gradient, trap.gradient, rtol=1e-6, atol=0)


def test_masks_follow_other_parameters():
    """Which entries are selected depends on the point of the call, not of the preparation."""
    problem = TRAPS["where sqrt neg"].problem(float)
    for method in METHODS.values():
        prepared = method.prepare(problem)
        np.testing.assert_allclose(prepared(np.array([0.25, -1.0, 4.0])).gradient, [1, 0, 0.25])


def network(activation, output):
    """Return a network of two hidden layers."""
    rng = np.random.default_rng(1)
    sizes = [3, 4, 5, 2]
    params = {f"W{i}": rng.standard_normal((b, a)) for i, (a, b) in enumerate(pairwise(sizes))}

    def loss(w, X, t, *, xp=np):
        h = X
        for i in range(2):
            h = activation(xp, h @ w[f"W{i}"].T)
        z = h @ w["W2"].T
        if output == "mse":
            return xp.mean((z - t) ** 2)
        if output == "sigmoid":
            y = 1 / (1 + xp.exp(-z))
            return -xp.mean(t * xp.log(y) + (1 - t) * xp.log(1 - y))
        m = xp.max(z, axis=1, keepdims=True)
        return xp.mean(m[:, 0] + xp.log(xp.sum(xp.exp(z - m), axis=1)) - xp.sum(t * z, axis=1))

    t = (rng.random((6, 2)) > 0.5).astype(float)
    return gm.Problem(loss, params, {"X": rng.standard_normal((6, 3)), "t": t})


ACTIVATIONS = {
    "relu": lambda xp, z: xp.maximum(z, 0.0),
    "relu by where": lambda xp, z: xp.where(z > 0, z, 0.0),
    "relu by mask": lambda xp, z: z * (z > 0),
    "leaky relu": lambda xp, z: xp.where(z > 0, z, 0.01 * z),
    "tanh": lambda xp, z: xp.tanh(z),
    "sigmoid": lambda xp, z: 1 / (1 + xp.exp(-z)),
    "tanh and relu": lambda xp, z: xp.tanh(xp.maximum(z, 0.0)),
    "relu and sigmoid": lambda xp, z: xp.maximum(1 / (1 + xp.exp(-z)), 0.25),
}


@pytest.mark.parametrize("output", ["mse", "sigmoid", "softmax"])
@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
def test_networks_carry_no_masks(activation, output):
    """Networks have no slope to guard against, so their programs must not pay for guards."""
    assert not Slopes(recognise(record(network(activation, output)))).traps()


@pytest.mark.parametrize("name", problems.names())
def test_the_catalogue_carries_no_masks(name, monkeypatch):
    """A program without a trap must be the same, to the byte, as one made without any guard."""
    problem = problems.get(name)
    source = gm.Backprop().prepare(problem).source()
    monkeypatch.setattr(Selection, "keep", lambda _, contribution, *__: contribution)
    assert gm.Backprop().prepare(problem).source() == source
    assert not Slopes(record(problem), unbounded(problem.data)).traps()


def test_a_guard_is_few_operations():
    """A guarded program computes a mask and a choice more, not its arithmetic twice."""
    problem = gm.Problem(
        lambda w, *, xp=np: xp.sum(xp.where(w > 0, xp.sqrt(w), 0.0)), np.ones(1000)
    )
    prepared = gm.Backprop().prepare(problem)
    assert prepared.source().count("copyto") <= 6
    assert prepared.operations <= 8 * 1000


def test_masks_of_complementary_branches_join():
    """What one branch or the other always selects needs no guard below."""

    def loss(w, *, xp=np):
        x = xp.sqrt(w)
        return xp.sum(xp.where(w > 1, x, x * x))

    prepared = gm.Backprop().prepare(gm.Problem(loss, np.array([0.5, 4.0])))
    assert "logical_or" not in prepared.source()


EXACT = ["backprop", "analytical:cse", "analytical:expanded", "analytical:chain-rule"]


@pytest.mark.parametrize("method", EXACT)
def test_data_may_become_unbounded(method):
    """Data with gaps, given to a gradient that was prepared without, must not make it NaN."""
    trap = TRAPS["late nan X"]
    problem = trap.problem(float)
    whole = {name: np.nan_to_num(x) for name, x in problem.data.items()}
    complete = gm.Problem(problem.loss, problem.params, whole)
    prepared = gm.get_provider(method).prepare(complete)
    assert np.isfinite(prepared(problem.params).gradient).all()
    for _ in range(2):
        _, gradient = prepared(problem.params, **problem.data)
        np.testing.assert_allclose(gradient, trap.gradient)
    assert np.isfinite(prepared(problem.params).gradient).all()


def test_a_contraction_drops_dead_rows_alone():
    """An infinite entry that meets a selected cotangent must still be seen in the gradient."""

    def loss(w, X, ok, *, xp=np):
        return xp.sum(xp.where(ok, xp.tanh(X @ w), 0.0))

    X = np.array([[1.0, np.inf], [np.nan, 1.0]])
    problem = gm.Problem(loss, np.array([0.5, 1.0]), {"X": X, "ok": np.array([True, False])})
    prepared = gm.Backprop().prepare(problem)
    _, gradient = prepared(problem.params)
    assert gradient[0] == 0
    assert np.isnan(gradient[1])  # 0, as tanh is flat there, times infinity
    assert not prepared(problem.params, ok=np.array([False, False])).gradient.any()


def test_long_chains_of_selections_do_not_recurse():
    """Selections inside a long loop must not exhaust Python's stack, and stay right."""

    def loss(w, m, *, xp=np):
        x = m * w
        for _ in range(1500):
            x = xp.where(w > 0, x, 0.0)
        return xp.sum(x * xp.sqrt(w))

    problem = gm.Problem(loss, np.array([0.0, 4.0, 9.0]), {"m": np.array([True, True, False])})
    _, gradient = gm.Backprop().prepare(problem)(problem.params)
    np.testing.assert_allclose(gradient, [0, 3, 0])


CERTIFIED = ("dist where", "late nan", "self attn masked", "acos clip out", "sqrt max", "relu sqrt")


@pytest.mark.parametrize("name", CERTIFIED)
def test_check_accepts_backprop(name):
    """The check must call backprop right where the gradient is finite."""
    problem = TRAPS[name].problem(float)
    prepared = gm.Backprop().prepare(problem)
    result = gm.check_gradient(lambda w, **data: prepared(w, **data).gradient, problem)
    assert result.ok is True, result.mistake


@pytest.mark.parametrize("name", sorted(HIDING_NOTHING.keys() - {"norm squared"}))
def test_no_certificate_where_nothing_is_hidden(name):
    """A zero by value beside an infinite slope must not be certified either.

    A squared norm is: whatever slope its root has at 0, none of it is left.
    """
    with pytest.raises(gm.GradientError):
        gm.certified_gradient(HIDING_NOTHING[name].problem(float))


EDGES = np.array([0.0, 0.5, -0.5, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 30.0, np.inf, -np.inf])


def derivatives(name):
    """Return operands at the edges, the values of a primitive there, and its slopes."""
    count = TABLE[name].arity
    grid = np.meshgrid(*[EDGES] * count, indexing="ij")
    operands = {f"x{i}": np.ravel(x) for i, x in enumerate(grid)}
    xp = Recorder()
    nodes = {key: Node(x.shape, x.dtype, name=key) for key, x in operands.items()}
    lifted = [Array(xp, node) for node in nodes.values()]
    result = xp.bind(name, *lifted)
    graph = Graph(nodes, {}, (xp.sum(result).payload,))
    with np.errstate(all="ignore"):
        value = TABLE[name].numpy(*operands.values())
        _, *slopes = differentiate(graph).evaluate(operands, {})
    return np.stack(list(operands.values())), value, np.stack(np.broadcast_arrays(*slopes))


ELEMENTWISE = [
    name
    for name, primitive in TABLE.items()
    if primitive.arity and primitive.vjp and name != "where"
]


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_tables_of_slopes_hold(name):
    """A primitive that is missing in a table would go unguarded, and give NaN behind a branch."""
    operands, value, slopes = derivatives(name)
    finite = np.isfinite(operands).all(axis=0)
    if name not in UNBOUNDED:
        assert np.isfinite(value[finite]).all()
    if name in PASSING:
        assert np.isin(slopes, [-1, 0, 1]).all()
    elif name not in STEEP:
        assert np.isfinite(slopes[:, np.isfinite(value)]).all()
    if name in EXPOSING:
        assert not np.isfinite(value[~finite]).any()


def test_rows_of_missing_data_leave_the_rest():
    """Gaps in one batch must cost other batches nothing: each has the program that it needs."""
    trap = TRAPS["late nan"]
    problem = trap.problem(float)
    whole = {name: np.nan_to_num(x) for name, x in problem.data.items()}
    prepared = gm.Backprop().prepare(gm.Problem(problem.loss, problem.params, whole))
    plain = prepared.source()
    prepared(problem.params, **problem.data)
    assert prepared.source() == plain


@pytest.mark.medium
@pytest.mark.parametrize(("method", "count"), [("backprop", 60), ("chain-rule", 12), ("cse", 8)])
def test_random_programs_match_lazy_evaluation(method, count):
    """Selections in any order, inside and outside of steep functions, must neither add nor hide."""
    total = sum((trap_programs.compare(method, seed) for seed in range(count)), Counter())
    assert total["right"] > 4 * count
    assert total["wrong"] == 0
    if method != "cse":  # formulas may simplify (√x)² to x
        assert total["silent"] == 0


@pytest.mark.parametrize("exponent", [np.array([2.0, 0.5]), np.float64(2), 2, 2.0, 0])
def test_exponents_of_any_kind_are_understood(exponent):
    """An exponent may be an array, of which there is no one truth to ask."""

    def loss(w, *, xp=np):
        return xp.sum(xp.where(w > 0, w**exponent, 0.0))

    problem = gm.Problem(loss, np.array([-1.0, 4.0]))
    _, gradient = gm.Backprop().prepare(problem)(problem.params)
    p = np.broadcast_to(exponent, (2,))[1]
    np.testing.assert_allclose(gradient, [0, p * 4.0 ** (p - 1)])


@pytest.mark.parametrize("method", EXACT)
@pytest.mark.parametrize("tiny", [1e-12, 1e-200, 1e-320])
def test_a_bound_may_be_too_small_to_divide_by(method, tiny):
    """The reciprocal of a positive number can be an infinity, and its slope so much sooner."""
    problem = gm.Problem(
        lambda w, *, xp=np: xp.sum(xp.minimum(1 / xp.maximum(w, tiny), 1e5)), np.array([0.0, 2.0])
    )
    found = gm.get_provider(method).prepare(problem)(problem.params).gradient
    np.testing.assert_array_equal(found, [0.0, -0.25])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "steep",
    [
        lambda p, xp: xp.hypot(xp.trace(p["a"], offset=2), xp.sum(p["a"][2:])),
        lambda p, xp: xp.sqrt(xp.sum(p["none"])),
        lambda p, xp: xp.sum(xp.sqrt(p["a"][:, 2:] @ p["a"][2:])),
    ],
)
def test_a_sum_of_nothing_has_no_slope(steep, method):
    """An empty sum is the constant 0, where roots are infinitely steep: forward mode gave NaN."""
    params = {"a": np.array([[-1.5, 2.0], [0.25, -0.5]]), "none": np.zeros(0)}
    problem = gm.Problem(lambda p, *, xp=np: steep(p, xp) + xp.sum(p["a"] ** 2), params)
    found = METHODS[method].prepare(problem)(params).gradient
    np.testing.assert_allclose(found["a"], 2 * params["a"], rtol=1e-15)
    assert found["none"].shape == (0,)
