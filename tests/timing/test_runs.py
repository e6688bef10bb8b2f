"""Going on with a run: only with the very same, and never with lines of another."""

from __future__ import annotations

import json

import pytest

from gradmethods.app.runs import begin as begins
from gradmethods.app.runs import bench, run_cases
from gradmethods.errors import BudgetExceeded, GradientError
from gradmethods.output.files import (
    PROVENANCE,
    RECORDS,
    append_record,
    left_out,
    read_json,
    read_records,
    records_so_far,
)
from gradmethods.providers.attempt import Gap
from gradmethods.report.count_frames import gaps_frame
from gradmethods.report.exhibits.tab_gaps import gaps_table
from gradmethods.timing import provenance as origin
from gradmethods.timing.cases import grid
from gradmethods.timing.memory import STATUS, ceiling
from gradmethods.timing.plan import Plan
from gradmethods.timing.trial import Settings, describe, gap_record, run_case
from tests.timing.test_bench import Fake

NOW = {
    "date": "today", "git": {"commit": "a" * 40}, "source": "0123", "machine": {"cores": 2},
    "python": "3.11", "packages": {"numpy": "2.0"}, "blas": "x", "seed": 0, "full": False,
    "budget": 300.0,
}  # fmt: skip


def begin(folder, now=NOW, **more):
    return begins.begin(
        folder / PROVENANCE, now, options=("full",), kept=lambda: "3 cases are kept",
        clear=lambda: begins.clear(folder), **more,
    )  # fmt: skip


def test_a_stopped_run_is_gone_on_with(tmp_path, capsys):
    """If the same command began anew, a kill would cost hours."""
    first = begin(tmp_path)
    append_record(tmp_path / RECORDS, {"key": "k", "outcome": "gap"})
    second = begin(tmp_path, NOW | {"date": "tomorrow", "budget": 60.0})
    assert second["run_id"] == first["run_id"]
    assert (second["date"], second["budget"], second["resumed"]) == ("today", 60.0, 1)
    assert [record["key"] for record in records_so_far(tmp_path / RECORDS)] == ["k"]
    assert "Going on" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"git": {"commit": "b" * 40}}, "its commit was aaa"),
        ({"source": "4567"}, "its source was 0123, now it is 4567"),
        ({"machine": {"cores": 4}}, "its machine, cores, was 2, now it is 4"),
        ({"packages": {"numpy": "2.1"}}, "its packages, numpy, was 2.0, now it is 2.1"),
        ({"python": "3.12"}, "its python was 3.11"),
        ({"seed": 1}, "its seed was 0"),
        ({"full": True}, "its full was False"),
    ],
)
def test_a_changed_run_never_mixes(tmp_path, capsys, change, words):
    """If it did, a table would hold two versions of the code, or two machines."""
    first = begin(tmp_path)
    append_record(tmp_path / RECORDS, {"key": "old", "outcome": "gap"})
    with pytest.raises(GradientError, match=words):
        begin(tmp_path, NOW | change, resume=True)
    assert records_so_far(tmp_path / RECORDS)  # a refusal moves nothing
    second = begin(tmp_path, NOW | change)
    assert second["run_id"] != first["run_id"]
    assert words in capsys.readouterr().err
    assert not (tmp_path / RECORDS).exists()
    (moved,) = records_so_far(tmp_path / "previous" / RECORDS)
    assert moved["key"] == "old"


def test_finished_runs_and_wishes(tmp_path, capsys):
    """A finished run is measured anew, unless asked; a fresh start is one in any case."""
    with pytest.raises(GradientError, match="no run to go on with"):
        begin(tmp_path, resume=True)
    first = begin(tmp_path)
    (tmp_path / PROVENANCE).write_text(json.dumps(first | {"finished": True}))
    assert begin(tmp_path, resume=True)["run_id"] == first["run_id"]
    assert begin(tmp_path, resume=False)["run_id"] != first["run_id"]
    assert "as asked for" in capsys.readouterr().err
    third = read_json(tmp_path / PROVENANCE)
    (tmp_path / PROVENANCE).write_text(json.dumps(third | {"finished": True}))
    assert begin(tmp_path)["run_id"] != third["run_id"]
    assert "it is finished" in capsys.readouterr().err


def test_foreign_and_damaged_lines_do_not_count(tmp_path):
    """If one did, a figure would hold a number that this run never measured."""
    begin(tmp_path)
    path = tmp_path / RECORDS
    for key in ("a", "b", "c"):
        append_record(path, {"key": key, "outcome": "gap", "n": 1234})
    lines = path.read_bytes().splitlines(keepends=True)
    begin(tmp_path / "other")
    append_record(tmp_path / "other" / RECORDS, {"key": "d", "outcome": "gap"})
    foreign = (tmp_path / "other" / RECORDS).read_bytes()
    bare = b'{"key": "e", "outcome": "gap"}\n'
    path.write_bytes(lines[0] + lines[1].replace(b"1234", b"1235") + foreign + bare + lines[2][:-9])
    assert [record["key"] for record in read_records(path)] == ["a"]
    faults = " ".join(left_out(path))
    for number, words in ((2, "torn or damaged"), (3, "another run"), (4, "torn"), (5, "torn")):
        assert f"line {number} of {RECORDS} is" in faults
        assert words in faults
    append_record(path, {"key": "c", "outcome": "gap"})  # behind the torn line, on one of its own
    assert [record["key"] for record in read_records(path)] == ["a", "c"]


def test_the_source_tells_uncommitted_changes(tmp_path, monkeypatch):
    """Two dirty trees of one commit are two programs."""
    before = origin._source()
    assert before == origin._source()
    package = tmp_path / "gradmethods" / "cost"
    package.mkdir(parents=True)
    (package / "provenance.py").write_text("one")
    monkeypatch.setattr(origin, "ROOT", tmp_path)
    one = origin._source()
    (package / "provenance.py").write_text("two")
    assert len({before, one, origin._source()}) == 3


@pytest.mark.medium
@pytest.mark.skipif(not STATUS.exists(), reason="only Linux limits address space")
def test_a_case_that_takes_all_memory_is_a_gap(monkeypatch):
    """If the system ended the process instead, the run would lose what comes after, too."""
    with pytest.raises(MemoryError, match=r"The limit is 0\.25 GiB a case"), ceiling(2**28):
        bytearray(2**29)
    bytearray(2**29)  # and the limit is gone

    class Greedy(Fake):
        def prepare(self, problem):
            return bytearray(2**29)

    monkeypatch.setattr("gradmethods.timing.memory.allowed", lambda: 2.0**28)
    plan = Plan(60.0)
    small, large = bench_cases()
    record = run_case(small, plan, Settings(0.0), provider=Greedy())
    assert (record["outcome"], record["kind"]) == ("gap", "memory")
    assert "0.25 GiB" in record["reason"]
    assert run_case(large, plan, Settings(0.0))["kind"] == "memory"  # no larger one is tried


def bench_cases():
    from gradmethods.timing.cases import Case

    return Case("width", "backprop", 1), Case("width", "backprop", 4)


def test_a_million_passes_that_do_not_fit_are_a_gap(tmp_path, monkeypatch):
    """If they were begun all the same, the run would lose its cases, or break its word."""

    def refuse(place, **options):
        raise BudgetExceeded("Estimated 1 h; 10 s are there.")

    begin(tmp_path)
    monkeypatch.setattr("gradmethods.app.runs.million.run_million", refuse)
    bench.million_passes(tmp_path, "small", 10.0, Settings(0.0))
    (record,) = records_so_far(tmp_path / RECORDS)
    assert (record["key"], record["kind"]) == ("million", "budget")
    assert "Estimated 1 h" in record["reason"]
    (row,) = gaps_table(gaps_frame([record])).to_dict("records")
    assert (row["Size"], row["Reason"]) == ("n = 697", record["reason"])


@pytest.mark.medium
def test_a_run_with_no_case_left_to_time_ends_well(tmp_path):
    """If it failed, a run that was killed among its last cases would never be finished."""
    begin(tmp_path)
    for case in grid("small"):
        gap = gap_record(Gap("obstacle", "None."))
        append_record(tmp_path / RECORDS, describe(case, Settings(0.0)) | gap)
    assert not all(run_cases.settled(tmp_path, "small").values())
    assert run_cases.run_cases(tmp_path, "small", 15.0, Settings(0.01), None) == 0
    assert all(run_cases.settled(tmp_path, "small").values())
