"""The command that compares two runs: its files, its conditions, and what it refuses."""

import json
import re
import subprocess

import pytest

from gradmethods.app.cli import main
from gradmethods.errors import InvalidOption
from gradmethods.output.files import (
    ACCURACY,
    CLAIMS,
    PROVENANCE,
    RECORDS,
    append_record,
)
from gradmethods.report.difference.fail_on import judge, limits
from gradmethods.report.difference.runs import open_run
from gradmethods.report.difference.words import since_previous
from tests.accuracy_records import refusal
from tests.report_records import draw_svg_alone, write_run
from tests.run_pairs import (
    claim,
    compared,
    slow_down,
    told,
    write_pair,
)


@pytest.fixture
def runs(tmp_path):
    """Two runs that tell the same, in folders a and b."""
    return write_pair(tmp_path)


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
    assert content.count("<svg") == (3 if name.endswith("html") else 0)
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
    with pytest.raises(Exception, match=r"results/none.* HEAD"):
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
