"""Certificates in one sweep back, held against forward mode, which shares no transpose with it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.engines.certified import evaluate
from gradmethods.engines.certified.evaluate import point_of
from gradmethods.engines.certified.namespace import Balls
from gradmethods.engines.certified.precision import working
from gradmethods.errors import NotDifferentiable
from tests.program_writer import written

BITS = 132
PROGRAMS = range(700, 900)


def sweep(problem: gm.Problem, unit: float = 0.0, bits: int = BITS) -> Any:
    with working(bits):
        return evaluate._in_reverse(problem, point_of(problem), Balls(unit), np.inf)[1]


def forwards(problem: gm.Problem, unit: float = 0.0, bits: int = BITS) -> Any:
    with working(bits):
        return evaluate._forwards(problem, point_of(problem), lambda: Balls(unit))[1]


def pairs(first: Any, second: Any) -> list[tuple[Any, Any]]:
    assert first.keys() == second.keys()
    return [
        pair for name in first for pair in zip(first[name].flat, second[name].flat, strict=True)
    ]


@pytest.mark.parametrize("name", gm.problems.names())
def test_both_modes_enclose_one_gradient(name):
    """A wrong transpose would put the balls of reverse mode beside those of forward mode."""
    problem = gm.problems.get(name)
    both = pairs(sweep(problem), forwards(problem))
    assert len(both) == problem.size
    assert all(a.overlaps(b) and a.rel_accuracy_bits() > 90 for a, b in both)


@pytest.mark.medium
def test_rounding_is_bounded_alike():
    """What reverse mode allows for rounding must be no excuse for wrong digits."""
    for name in gm.problems.names():
        problem = gm.problems.get(name)
        for a, b in pairs(sweep(problem, 2.0**-53, 53), forwards(problem, 2.0**-53, 53)):
            assert a.overlaps(b)
            assert b.rad() == 0 or 0.1 < float(a.rad() / b.rad()) < 10


@pytest.mark.medium
def test_programs():
    """Views, broadcasting, masks, ties and empty shapes: no ball of one mode misses the other's."""
    decided = 0
    for seed in PROGRAMS:
        problem = written(seed).problem()
        expected, found = enclosed(forwards, problem), enclosed(sweep, problem)
        if expected is None:
            assert found is None, seed
        elif found is not None:  # where branches meet that vary alike, only forward mode tells
            decided += 1
            assert all(a.overlaps(b) for a, b in pairs(found, expected)), seed
    assert decided > 0.85 * len(PROGRAMS)


def enclosed(mode: Any, problem: gm.Problem) -> Any:
    try:
        return mode(problem)
    except NotDifferentiable:
        return None


def through_masks(w, A, m, *, xp=np):
    rows = xp.where(m[:, None], xp.sqrt(w), 1.0)  # infinite slopes behind the mask
    kept = rows @ A
    first = xp.where(m[:, None], kept, 0.0)
    return xp.sum(first * first) + xp.max(w) + xp.sum(w[::2, 1:] ** 2)


def test_what_nothing_selects_is_zero_for_certain():
    """A structural zero meets infinite slopes and stays 0, through products of matrices as well."""
    w = np.array([[1.0, 4.0], [0.0, 0.0], [9.0, 2.0]])
    data = {"A": np.array([[1.0, 2.0, 3.0], [-1.0, 0.5, 2.0]]), "m": np.array([True, False, True])}
    problem = gm.Problem(through_masks, w, data)
    found, expected = sweep(problem), forwards(problem)
    assert all(a.overlaps(b) and a.is_finite() for a, b in pairs(found, expected))
    assert found[""][1, 0].is_zero()


@pytest.mark.parametrize(
    "loss",
    [
        lambda w, *, xp=np: xp.sum(0.0 * xp.sqrt(w)),
        lambda w, *, xp=np: xp.sum(xp.sqrt(w) * xp.sqrt(w)),
        lambda w, *, xp=np: xp.sum(xp.maximum(w, 0.0)),
        lambda w, *, xp=np: (xp.reshape(xp.sqrt(w), (1, 2)) @ xp.zeros((2, 1)))[0, 0],
    ],
)
def test_a_zero_by_value_hides_nothing(loss):
    """A factor that is 0 as a number does not make a gradient of a slope that is not there."""
    problem = gm.Problem(loss, np.array([0.0, 1.0]))
    with pytest.raises(gm.NotDifferentiable):
        gm.certified_gradient(problem)


def test_branches_that_vary_alike():
    """Where reverse mode alone cannot tell, choices are settled first."""
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(xp.maximum(2 * w, w + w)), np.ones(3))
    with pytest.raises(NotDifferentiable):
        sweep(problem)
    assert np.array_equal(gm.certified_gradient(problem).gradient, [2.0, 2.0, 2.0])


@pytest.mark.medium
def test_ten_thousand_parameters_whole():
    """A network of 10,501 parameters over 100 examples is certified whole, not by sample."""
    problem = gm.problems.get("mlp", widths=(2, 100, 100, 1))
    truth = gm.certified_gradient(problem)
    assert problem.size == 10_501
    assert truth.digits >= 30
    _, gradient = gm.Backprop().prepare(problem)(problem.params)
    sample = gm.certified_sample(problem, components=4, directions=1)
    assert np.abs(sample.component_error(truth.gradient)).max() < 1e-17
    errors = truth.error(gradient)
    assert max(np.abs(e).max() for e in errors.values()) < 1e-15
    assert all((bound > 0).all() for bound in truth.rounding().values())


def test_work_beyond_the_budget_is_refused_before_the_sweep():
    """A certificate that would take too long is not begun."""
    problem = gm.problems.get("mlp", widths=(2, 100, 100, 1))
    with pytest.raises(gm.BudgetExceeded, match="certified_sample"):
        gm.certified_gradient(problem, budget=1e-4)


@pytest.mark.parametrize("shapes", [((2, 0), (3, 0, 4)), ((2, 3), (0, 3, 4)), ((0, 3), (3, 4))])
def test_products_without_entries(shapes):
    """An empty sum is 0, and has the gradient 0, in whatever place the nothing is."""

    def loss(p, *, xp=np):
        return xp.sum(p["A"] @ p["B"]) + xp.sum(p["c"] ** 2)

    params = {"A": np.ones(shapes[0]), "B": np.ones(shapes[1]), "c": np.ones(2)}
    found = gm.certified_gradient(gm.Problem(loss, params)).gradient
    assert {name: x.shape for name, x in found.items()} == {n: x.shape for n, x in params.items()}
    assert found["c"].tolist() == [2.0, 2.0]
    assert not found["A"].any()
    assert not found["B"].any()
