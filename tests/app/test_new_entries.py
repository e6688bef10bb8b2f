"""The guides to adding a problem, a claim and a sub-command: each is one file, and is found."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.patches import ROOT, apply, patches

FOLDERS = ("gradmethods/problems/", "gradmethods/studies/claims/", "gradmethods/app/commands/")

USE = """
import json
import gradmethods as gm
from gradmethods.app.cli import main
from gradmethods.studies.claims import LEDGER, Evidence

problem = gm.problems.get("quartic", n=3)
compared = gm.compare(problem, ["backprop", "numerical:complex-step"], seconds=0)
claim, = [claim for claim in LEDGER if claim.id == "C99"]
found = claim.record(claim.examine(Evidence()))
status = main(["norm", "quartic", "--set", "n=3"])
print(json.dumps([
    gm.problems.names()[-1], sorted(set(compared.verdicts.values())), found["verdict"], status,
]))
"""


@pytest.mark.medium
def test_each_is_one_file_and_is_found(tmp_path):
    """If a list had to name it as well, whoever adds one would have to know of the list."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "gradmethods", tmp_path / "gradmethods", ignore=ignored)
    names = []
    for folder in FOLDERS:
        (patch,) = [patch for patch in patches("CONTRIBUTING.md") if f"+++ {folder}" in patch]
        names += apply(patch, tmp_path)
    assert [name.rpartition("/")[0] + "/" for name in names] == list(FOLDERS)
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
    assert json.loads(found) == ["quartic", ["right"], "supported", 0]
