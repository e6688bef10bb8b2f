"""The kill table: what is counted as caught, as missed and as a false alarm; other checkers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import gradmethods as gm
from benchmarks.peers.checkers import CHECKERS, flat_loss
from benchmarks.peers.judged import field
from gradmethods.comparison.kills import kill_summary, kill_table, kills_by_mistake
from gradmethods.studies.plants import MISTAKES
from tests.samples import sampled


@dataclass(frozen=True)
class Gullible:
    """A checker that finds no fault with anything."""

    name: str = "gullible"
    answer: bool = True

    def obstacle(self, problem):
        return None if problem.name != "network-1-1-1" else "too small for it"

    def accepts(self, problem, gradient):
        return self.answer


KEPT = ["logistic-regression", "helmholtz", "log-sum-exp"]
"""The mistakes of all problems are planted by `test_check_plants`, too."""


@pytest.fixture(scope="module")
def table():
    problems = [gm.problems.get("rosenbrock", n=3), gm.problems.get("network-1-1-1")]
    return kill_table(problems, [Gullible(), Gullible("grumpy", answer=False)])


def test_ours_catches_all_and_rejects_nothing_right(table):
    """The claim of the table's first row: 100 % of the mistakes, no false alarm."""
    summary = kill_summary(table).set_index(["problem", "checker"])
    for name in ("rosenbrock", "network-1-1-1"):
        row = summary.loc[name, "gradmethods"]
        assert row["caught"] == row["mistakes"] > 40
        assert (row["rate"], row["right"], row["rejected"]) == (1.0, 3, 0)
        assert row["smallest_caught"] < 1e-12
        assert math.isnan(row["largest_missed"])


def test_a_checker_that_says_always_the_same_is_seen_through(table):
    """Catching everything by rejecting everything must not look like a success."""
    summary = kill_summary(table).set_index(["problem", "checker"])
    gullible, grumpy = (summary.loc["rosenbrock", name] for name in ("gullible", "grumpy"))
    assert (gullible["caught"], gullible["rejected"], gullible["rate"]) == (0, 0, 0.0)
    assert gullible["largest_missed"] == pytest.approx(1e-2)
    assert math.isnan(gullible["smallest_caught"])
    assert (grumpy["caught"], grumpy["rejected"], grumpy["right"]) == (grumpy["mistakes"], 3, 3)


def test_who_cannot_judge_is_a_row_with_its_reason(table):
    """A checker that is missing must not count as one that misses."""
    summary = kill_summary(table).set_index(["problem", "checker"])
    row = summary.loc["network-1-1-1", "gullible"]
    assert (row["mistakes"], row["right"], row["reason"]) == (0, 0, "too small for it")
    assert math.isnan(row["rate"])


def test_a_mistake_that_cannot_be_made_is_judged_by_nobody(table):
    """It would be one more caught, or one more missed, of something that is not there."""
    absent = table[(table["problem"] == "rosenbrock") & (table["mistake"] == "transposed")]
    assert set(absent["outcome"]) == {""}
    assert set(absent["reason"]) == {"no array has rows and columns"}


def test_counts_by_mistake(table):
    """The rows say which kind of mistake a checker is blind to."""
    counts = kills_by_mistake(table).set_index("mistake")
    assert list(counts.columns) == ["plants", "gradmethods", "gullible", "grumpy"]
    assert list(counts.index) == [name for name in MISTAKES if name in counts.index]
    assert (counts["gradmethods"] == counts["plants"]).all()
    assert (counts["gullible"].fillna(0) == 0).all()
    assert counts.loc["sign flipped", "plants"] == 6  # the one array; all, and each of four


@pytest.mark.medium
@pytest.mark.parametrize("name", sampled(gm.problems.names(), kept=KEPT))
def test_kill_rate_on_the_catalogue(name):
    """What the issue asks of every problem: all mistakes rejected, no right gradient."""
    summary = kill_summary(kill_table([gm.problems.get(name)]))
    (row,) = summary.to_dict("records")
    assert (row["rate"], row["rejected"]) == (1.0, 0)
    assert row["right"] == 3
    assert row["smallest_caught"] < 1e-11


# -- checkers of other packages

PROBLEM = gm.problems.get("log-sum-exp", n=4)


@pytest.fixture(params=CHECKERS)
def checker(request):
    return CHECKERS[request.param]


def right(problem) -> Any:
    gradient: Any = gm.Backprop().prepare(problem)(problem.params).gradient
    return problem.structure.check(gradient)


def test_a_checker_accepts_the_right_gradient_and_no_coarse_mistake(checker):
    """Wrapped wrongly, a checker would reject everything or see nothing: no comparison at all."""
    if checker.missing():
        pytest.skip(checker.missing())
    gradient = right(PROBLEM)
    assert checker.accepts(PROBLEM, gradient)
    for wrong in (-gradient[""], 2 * gradient[""], 0 * gradient[""], np.nan * gradient[""]):
        assert not checker.accepts(PROBLEM, {"": wrong})


def test_a_checker_leaves_the_random_state_alone(checker):
    """A table that changes the random numbers of a program changes its results."""
    if checker.missing():
        pytest.skip(checker.missing())
    before, after = (np.random.RandomState(0) for _ in range(2))
    before.set_state(np.random.get_state())  # noqa: NPY002  # the state under test
    checker.accepts(PROBLEM, right(PROBLEM))
    after.set_state(np.random.get_state())  # noqa: NPY002  # as above
    assert before.random() == after.random()


def test_a_missing_checker_says_so(monkeypatch):
    """Without the extra the table has rows with a reason, and no traceback."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    checkers = list(CHECKERS.values())
    summary = kill_summary(kill_table([gm.problems.get("rosenbrock", n=2)], checkers))
    others = summary[summary["checker"] != "gradmethods"]
    assert set(others["checker"]) == set(CHECKERS)
    assert others["reason"].str.contains("not installed: pip install ").all()
    with pytest.raises(gm.UnsupportedOperation, match="not installed"):
        checkers[0].accepts(PROBLEM, right(PROBLEM))


def test_single_precision_is_not_theirs(checker):
    """Their tolerances are for doubles: judged by them, every float32 gradient would be wrong."""
    single = gm.problems.get("log-sum-exp", dtype="float32")
    assert checker.obstacle(single) == "its tolerances are made for double precision"


def test_the_flat_loss_is_the_loss():
    """Every checker differentiates this function: it must be the problem's."""
    problem = gm.problems.get("island")
    loss = flat_loss(problem)
    point = problem.structure.join(problem.structure.check(problem.params))
    assert loss(point) == problem.value()
    assert loss(2 * point) == problem.value({n: 2 * x for n, x in problem.params.items()})


def test_the_field_is_the_catalogue_and_more():
    """Absolute tolerances look well on losses near 1: some must be elsewhere."""
    names = [problem.name for problem in field()]
    assert names[: len(gm.problems.names())] == gm.problems.names()
    assert len(set(names)) == len(names) == len(gm.problems.names()) + 2
