"""Verdicts: a comparison that a wrong gradient can pass is worse than none."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.comparison import DEFAULT_PROVIDERS
from gradmethods.core.distance import error
from gradmethods.problems import hard
from tests.planted import MISTAKES, PARAMS, Planted, double, flip, offset, scaled
from tests.samples import sampled

SCALED = [(scaled, s) for s in (1.0, 1e-12, 1e-200, 1e200)]
OFFSET = [(offset, s) for s in (1.0, 1e-12, 1e-200)]
PLANTED = list(product(MISTAKES, SCALED + OFFSET))


def named(planted):
    mistake, (make, scale) = planted
    return f"{mistake}, {make.__name__} {scale:g}"


@pytest.mark.medium
@pytest.mark.parametrize("planted", sampled(PLANTED, kept=PLANTED[::3]), ids=named)
def test_no_mistake_passes(planted):
    """However small the gradient, a wrong one must not be called right."""
    mistake, (make, scale) = planted
    comparison = gm.compare(
        make(scale), [*gm.PROVIDERS.values(), Planted(MISTAKES[mistake])], seconds=0
    )
    assert comparison.verdicts["planted"] == "wrong"
    assert comparison.verdicts["analytical"] == comparison.verdicts["backprop"] == "right"
    assert not comparison.agree
    assert "planted" in str(comparison).splitlines()[-1]


@pytest.mark.parametrize("scale", [1.0, 1e-12, 1e-200, 1e200])
def test_right_gradients_pass(scale):
    """A check that rejects right answers teaches people to ignore it."""
    comparison = gm.compare(scaled(scale), seconds=0)
    assert set(comparison.verdicts.values()) == {"right"}
    assert comparison.agree


@pytest.mark.parametrize("scale", [1e-14, 1e-15])
def test_drowned_differences_are_unresolved(scale):
    """Differences that cannot tell the gradient from zero must not vote, for or against."""
    comparison = gm.compare(offset(scale), seconds=0)
    assert comparison.verdicts["numerical"] == "not decided"
    assert comparison.agree


def test_a_wrong_provider_is_named_even_if_it_comes_first():
    """Trusting the first provider would blame the right ones."""
    comparison = gm.compare(scaled(1.0), [Planted(flip), *gm.PROVIDERS.values()], seconds=0)
    assert comparison.verdicts["planted"] == "wrong"
    assert {comparison.verdicts[name] for name in gm.PROVIDERS} == {"right"}


def test_a_single_provider_is_held_against_the_truth():
    """Nobody else is needed to say that one is right, or wrong."""
    comparison = gm.compare(scaled(1.0), [gm.Backprop()], seconds=0)
    assert comparison.verdicts == {"backprop": "right"}
    assert comparison.agree
    assert gm.compare(scaled(1.0), [Planted(double)], seconds=0).verdicts == {"planted": "wrong"}


def test_a_majority_decides_nothing():
    """Five wrong ones against one that is right: the truth alone counts."""
    wrong = [Planted(double, f"wrong {k}") for k in range(5)]
    verdicts = gm.compare(scaled(1.0), [*wrong, gm.Backprop()], seconds=0).verdicts
    assert verdicts.pop("backprop") == "right"
    assert set(verdicts.values()) == {"wrong"}


def test_obstacles_are_rows_with_reasons():
    """A method that cannot run must be listed with its reason, not left out."""

    def loss(w, *, xp=np):
        return np.sum(w * w)  # np where xp was needed: a black box in fact

    comparison = gm.compare(gm.Problem(loss, np.array([0.3, 0.7])), seconds=0)
    assert comparison.verdicts == {
        "analytical": "obstacle",
        "numerical": "right",
        "numerical:complex-step": "obstacle",
        "backprop": "obstacle",
    }
    assert not comparison.truth.certified
    assert "np.sum" in comparison.truth.why
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
    assert tuple(table.index) == DEFAULT_PROVIDERS
    assert table["forward_passes"].to_list() == [0, 12, 6, 1]
    # A slow machine makes too few rounds for an interval: NaN.
    assert not (table["ratio_low"] > table["ratio"]).any()
    assert not (table["ratio"] > table["ratio_high"]).any()
    assert (table[["gradient_s", "preparation_s"]] > 0).all(axis=None)
    assert np.diag(comparison.pairwise).tolist() == [0, 0, 0, 0]
    assert set(comparison.per_array["array"]) == {"W", "b"}


@pytest.mark.parametrize(
    ("providers", "names"),
    [
        ("backprop", ["backprop"]),
        (gm.Numerical("forward"), ["numerical:forward"]),
        (["numerical:forward", gm.Backprop()], ["numerical:forward", "backprop"]),
        (iter(["backprop"]), ["backprop"]),
    ],
)
def test_providers_may_be_named_or_alone(providers, names):
    """A list of objects around one name is a ceremony that people forget."""
    comparison = gm.compare(scaled(1.0), providers, seconds=0)
    assert [answer.provider for answer in comparison.answers] == names


def test_wrong_arguments_are_told():
    """A loss in the place of a problem must not surface as a missing attribute."""
    wrong: Any = lambda w, xp=np: xp.sum(w)  # noqa: E731  # what users pass
    with pytest.raises(gm.InvalidProblem, match=r"gm\.Problem"):
        gm.compare(wrong)
    for provider in (gm.Backprop, 3, [3], [gm.Backprop]):
        mistaken: Any = provider
        with pytest.raises(gm.InvalidOption, match=r"gm\.Backprop\(\) or 'backprop'"):
            gm.compare(scaled(1.0), mistaken)
    with pytest.raises(gm.UnknownName, match="Did you mean 'backprop'"):
        gm.compare(scaled(1.0), "backprp")


class Careless(Planted):
    """Returns whatever it is told to."""

    def prepare(self, problem):
        return lambda params, **data: self.mistake


@pytest.mark.parametrize(
    "returned",
    [
        (None, PARAMS),
        (np.ones(2), PARAMS),
        (1j, PARAMS),
        (True, PARAMS),
        (1.0, None),
        (1.0, {"W": PARAMS["W"]}),
        None,
        (1.0,),
    ],
)
def test_what_is_no_answer_is_an_obstacle(returned):
    """One provider's strange result must not end the comparison of the others."""
    comparison = gm.compare(scaled(1.0), ["backprop", "numerical", Careless(returned)], seconds=0)
    assert comparison.verdicts["planted"] == "obstacle"
    assert comparison.agree


def test_a_failure_while_timed_is_an_obstacle():
    """A provider that works once and then fails must not take the others' times with it."""
    calls: list[int] = []

    def once(gradient):
        calls.append(1)
        if len(calls) > 1:
            raise RuntimeError("only once")

    comparison = gm.compare(scaled(1.0), ["backprop", Planted(once)], seconds=0.02)
    assert "only once" in comparison.reasons["planted"]
    assert comparison.table.loc["backprop", "gradient_s"] > 0


def test_a_buffer_that_is_reused_is_copied():
    """Timing calls again: the gradient that is judged must be that of the first call."""
    calls: list[int] = []
    buffer = {name: np.empty_like(array) for name, array in PARAMS.items()}

    class Reusing(Planted):
        def prepare(self, problem):
            prepared = gm.Backprop().prepare(problem)

            def call(params, **data):
                value, gradient = prepared(params, **data)
                for name, array in gradient.items():
                    buffer[name][...] = array if not calls else 0
                calls.append(1)
                return value, buffer

            return call

    comparison = gm.compare(scaled(1.0), ["backprop", Reusing(None)], seconds=0.01)
    assert len(calls) > 1
    assert comparison.agree


def test_where_the_loss_has_no_values_nobody_is_wrong():
    """Where nothing is known, a gradient that is no number is as good as any other."""

    def alone(w):
        return 5.0 if list(w) == [1.0, 2.0] else float("nan")

    problem = gm.Problem(alone, [1.0, 2.0], black_box=True)
    mine = gm.Handwritten(lambda w: 2 * w, name="mine")
    compared = gm.compare(problem, ["numerical", mine], seconds=0)
    assert compared.verdicts == {"numerical": "not decided", "mine": "not decided"}
    assert (compared.status, compared.table["error"].isna().all()) == (3, True)
    assert "the loss gives no finite number beside the point" in " ".join(str(compared).split())


def test_a_gradient_of_ones_own_that_cannot_be_run_is_no_success():
    """A script that asks for it by the exit status must not read that all is well."""

    def failing(w):
        raise KeyError("rate")

    problem = gm.Problem(lambda w: float(w @ w), [1.0, 2.0], black_box=True)
    mine = gm.Handwritten(failing, name="mine")
    compared = gm.compare(problem, ["numerical", mine], seconds=0)
    assert (compared.status, compared.agree, compared.failed) == (2, False, ("mine",))
    assert str(compared).endswith("Right: numerical. Could not be run: mine.")
    refused = gm.compare(problem, ["numerical", "backprop"], seconds=0)
    assert refused.status == 0  # that one cannot, was to be expected
    assert "plain NumPy" not in str(gm.compare(problem, ["numerical"], seconds=0.001))


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


def test_a_notebook_shows_a_table():
    """A table of letters is broken by the proportional font of a notebook's cell."""
    found = gm.compare(gm.problems.get("rosenbrock", n=2), ["backprop", "forward"], seconds=0)
    page = found._repr_html_()
    assert page.count("<tr") == 3
    assert "<td>backprop</td>" in page
    assert "<p>Every provider that gave a gradient is right.</p>" in page
    check = gm.check_gradient(np.array([1.0, 2.0]), gm.problems.get("rosenbrock", n=2))
    assert "<th>verdict</th></tr><tr><td>2</td>" in check._repr_html_()
    assert "<p>WRONG: " in check._repr_html_()
    explained = gm.explain(hard.get("log-sum-exp-plain"))
    assert "<p>1. xp.exp makes inf of 750" in explained._repr_html_()
