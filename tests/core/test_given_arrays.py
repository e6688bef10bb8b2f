"""Arrays that a user gives: subclasses, masks and ragged lists are refused, never reinterpreted."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.core.structure import compile_check

W = np.array([0.3, -1.7, 0.9])


class Matrix(np.ndarray):
    """A kind of array whose operators may mean something else."""


def test_the_written_check_passes_nothing_that_needs_a_look():
    """What it let through wrongly would be computed with, and the answer would look right."""
    fitting = {"w": W, "it's\n": np.array(0.5)}
    structure = gm.Problem(lambda p, xp=np: xp.sum(p["w"]), fitting).structure
    check = compile_check(structure)
    assert check(fitting) is fitting
    for given in (
        fitting | {"more": W}, {"w": W}, {"w": W, "its": W}, MappingProxyType(fitting), [W],
        fitting | {"w": W[:1]}, fitting | {"w": W[None]}, fitting | {"w": list(W)},
        fitting | {"w": W.astype(">f8")}, fitting | {"w": W.astype(np.float32)},
        fitting | {"w": W.view(Matrix)}, fitting | {"it's\n": 0.5},
        fitting | {"it's\n": np.float64(0.5)},
    ):  # fmt: skip
        assert check(given) is None
    bare = compile_check(gm.Problem(lambda w, xp=np: xp.sum(w), W).structure)
    passed = bare(W)
    assert passed is not None
    assert passed[""] is W
    assert bare({"": W}) is bare(W[:2]) is bare(W.astype(np.float32)) is None


MASKED = np.ma.masked_array([1.0, 2.0, 3.0], [False, True, False])


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        (MASKED, "x.filled"),
        ([MASKED, MASKED], "x.filled"),
        (np.ones((1, 3)).view(np.matrix), "np.asarray"),
        (np.ones(3).view(type("Quantity", (np.ndarray,), {})), "np.asarray"),
    ],
)
def test_arrays_that_mean_more_than_their_numbers_are_refused(given, advice):
    """A mask that is dropped silently leaves the gradient of another loss."""
    problem = gm.Problem(lambda w, d, *, xp=np: xp.sum(w * d), np.ones(3), {"d": np.ones(3)})
    prepared = gm.Backprop().prepare(problem)
    for call in (
        lambda: gm.Problem(lambda w, *, xp=np: xp.sum(w), given),
        lambda: gm.Problem(lambda w, d, *, xp=np: xp.sum(w), np.ones(3), {"d": given}),
        lambda: prepared(given),
        lambda: prepared(np.ones(3), d=given),
        lambda: problem.value(given),
    ):
        with pytest.raises(gm.InvalidProblem, match=advice):
            call()


def test_a_mask_that_a_loss_closes_over_is_refused():
    """NumPy would skip the masked entries, and a recorded graph would not."""
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(w * MASKED), np.ones(3))
    for provider in (gm.Backprop(), gm.Numerical(scheme="complex-step"), gm.Analytical()):
        with pytest.raises(gm.UnsupportedOperation, match="closes over is a masked array"):
            provider.prepare(problem)(np.ones(3))


def test_the_mask_of_a_gradient_is_not_dropped():
    """Entries that nobody computed would count as right or wrong by what lies under the mask."""
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(w * w), np.ones(2))
    with pytest.raises(gm.ShapeMismatch, match="masked array"):
        gm.check_gradient(np.ma.array([2.0, 2.0], mask=[False, True]), problem)


def test_lists_of_several_lengths_are_refused_everywhere():
    """NumPy's own error names no array, and no way out."""
    ragged = [[1.0, 2.0], [3.0]]
    with pytest.raises(gm.InvalidProblem, match="params"):
        gm.Problem(lambda w, *, xp=np: xp.sum(w), ragged)
    with pytest.raises(gm.InvalidProblem, match="Data 'd'"):
        gm.Problem(lambda w, d, *, xp=np: xp.sum(w), W, {"d": ragged})
    prepared = gm.Backprop().prepare(gm.Problem(lambda w, d, *, xp=np: xp.sum(w * d), W, {"d": W}))
    with pytest.raises(gm.InvalidProblem, match="parameter array"):
        prepared(ragged)
    with pytest.raises(gm.InvalidProblem, match="data 'd'"):
        prepared(W, d=ragged)


@pytest.mark.parametrize(
    ("given", "way"),
    [
        (W + 1j, r"value\.real and value\.imag"),
        ({1.0}, "an array of numbers"),
        (np.array(["a"]), "an array of numbers"),
        (np.arange(3), "dtype=float"),
        (W.astype(">f8"), "dtype=float"),
    ],
)
def test_how_parameters_become_numbers_is_true(given, way):
    """If np.asarray(value, dtype=float) were advised for all, complex numbers would lose half."""
    with pytest.raises(gm.InvalidProblem, match=way):
        gm.Problem(lambda w, *, xp=np: xp.sum(w), given)
