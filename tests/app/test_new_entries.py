"""The guides to adding a problem, a claim, a sub-command and an error measure are complete."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.patches import ROOT, apply, patches

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
