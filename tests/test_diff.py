"""Two runs held against each other: what is called a difference, and what is not."""

import json
import re
import subprocess

import pytest

from gradmethods.app.cli import main
from gradmethods.cost.cases import Case
from gradmethods.errors import InvalidOption
from gradmethods.output.files import (
    ACCURACY,
    CLAIMS,
    PROVENANCE,
    RECORDS,
    append_record,
    read_json,
    read_records,
    write_json,
    write_text,
)
from gradmethods.report.difference.compare import (
    COUNT,
    FAILING,
    LESS,
    LOST,
    MORE,
    NEW,
    PASSING,
    VERDICT,
    compare_runs,
)
from gradmethods.report.difference.limits import judge, limits
from gradmethods.report.difference.runs import open_run
from gradmethods.report.difference.speed import FASTER, SLOWER
from gradmethods.report.difference.words import headline, since_previous, text
from tests.accuracy_records import gradient, hard_case, refusal
from tests.report_records import draw_svg_alone, estimate, gap, record, write_run


def claim(verdict="supported", value=1.0):
    answer = {
        "name": "forward", "rule": "r", "quantity": "calls", "exact": True, "verdict": verdict,
        "value": value, "low": value, "high": value, "words": "",
    }  # fmt: skip
    return {
        "key": "claim-c1", "outcome": "measured", "id": "C1", "title": "One pass", "claim": "c",
        "source": "the article", "method": "m", "verdict": verdict, "criteria": [answer],
        "panels": [],
    }  # fmt: skip


@pytest.fixture
def runs(tmp_path):
    """Two runs that tell the same, in folders a and b."""
    for name in "ab":
        write_run(tmp_path / name)
        append_record(tmp_path / name / CLAIMS, claim())
        make_noise(tmp_path / name, 1.02)
    return tmp_path


def make_noise(folder, floor):
    """Let the loss, timed against itself in a run, differ by so much."""
    quiet = {"median": 1.0, "low": 1 / floor, "high": floor, "minimum": 1.0}
    for entry in read_records(folder / RECORDS):
        if entry["sweep"] == "noise":
            append_record(folder / RECORDS, entry | {"ratio": quiet})


def compared(runs, **options):
    return compare_runs(open_run(str(runs / "a")), open_run(str(runs / "b")), **options)


def told(runs, *arguments):
    return main(["diff", str(runs / "a"), str(runs / "b"), *arguments])


def change(runs, key, name=RECORDS, **fields):
    """Give a record of the second run other fields; the later of two with one key counts."""
    entries = {entry["key"]: entry for entry in read_records(runs / "b" / name)}
    append_record(runs / "b" / name, entries[key] | fields)


def slow_down(runs, factor, provider="backprop"):
    """Let every gradient of a provider take longer in the second run."""
    for entry in read_records(runs / "b" / RECORDS):
        if entry["outcome"] == "measured" and entry["provider"] == provider:
            ends = ("gradient", "ratio")
            longer = {n: {k: factor * v for k, v in entry[n].items()} for n in ends}
            append_record(runs / "b" / RECORDS, entry | longer)


def on_another_machine(runs):
    origin = read_json(runs / "b" / PROVENANCE)
    write_json(runs / "b" / PROVENANCE, origin | {"machine": {"processor": "Q", "cores": 8}})


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
    assert "slower: not asked, because times are not compared." in capsys.readouterr().out
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
    assert "1 answer differs by less than 0.5 digits, at most by 0.18" in text(difference)


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


@pytest.mark.medium
@pytest.mark.parametrize("name", ["difference.html", "difference.md"])
def test_files(runs, name, monkeypatch, capsys):
    """If the page were not whole, or a figure not beside its text, it could not be sent around."""
    draw_svg_alone(monkeypatch)
    slow_down(runs, 2.0)
    path = runs / "out" / name
    assert told(runs, "--out", str(path), "--fail-on", "slower") == 1
    content = path.read_text("utf-8")
    assert "slower" in content
    assert "all 5 cases" in content
    links = re.findall(r'!\[[^\]]*\]\(([^)]+)\)|(?:src|href)="([^"#]+)"', content)
    pictures = [link[0] for link in links if link[0]]
    assert len(pictures) == (3 if name.endswith("md") else 0)
    assert all((path.parent / picture).exists() for picture in pictures)
    assert not [link for link in links if link[1]]
    assert content.count("<svg") == (4 if name.endswith("html") else 0)  # letters, three figures
    assert f"Everything is in {path}." in capsys.readouterr().out


def test_git_revisions(runs, monkeypatch):
    """If a commit could not be named, two releases could not be compared without copying files."""
    home = runs / "repository"
    write_run(home / "results/reference")
    for command in (
        ["init", "--quiet"],
        ["add", "."],
        ["-c", "user.name=n", "-c", "user.email=e@x", "commit", "--quiet", "-m", "one"],
        ["tag", "old"],
    ):
        subprocess.run(["git", "-C", home, *command], check=True, capture_output=True)  # noqa: S607
    monkeypatch.chdir(home)
    assert len(open_run("HEAD").entries) == len(open_run("old:results/reference/").entries) == 17
    with pytest.raises(Exception, match="no folder results/none at a revision HEAD of a git"):
        open_run("HEAD:results/none")


def test_foreign_and_damaged_folders(runs, capsys, monkeypatch):
    """If a typing error gave an empty comparison, it would be taken for a result."""
    monkeypatch.chdir(runs)
    (runs / "empty").mkdir()
    (runs / "damaged").mkdir()
    (runs / "damaged" / RECORDS).write_text('{"key": "half')
    (runs / "strange").mkdir()
    entry = {"key": "width-1-backprop", "outcome": "measured", "sweep": "width"}
    (runs / "strange" / RECORDS).write_text(json.dumps(entry) + "\n")
    (runs / "file").write_text("")
    for name, words in {
        "empty": "There is no record of a run in empty.",
        "damaged": "Its records are damaged: line 1 of records.jsonl is torn or damaged.",
        "strange": "records.jsonl cannot be read: it holds what no run wrote",
        "file": "file is a file. Name the folder of a run.",
        "nowhere": "There is no folder nowhere, and no folder results/reference at a revision",
        "--x:y": "",
    }.items():
        if name.startswith("-"):
            continue
        assert main(["diff", "a", name]) == 2
        assert words in capsys.readouterr().err, name
    with pytest.raises(Exception, match="at a revision --output of a git"):
        open_run("--output:x")


def test_since_the_previous_run(runs):
    """If a run did not say what changed since the last one, nobody would look."""
    assert since_previous(runs / "a") == ""
    (runs / "b").rename(runs / "a" / "previous")
    assert "Since previous/:\nNo difference.\n" in since_previous(runs / "a")
    append_record(runs / "a" / CLAIMS, claim("refuted"))
    said = since_previous(runs / "a")
    assert "2 changed verdict." in said
    assert f"gradmethods diff {runs / 'a' / 'previous'} {runs / 'a'}" in " ".join(said.split())
    (runs / "a" / "previous" / PROVENANCE).write_text("{")
    assert "Not compared with previous/: " in since_previous(runs / "a")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("slow=10%", "knows slower, digits, failing, claims, lost, counts; got 'slow'"),
        ("slower=0.1", "a percentage, slower=10%; got 'slower=0.1'"),
        ("digits=10%", "a number, digits=0.5; got 'digits=10%'"),
        ("digits=0.1", "Less than 0.5 digits is called no difference"),
        ("claims=1", "takes no number"),
    ],
)
def test_conditions_that_are_none(words, message):
    """If a mistyped condition were taken for none, a gate would let everything through."""
    with pytest.raises(InvalidOption, match=re.escape(message)):
        limits(words)


def test_every_condition_is_answered(runs):
    """If one were passed over in silence, its gate would be open."""
    append_record(runs / "b" / ACCURACY, refusal("xor", "numerical"))
    said, kept = judge(limits("slower,failing,claims"), compared(runs))
    assert said == [
        "slower: none.",
        "failing: 1 too many, e.g. xor by numerical, central: right → obstacle.",
        "claims: none.",
    ]
    assert not kept
