"""The same loss elsewhere: every transform is a problem, and the one it came from stays."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import gradmethods as gm


@pytest.fixture
def problem():
    return gm.problems.get("mlp", widths=(2, 3, 1), batch=5)


@pytest.mark.parametrize("name", ["loss", "data", "examples", "name", "structure", "anything"])
def test_a_problem_does_not_change(problem, name):
    """If it did, what was prepared for it would be about another problem."""
    before = copy.copy(vars(problem))
    with pytest.raises(gm.UnsupportedOperation, match=r"problem\.replace"):
        setattr(problem, name, None)
    assert vars(problem) == before


def test_another_point_is_checked_and_cannot_be_written_to(problem):
    """If it were the caller's array, the point would move with it."""
    params = {name: 2 * array for name, array in problem.params.items()}
    moved = problem.replace(params=params)
    expected = problem.value(params)
    for array in params.values():
        array[...] = np.nan
    assert moved.value() == expected != problem.value()
    assert (moved.name, moved.examples, moved.data) == (
        problem.name,
        problem.examples,
        problem.data,
    )
    assert moved.seen is None
    with pytest.raises(gm.ShapeMismatch):
        problem.replace(params=np.ones(3))
    with pytest.raises(gm.InvalidProblem):
        problem.replace(params=params)  # it holds NaN by now


def test_other_data_are_checked(problem):
    """If a wrong name were let through, the loss would be called with what it does not take."""
    other = problem.replace(data={"t": 1 - problem.data["t"]})
    assert other.value() == problem.value(t=1 - problem.data["t"])
    with pytest.raises(gm.ShapeMismatch, match="Unknown data"):
        problem.replace(data={"y": [1.0]})


def test_the_mean_over_examples_is_that_of_its_halves(problem):
    """If rows were mixed up, a gradient of one example would be another's."""
    halves = problem.on_examples(slice(3)), problem.on_examples([3, 4])
    mean = (3 * halves[0].value() + 2 * halves[1].value()) / 5
    assert mean == pytest.approx(problem.value(), rel=1e-14)


def test_another_dtype_keeps_what_was_declared(problem):
    """If examples were lost, half the checks of a gradient would be left out in float32."""
    single = problem.in_dtype(np.float32)
    assert (single.name, single.examples) == (problem.name, problem.examples)
    assert {array.dtype for array in single.data.values()} == {np.dtype(np.float32)}
    assert single.in_dtype("float32") is single


def test_components_are_taken_in_the_order_given(problem):
    """If they were sorted, entries of a gradient would be told of other parameters."""
    part = problem.of_components(np.array([4, 1, 7]))
    whole = problem.structure.join(gm.Backprop().prepare(problem)(problem.params).gradient)
    gradient = gm.Backprop().prepare(part)(part.params).gradient
    assert part.value() == problem.value()
    np.testing.assert_allclose(gradient, whole[[4, 1, 7]], rtol=1e-14)
