"""Difference steps on hard problems: no wrong answer without a mark, honest estimates, few passes.

A sample of the study in `step_study`; its targets are those of the whole.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

import gradmethods as gm
from tests.step_study import Answer, ask, costly, figures, offenders
from tests.step_truth import CASES, DTYPES, SCHEMES, facts

EVERY = 7
MEDIAN, WORST = 2.0, 100.0
HONEST, TIMID = 99.0, 2.0
LOOSE = 10.0
EVALUATIONS = 8.0


@pytest.fixture(scope="module")
def answers() -> list[Answer]:
    names = list(CASES)[::EVERY]
    with np.errstate(all="ignore"):
        return [ask(name, d, s) for name in names for d in DTYPES for s in SCHEMES]


def named(answers: list[Answer]) -> str:
    return "\n".join(offenders(answers, 20))


@pytest.mark.medium
def test_nothing_wrong_is_unmarked(answers):
    """A gradient that is wrong by more than half and looks right is the worst that can happen."""
    total = figures(answers)
    assert total["wrong unmrk"] == total["silent cmp"] == total["failed"] == 0, named(answers)


@pytest.mark.medium
def test_estimates_are_honest(answers):
    """An estimate below the true error is worse than none."""
    assert figures(answers)["honest %"] >= HONEST, named(answers)


@pytest.mark.medium
def test_estimates_are_close(answers):
    """An estimate far above the error makes a good gradient look useless."""
    assert figures(answers)["est/error"] <= LOOSE


@pytest.mark.medium
def test_marks_are_rare(answers):
    """To mark everything would be honest, and no help."""
    assert figures(answers)["timid %"] <= TIMID, named(answers)


@pytest.mark.medium
def test_kinks_at_the_point_are_marked(answers):
    """A mean of two one-sided slopes is not a derivative."""
    assert figures(answers)["invented"] == 0, named(answers)


@pytest.mark.medium
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_steps_are_near_the_best(answers, scheme, dtype):
    """Robust steps must not cost the digits that the scheme could give."""
    total = figures([a for a in answers if (a.scheme, a.dtype) == (scheme, dtype)])
    assert total["error/best"] <= MEDIAN
    assert total["worst smth"] <= WORST, named(answers)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "name",
    ["peaks at 10, 1e3, 1e5, -1e6", "phase at 1e5", "x mod 24 at 1e5", "chirp", "ripple 1e-6"],
)
def test_smooth_losses_that_look_rough(name, dtype):
    """Losses of more digits than their parameters, and waves, were taken for noise or stairs."""
    found = [ask(name, dtype, scheme) for scheme in SCHEMES]
    assert figures(found)["worst smth"] <= WORST, named(found)


@pytest.mark.medium
def test_passes_of_preparation():
    """Steps that cost more than several gradients would make differences slower than they are."""
    few, some, many = (
        [
            [
                gm.Numerical(scheme).prepare(problem).preparation_passes / n
                for problem in costly(n).values()
            ]
            for scheme in ("forward", "central", "five-point")
        ]
        for n in (20, 100, 1500)
    )
    assert np.median([*few, *some, *many]) <= EVALUATIONS
    assert max(map(np.median, some)) <= EVALUATIONS
    assert np.median(many) < np.median(some) / 4


def test_the_study_sees_each_fault():
    """A study that misses a planted fault proves nothing by finding none."""
    name, dtype, scheme = "rates 1e-3 to 1e3", "float64", "central"
    known = facts(name, dtype)
    ones, none = np.ones(known.truth.size), np.zeros(known.truth.size, bool)

    def answer(found, estimate, marked):
        best, smooth = known.best[scheme], known.smooth[scheme]
        return Answer(name, dtype, scheme, known.truth, best, smooth, found, estimate, marked, 1, 2)

    wrong = figures([answer(2 * known.truth, 1e-9 * ones, none)])
    assert wrong["wrong unmrk"] == 1
    assert wrong["silent cmp"] == known.truth.size
    assert wrong["honest %"] == 0
    excused = figures([answer(2 * known.truth, 1e9 * ones, none)])
    assert (excused["wrong unmrk"], excused["silent cmp"]) == (1, 0)
    marked = figures([answer(math.nan * ones, math.inf * ones, ~none)])
    assert (marked["wrong unmrk"], marked["honest %"], marked["timid %"]) == (0, 100, 100)
    right = figures([answer(known.truth, 1e-9 * ones, none)])
    assert right["worst smth"] <= 1
    assert right["honest %"] == 100
    silent = figures([answer(math.nan * ones, math.nan * ones, none)])
    assert silent["wrong unmrk"] == 1
