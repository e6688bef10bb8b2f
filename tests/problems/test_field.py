"""The problems of other suites: every method agrees with a certified gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods import problems
from gradmethods.errors import InvalidOption

METHODS: dict[str, tuple[Any, float]] = {
    "backprop": (gm.Backprop(), 1e-13),
    "forward": (gm.Forward(), 1e-13),
    "complex step": (gm.Numerical("complex-step"), 1e-13),
    "chain rule": (gm.Analytical("chain-rule"), 1e-13),
    "central": (gm.Numerical(), 1e-7),
    "reuse": (gm.Numerical(evaluation="reuse"), 1e-7),
}


@pytest.mark.parametrize("name", problems.FIELD)
def test_all_methods(name):
    """A loss that one method reads differently would compare two functions."""
    problem = problems.get(name)
    truth = gm.certified_gradient(problem)
    assert float(problem.value()) == pytest.approx(float(truth.value), rel=1e-13)
    sizes = problem.structure.leaves(truth.gradient)
    for method, (provider, most) in METHODS.items():
        assert provider.obstacle(problem) is None, method
        gradient = provider.prepare(problem)(problem.params).gradient
        for leaf, error in truth.error(gradient).items():
            assert np.abs(error).max() <= most * np.abs(sizes[leaf]).max(), (method, leaf)


@pytest.mark.parametrize("name", problems.FIELD)
def test_seeds_and_dtypes(name):
    """A seed must give the same point again, another one another, in both precisions."""
    first, again, other = (problems.get(name, seed=seed) for seed in (0, 0, 1))
    assert first.value() == again.value()
    assert first.value() != other.value()
    assert problems.get(name, dtype="float32").dtype == np.float32


def test_they_are_listed_where_asked_for():
    """Runs over the catalogue take none of them; whoever asks sees all."""
    assert not set(problems.FIELD) & set(problems.names())
    assert set(problems.FIELD) <= set(problems.names(field=True))


def test_a_determinant_that_fills_the_memory_is_refused():
    """The number of minors doubles with each row."""
    with pytest.raises(InvalidOption, match="at most 16"):
        problems.get("determinant", n=17)
