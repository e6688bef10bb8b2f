"""The page on extending, and the guides to new problems, claims, commands and error measures."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
from typing import Any

import pytest

from gradmethods import special
from gradmethods.app.cli import main
from gradmethods.errors import InvalidOption
from gradmethods.output.files import ACCURACY, read_records
from gradmethods.xp.primitives import get_primitive, unary
from tests.patches import ROOT, apply, patches

PAGE = (ROOT / "docs/extending.md").read_text()
(OWN,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
METHODS = "backprop,forward,analytical,analytical:chain-rule,numerical:complex-step,own.py:method"


@pytest.fixture
def beside(tmp_path, monkeypatch):
    (tmp_path / "own.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.medium
def test_a_file_goes_through_compare_and_report(beside, capsys, undrawn):
    """If one command knew only what is ours, a user would have to change the package."""
    size = ["--set", "n=4"]
    assert main(["compare", "own.py:mercator", *size, "--providers", METHODS]) == 0
    shown = capsys.readouterr().out
    assert "mercator" in shown
    assert "own-differences" in shown
    out = beside / "report"
    asked = ["accuracy", "own.py:mercator", "--providers", "backprop,own.py:method"]
    assert main([*asked, "--seconds", "0", "--per-decade", "1", "--out", str(out)]) == 0
    found = [r for r in read_records(out / ACCURACY) if r["kind"] == "gradient"]
    assert {r["verdict"] for r in found} == {"right"}
    assert len(found) == 2
    assert not [r for r in read_records(out / ACCURACY) if r["outcome"] == "gap"]
    assert "own-differences" in (out / "report.html").read_text()


RUN = """
from pathlib import Path

import gradmethods as gm
from gradmethods.app.cli import main
from gradmethods.app.runs import accuracy, bench
from gradmethods.output.files import RECORDS, append_record
from gradmethods.timing.cases import grid
from gradmethods.timing.plan import Plan
from gradmethods.timing.trial import Settings, run_case
from tests.report_records import draw_nothing


def run(patch, asked, provider):
    \"\"\"Run the benchmark on a case a provider, and on no problem but the user's.\"\"\"

    def cases(folder, name, limit, settings, seconds, also, shown):
        for case in grid("small", also):
            if case.key in {f"width-1-{each}" for each in ("backprop", *also)}:
                append_record(folder / RECORDS, run_case(case, Plan(60.0), Settings(seconds=0.0)))
        return 0

    ours = [name for name in gm.problems.names() if name != "mercator"]
    patch.setattr(gm.problems, "names", lambda: [n for n in real() if n not in ours])
    patch.setattr(bench, "run_cases", cases)
    patch.setattr(bench, "VARIANTS", ("backprop", "numerical"))
    for others in ("ledger_rows", "prove"):
        patch.setattr(bench, others, lambda *args: None)
    patch.setattr(accuracy, "hard_tasks", lambda: [])
    return main(["bench", "--out", "run", "--providers", provider, *asked])


real = gm.problems.names
"""

INSTALLED = f"""{RUN}
import sys
import pytest

with pytest.MonkeyPatch.context() as patch:
    draw_nothing(patch)
    sys.exit(run(patch, [], "own-differences"))
"""


def look(folder, style):
    """Look for the user's problem and provider in what a run of the benchmark wrote."""
    judged = {
        (r["problem"], r["provider"], r["verdict"])
        for r in read_records(folder / ACCURACY)
        if r["kind"] == "gradient"
    }
    assert ("mercator", "own-differences", "right") in judged
    assert ("mercator", "backprop", "right") in judged
    assert not [r for r in read_records(folder / ACCURACY) if r["outcome"] == "gap"]
    page = (folder / "report.html").read_text(encoding="utf-8")
    for text in ("own-differences", "mercator"):
        assert text in page
    tables = folder / "tables"
    assert style in (tables / "tab-costs.csv").read_text(encoding="utf-8")
    assert "own-differences" in (tables / "tab-costs.md").read_text(encoding="utf-8")
    for name in ("tab-accuracy.csv", "tab-accuracy.md"):
        found = (tables / name).read_text(encoding="utf-8")
        assert "mercator" in found
        assert "own-differences" in found


@pytest.mark.medium
def test_a_file_goes_through_the_benchmark(beside, monkeypatch, capsys, svg_alone):
    """If a run took only what is ours, a user's method would have no place in the report."""
    scope: dict[str, Any] = {}
    exec(RUN, scope)  # noqa: S102  # our own text
    assert scope["run"](monkeypatch, ["--problems", "own.py:mercator"], "own.py:method") == 0
    capsys.readouterr()
    look(beside / "run", f"{beside / 'own.py'}:method")


@pytest.mark.medium
def test_an_installed_plug_in_goes_through_the_benchmark(beside):
    """A package that names its module must be in the catalogue, and its provider go by its name."""
    for name, module in (("good", "own"), ("bad", "missing_module")):
        (beside / f"{name}-1.dist-info").mkdir()
        (beside / f"{name}-1.dist-info/METADATA").write_text(f"Name: {name}\nVersion: 1\n")
        points = f"[gradmethods]\nanything = {module}\n"
        (beside / f"{name}-1.dist-info/entry_points.txt").write_text(points)
    path = os.pathsep.join([str(beside), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-c", INSTALLED],
        env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "'missing_module' of bad is left out" in done.stderr
    look(beside / "run", "own-differences")


def test_what_cannot_be_added_is_refused():
    """A function of ours that a user replaced would be another one in every loss."""
    with pytest.raises(InvalidOption, match="There is a primitive 'exp'"):
        special.add(unary("exp"))
    with pytest.raises(InvalidOption, match="Only smooth functions"):
        special.add(dataclasses.replace(get_primitive("floor"), name="my-floor"))


# -- the guides of CONTRIBUTING.md

FOLDERS = ("gradmethods/problems/", "gradmethods/studies/claims/", "gradmethods/app/commands/")
MEASURE = ["gradmethods/truth/measures.py", "gradmethods/report/exhibits/tab_accuracy.py"]

USE = """
import json
import gradmethods as gm
from gradmethods.app.cli import main
from gradmethods.report.accuracy_frames import gradients_frame
from gradmethods.report.exhibits.tab_accuracy import accuracy_table
from gradmethods.studies.accuracy.subject import Subject
from gradmethods.studies.accuracy.survey import gradient_record
from gradmethods.studies.claims import LEDGER, Evidence

problem = gm.problems.get("quartic", n=3)
compared = gm.compare(problem, ["backprop", "numerical:complex-step"], seconds=0)
claim, = [claim for claim in LEDGER if claim.id == "C99"]
found = claim.record(claim.examine(Evidence()))
status = main(["norm", "quartic", "--set", "n=3"])
record = gradient_record(Subject(problem), gm.Backprop())
shown = accuracy_table(gradients_frame([record | {"kind": "gradient", "gap": ""}]))
print(json.dumps([
    gm.problems.names()[-1], sorted(set(compared.verdicts.values())), found["verdict"], status,
    float(shown["Largest error"].iloc[-1]) < 1e-13,
]))
"""


@pytest.mark.medium
def test_each_is_found_where_it_is_written(tmp_path):
    """If a list had to name it as well, whoever adds one would have to know of the list."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "gradmethods", tmp_path / "gradmethods", ignore=ignored)
    names = []
    for folder in FOLDERS:
        (patch,) = [patch for patch in patches("CONTRIBUTING.md") if f"+++ {folder}" in patch]
        names += apply(patch, tmp_path)
    assert [name.rpartition("/")[0] + "/" for name in names] == list(FOLDERS)
    (patch,) = [patch for patch in patches("CONTRIBUTING.md") if MEASURE[0] in patch]
    assert apply(patch, tmp_path) == MEASURE
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", USE],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    norm, found = done.stdout.splitlines()[-2:]
    assert float(norm) > 0
    assert json.loads(found) == ["quartic", ["right"], "supported", 0, True]
