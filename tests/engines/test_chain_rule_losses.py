"""Losses that join many functions: formulas beside backpropagation, reuse beside plain passes."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import gradmethods as gm
from tests.chain_losses import LOSSES, vector
from tests.reuse_checks import SCHEMES, assert_same, moved
from tests.samples import sampled

WAYS = list(product(LOSSES, SCHEMES))


@pytest.mark.medium
@pytest.mark.parametrize(
    "form", sampled(["chain-rule", "cse", "expanded"], kept=["chain-rule", "cse"])
)
@pytest.mark.parametrize("name", LOSSES)
def test_formulas_are_backpropagations_gradients(name, form):
    """Stages may each be right, and joined wrongly: at ties, through indices, over examples."""
    problem = LOSSES[name]
    prepared, expected = gm.Analytical(form).prepare(problem), gm.Backprop().prepare(problem)
    rng = np.random.default_rng(0)
    other = {n: x + rng.normal(size=x.shape) for n, x in problem.data.items() if x.dtype == float}
    tolerance = 1e-12 if problem.dtype == np.float64 else 3e-6
    for point, data in ((problem.params, {}), (moved(problem), {}), (moved(problem), other)):
        found, true = prepared(point, **data), expected(point, **data)
        assert found.value == pytest.approx(true.value, rel=tolerance)
        error = vector(problem, found.gradient) - vector(problem, true.gradient)
        assert np.linalg.norm(error) <= tolerance * np.linalg.norm(vector(problem, true.gradient))


@pytest.mark.medium
@pytest.mark.parametrize("way", sampled(WAYS, kept=WAYS[::3]), ids=" ".join)
def test_reuse_is_plain_evaluation(way):
    """What a perturbation touches must be found through whatever lies between."""
    name, scheme = way
    problem = LOSSES[name]
    for point in (problem.params, moved(problem)):
        assert_same(problem, point, scheme)
