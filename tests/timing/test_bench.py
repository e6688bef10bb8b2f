"""The benchmark: its grid, what it can afford, its gaps, its records. No real time is asserted."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import dataclass

import pytest

import gradmethods as gm
from benchmarks import speed
from gradmethods.core.provider import PreparedGradient
from gradmethods.errors import BudgetExceeded, GradientError
from gradmethods.output.format import duration
from gradmethods.providers.attempt import Gap
from gradmethods.timing import trial
from gradmethods.timing.cases import GRIDS, PROVIDERS, Case, grid
from gradmethods.timing.plan import Plan
from gradmethods.timing.trial import Settings, run_case

SMOKE = Settings(seconds=0.0)


@dataclass(frozen=True)
class Fake:
    """A provider that does what a test needs, and backprop's gradient otherwise."""

    name: str = "backprop"
    says: str | None = None
    raises: BaseException | None = None
    passes: int = 1
    calls: int = 0

    def obstacle(self, problem):
        return self.says

    def prepare(self, problem):
        if self.raises is not None:
            raise self.raises
        fake, inner = self, gm.Backprop().prepare(problem)

        class Prepared(PreparedGradient):
            forward_passes = fake.passes
            value_passes = 0

            def _evaluate(self, params, data):
                for _ in range(fake.calls):
                    self.problem.loss(params, **data)
                return inner._evaluate(params, data)

        return Prepared(problem, {})


def test_the_grid_is_complete_and_knows_its_sizes():
    """If a case were missing or its n wrong, a figure would lack or misplace a point."""
    cases = grid()
    assert len({case.key for case in cases}) == len(cases)
    parts = GRIDS["all"].values()
    assert len(cases) == sum(len(part.providers) * len(part.scales) for part in parts)
    assert set(cases) < set(grid("full"))
    assert set(grid("small")) < set(grid("full"))
    with pytest.raises(GradientError, match="smal"):
        grid("smal")


def test_cheap_cases_come_first():
    """If expensive cases came first, a small budget would buy a single method."""
    order = [case.key for case in grid()]
    assert {case.provider for case in grid()[: len(PROVIDERS)]} == set(PROVIDERS)
    assert order.index("width-1024-backprop") < order.index("width-128-numerical")
    assert order.index("width-32-numerical") < order.index("width-128-analytical:expanded")
    for provider in PROVIDERS:
        sizes = [case.n for case in grid() if case.provider == provider and case.sweep == "width"]
        assert sizes == sorted(sizes)


def test_an_estimate_above_the_limit_is_a_gap_and_larger_cases_are_not_tried():
    """If the forecast failed, one case could eat the whole budget."""
    plan = Plan(limit=15.0)
    for scale, seconds in ((8, 0.1), (16, 1.0)):
        case = Case("width", "numerical", scale)
        assert plan.refusal(case) is None
        plan.finished(case, preparation=0.0, gradient=seconds)
    large, larger = Case("width", "numerical", 64), Case("width", "numerical", 128)
    refusal = plan.refusal(large)
    assert refusal is not None
    assert refusal.kind == "limit"
    assert "15 s" in refusal.reason
    plan.stopped(large, refusal)
    later = plan.refusal(larger)
    assert later is not None
    assert "n = 4,417" in later.reason
    assert plan.refusal(Case("depth", "numerical", 64)) is None  # another sweep is another story
    assert plan.refusal(Case("width", "backprop", 128)) is None


def test_the_budget_is_never_overrun():
    """If it were, `make bench` would take longer than it promises."""
    now = 0.0
    budget, limit = 50.0, 15.0
    plan = Plan(limit, budget, clock=lambda: now)
    kinds = []
    for case in grid():
        refusal = plan.refusal(case)
        if refusal is not None:
            plan.stopped(case, refusal)
            kinds.append(refusal.kind)
            continue
        seconds = min(1e-4 * case.n**1.3, plan.allowance)  # a case is stopped at its allowance
        now += seconds
        plan.finished(case, 0.0, seconds)
    assert now <= budget
    assert {"limit", "budget"} <= set(kinds)


@pytest.mark.parametrize(
    ("provider", "kind", "words"),
    [
        (Fake(says="The loss has a kink."), "obstacle", "kink"),
        (Fake(raises=BudgetExceeded("Too many operations.")), "obstacle", "operations"),
        (Fake(raises=ZeroDivisionError("a bug")), "error", "ZeroDivisionError: a bug"),
        (Fake(raises=MemoryError()), "memory", "memory"),
        (Fake(passes=10**9), "limit", "1,000,000,000 forward passes"),
    ],
)
def test_what_cannot_be_measured_is_a_gap_with_its_reason(provider, kind, words):
    """If a refusal raised, or left no row, a table would be silently incomplete."""
    plan = Plan(limit=15.0)
    record = run_case(Case("width", "backprop", 1), plan, SMOKE, provider=provider)
    assert record["outcome"] == "gap"
    assert record["kind"] == kind
    assert words in record["reason"]
    assert record["n"] == 7
    after = run_case(Case("width", "backprop", 2), plan, SMOKE)
    assert after["outcome"] == "gap"
    assert "n = 7 was not measured" in after["reason"]


def test_a_case_that_hangs_is_stopped():
    """If it were not, an estimate that is wrong would hold up the whole run."""

    class Hanging(Fake):
        def prepare(self, problem):
            for _ in itertools.count():
                pass

    plan = Plan(limit=0.05)
    record = run_case(Case("width", "backprop", 1), plan, SMOKE, provider=Hanging())
    assert (record["outcome"], record["kind"]) == ("gap", "limit")
    assert "topped after" in record["reason"]


@pytest.mark.parametrize("heavy", [1.0, 0.0])
def test_a_record_counts_real_calls(heavy, monkeypatch):
    """If the count came from the provider, a wrong claim about forward passes would stand."""
    monkeypatch.setattr(trial, "HEAVY", heavy)  # with 0 the timed call is the counted one
    fake = Fake(name="numerical", passes=1, calls=14)
    record = run_case(Case("width", "numerical", 1), Plan(15.0), SMOKE, provider=fake)
    assert record["outcome"] == "measured"
    assert record["loss_calls_per_gradient"] == 14
    assert record["forward_passes"] == 1
    assert record["error"] < 1e-15
    assert record["reference"].startswith("the certified gradient")
    assert record["rounds"] == len(record["gradient_seconds"]) == 1
    json.dumps(record, allow_nan=True)


def test_durations_read_like_durations():
    """If they did not, reasons of gaps would be riddles."""
    assert [duration(s) for s in (5e-7, 0.02, 3.0, 90.0, 300.0, 7200.0)] == [
        "0.5 µs", "20 ms", "3 s", "90 s", "5 min", "2 h",
    ]  # fmt: skip


def test_a_run_that_goes_on_remembers():
    """If it forgot, it would try again what was too large, or never try what had no time."""
    plan = Plan(limit=15.0)
    case = Case("width", "backprop", 1)
    assert plan.recall(run_case(case, Plan(15.0), SMOKE))
    assert plan.forecast(Case("width", "backprop", 2)) > 0
    gap = run_case(case, Plan(15.0), SMOKE, provider=Fake(says="No."))
    assert plan.recall(gap)
    assert plan.refusal(Case("width", "backprop", 2)) is not None
    assert not plan.recall(gap | {"kind": "budget"})


def test_gaps_are_values():
    """If they were not, two equal refusals would differ in a comparison of runs."""
    assert Gap("limit", "x") == Gap("limit", "x")


def test_tables_of_speed_are_made(capsys, monkeypatch):
    """A command that has rotted shows nobody how fast anything is."""
    monkeypatch.setattr(speed, "PASSES", ("xor",))
    assert speed.main(["--seconds", "0", "--largest", "1000", "--longest", "0"]) == 0
    lines = capsys.readouterr().out.splitlines()
    cells = [line for line in lines if line.startswith("  ")]
    assert len(cells) == 1 + 3 + 1 + (2 + len(speed.WALKS)) + len(speed.TOTALS)
    assert all(re.search(r"\d\.\d\d", line) for line in cells)
