"""Sweeps: each describes the problems that it makes, and what is measured once stays one."""

from __future__ import annotations

import numpy as np
import pytest

from gradmethods.errors import GradientError
from gradmethods.providers.registry import traits
from gradmethods.report import cost_frames as frames
from gradmethods.timing import trial
from gradmethods.timing.cases import GRIDS, PROVIDERS, Case, grid
from gradmethods.timing.plan import Plan
from gradmethods.timing.sweeps import CATALOGUE, NETWORKS, OTHERS, SWEEPS, get_sweep
from gradmethods.timing.trial import Settings, restate, run_case
from tests.report_records import record

LARGEST = 70_000
"""Parameters up to which a test makes a problem; helmholtz has a matrix of their square."""

WORK = {"helmholtz": 2.0, "gaussian-likelihood": 1.5}
"""Exponents of what grows in the time of one pass, where it is not 1."""


@pytest.mark.medium
@pytest.mark.parametrize("name", SWEEPS)
def test_a_sweep_knows_the_problems_that_it_makes(name):
    """If a size were wrong, a point would stand at the wrong place of every figure."""
    sweep = SWEEPS[name]
    assert list(sweep.scales) == sorted(set(sweep.scales))
    for scale in sweep.scales:
        if sweep.n(scale) > LARGEST / (50 if sweep.work > 1 else 1):
            continue
        problem = sweep.make(scale, seed=0)
        assert problem.size == sweep.n(scale)
        examples = {len(problem.data[key]) for key in problem.examples}
        assert examples == ({sweep.batch(scale)} if sweep.batch(scale) else set())
        steps = problem.data.get("x", ())
        grown = {"n": problem.size, "N": max(examples, default=0), "T": len(steps)}
        assert sweep.size(scale) == grown[sweep.grows]
        assert np.isfinite(problem.value())


def test_sweeps_reach_from_four_parameters_to_ten_million():
    """If the range shrank, growth would be claimed over sizes that nobody measured."""
    sizes = [case.n for case in grid("full") if case.provider == "backprop"]
    assert min(sizes) == 4
    assert max(sizes) > 10_000_000
    examples = [case.size for case in grid("full") if case.kind.grows == "N"]
    assert (min(examples), max(examples)) == (1, 100_000)
    assert set(GRIDS["full"]) == set(SWEEPS) >= {*NETWORKS, *OTHERS, "batch"}


def test_the_grid_of_a_short_run_is_affordable():
    """Beyond width and depth, a hundred cases fit beside them into five minutes."""
    more = [case for case in grid("all") if case.sweep not in (*NETWORKS, *CATALOGUE)]
    assert 30 <= len(more) <= 45
    assert {case.sweep for case in more} >= {"batch", "rosenbrock", "helmholtz"}
    field = [case for case in grid("all") if case.sweep in CATALOGUE]
    assert len(field) == 60
    families = {traits(name).family for name in PROVIDERS}
    for name in CATALOGUE:  # every method has the sizes that an exponent takes
        sizes = {(case.provider, case.size) for case in field if case.sweep == name}
        methods = {method for method, _ in sizes}
        assert {traits(method).family for method in methods} == families
        assert {sum(method == other for other, _ in sizes) for method in methods} == {4}


def test_a_case_that_is_no_network_has_no_layers():
    """If it had, a law of layers would be fitted to something else."""
    assert Case("rosenbrock", "backprop", 16).network == "rosenbrock"
    with pytest.raises(GradientError, match="is no network"):
        _ = Case("rosenbrock", "backprop", 16).hidden
    with pytest.raises(GradientError, match="sweep"):
        get_sweep("wdith")
    assert get_sweep("count-3").n(2) == (2 + 1) * 3 + (3 + 1) * 3 + 4


def test_the_same_work_is_measured_once():
    """2-8-8-1 stands in the sweep of width and in that of depth: one time, not two."""
    wide, deep = Case("width", "backprop", 8), Case("depth", "backprop", 2)
    assert wide.work == deep.work != Case("depth", "numerical", 2).work
    measured = run_case(wide, Plan(60.0), Settings(0.0))
    found = restate(deep, measured, Settings(0.0))
    assert found["outcome"] == "measured"
    assert (found["key"], found["sweep"], found["scale"]) == (deep.key, "depth", 2)
    assert found["gradient"] == measured["gradient"]
    assert found["ratio"] == measured["ratio"]


@pytest.mark.parametrize("name", SWEEPS)
def test_exponents_are_held_against_what_theory_says_of_the_sweep(name):
    """With more examples a pass takes longer, and no method takes more of them."""
    sweep = SWEEPS[name]
    exponent = sweep.ratio_exponent("numerical")
    assert exponent is not None
    cases = [Case(name, "numerical", scale) for scale in sweep.scales]
    entries = [record(case, 3.0 * case.size**exponent) for case in cases]
    slopes = frames.slopes_frame(frames.costs_frame(entries)).set_index("quantity")
    ratio = slopes.loc["ratio"]
    assert ratio["theory"] == exponent == (1.0 if sweep.grows == "n" else 0.0)
    assert ratio["exponent"] == pytest.approx(exponent, abs=1e-12)
    assert (ratio["start"], ratio["end"]) == (cases[0].size, cases[-1].size)
    assert slopes.loc["gradient_s", "theory"] == exponent + WORK.get(name, 1.0)


def test_records_say_what_was_differentiated():
    """A record of Rosenbrock's function that called it an mlp would be read as one."""
    made = trial.describe(Case("rosenbrock", "backprop", 16), Settings(0.0))
    assert (made["problem"], made["batch"], made["n"]) == ("rosenbrock", None, 16)
    made = trial.describe(Case("batch", "backprop", 10), Settings(0.0))
    assert (made["problem"], made["batch"], made["n"]) == ("mlp", 10, 13)
