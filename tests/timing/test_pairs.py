"""Pairs of methods: what differs by more than the noise is called so, and nothing else is."""

from __future__ import annotations

import math
from typing import Any

import pytest

from gradmethods.app.runs.run_cases import settled
from gradmethods.errors import InvalidOption
from gradmethods.output.files import RECORDS, append_record
from gradmethods.report import cost_frames as frames
from gradmethods.report.exhibits.tab_pairs import pairs_frame, pairs_table
from gradmethods.report.report_files import write
from gradmethods.report.summary import case_line
from gradmethods.timing import pairs
from gradmethods.timing.pairs import PAIRS, UNDECIDED, Pair, pair_record, verdict
from gradmethods.timing.plan import Plan
from tests.report_records import estimate, some_records, write_run

PAIR = Pair("numerical:forward", "numerical:backward", "1")
FLOOR = {"median": 1.0, "low": 0.99, "high": 1.02}


class FakeClock:
    """Time that passes only when a method works, now and then as fast as the machine is slow."""

    def __init__(self, ratio):
        self.seconds = {PAIR.first: 3e-3 * ratio, PAIR.second: 3e-3}
        self.now, self.calls = 0.0, 0

    def __call__(self):
        return self.now

    def prepare(self, name, problem):
        clock = self

        class Prepared:
            forward_passes, value_passes = problem.size, 1

            def __call__(self, params):
                clock.calls += 1
                jitter = 1 + 0.01 * math.sin(clock.calls)
                clock.now += clock.seconds[name] * jitter

        return Prepared()


def timed(ratio, monkeypatch, seconds=0.5):
    clock = FakeClock(ratio)
    monkeypatch.setattr(pairs, "_prepared", clock.prepare)
    return pair_record(PAIR, seconds=seconds, clock=clock, processor=clock)


def noise(ratio=FLOOR):
    entry = next(r for r in some_records() if r["sweep"] == "noise")
    return entry | {"ratio": entry["ratio"] | ratio}


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [(1.0, "no difference"), (1.5, "second faster"), (1 / 1.5, "first faster")],
)
def test_a_true_ratio_decides(ratio, expected, monkeypatch):
    """If equal methods differed, or unequal ones did not, no comparison could be believed."""
    (row,) = pairs_frame([timed(ratio, monkeypatch), noise()]).to_dict("records")
    assert row["verdict"] == expected
    assert row["ratio_low"] <= row["ratio"] <= row["ratio_high"]
    assert row["ratio"] == pytest.approx(ratio, rel=0.02)
    assert row["floor"] == pytest.approx(1.02)
    assert row["first_passes"] == row["second_passes"] == 106


def test_noise_hides_a_difference(monkeypatch):
    """If the floor did not count, a noisy machine would find differences everywhere."""
    record = timed(1.5, monkeypatch)
    loud = noise({"high": 2.0})
    assert pairs_frame([record, noise()])["verdict"].item() == "second faster"
    assert pairs_frame([record, loud])["verdict"].item() == "no difference"


def test_a_method_against_itself_is_part_of_the_floor(monkeypatch):
    """Two programs of one method have differed by 6 % where the losses did by 4: that is noise."""
    record = timed(1.05, monkeypatch)
    twice = timed(1.2, monkeypatch) | {"provider": "backprop", "other_provider": "backprop"}
    assert pairs_frame([record, noise()])["verdict"].item() == "second faster"
    found = pairs_frame([record, twice, noise()])
    assert list(found["verdict"]) == ["no difference", "part of the floor"]
    assert found["floor"].min() == pytest.approx(1.2, rel=0.02)
    assert pairs_frame([record, twice | {"contended": True}, noise()])["floor"].max() < 1.03


@pytest.mark.parametrize(
    ("low", "high", "floor", "expected"),
    [
        (1.03, 1.05, 1.02, "second faster"),
        (1.02, 1.05, 1.02, "undecided"),  # the interval touches the floor
        (0.5, 2.0, 1.02, "undecided"),
        (0.985, 1.02, 1.02, "no difference"),
        (0.90, 0.97, 1.02, "first faster"),
        (0.90, 0.99, 1.02, "undecided"),
        (1.001, 1.002, 1.0, "second faster"),
    ],
)
def test_the_rule(low, high, floor, expected):
    """The interval must hold no ratio within the floor, on either side of 1."""
    assert verdict(low, high, floor) == expected


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("value", [math.nan, math.inf, 0.0, -1.0])
def test_what_is_no_number_has_no_verdict(place, value):
    """NaN compares false: a rule that let it pass would call anything the same."""
    values = [1.1, 1.2, 1.02]
    values[place] = value
    with pytest.raises(InvalidOption, match="A verdict needs"):
        verdict(*values)


def test_without_interval_or_floor_it_is_undecided(monkeypatch):
    """If a single round were judged, chance would be."""
    single = timed(1.5, monkeypatch, seconds=0.0)
    assert math.isnan(single["ratio"]["low"])
    for low in (math.nan, None):  # as measured, and as read from a file
        record = single | {"ratio": single["ratio"] | {"low": low, "high": low}}
        assert pairs_frame([record, noise()])["verdict"].item() == UNDECIDED
    assert pairs_frame([timed(1.5, monkeypatch)])["verdict"].item() == UNDECIDED


def test_a_contended_pair_is_undecided(monkeypatch):
    """Another process in turns with the rounds made central differences cost 3 times forward."""
    record = timed(1.5, monkeypatch) | {"contended": True}
    assert pairs_frame([record, noise()])["verdict"].item() == UNDECIDED


def test_each_side_is_prepared_on_its_own(monkeypatch):
    """If both were one object, the A/A of a method would share what might differ."""
    made: list[Any] = []
    monkeypatch.setattr(pairs, "_prepared", spy(pairs._prepared, made))
    twice = next(pair for pair in PAIRS if pair.first == pair.second)
    record = pair_record(twice, seconds=0.0)
    assert made[0] is not made[1]
    assert (record["passes"], record["rounds"], record["outcome"]) == (1, 1, "measured")
    assert record["passes"] == record["other_passes"]


def spy(function, made):
    def called(*args):
        made.append(function(*args))
        return made[-1]

    return called


@pytest.mark.medium
def test_the_passes_of_differences_are_as_expected():
    """If forward and backward took different passes, calling them the same would be wrong."""
    found = {pair.key: pair_record(pair, seconds=0.0) for pair in PAIRS}
    same = found["pair-numerical:forward-numerical:backward"]
    assert same["passes"] == same["other_passes"] == same["n"] + 1 == 106
    double = found["pair-numerical-numerical:forward"]
    assert (double["passes"], double["other_passes"]) == (211, 106)


def test_other_parts_of_a_run_pass_pairs_over(monkeypatch, tmp_path):
    """If a pair were taken for a case, it would stand among costs, or stop larger ones."""
    record = timed(1.0, monkeypatch)
    assert Plan(15.0).recall(record)
    assert not len(frames.costs_frame([record]))
    assert not len(frames.noise_frame([record]))
    assert "× numerical:backward" in case_line(record)
    assert settled(tmp_path, "small")[PAIR.key] is False
    append_record(tmp_path / RECORDS, record)
    assert settled(tmp_path, "small")[PAIR.key] is True


@pytest.mark.medium
def test_the_report_holds_pairs(tmp_path, monkeypatch, undrawn):
    """If it did not, the noise floor would be a number without a use."""
    write_run(tmp_path)
    append_record(tmp_path / RECORDS, timed(1.0, monkeypatch) | {"ratio": estimate(1.0)})
    assert "tab-pairs.csv" in {path.name for path in write(tmp_path)}
    shown = (tmp_path / "tables" / "tab-pairs.md").read_text(encoding="utf-8")
    assert "no difference" in shown
    assert 'id="tab-pairs"' in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert pairs_table(pairs_frame([])).empty
