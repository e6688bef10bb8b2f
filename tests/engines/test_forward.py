"""Forward mode: rules against those of reverse mode, blocks of directions, what it costs."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.engines.forward import blocks
from gradmethods.engines.forward.differentiate import Forward
from gradmethods.engines.graph import record
from gradmethods.xp.array import Array
from gradmethods.xp.primitives import TABLE, Hole
from gradmethods.xp.primitives.recognised import ENTRIES
from tests.entries import ALL, poison_rules, replace_field
from tests.forward_costs import dot_products


@pytest.mark.medium
def test_rules_of_both_modes_are_transposes():
    """A wrong rule of either mode, for any function, shape or broadcasting, would show here."""
    seen = set()
    for name, primitive, difference in dot_products(every=3):
        assert difference <= 1e-13, (name, primitive)
        seen.add(primitive)
    without = {p.name for p in (*TABLE.values(), *ENTRIES) if not p.vjp}
    assert seen >= {*ALL} - without - {"scatter_add"}


@pytest.mark.parametrize(
    ("index", "shape"),
    [
        ((slice(None), np.array([0, 2, 0])), (2, 3)),
        ((np.array([1, 0]), slice(None), np.array([2, 1])), (2, 4, 3)),
        ((np.array([[1], [0]]), slice(None), 1), (2, 4, 3)),
        ((slice(None), np.array([1, 0]), None, np.array([2, 1])), (2, 4, 3)),
        ((np.array([1, 0]), ..., np.array([2, 1])), (2, 3)),
        ((1, ..., np.array([2, 1])), (2, 4, 3)),
    ],
)
def test_indices_keep_the_directions_in_front(index, shape):
    """Where integer arrays stand apart NumPy puts their axes in front of all others."""
    weights = np.random.default_rng(1).normal(size=np.zeros(shape)[index].shape)
    problem = gm.Problem(
        lambda x, *, xp=np: xp.sum(xp.sin(x[index]) * weights),
        np.random.default_rng(2).normal(size=shape),
    )
    expected = gm.Backprop().prepare(problem)(problem.params).gradient
    gradient = gm.Forward().prepare(problem)(problem.params).gradient
    np.testing.assert_allclose(gradient, expected, rtol=1e-14)


def test_tangents_of_quotients_broadcast():
    """A parameter of shape () over a sum with a vector failed: its tangents lacked an axis."""
    problem = gm.Problem(
        lambda p, *, xp=np: xp.sum(xp.log(p["size"] / (p["size"] + xp.exp(p["w"])))),
        {"size": np.array(1.3), "w": np.array([0.3, -0.4, 1.1])},
    )
    truth = gm.certified_gradient(problem)
    found = gm.Forward().prepare(problem)(problem.params).gradient
    assert all((np.abs(error) < 1e-15).all() for error in truth.error(found).values())


def test_scatter_add_moves_tangents():
    """It stands in no loss that users write, so that nothing else runs its rule."""
    rng = np.random.default_rng(3)
    t, where = rng.normal(size=(3, 2, 4)), np.array([2, 0])
    static = {"index": (Hole(0), slice(None)), "shape": (3, 4)}
    xp = Forward()
    rules: Any = TABLE["scatter_add"].jvp
    found = rules[0](xp, Array(xp, t), None, Array(xp, t[0]), Array(xp, where), **static).payload
    expected = [TABLE["scatter_add"].numpy(x, where, **static) for x in t]
    np.testing.assert_array_equal(found, expected)


def test_neither_mode_runs_a_rule_of_the_other():
    """A cross-check by a method that shared the rules would repeat their mistakes."""
    problem = gm.problems.get("xor")
    for poisoned, method, other in (
        ("vjp", gm.Forward(), gm.Backprop()),
        ("jvp", gm.Backprop(), gm.Forward()),
    ):
        expected = method.prepare(problem).flat(problem.flat_params)[1]
        with pytest.MonkeyPatch.context() as patch:
            poison_rules(patch, poisoned)
            _, gradient = method.prepare(problem).flat(problem.flat_params)
            with pytest.raises(AssertionError, match=f"a {poisoned} rule ran"):
                other.prepare(problem)
        np.testing.assert_array_equal(gradient, expected)


def test_no_other_method_runs_a_rule_of_forward_mode(monkeypatch):
    """As with reverse mode: formulas, differences and certificates know nothing of its rules."""
    problem = gm.problems.get("network-1-1-1")
    poison_rules(monkeypatch, "jvp")
    for name in ("analytical", "analytical:chain-rule", "numerical", "numerical:complex-step"):
        gm.get_provider(name).prepare(problem)(problem.params)
    assert gm.certified_gradient(problem).digits >= 30


@pytest.mark.medium
def test_a_wrong_rule_is_caught(monkeypatch):
    """The certified gradient must see a planted mistake in one rule, or it checks nothing."""
    problem = gm.problems.get("xor")
    rules = ALL["sigmoid"].jvp
    wrong = (lambda xp, t, y, x: t * (y * (1 - y) * (1 + 1e-9)),)
    truth = problem.structure.join(gm.certified_gradient(problem).gradient)

    def error():
        found = gm.Forward().prepare(problem).flat(problem.flat_params)[1]
        return np.linalg.norm(found - truth) / np.linalg.norm(truth)

    replace_field(monkeypatch, "sigmoid", jvp=wrong)
    assert error() > 1e-11
    replace_field(monkeypatch, "sigmoid", jvp=rules)
    assert error() < 1e-14


LOSSES = {
    "mlp": lambda: gm.problems.get("mlp"),
    "log-sum-exp": lambda: gm.problems.get("log-sum-exp"),
    "moons": lambda: gm.problems.get("moons"),
    "rosenbrock": lambda: gm.problems.get("rosenbrock", n=7),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", LOSSES)
def test_every_block_size_gives_the_same_gradient(name, dtype, monkeypatch):
    """Blocks that overlap, or end in the middle of an array, must put each entry in its place."""
    problem = LOSSES[name]().in_dtype(dtype)
    expected = gm.Backprop().prepare(problem).flat(problem.flat_params)[1]
    passes: list[Any] = []
    for budget in (1, 3000, 40_000, 2**26):
        monkeypatch.setattr(blocks, "CACHE", budget)
        monkeypatch.setattr(blocks, "MEMORY", budget)
        prepared = gm.Forward().prepare(problem)
        for _ in range(2):  # seeds are left as they were found
            value, gradient = prepared.flat(problem.flat_params)
            tolerance = 50 * float(np.finfo(dtype).eps)
            np.testing.assert_allclose(
                gradient, expected, rtol=0, atol=tolerance * max(abs(expected))
            )
            assert value == pytest.approx(problem.value(), rel=tolerance)
        passes.append(prepared.forward_passes)
        assert prepared(problem.params).value.dtype == dtype
    assert passes[0] == problem.size
    assert passes == sorted(passes, reverse=True)
    assert passes[-1] == 1


def test_other_parameters_and_another_batch():
    """A program that baked in its first point or batch would repeat its first gradient."""
    problem = gm.problems.get("moons")
    prepared, reference = gm.Forward().prepare(problem), gm.Backprop().prepare(problem)
    X, t = problem.data["X"] * 1.3 + 0.1, 1 - problem.data["t"]
    point = problem.flat_params * -0.7 + 0.01
    value, gradient = prepared.flat(point, X=X, t=t)
    expected_value, expected = reference.flat(point, X=X, t=t)
    assert value == expected_value
    np.testing.assert_allclose(gradient, expected, rtol=1e-12)
    first = prepared.flat(problem.flat_params)[1]
    np.testing.assert_allclose(first, reference.flat(problem.flat_params)[1], rtol=1e-12)


def test_data_with_gaps_get_a_program_of_their_own():
    """Data that hold infinities where the problem's do not must not spoil other entries."""

    def loss(w, d, *, xp=np):
        return xp.sum(xp.where(xp.isfinite(d), xp.log(w * d) * w, w))

    w = np.array([0.5, 1.5, 2.5])
    problem = gm.Problem(loss, w, {"d": np.array([1.0, 2.0, 3.0])})
    prepared = gm.Forward().prepare(problem)
    for gap in (np.inf, np.nan):
        d = np.array([1.0, gap, 3.0])
        found = prepared(w, d=d).gradient
        np.testing.assert_allclose(found, np.where(d < 9, np.log(w * d) + 1, 1), rtol=1e-14)


def test_an_infinite_slope_stays_with_its_direction():
    """A zero of another direction times an infinite slope would be NaN for all parameters."""
    problem = gm.Problem(lambda x, *, xp=np: xp.sum(xp.sqrt(x)), np.array([0.0, 4.0]))
    np.testing.assert_array_equal(
        gm.Forward().prepare(problem)(problem.params).gradient, [np.inf, 0.25]
    )
    # A zero that depends on parameters is none that nothing reaches: the chain rule has no answer.
    cone = gm.Problem(lambda x, *, xp=np: xp.sqrt(xp.sum(x * x)), np.zeros(2))
    assert np.isnan(gm.Forward().prepare(cone)(cone.params).gradient).all()


def test_copies_have_memory_of_their_own():
    """A copied gradient that shared buffers would be written to by two at once."""
    problem = gm.problems.get("xor")
    prepared = gm.Forward().prepare(problem)
    first = prepared.flat(problem.flat_params)[1]
    for other in (gm.Forward().prepare(problem), copy.deepcopy(prepared)):
        np.testing.assert_array_equal(other.flat(problem.flat_params)[1], first)
        assert other.source() == prepared.source()
    assert list(prepared.preparation) == ["trace", "differentiate", "compile"]


def chain(n):
    """Return a loss of n parameters, each of which takes the same six operations."""
    return gm.Problem(
        lambda w, *, xp=np: xp.sum(xp.sin(w * 1.1) * xp.exp(w)), np.linspace(0.1, 1, n)
    )


@pytest.mark.parametrize("size", [3, 10, 40, 200])
def test_a_direction_costs_a_constant_beside_the_loss(size):
    """Theory: at most 2.5 times the operations of the loss, beside those of the loss."""
    for problem in (
        gm.problems.get("rosenbrock", n=size),
        gm.problems.get("logistic-regression", features=size) if size < 50 else chain(size),
        chain(size),
    ):
        loss = record(problem).operations().total()
        (program,) = gm.Forward().prepare(problem).program.programs
        assert program.operations <= (2.5 * problem.size + 3) * loss


def test_directions_of_arrays_that_do_not_matter_cost_nothing():
    """Tangents along parameters on which a value does not depend would cost n times the loss."""

    def loss(params, *, xp=np):
        return xp.sum(xp.exp(params["a"])) * params["b"]

    def cost(b):
        problem = gm.Problem(loss, {"a": np.linspace(0, 1, 50), "b": b})
        (program,) = gm.Forward().prepare(problem).program.programs
        return program.operations

    alone = gm.Problem(lambda a, *, xp=np: xp.sum(xp.exp(a)), np.linspace(0, 1, 50))
    (program,) = gm.Forward().prepare(alone).program.programs
    assert cost(np.array(2.0)) <= program.operations + 4 * 51


def test_it_is_found_by_name_and_by_default_not_offered():
    """It stands beside the other methods where it is asked for."""
    assert gm.get_provider("forward") == gm.Forward()
    assert "forward" not in gm.PROVIDERS
    with pytest.raises(gm.UnknownName, match="backprop"):
        gm.get_provider("forwards-and-back")
    assert math.isclose(gm.gradient(lambda w, xp=np: w**3, np.array(2.0), method="forward"), 12)


def test_an_obstacle_is_said_before_it_is_met():
    """A comparison asks for obstacles first: one that comes later ends it with a traceback."""
    point = np.array([0.3, 0.7])
    assert gm.Forward().obstacle(gm.Problem(lambda w, *, xp=np: xp.sum(w * w), point)) is None
    refused = gm.Problem(lambda w, *, xp=np: xp.median(w), point)
    assert "xp.median" in str(gm.Forward().obstacle(refused))
