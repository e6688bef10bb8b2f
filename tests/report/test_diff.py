"""Two runs held against each other: what is called a difference, and what is not."""

import pytest

from gradmethods.output.files import (
    ACCURACY,
    CLAIMS,
    RECORDS,
    append_record,
    read_records,
    write_json,
    write_text,
)
from gradmethods.report.difference.speed import FASTER, SLOWER
from gradmethods.report.difference.two_runs import (
    COUNT,
    FAILING,
    LESS,
    LOST,
    MORE,
    NEW,
    PASSING,
    VERDICT,
)
from gradmethods.report.difference.words import headline, text
from gradmethods.timing.cases import Case
from tests.accuracy_records import gradient, hard_case
from tests.report_records import estimate, gap, record
from tests.run_pairs import (
    change,
    claim,
    compared,
    make_noise,
    on_another_machine,
    slow_down,
    told,
    write_pair,
)


@pytest.fixture
def runs(tmp_path):
    """Two runs that tell the same, in folders a and b."""
    return write_pair(tmp_path)


def test_a_run_against_itself(runs, capsys):
    """If noise were called a difference, nobody would believe the differences."""
    difference = compared(runs)
    assert headline(difference) == "No difference."
    assert not difference.changes
    assert len(difference.speeds.cases) == 9
    assert told(runs, "--fail-on", "slower=1%,digits=0.5,failing,claims,lost,counts") == 0
    assert "No difference." in capsys.readouterr().out


def test_a_slowdown_of_ten_percent(runs, capsys):
    """If intervals of 10 % hid it in each case and in all together, a release would be slower."""
    slow_down(runs, 1.1)
    difference = compared(runs)
    assert {(c.kind, c.method, c.case) for c in difference.changes} == {
        (SLOWER, "backprop", "all 5 cases")
    }
    assert "× 1.10 [1.10, 1.10]" in text(difference)
    assert told(runs) == 0
    assert told(runs, "--fail-on", "slower=11%") == 0
    assert told(runs, "--fail-on", "slower=10%") == 1
    assert "slower: 1 too many, e.g. all 5 cases by backprop: × 1.10" in capsys.readouterr().out


def test_a_slowdown_below_the_noise_floor(runs):
    """If it were told, runs on a busy machine would always differ."""
    slow_down(runs, 1.1)
    make_noise(runs / "b", 1.11)
    assert headline(compared(runs)) == "No difference."


def test_a_case_alone_that_is_twice_as_slow(runs):
    """If only methods as a whole were looked at, a regression at one size would pass."""
    case = Case("width", "backprop", 16)
    loss = 1e-5 * (1 + case.n / 100)
    change(runs, case.key, ratio=estimate(6.0), gradient=estimate(6.0 * loss))
    [found] = compared(runs).changes
    assert (found.kind, found.case) == (SLOWER, "width: 2-16-16-1, n = 337")
    assert (found.before, found.after, round(found.amount, 9)) == ("3.00 × loss", "6.00 × loss", 2)


def test_a_loss_that_became_faster_is_no_slower_gradient(runs):
    """If the ratio alone decided, a faster loss would be told as a slowdown of every method."""
    for entry in read_records(runs / "b" / RECORDS):
        if entry["outcome"] == "measured" and entry["sweep"] == "width":
            half = {end: value / 2 for end, value in entry["loss"].items()}
            twice = {end: value * 2 for end, value in entry["ratio"].items()}
            append_record(runs / "b" / RECORDS, entry | {"loss": half, "ratio": twice})
    assert headline(compared(runs)) == "No difference."


def test_noise_between_runs(runs):
    """If only the noise within a run counted, what differs from day to day would be a change."""
    for place, entry in enumerate(read_records(runs / "b" / RECORDS)):
        if entry["outcome"] == "measured" and entry["sweep"] == "width":
            day = 1.25 ** (place % 3 - 1)
            slower = {n: {k: day * v for k, v in entry[n].items()} for n in ("gradient", "loss")}
            append_record(runs / "b" / RECORDS, entry | slower)
    difference = compared(runs)
    assert difference.speeds.floors == {"cost": pytest.approx(1.25)}
    assert difference.speeds.floor == pytest.approx(1.02)
    assert not difference.changes
    case = Case("width", "backprop", 16)
    loss = 1e-5 * (1 + case.n / 100)
    change(runs, case.key, ratio=estimate(4.2), gradient=estimate(4.2 * loss))
    assert not compared(runs).changes  # 1.4, but [1.21, 1.62]: reaches into the noise


def test_contended_cases_are_not_compared(runs):
    """If they were, the work of other processes would be called a slowdown."""
    slow_down(runs, 3.0)
    for entry in read_records(runs / "b" / RECORDS):
        append_record(runs / "b" / RECORDS, entry | {"contended": entry["sweep"] == "width"})
    difference = compared(runs)
    assert (difference.speeds.contended, difference.changes) == (9, [])


def test_other_machine(runs, capsys):
    """If times of two machines were compared unasked, the machine would be told as the code."""
    slow_down(runs, 1.5)
    on_another_machine(runs)
    change(runs, Case("width", "backprop", 1).key, operations=57)
    difference = compared(runs)
    assert difference.speeds is None
    assert [c.kind for c in difference.changes] == [COUNT]
    assert (difference.changes[0].before, difference.changes[0].after) == ("56 operations", "57")
    assert told(runs, "--fail-on", "slower") == 0
    assert "slower: not asked" in capsys.readouterr().out
    asked = compared(runs, times=True)
    assert {c.method for c in asked.of(SLOWER)} == {"backprop"}
    assert told(runs, "--times", "--fail-on", "slower=40%") == 1


def test_a_lost_digit(runs, capsys):
    """If a digit went unseen, a release would be less accurate than the one before."""
    change(runs, "gradient/xor/numerical", ACCURACY, arrays=gradient("", "", 1e-8)["arrays"])
    change(runs, Case("width", "numerical", 1).key, error=1e-12)
    difference = compared(runs)
    assert [(c.kind, c.before, c.after) for c in difference.changes] == [
        (LESS, "9.0 digits", "8.0 digits"),
        (MORE, "10.0 digits", "12.0 digits"),
    ]
    assert told(runs, "--fail-on", "digits=1.5") == 0
    assert told(runs, "--fail-on", "digits=1") == 1
    assert "digits: 1 too many, e.g. xor by numerical, central: 9.0 digits → 8.0 digits, −1.0" in (
        capsys.readouterr().out
    )


def test_less_than_half_a_digit_is_none(runs):
    """If rounding of another processor were told, exact columns could not be compared at all."""
    change(runs, Case("width", "numerical", 1).key, error=1.5e-10)
    difference = compared(runs)
    assert (difference.changes, difference.slight) == ([], [0.176091])
    assert "at most by 0.18" in text(difference)


def test_failures_and_losses(runs):
    """If a method that breaks, one cut short and a new one were alike, none would be told."""
    broken, short = Case("width", "backprop", 1), Case("width", "backprop", 4)
    append_record(runs / "b" / RECORDS, gap(broken) | {"kind": "error"})
    append_record(runs / "b" / RECORDS, gap(short))
    append_record(runs / "b" / RECORDS, record(Case("width", "numerical", 256), 1e6))
    append_record(runs / "b" / ACCURACY, gradient("xor", "analytical"))
    found = {c.kind: (c.case, c.before, c.after) for c in compared(runs).changes}
    assert found == {
        FAILING: ("width: 2-1-1-1, n = 7", "measured", "failed"),
        PASSING: ("xor", "obstacle", "right"),
        LOST: ("width: 2-4-4-1, n = 37", "measured", "time limit"),
        NEW: ("width: 2-256-256-1, n = 66,817", "time limit", "measured"),
    }
    assert told(runs, "--fail-on", "failing") == 1
    assert told(runs, "--fail-on", "lost") == 1
    assert told(runs, "--fail-on", "claims,counts") == 0


def test_cases_that_one_run_did_not_know(runs):
    """If they were not told, a grid could shrink unseen; nor is a gap of the other run a loss."""
    known, unknown = Case("depth", "backprop", 1), Case("depth", "numerical", 64)
    append_record(runs / "a" / RECORDS, record(known, 3.0))
    append_record(runs / "a" / RECORDS, gap(unknown))
    [found] = compared(runs).changes
    assert (found.kind, found.case, found.after) == (LOST, "depth: 2-8-1, n = 33", "–")
    (runs / "a").rename(runs / "c")
    (runs / "b").rename(runs / "a")
    (runs / "c").rename(runs / "b")
    [found] = compared(runs).changes
    assert (found.kind, found.before, found.after) == (NEW, "–", "measured")


def test_a_changed_verdict_of_a_claim(runs):
    """If it were not told, what a paper cites would turn into its contrary unseen."""
    append_record(runs / "b" / CLAIMS, claim("refuted", 2.0))
    difference = compared(runs)
    assert [(c.kind, c.part, c.before, c.after) for c in difference.changes] == [
        (VERDICT, "claims", "supported", "refuted"),
        (VERDICT, "criteria of claims", "supported", "refuted"),
    ]
    assert told(runs, "--fail-on", "claims") == 1
    assert told(runs, "--fail-on", "failing") == 0


def test_a_claim_that_a_run_did_not_come_to(runs):
    """If a short run changed verdicts, no short run could be compared with a long one."""
    append_record(runs / "b" / CLAIMS, claim("not decided by this run"))
    difference = compared(runs)
    assert headline(difference) == "No difference in what both runs have; 2 lost."
    assert told(runs, "--fail-on", "claims") == 0
    assert told(runs, "--fail-on", "lost") == 1


def test_hard_cases(runs):
    """If hard cases were left out, a silent wrong answer would come back unseen."""
    row = hard_case()["rows"][0]
    for name, outcome, error in (("a", "right", 0.0), ("b", "wrong", 1.0)):
        found = row | {"outcome": outcome, "error": error}
        append_record(runs / name / ACCURACY, hard_case() | {"rows": [found]})
    [found] = compared(runs).changes  # of a wrong answer nobody counts digits, too
    assert (found.kind, found.part, found.case) == (FAILING, "hard cases", "kink")


def test_training_and_a_million_passes(tmp_path):
    """If only benchmarks were read, the article's results could change unseen."""
    head = "provider,epochs,passes,loss,accuracy,stopped\n"
    for name, loss, calls in (("a", 0.25, 101), ("b", 0.26, 102)):
        folder = tmp_path / name
        write_text(folder / "tables/tab-training-xor.csv", f"{head}backprop,50,50,{loss},1.0,\n")
        timed = {"seconds": 1.0, "ratio": {"median": 100.0, "low": 99.0, "high": 101.0}}
        result = {
            "network": "2-4-1", "n": 100, "calls": calls, "differences": timed, "reuse": timed,
            "backprop": timed, "certified": {"errors": {"differences": 1e-8, "backprop": 0.0}},
        }  # fmt: skip
        write_json(folder / "million/million.json", result)
    difference = compared(tmp_path)
    assert [(c.part, c.before, c.after, c.words) for c in difference.changes] == [
        ("a million passes", "101 calls", "102", "+1.0%"),
        ("training", "0.250 loss", "0.260", "+4.0%"),
    ]
    assert difference.speeds is None  # neither says from which machine it is


def test_verdicts_of_earlier_versions(runs):
    """If a new word for the same verdict were a change, older runs could not be compared."""
    for name, verdict in (("a", "within bound"), ("b", "right")):
        append_record(runs / name / ACCURACY, gradient("xor", "numerical", verdict=verdict))
    assert not compared(runs).changes


def test_parts_of_one_run_only(runs):
    """If a part that one run lacks were a list of lost cases, nobody would see the others."""
    (runs / "b" / CLAIMS).unlink()
    difference = compared(runs)
    assert difference.only == (["claims", "criteria of claims"], [])
    assert "In A only: claims, criteria of claims." in text(difference)
    assert not difference.changes


def test_times_of_fewer_rounds_have_no_interval(runs):
    """If one round were enough, any hiccup would be a difference."""
    case = Case("width", "backprop", 1)
    alone = {"median": 9e-5, "low": None, "high": None, "minimum": 9e-5}
    change(runs, case.key, gradient=alone, ratio=alone | {"median": 9.0})
    assert not compared(runs).changes


def test_faster(runs):
    """If only slowdowns were told, an improvement could not be shown."""
    slow_down(runs, 0.5)
    assert {c.kind for c in compared(runs).changes} == {FASTER}
