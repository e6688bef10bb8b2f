"""A scheme of differences is one entry: a patch adds one to a copy of the package."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import gradmethods

HERE = Path(__file__).parents[1]
NAME = "numerical:three-point"


def apply(patch: str, root: Path) -> dict[str, int]:
    """Apply a patch of additions; return the lines that were added, by file."""
    added: dict[str, int] = {}
    for part in patch.split("--- a/")[1:]:
        head, *hunks = part.split("\n@@")
        path = root / head.split("\n")[0]
        text = path.read_text()
        for hunk in hunks:
            lines = hunk.split("\n")[1:]
            before = "\n".join(line[1:] for line in lines if not line.startswith("+"))
            after = "\n".join(line[1:] for line in lines)
            assert text.count(before) == 1
            text = text.replace(before, after)
            added[path.name] = added.get(path.name, 0) + sum(x.startswith("+") for x in lines)
        path.write_text(text)
    return added


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """What the new scheme takes part in, and the folder of a report."""
    root = tmp_path_factory.mktemp("copy")
    package = Path(gradmethods.__file__).parent
    shutil.copytree(package, root / "gradmethods", ignore=shutil.ignore_patterns("__pycache__"))
    added = apply((HERE / "new_scheme.patch").read_text(), root)
    out = root / "out"
    done = subprocess.run(
        [sys.executable, "-W", "error", HERE / "new_scheme.py", out],
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return added, json.loads(done.stdout.splitlines()[-1]), out


pytestmark = pytest.mark.medium


def test_it_is_one_entry(made):
    """If it took more than one place, whoever adds a scheme would have to find them all."""
    added, _, _ = made
    assert list(added) == ["schemes.py"]
    assert added["schemes.py"] <= 5


def test_it_is_right_with_steps_of_its_own(made):
    """If the choice of steps knew only the schemes that there are, the new one would be noise."""
    _, found, _ = made
    assert found["order"] == pytest.approx(2, abs=0.05)
    for way in found["ways"].values():
        assert way["error"] < found["tolerance"]
        assert way["covered"]
        assert way["passes"] == 2 * way["n"]
    assert found["passes"] == [2, 1]


def test_it_takes_part_in_a_comparison(made):
    """If its order or its bound were not known, it would be held to those of exact methods."""
    _, found, _ = made
    assert found["verdict"] == "right"


def test_it_is_in_every_table_and_figure(made):
    """If a table or a figure had a list of its own, it would miss there."""
    _, found, out = made
    assert found["label"] == "numerical, three-point, one-sided"
    for table in ("accuracy", "bounds", "costs", "digits", "steps"):
        text = (out / "tables" / f"tab-{table}.md").read_text()
        assert "three-point, one-sided" in text, table
    costs = pd.read_csv(out / "tables" / "tab-costs.csv").set_index("provider")
    assert (costs.loc[NAME, "outcome"] == "measured").all()
    steps = pd.read_csv(out / "tables" / "tab-steps.csv")
    own = steps[steps["scheme"] == "three-point"]
    assert len(own) == 2
    assert (own["theory_step"] > 0).all()
    for figure in ("ratio-width", "time-width", "error-width", "steps", "atlas-network-1-1-1"):
        assert NAME in (out / "figures" / f"fig-{figure}.csv").read_text(), figure
        assert "#009e73" in (out / "figures" / f"fig-{figure}.svg").read_text().lower(), figure
