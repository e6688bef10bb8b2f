"""Verdicts: a comparison that a wrong gradient can pass is worse than none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.accuracy.errors import error

PARAMS = {"W": np.array([[0.3, -1.1], [0.7, 0.2]]), "b": np.array([0.4, -0.6])}


@dataclass(frozen=True)
class Planted:
    """Backprop with a mistake: a provider that a user might have written."""

    mistake: Any
    name: str = "planted"

    def obstacle(self, problem):
        return None

    def prepare(self, problem):
        prepared = gm.Backprop().prepare(problem)

        def wrong(params, **data):
            value, gradient = prepared(params, **data)
            self.mistake(gradient)
            return gm.GradientResult(value, gradient)

        return wrong


def scaled(scale):
    """A problem whose gradient, and loss, are as small as `scale`."""

    def loss(p, *, xp=np):
        return scale * xp.sum(xp.tanh(xp.asarray([0.5, -1.5]) @ p["W"] + p["b"]) ** 2)

    return gm.Problem(loss, PARAMS)


def offset(scale):
    """A problem whose gradient is small beside its loss: finite differences drown."""

    def loss(p, *, xp=np):
        return 1 + scale * xp.sum(xp.tanh(xp.asarray([0.5, -1.5]) @ p["W"] + p["b"]) ** 2)

    return gm.Problem(loss, PARAMS)


def set_all(value):
    def mistake(gradient):
        for array in gradient.values():
            array[...] = value

    return mistake


def flip(gradient):
    for array in gradient.values():
        np.negative(array, out=array)


def flip_one(gradient):
    gradient["b"][1] *= -1


def zero_one_array(gradient):
    gradient["b"][...] = 0


def transpose(gradient):
    gradient["W"][...] = gradient["W"].T.copy()


def nan_one(gradient):
    gradient["W"][0, 1] = np.nan


def scale_one(gradient):
    gradient["W"][1, 1] *= 1 + 1e-9


def double(gradient):
    for array in gradient.values():
        np.multiply(array, 2, out=array)


MISTAKES = {
    "zero": set_all(0.0),
    "one": set_all(1.0),
    "nan": set_all(np.nan),
    "infinite": set_all(np.inf),
    "sign": flip,
    "sign of one entry": flip_one,
    "one array zero": zero_one_array,
    "transposed": transpose,
    "one entry nan": nan_one,
    "one entry off by 1e-9": scale_one,
    "twice": double,
}


@pytest.mark.parametrize(
    ("make", "scale"),
    [
        *((scaled, s) for s in (1.0, 1e-12, 1e-200, 1e200)),
        *((offset, s) for s in (1.0, 1e-12, 1e-200)),
    ],
)
@pytest.mark.parametrize("mistake", MISTAKES)
def test_no_mistake_passes(mistake, make, scale):
    """However small the gradient, a wrong one must not be called right."""
    comparison = gm.compare(
        make(scale), [*gm.PROVIDERS.values(), Planted(MISTAKES[mistake])], seconds=0
    )
    assert comparison.verdicts["planted"] in {"disagrees", "not finite"}
    assert comparison.verdicts["analytical"] == comparison.verdicts["backprop"] == "agrees"
    assert not comparison.agree
    assert "planted" in str(comparison).splitlines()[-1]


@pytest.mark.parametrize("scale", [1.0, 1e-12, 1e-200, 1e200])
def test_right_gradients_pass(scale):
    """A check that rejects right answers teaches people to ignore it."""
    comparison = gm.compare(scaled(scale), seconds=0)
    assert set(comparison.verdicts.values()) == {"agrees"}
    assert comparison.agree


@pytest.mark.parametrize("scale", [1e-12, 1e-14])
def test_drowned_differences_are_unresolved(scale):
    """Differences that cannot tell the gradient from zero must not vote, for or against."""
    comparison = gm.compare(offset(scale), seconds=0)
    assert comparison.verdicts["numerical"] == "unresolved"
    assert comparison.agree


def test_a_wrong_provider_is_named_even_if_it_comes_first():
    """Trusting the first provider would blame the right ones."""
    comparison = gm.compare(scaled(1.0), [Planted(flip), *gm.PROVIDERS.values()], seconds=0)
    assert comparison.verdicts["planted"] == "disagrees"
    assert comparison.reference is not None
    assert comparison.reference.provider in gm.PROVIDERS


def test_a_single_provider_decides_nothing():
    """One answer cannot agree with itself."""
    comparison = gm.compare(scaled(1.0), [gm.Backprop()], seconds=0)
    assert comparison.verdicts == {"backprop": "undecided"}
    assert not comparison.agree


def test_two_that_differ_both_disagree():
    """With two witnesses and no truth, neither may be called right."""
    comparison = gm.compare(scaled(1.0), [gm.Backprop(), Planted(double)], seconds=0)
    assert set(comparison.verdicts.values()) == {"disagrees"}


def test_obstacles_are_rows_with_reasons():
    """A method that cannot run must be listed with its reason, not left out."""

    def loss(w, *, xp=np):
        return np.sum(w * w)  # np where xp was needed: only plain NumPy can run it

    comparison = gm.compare(gm.Problem(loss, np.array([0.3, 0.7])), seconds=0)
    assert comparison.verdicts == {
        "analytical": "obstacle",
        "numerical": "undecided",
        "backprop": "obstacle",
    }
    assert "np.sum" in comparison.table.loc["backprop", "obstacle"]
    assert "np.sum" in str(comparison)


def test_a_failing_provider_does_not_hide_the_others():
    """Finished work must survive one provider's bug."""

    def explode(gradient):
        raise RuntimeError("bug in a user's provider")

    comparison = gm.compare(scaled(1.0), [*gm.PROVIDERS.values(), Planted(explode)], seconds=0)
    assert comparison.verdicts["planted"] == "obstacle"
    assert "bug in a user's provider" in comparison.table.loc["planted", "obstacle"]
    assert comparison.agree


def test_providers_of_one_name_are_refused():
    """Two rows of one name could not be told apart."""
    with pytest.raises(gm.InvalidOption, match="different names"):
        gm.compare(scaled(1.0), [gm.Backprop(), gm.Backprop()])


def test_the_table_holds_what_was_promised():
    """Columns are what scripts and papers build on."""
    comparison = gm.compare(scaled(1.0), seconds=0.02)
    table = comparison.table
    assert list(table.index) == ["analytical", "numerical", "backprop"]
    assert table["forward_passes"].to_list() == [0, 12, 1]
    assert (table["ratio_low"] <= table["ratio"]).all()
    assert (table["ratio"] <= table["ratio_high"]).all()
    assert (table[["gradient_s", "preparation_s"]] > 0).all(axis=None)
    assert np.diag(comparison.pairwise).tolist() == [0, 0, 0]
    assert set(comparison.per_array["array"]) == {"W", "b"}


def test_plot_has_a_point_per_provider():
    """A provider that is missing from the picture is missing from the paper."""
    import matplotlib as mpl

    mpl.use("Agg")
    axes = gm.compare(scaled(1.0), seconds=0.02).plot()
    texts = " ".join(text.get_text() for text in axes.texts)
    assert all(name in texts for name in gm.PROVIDERS)


def test_error_measures():
    """Each measure on numbers small enough to check by eye."""
    assert error(np.array([3.0, 4.0]), np.array([3.0, 4.0])).norm == 0
    assert error(np.array([0.0, 0.0]), np.array([3.0, 4.0])).norm == 1
    assert error(np.array([-3.0, -4.0]), np.array([3.0, 4.0])).norm == 2
    assert error(np.array([3.0, 4.4]), np.array([3.0, 4.0])).worst == pytest.approx(0.1)
    assert error(np.array([5e-324]), np.array([1e-323])).norm == 0.5
    assert error(np.array([1e308]), np.array([-1e308])).norm == np.inf
    for bad in (np.nan, np.inf):
        assert error(np.array([bad]), np.array([1.0])).norm == np.inf
        assert error(np.array([1.0]), np.array([bad])).norm == np.inf
        assert error(np.array([bad]), np.array([bad])).norm == np.inf
