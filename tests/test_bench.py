"""The benchmark: its grid, what it can afford, its gaps, its records. No real time is asserted."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from dataclasses import dataclass

import pytest

import gradmethods as gm
from gradmethods import bench
from gradmethods.cost import trial
from gradmethods.cost.cases import GRIDS, PROVIDERS, Case, grid
from gradmethods.cost.plan import Gap, Plan, duration
from gradmethods.cost.trial import Settings, run_case
from gradmethods.errors import BudgetExceeded, GradientError, InvalidOption
from gradmethods.provider import PreparedGradient
from gradmethods.report.files import (
    ACCURACY,
    PROVENANCE,
    RECORDS,
    append_record,
    read_records,
    write_json,
)

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
    assert len(cases) == len(PROVIDERS) * sum(len(scales) for scales in GRIDS["all"].values())
    for case in cases:
        if case.n < 10_000:
            assert case.problem(0).size == case.n
    assert set(grid("small")) < set(cases)
    with pytest.raises(GradientError, match="smal"):
        grid("smal")


def test_cheap_cases_come_first():
    """If expensive cases came first, a small budget would buy a single method."""
    order = [case.key for case in grid()]
    assert {case.provider for case in grid()[: len(PROVIDERS)]} == set(PROVIDERS)
    assert order.index("width-1024-backprop") < order.index("width-128-numerical")
    assert order.index("width-32-numerical") < order.index("width-8-analytical")
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
    budget, limit = 30.0, 15.0
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
    assert record["error"] == 0.0
    assert record["rounds"] == len(record["gradient_rounds"]) == 1
    json.dumps(record, allow_nan=True)


def test_durations_read_like_durations():
    """If they did not, reasons of gaps would be riddles."""
    assert [duration(s) for s in (5e-7, 0.02, 3.0, 90.0, 300.0, 7200.0)] == [
        "0.5 µs", "20 ms", "3 s", "90 s", "5 min", "2 h",
    ]  # fmt: skip


def test_a_case_runs_under_pytest_benchmark_and_is_on_disk(tmp_path):
    """If the plumbing broke, `make bench` would measure and keep nothing."""
    command = [
        *(sys.executable, "-m", "pytest", str(bench.find_benchmarks()), "-q"),
        *("-p", "no:cacheprovider", "-k", "noise or width-1-backprop"),
        *(f"--bench-out={tmp_path}", "--bench-seconds=0.01"),
        f"--benchmark-json={tmp_path / 'pytest-benchmark.json'}",
    ]
    root = bench.find_benchmarks().parent
    first = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert first.returncode == 0, first.stdout
    records = {record["key"]: record for record in read_records(tmp_path / RECORDS)}
    assert records["width-1-backprop"]["outcome"] == "measured"
    assert "noise-2" in records
    assert "2-1-1-1" in first.stdout
    (kept,) = json.loads((tmp_path / "pytest-benchmark.json").read_text())["benchmarks"]
    assert kept["stats"]["rounds"] == records["width-1-backprop"]["rounds"]
    assert kept["extra_info"]["calls_per_round"] == records["width-1-backprop"]["gradient_calls"]


def test_a_new_run_moves_the_old_one_and_touches_nothing_else(tmp_path):
    """If runs mixed, a figure would show two machines; if strangers went, someone's work would."""
    append_record(tmp_path / RECORDS, {"key": "old"})
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "old.svg").write_text("made from old records")
    (tmp_path / "figures" / "mine.svg").write_text("mine")
    outside = tmp_path.parent / "outside.txt"
    outside.write_text("not in the folder")
    write_json(
        tmp_path / "index.json",
        {"items": [{"files": ["figures/old.svg", "../outside.txt"]}]},
    )
    bench.clear(tmp_path)
    assert not (tmp_path / RECORDS).exists()
    assert read_records(tmp_path / "previous" / RECORDS) == [{"key": "old"}]
    assert not (tmp_path / "figures" / "old.svg").exists()
    assert (tmp_path / "figures" / "mine.svg").exists()
    assert (tmp_path / "notes.txt").exists()
    assert outside.exists()


@pytest.mark.parametrize(("status", "kind"), [(None, "budget"), (2, "not run")])
def test_a_killed_run_leaves_gaps(tmp_path, monkeypatch, capsys, status, kind):
    """If unfinished cases left no row, a killed run would look complete."""

    def killed(benchmarks, folder, limit, settings, seconds):
        done = Case("width", "backprop", 1)
        append_record(folder / RECORDS, run_case(done, Plan(limit), SMOKE))
        return status

    monkeypatch.setattr(bench, "_run_pytest", killed)
    monkeypatch.setattr(bench, "accuracy_rows", lambda seconds: [])
    monkeypatch.setattr(bench, "write_report", lambda folder: [])
    assert bench.run_benchmarks(tmp_path, budget=1.0) == 1
    records = read_records(tmp_path / RECORDS)
    others = [case.key for case in grid() if case != Case("width", "backprop", 1)]
    assert [record["key"] for record in records[1:]] == others
    assert {record["kind"] for record in records[1:]} == {kind}
    assert (tmp_path / ACCURACY).exists()
    assert json.loads((tmp_path / PROVENANCE).read_text())["budget"] == 1.0
    assert f"{len(records) - 1} gaps" in capsys.readouterr().out


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


def test_a_run_goes_on_only_with_the_same_code(tmp_path, monkeypatch):
    """If it went on with another commit, one figure would hold two programs."""
    write_json(tmp_path / PROVENANCE, {"git": {"commit": "another", "dirty": False}})
    monkeypatch.setattr(bench, "_run_pytest", lambda *args: pytest.fail("it ran"))
    with pytest.raises(GradientError, match="git was"):
        bench.run_benchmarks(tmp_path, resume=True)


def test_wrong_uses_are_refused(tmp_path, monkeypatch):
    """If they were not, a typo would cost five minutes, or an installed wheel a traceback."""
    with pytest.raises(InvalidOption, match="budget"):
        bench.run_benchmarks(tmp_path, budget=0.0)
    monkeypatch.setattr(bench, "__file__", str(tmp_path / "gradmethods" / "bench.py"))
    with pytest.raises(GradientError, match="clone the repository"):
        bench.run_benchmarks(tmp_path)


def test_gaps_are_values():
    """If they were not, two equal refusals would differ in a comparison of runs."""
    assert Gap("limit", "x") == Gap("limit", "x")
