"""What a comparison says: a table that is read in a terminal, and a picture."""

from __future__ import annotations

import re
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest

import gradmethods as gm
from gradmethods.comparison import DEFAULT_PROVIDERS
from gradmethods.comparison.comparison import comparison_text
from gradmethods.output import format as fmt
from tests.planted import Planted, scaled, zero_one_array

mpl.use("Agg")


def test_it_shows_itself():
    """At the prompt, an object's address is no answer."""
    comparison = gm.compare(scaled(1.0), seconds=0)
    assert repr(comparison) == str(comparison)
    assert comparison.agree
    assert set(comparison.verdicts.values()) == {"right"}


@pytest.mark.medium
def test_columns_are_explained_and_unmeasured_ones_left_out():
    """Columns of dashes, and words that nobody explains, hide the ones that matter."""
    unmeasured = str(gm.compare(scaled(1.0), seconds=0))
    assert "gradient ÷ loss" not in unmeasured
    assert "preparation" not in unmeasured
    measured = str(gm.compare(scaled(1.0), seconds=0.02))
    header = next(line for line in measured.splitlines() if line.startswith("provider"))
    legend = " ".join(measured[measured.index("error: ÷") :].split())
    for column in ("error", "worst component", "gradient ÷ loss", "passes"):
        assert column in header
        assert f"{column}: " in legend
    assert "certified" in legend


@pytest.mark.medium
def test_a_busy_machine_is_said():
    """Ratios that hold the work of other programs look like any other."""
    comparison = gm.compare(scaled(1.0), ["backprop", "numerical"], seconds=0.01)
    for busy in ([], ["numerical"], ["backprop", "numerical"]):
        judged = {}
        for name, each in comparison.judged.items():
            cost = each.answer.cost
            assert cost is not None
            cost = replace(cost, contended=name in busy)
            judged[name] = replace(each, answer=replace(each.answer, cost=cost))
        text = " ".join(comparison_text(replace(comparison, judged=judged)).split())
        said = f"the processor during most rounds of {', '.join(busy)}:"
        assert (said in text) == bool(busy)
        assert ("busy machine" in text) == bool(busy)


def test_numbers_are_written_for_people():
    """NaN in an interval looks like a result, and digits that come and go like precision."""
    text = str(gm.compare(scaled(1.0), seconds=1e-6))  # a round or two: no interval
    assert "nan" not in text
    big = gm.Problem(lambda w, *, xp=np: 0.7 * w[0], np.ones(1234), name="big")
    text = str(gm.compare(big, ["backprop", "numerical"], seconds=0))
    assert "big: 1,234 parameters" in text
    assert "2,468" in text
    assert "loss 0.7\n" in text
    assert [fmt.significant(x) for x in (2.0, 999.7, 0.5, 1e-5)] == [
        "2.00",
        "1,000",
        "0.500",
        "1.00e-05",
    ]
    assert fmt.time(float("nan")) == "–"
    assert re.search(r"\d\.0e", str(gm.compare(scaled(1.0), seconds=0))) is None


def test_one_reason_is_told_once():
    """The same paragraph for each provider buries the one that differs."""

    def loss(w, *, xp=np):
        return np.sum(w * w)

    text = str(gm.compare(gm.Problem(loss, np.array([0.3, 0.7])), seconds=0))
    paragraphs = [" ".join(part.split()) for part in text.split("\n\n")]
    (told,) = [part for part in paragraphs if "np.sum was called" in part]
    assert told.startswith("analytical, numerical:complex-step, backprop: ")
    assert "called on an array of shape (2,)" in told


def test_a_loss_that_is_nan_is_said_first():
    """Four providers that all fail have one cause: the point."""
    problem = gm.Problem(lambda w, *, xp=np: xp.sum(xp.log(w)), np.array([-1.0, 0.7]))
    comparison = gm.compare(problem, seconds=0)
    assert "The loss itself is NaN here" in str(comparison).splitlines()[1]
    assert set(comparison.verdicts.values()) <= {"not decided", "obstacle"}
    assert not comparison.agree


def test_culprits_come_with_reasons():
    """A verdict without the array and the size of the error sends people to a debugger."""
    comparison = gm.compare(
        scaled(1.0), ["backprop", "analytical", Planted(zero_one_array)], seconds=0
    )
    found = comparison.judged["planted"].verdict
    assert found is not None
    assert found.concerned == ("b",)
    assert set(found.arrays["b"].entries) == {(0,), (1,)}
    assert comparison.reasons["planted"].startswith("the gradient of 'b', entry [")
    assert comparison.reasons["backprop"] == ""
    text = " ".join(str(comparison).split())
    assert comparison.reasons["planted"] in text
    assert text.endswith("Right: backprop, analytical. Wrong: planted.")
    assert comparison.table.loc["planted", "reason"] == comparison.reasons["planted"]


@pytest.mark.medium
def test_kinks_are_suspected():
    """Differences that are wrong may be right about the other side of a kink."""
    problem = gm.Problem(lambda w, xp=np: xp.sum(xp.abs(w)), np.array([1e-3, 2.0]))
    wide = "numerical:forward[step=0.01]"
    comparison = gm.compare(problem, ["numerical:central[step=0.01]", wide], seconds=0)
    given = comparison.judged["numerical:central[step=0.01]"].answer.given
    assert given is not None
    assert given.exact is False
    assert comparison.verdicts["numerical:central[step=0.01]"] != "right"


def test_budgets_are_told_with_the_way_out():
    """A refusal that can be lifted must say how."""
    problem = gm.problems.get("mlp", widths=(2, 32, 32, 1))
    reason = gm.compare(problem, "analytical:expanded", seconds=0).reasons["analytical:expanded"]
    assert "gm.Analytical(budget=" in reason


def test_plot_has_a_point_per_provider():
    """A provider that is missing from the picture is missing from the paper."""
    axes = gm.compare(scaled(1.0), seconds=0.02).plot()
    texts = " ".join(text.get_text() for text in axes.texts)
    assert all(name in texts for name in gm.PROVIDERS)
    assert len([line for line in axes.lines if line.get_label()[0] != "_"]) == len(
        DEFAULT_PROVIDERS
    )


@pytest.mark.medium
def test_labels_stay_inside_the_picture():
    """A label that runs over the edge is cut off, or squeezes the axes."""
    for providers in (DEFAULT_PROVIDERS, ["backprop", "numerical:central[reuse,step=1e-06]"]):
        figure = gm.compare(gm.problems.get("xor"), providers, seconds=0.02).plot().figure
        figure.draw_without_rendering()
        inside = figure.axes[0].get_window_extent()
        for text in figure.axes[0].texts:
            box = text.get_window_extent()
            assert box.x0 >= inside.x0, text
            assert box.x1 <= inside.x1, text


@pytest.mark.medium
def test_many_providers_go_into_a_legend():
    """Nine labels beside nine points lie over one another."""
    names = [*DEFAULT_PROVIDERS, "numerical:forward", "numerical:five-point"]
    legend = gm.compare(scaled(1.0), names, seconds=0.01).plot().get_legend()
    assert len(legend.get_texts()) == len(names)


def test_without_times_there_is_no_picture():
    """An empty picture looks like a bug in the plot, not like a missing measurement."""
    with pytest.raises(gm.InvalidOption, match=r"timed.*seconds=0\.5"):
        gm.compare(scaled(1.0), seconds=0).plot()


def test_a_comparison_is_computed_once(monkeypatch):
    """If showing it judged or certified again, a debugger would take seconds at each step."""
    comparison = gm.compare(scaled(1.0), seconds=0.01)
    monkeypatch.setattr("gradmethods.truth.judge.verdict", None)
    monkeypatch.setattr("gradmethods.truth.judge.judge", None)
    monkeypatch.setattr("gradmethods.engines.certified.certified_gradient", None)
    monkeypatch.setattr("gradmethods.engines.certified.enclosure.enclose_rounded", None)
    assert "Which to use" in repr(comparison)
    assert comparison.advice.able()
    assert comparison.agree
    assert set(comparison.table["verdict"]) == {"right"}


def test_without_a_certificate_nobody_is_called_right():
    """Two that agree may both be wrong: all that can be said is how far they are apart."""

    def loss(w, *, xp=np):
        return xp.sum(xp.sqrt(xp.expm1(w**4)))

    problem = gm.Problem(loss, np.array([0.0, 0.7]))
    comparison = gm.compare(problem, ["numerical", "numerical:forward"], seconds=0)
    assert set(comparison.verdicts.values()) == {"not decided"}
    assert comparison.truth.truth is None
    assert "not decided" in comparison.truth.why
    assert (comparison.agree, comparison.status) == (False, 3)
    assert comparison.table["error"].isna().all()
    apart = comparison.pairwise.loc["numerical", "numerical:forward"]
    assert 0 < apart < 1e-6
    assert "are at most" in str(comparison)
