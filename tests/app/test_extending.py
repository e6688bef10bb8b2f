"""What the page on extending shows: a user's primitive, problem and provider go through all."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import sys

import pytest

from gradmethods import special
from gradmethods.app.cli import main
from gradmethods.errors import InvalidOption
from gradmethods.output.files import ACCURACY, read_records
from gradmethods.xp.primitives import get_primitive, unary
from tests.patches import ROOT

PAGE = (ROOT / "docs/extending.md").read_text()
(OWN,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
METHODS = "backprop,forward,analytical,analytical:chain-rule,numerical:complex-step,own.py:method"


@pytest.fixture
def beside(tmp_path, monkeypatch):
    (tmp_path / "own.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.medium
def test_a_file_goes_through_compare_and_report(beside, capsys, svg_alone):
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


INSTALLED = """
import json, sys
import gradmethods as gm
from gradmethods.timing.cases import grid
from gradmethods.timing.plan import Plan
from gradmethods.timing.trial import Settings as Timing, run_case

problem = gm.problems.get("mercator")
compared = gm.compare(problem, ["backprop", "own-differences"], seconds=0)
(case,) = [c for c in grid("small", also=["own-differences"]) if c.key == sys.argv[1]]
measured = run_case(case, Plan(60.0), Timing(seconds=0.0))
print(json.dumps([compared.verdicts, gm.problems.names()[-1], measured["outcome"]]))
"""


@pytest.mark.medium
def test_an_installed_plug_in_is_found(beside):
    """A package that names its module must be in the catalogue, and its provider go by its name."""
    for name, module in (("good", "own"), ("bad", "missing_module")):
        (beside / f"{name}-1.dist-info").mkdir()
        (beside / f"{name}-1.dist-info/METADATA").write_text(f"Name: {name}\nVersion: 1\n")
        points = f"[gradmethods]\nanything = {module}\n"
        (beside / f"{name}-1.dist-info/entry_points.txt").write_text(points)
    path = os.pathsep.join([str(beside), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-c", INSTALLED, "width-1-own-differences"],
        env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "'missing_module' of bad is left out" in done.stderr
    verdicts, last, outcome = json.loads(done.stdout.splitlines()[-1])
    assert verdicts == {"backprop": "right", "own-differences": "right"}
    assert (last, outcome) == ("mercator", "measured")


def test_what_cannot_be_added_is_refused():
    """A function of ours that a user replaced would be another one in every loss."""
    with pytest.raises(InvalidOption, match="There is a primitive 'exp'"):
        special.add(unary("exp"))
    with pytest.raises(InvalidOption, match="Only smooth functions"):
        special.add(dataclasses.replace(get_primitive("floor"), name="my-floor"))
