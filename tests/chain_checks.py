"""What the tests of the chain rule share: the comparison with backpropagation."""

from __future__ import annotations

import numpy as np
import pytest

import gradmethods as gm

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
