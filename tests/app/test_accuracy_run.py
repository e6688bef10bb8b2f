"""A run of the accuracy report: its tasks, its records, its gaps, its end. No time is asserted."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.app import cli
from gradmethods.app.runs import accuracy
from gradmethods.app.runs.accuracy import Settings, Task, carry_out, tasks
from gradmethods.errors import GradientError, InvalidOption
from gradmethods.output.files import ACCURACY, PROVENANCE, read_json, records_so_far
from gradmethods.problems import hard
from gradmethods.providers.schemes import NAMES
from gradmethods.studies.accuracy.survey import VARIANTS, WHOLE

QUICK = Settings(seconds=0.0, per_decade=1)


def refuse():
    raise GradientError("No.")


def fail():
    raise ZeroDivisionError("a bug")


def stop():
    raise KeyboardInterrupt


def hang():
    while True:
        pass


def task(name, work):
    return Task("test", {"problem": name}, work)


def test_every_piece_of_work_is_a_task():
    """A cell that nobody planned would look as if it had no answer."""
    catalogue = [gm.problems.get(name) for name in gm.problems.names()]
    keys = [t.key for t in tasks(catalogue, hard=True)]
    assert len(set(keys)) == len(keys)
    each = 1 + len(VARIANTS) + 1 + 2 * len(NAMES)
    assert len(keys) == len(catalogue) * each + len(hard.names())
    kinds = list(dict.fromkeys(key.partition("/")[0] for key in keys))
    assert kinds == ["reference", "gradient", "gallery", "atlas", "planted"]
    assert keys[-1] == "gradient/mlp/analytical:expanded"  # what takes longest comes last


def test_what_has_no_answer_is_a_gap_with_its_reason(tmp_path):
    """If a fault stopped the run, or left no row, every later result would be lost."""
    path = tmp_path / ACCURACY
    carry_out([task("a", refuse), task("b", fail), task("c", lambda: {"x": np.nan})], path)
    a, b, c = records_so_far(path)
    assert (a["outcome"], a["gap"]) == ("gap", "obstacle")
    assert a["reason"].startswith("No. [test_accuracy_run.py:")  # and the line that raised it
    assert (b["outcome"], b["gap"]) == ("gap", "error")
    assert b["reason"].startswith("ZeroDivisionError: a bug")
    assert (c["outcome"], c["x"]) == ("measured", None)


def test_the_time_limit_holds_and_leaves_gaps(tmp_path):
    """If a task could overrun it, `make bench` would take longer than it promises."""
    path = tmp_path / ACCURACY
    carry_out([task("a", dict), task("b", hang), task("c", dict)], path, seconds=0.2)
    outcomes = {r["problem"]: r.get("gap") for r in records_so_far(path)}
    assert outcomes == {"a": None, "b": "budget", "c": "budget"}


def test_what_is_done_is_not_done_again(tmp_path):
    """If it were, going on with a run would start it anew."""
    path = tmp_path / ACCURACY
    carry_out([task("a", dict), task("b", refuse)], path)
    carry_out([task("a", fail), task("b", dict)], path)
    assert [r["outcome"] for r in records_so_far(path)] == ["measured", "measured"]


def test_an_interrupted_run_keeps_what_it_has(tmp_path):
    """If it kept nothing, a long run could not be stopped; if no gaps, it would look complete."""
    with pytest.raises(KeyboardInterrupt):
        accuracy.assess([task("a", refuse), task("b", stop), task("c", dict)], tmp_path)
    assert [r.get("gap") for r in records_so_far(tmp_path / ACCURACY)] == [
        "obstacle", "not run", "not run",
    ]  # fmt: skip
    assert read_json(tmp_path / PROVENANCE)["finished"] is False
    assert "INCOMPLETE" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_two_problems_of_one_name_are_refused(tmp_path):
    """If they were not, one would stand for both."""
    problem = gm.problems.get("island")
    with pytest.raises(InvalidOption, match="different names"):
        accuracy.assess(tasks([problem, problem], QUICK), tmp_path)


def test_a_large_problem_is_judged_on_a_sample(monkeypatch):
    """If all of it were certified, or a sample passed for all, the report would hang or lie."""
    monkeypatch.setattr(accuracy, "MOST", 210)
    problem = gm.problems.get("rosenbrock", n=220)
    found = {t.key: t for t in tasks([problem], Settings(seconds=0.05, per_decade=1))}
    assert "planted/rosenbrock" not in found
    record = found["gradient/rosenbrock/backprop"].record()
    assert (record["n"], record["components"]) == (220, 50)
    assert record["cost"] is None
    assert record["verdict"] == "right"


@pytest.mark.medium
def test_the_command_writes_a_report(tmp_path, capsys, undrawn):
    """If it did not, nobody could judge a loss of their own."""
    (tmp_path / "mine.py").write_text(
        "import numpy as np\nimport gradmethods as gm\n"
        "problem = gm.Problem(lambda w, xp=np: xp.sum(xp.sin(w)), np.array([0.1, 2.0]), "
        "name='my loss')\n"
    )
    out = tmp_path / "out"
    options = ["--out", str(out), "--seconds", "0", "--per-decade", "1"]
    assert cli.main(["accuracy", f"{tmp_path / 'mine.py'}:problem", *options]) == 0
    said = capsys.readouterr().out
    assert "1 gradient certified" in said
    assert "10 of 10" in said
    index = json.loads((out / "index.json").read_text())
    ids = {item["id"] for item in index["items"]}
    assert {"tab-accuracy", "tab-steps", "fig-atlas-my-loss", "tab-planted"} <= ids
    assert "fig-plane-my-loss" not in ids  # nothing was timed
    assert f"gradmethods-{index['run']}" in (out / "references.bib").read_text()
    assert cli.main(["report", str(out)]) == 0
    assert "1 gradient certified" in capsys.readouterr().out


def test_the_command_says_when_a_gradient_is_wrong(tmp_path, capsys, monkeypatch):
    """If its status were 0 all the same, a script would go on with a wrong gradient."""
    wrong = {"verdict": "wrong", "reason": "wrong", "arrays": []}
    record = {"dtype": "float64", "n": 1, "components": 1, "cost": None}

    def pretend(todo, out, executor=None):
        work = Task("gradient", {"problem": "x", "provider": "backprop"}, lambda: record | wrong)
        carry_out([work], out / ACCURACY)

    monkeypatch.setattr(accuracy, "assess", pretend)
    assert cli.main(["accuracy", "island", "--out", str(tmp_path)]) == 1
    assert "wrong" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["island", "--all"],
        ["island", "--seconds", "-1"],
        ["island", "--per-decade", "0"],
        ["ireland"],
    ],
)
def test_wrong_uses_are_refused(tmp_path, arguments, capsys):
    """If they were not, a run of minutes would begin with a mistake."""
    assert cli.main(["accuracy", *arguments, "--out", str(tmp_path / "out")]) == 2
    assert not (tmp_path / "out").exists()


def test_one_array_is_named_as_all(tmp_path):
    """If a record of a bare array had no whole, the tables would miss the problem."""
    path = tmp_path / ACCURACY
    chosen = [t for t in tasks([gm.problems.get("helmholtz")], QUICK) if t.kind == "gradient"]
    carry_out(chosen[-1:], path)
    (record,) = records_so_far(path)
    assert [row["array"] for row in record["arrays"]] == ["", WHOLE]


def counted_record(number):
    return {"n": number, "seconds": 1.0}


def test_workers_leave_the_same_records_but_for_times(tmp_path):
    """A table would depend on who is first, and show times that are anybody's."""
    todo = [Task("gradient", {"problem": i}, partial(counted_record, i)) for i in range(9)]
    paths = tmp_path / "alone.jsonl", tmp_path / "shared.jsonl"
    carry_out(todo, paths[0])
    with ThreadPoolExecutor(3) as executor:
        carry_out(todo, paths[1], executor=executor)
    alone, shared = map(records_so_far, paths)
    assert shared == [record | {"seconds": None} for record in alone]
    assert len(shared) == 9


def test_the_command_times_nothing_on_workers(tmp_path, capsys):
    """The times in a report would be those of whoever else works there."""
    command = ["accuracy", "xor", "--providers", "backprop", "--out", str(tmp_path)]
    assert cli.main([*command, "--workers", "2", "--seconds", "1"]) == 2
    assert "Times are not taken on shared workers" in capsys.readouterr().err
    assert cli.main([*command, "--workers", "0"]) == 2
    assert "--workers must be a number from 1 on" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
