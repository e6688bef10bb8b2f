"""A run of the benchmark: its folder, its lock, its end, and going on with it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial

import pytest

from gradmethods.app.runs import bench, run_cases
from gradmethods.app.runs.begin import clear
from gradmethods.app.runs.budget import SHORT, WORK, Budget
from gradmethods.errors import GradientError, InvalidOption
from gradmethods.output.files import (
    CLAIMS,
    DERIVATIONS,
    PROVENANCE,
    RECORDS,
    append_record,
    read_json,
    read_records,
    write_json,
)
from gradmethods.output.run_folder import locked
from gradmethods.timing.cases import Case, counts, grid
from gradmethods.timing.plan import Plan
from gradmethods.timing.trial import Settings, run_case

SMOKE = Settings(seconds=0.0)
OLD = {"key": "old", "outcome": "gap"}
CASES = """
import sys
from pathlib import Path
from gradmethods.timing.trial import Settings
from gradmethods.app.runs.run_cases import run_cases
run_cases(Path(sys.argv[1]), "small", 15.0, Settings(seconds=5.0), None)
"""
LOCK = """
import sys, time
from pathlib import Path
from gradmethods.output.run_folder import locked
with locked(Path(sys.argv[1])):
    print("locked", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def unproven(monkeypatch):
    """Leave out the proofs of derivations, which have a test of their own."""
    monkeypatch.setattr(bench, "prove", lambda *args: None)


@pytest.mark.medium
def test_a_case_runs_under_pytest_benchmark_and_is_on_disk(tmp_path):
    """If the plumbing broke, `make bench` would measure and keep nothing."""
    command = [
        *(sys.executable, "-m", "pytest", str(run_cases.find_benchmarks()), "-q"),
        *("-p", "no:cacheprovider", "-k", "noise or width-1-backprop"),
        *(f"--bench-out={tmp_path}", "--bench-seconds=0.01"),
        f"--benchmark-json={tmp_path / 'pytest-benchmark.json'}",
    ]
    root = run_cases.find_benchmarks().parent
    first = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert first.returncode == 0, first.stdout
    records = {record["key"]: record for record in read_records(tmp_path / RECORDS)}
    assert records["width-1-backprop"]["outcome"] == "measured"
    moments = {record["moment"] for key, record in records.items() if key.startswith("noise")}
    assert moments == {"start", "end"}
    (kept,) = json.loads((tmp_path / "pytest-benchmark.json").read_text())["benchmarks"]
    record = records["width-1-backprop"]
    assert kept["stats"]["rounds"] == len(record["gradient_seconds"]) == len(record["loss_seconds"])
    assert kept["stats"]["rounds"] == record["rounds"] + record["dropped"]
    assert kept["extra_info"]["calls_per_round"] == record["gradient_calls"]


def test_a_new_run_moves_the_old_one_and_touches_nothing_else(tmp_path):
    """If runs mixed, a figure would show two machines; if strangers went, someone's work would."""
    append_record(tmp_path / RECORDS, OLD)
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "fig-old.svg").write_text("made from old records")
    (tmp_path / "figures" / "mine.svg").write_text("mine")
    outside = tmp_path.parent / "outside.txt"
    outside.write_text("not in the folder")
    write_json(
        tmp_path / "index.json",
        {"items": [{"id": "fig-old", "files": ["figures/fig-old.svg", "../outside.txt"]}]},
    )
    clear(tmp_path)
    assert not (tmp_path / RECORDS).exists()
    assert read_records(tmp_path / "previous" / RECORDS) == [OLD]
    assert not (tmp_path / "figures" / "fig-old.svg").exists()
    assert (tmp_path / "figures" / "mine.svg").exists()
    assert (tmp_path / "notes.txt").exists()
    assert outside.exists()


def test_previous_holds_one_run_and_no_part_of_another(tmp_path):
    """If it did, two runs would mix there; if an empty run replaced it, measurements would go."""
    previous = tmp_path / "previous"
    for run, names in (("first", (RECORDS, CLAIMS)), ("second", (RECORDS,)), ("empty", ())):
        write_json(tmp_path / PROVENANCE, {"run_id": run})
        for name in names:
            append_record(tmp_path / name, OLD | {"text": run})
        clear(tmp_path)
    assert read_json(previous / PROVENANCE) == {"run_id": "second"}
    assert [record["text"] for record in read_records(previous / RECORDS)] == ["second"]
    assert not (previous / CLAIMS).exists()


@pytest.mark.medium
@pytest.mark.parametrize(("status", "kind"), [(None, "budget"), (2, "not run")])
def test_a_killed_run_leaves_gaps(tmp_path, monkeypatch, capsys, unproven, status, kind):
    """If unfinished cases left no row, a killed run would look complete."""

    def killed(folder, name, limit, settings, seconds, also, shown):
        done = Case("width", "backprop", 1)
        append_record(folder / RECORDS, run_case(done, Plan(limit), SMOKE))
        return status

    monkeypatch.setattr(bench, "run_cases", killed)
    monkeypatch.setattr(bench, "accuracy_rows", lambda *args: None)
    monkeypatch.setattr(bench, "ledger_rows", lambda *args: None)
    monkeypatch.setattr(bench, "write_report", lambda folder, pace: [])
    assert bench.run_benchmarks(tmp_path, budget=1.0) == (0 if status is None else 1)
    records = read_records(tmp_path / RECORDS)
    assert read_json(tmp_path / PROVENANCE)["finished"] is (status is None)
    others = [case.key for case in [*grid(), *counts()] if case != Case("width", "backprop", 1)]
    assert [record["key"] for record in records[1:]] == others
    assert {record["kind"] for record in records[1:]} == {kind}
    assert read_json(tmp_path / PROVENANCE)["budget"] == 1.0
    assert f"{len(grid()) - 1} gaps" in capsys.readouterr().out


def test_wrong_uses_are_refused(tmp_path, monkeypatch):
    """If they were not, a typo would cost five minutes, or an installed wheel a traceback."""
    for budget in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(InvalidOption, match="budget"):
            bench.run_benchmarks(tmp_path, budget=budget)
    monkeypatch.setattr(run_cases, "ROOT", tmp_path)
    with pytest.raises(GradientError, match="clone the repository"):
        bench.run_benchmarks(tmp_path)


@pytest.mark.medium
def test_an_interrupted_run_says_so(tmp_path, monkeypatch, capsys, undrawn, unproven):
    """If it did not, tables with holes in them would be taken for what the methods cannot do."""

    def interrupted(folder, name, limit, settings, seconds, also, shown):
        append_record(folder / RECORDS, run_case(Case("width", "backprop", 1), Plan(limit), SMOKE))
        raise KeyboardInterrupt

    monkeypatch.setattr(bench, "run_cases", interrupted)
    monkeypatch.setattr(bench, "accuracy_rows", lambda *args: pytest.fail("it went on"))
    assert bench.run_benchmarks(tmp_path) == run_cases.INTERRUPTED == 130
    records = read_records(tmp_path / RECORDS)
    assert {r["reason"] for r in records[1:]} == {"The run was interrupted before this case."}
    assert len(records) == len(grid()) + len(counts())
    assert read_json(tmp_path / PROVENANCE)["finished"] is False
    words = f"INCOMPLETE: the run was stopped before its end, after 1 of {len(grid())}"
    assert words in " ".join(capsys.readouterr().out.split())
    assert words in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "INCOMPLETE" in (tmp_path / "tables" / "tab-costs.tex").read_text(encoding="utf-8")


@pytest.mark.medium
def test_a_run_is_unfinished_until_its_end(tmp_path, monkeypatch, unproven):
    """If it counted as finished from the start, a killed run would look complete."""
    seen = []

    def look(folder, name, limit, settings, seconds, also, shown):
        seen.append(read_json(folder / PROVENANCE)["finished"])
        return 0

    monkeypatch.setattr(bench, "run_cases", look)
    monkeypatch.setattr(bench, "accuracy_rows", lambda *args: None)
    monkeypatch.setattr(bench, "ledger_rows", lambda *args: None)
    monkeypatch.setattr(bench, "write_report", lambda folder, pace: [])
    assert bench.run_benchmarks(tmp_path) == 0
    first = read_json(tmp_path / PROVENANCE)
    assert bench.run_benchmarks(tmp_path, resume=True) == 0
    assert seen == [False, False]
    last = read_json(tmp_path / PROVENANCE)
    assert set(last["phases"]) == {"derivations", "report"}
    assert last | {"phases": 0} == first | {"phases": 0, "finished": True, "resumed": 1}


def test_two_runs_cannot_share_a_folder(tmp_path):
    """If they could, one figure would hold the cases of both."""
    with locked(tmp_path), pytest.raises(GradientError, match="Another run is writing"):
        bench.run_benchmarks(tmp_path)
    with locked(tmp_path):  # and is free again
        pass


def test_a_killed_run_leaves_no_lock(tmp_path):
    """If it did, its folder could not be used again without knowing what to delete."""
    with subprocess.Popen(
        [sys.executable, "-c", LOCK, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "locked\n"
        with pytest.raises(GradientError, match="Another run"), locked(tmp_path):
            pass
        other.kill()
        other.wait()
    with locked(tmp_path):
        pass


@pytest.mark.medium
def test_cases_without_their_run_write_nothing(tmp_path):
    """If the child of a killed run went on, it would write into the next run's records."""
    command = [
        *(
            sys.executable,
            "-m",
            "pytest",
            str(run_cases.find_benchmarks() / run_cases.SCALING),
            "-q",
        ),
        *("-p", "no:cacheprovider", "-k", "width-1-backprop"),
        *(f"--bench-out={tmp_path}", "--bench-seconds=0.01", "--bench-parent=1"),
    ]
    root = run_cases.find_benchmarks().parent
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert "is gone" in done.stdout + done.stderr
    assert not (tmp_path / RECORDS).exists()


@pytest.mark.medium
@pytest.mark.skipif(os.name != "posix", reason="Windows passes no pipes on")
def test_the_cases_of_a_killed_run_end_with_it(tmp_path):
    """If they went on to the end of theirs, minutes in a full run, they would disturb the next."""
    with subprocess.Popen(
        [sys.executable, "-c", CASES, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        assert any("cases 1 of" in line for line in iter(run.stdout.readline, ""))
        run.kill()  # in the second case
    cases = ["pgrep", "-f", f"bench-out={tmp_path}"]
    end = time.monotonic() + 4.0  # before that case ends, and they find that the run is gone
    while subprocess.run(cases, check=False, capture_output=True).returncode == 0:
        assert time.monotonic() < end
        time.sleep(0.05)
    assert len(read_records(tmp_path / RECORDS)) == 1


@pytest.mark.medium
def test_ctrl_c_ends_the_cases_too(tmp_path):
    """If the child stayed, it would burn a core behind the user's back."""
    command = [sys.executable, "-m", "gradmethods.app.cli", "bench", "--out", str(tmp_path)]
    listens = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # in the background, none does
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=listens,  # noqa: PLW1509  # it calls the system alone
    ) as run:
        while not (tmp_path / RECORDS).exists():
            assert run.poll() is None
            time.sleep(0.1)
        os.kill(run.pid, signal.SIGINT)
        out, _ = run.communicate()  # until the child, too, has closed its end
    assert run.returncode == 130
    assert "INCOMPLETE" in out
    assert "Traceback" not in out


@pytest.mark.medium
def test_a_run_keeps_its_proofs(tmp_path):
    """If a run did not write them down, its report would have no derivations to show."""
    bench.prove(tmp_path, bench.PROOFS / 2)
    assert not (tmp_path / DERIVATIONS).exists()
    bench.prove(tmp_path, None)
    records = read_json(tmp_path / DERIVATIONS)
    assert [record["name"] for record in records] == ["network-1-1-1", "island"]
    assert all(row["proven"] == row["entries"] for record in records for row in record["rows"])
    clear(tmp_path)
    assert (tmp_path / "previous" / DERIVATIONS).exists()


@pytest.mark.parametrize(("times", "most"), [(1, 0.3), (2, 0.4), (10, 0.42)])
@pytest.mark.parametrize("seconds", [20.0, 100.0, 140.0, 300.0])
def test_a_slow_machine_leaves_the_report_its_time(seconds, times, most):
    """A report takes ten times as long at load 20: a run took 255 seconds of 140."""
    now = 0.0

    def work():
        nonlocal now
        now += times * WORK

    budget = Budget(seconds, SHORT, clock=lambda: now)
    budget.watch(work)
    assert budget.slowness == pytest.approx(times)
    parts = [budget.for_cases(), budget.for_accuracy(), budget.for_ledger()]
    lasts = [seconds - budget.spent - (part or 0.0) for part in parts]
    # All that a report takes, or of a budget too small for that most of its half.
    whole = max(SHORT.writing, SHORT.page * times)
    assert lasts[2] == pytest.approx(min(whole, most * seconds))
    assert seconds - budget.spent > lasts[0] > lasts[1] > lasts[2]


def test_without_a_budget_nothing_is_done_for_nothing():
    """Whoever has all the time in the world must not wait for a measurement of it."""
    budget = Budget(None, SHORT)
    budget.watch(lambda: pytest.fail("worked"))
    assert budget.for_cases() is None
