"""The data set of certified gradients: exact points, true bounds, readable elsewhere."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import mpmath  # type: ignore[import-untyped]  # published without types
import numpy as np
import pytest

import gradmethods as gm
from gradmethods import problems
from gradmethods.app.cli import main
from gradmethods.studies.certificates import SEEDS, certificate, write_certificates


def test_points_are_exact():
    """A point that is off in the last place has another gradient than the one written beside it."""
    problem = problems.get("logistic-regression", dtype="float32")
    found = certificate(problem)
    for name, array in problem.structure.check(problem.params).items():
        written = [float.fromhex(x) for x in found["params"][name]["values"]]
        assert written == array.ravel().tolist()
        assert found["params"][name]["shape"] == list(array.shape)
    assert [float.fromhex(x) for x in found["data"]["t"]["values"]] == problem.data["t"].tolist()


def test_bounds_hold_in_many_digits():
    """The gradient of the Rosenbrock function, by rational arithmetic, lies within every bound."""
    problem = problems.get("rosenbrock", n=6)
    found = certificate(problem, digits=40)
    x = [mpmath.mpf(float(v)) for v in problem.params]
    with mpmath.workdps(120):
        for i in range(6):
            right = -400 * x[i] * (x[i + 1] - x[i] ** 2) - 2 * (1 - x[i]) if i < 5 else 0
            right += 200 * (x[i] - x[i - 1] ** 2) if i else 0
            value, radius = (mpmath.mpf(found["gradient"]["x"][k][i]) for k in ("values", "radii"))
            assert abs(value - right) <= radius <= abs(right) * mpmath.mpf(10) ** -38


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    target = tmp_path_factory.mktemp("certified")
    assert all(digits >= 30 for _, digits in write_certificates(target, ["rosenbrock", "mlp"]))
    return target


def test_the_files_are_those_of_the_catalogue(folder):
    """Whoever reads a file must be able to make its problem again from what it says."""
    for path in folder.glob("*.json"):
        found = json.loads(path.read_text())
        problem = problems.get(found["problem"], **found["options"])
        again = certificate(problem, problems.describe(found["problem"]))
        assert again == {name: x for name, x in found.items() if name != "options"}


COMMITTED = Path(__file__).parents[2] / "results/certified"


def test_the_committed_files_are_of_today():
    """A problem that changed since would have another gradient than the one published."""
    names = [(name, seed) for name in problems.names(field=True) for seed in SEEDS]
    assert {path.stem for path in COMMITTED.glob("*.json")} == {f"{n}-{s}" for n, s in names}
    assert sum(path.stat().st_size for path in COMMITTED.iterdir()) < 2_000_000
    for name, seed in names[::5]:
        old = json.loads((COMMITTED / f"{name}-{seed}.json").read_text())
        new = certificate(problems.get(name, **old["options"]))
        assert old["digits"] >= 30
        assert (old["params"], old["data"]) == (new["params"], new["data"]), name
        for array, enclosed in old["gradient"].items():
            again = new["gradient"][array]
            ends = zip(
                *(x[key] for x in (enclosed, again) for key in ("values", "radii")), strict=True
            )
            with mpmath.workdps(60):
                for first, bound, second, other in (map(mpmath.mpf, end) for end in ends):
                    assert abs(first - second) <= bound + other, (name, array)


@pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")
def test_another_language_reads_them(folder):
    """The program in the page must run as it stands, and find a correct gradient correct."""
    (code,) = re.findall(r"```js\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)
    script = folder / "check.mjs"
    script.write_text(code)
    command = ["node", str(script), str(folder / "rosenbrock-0.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert float(done.stdout) < 1e-13


def test_the_command(tmp_path, capsys):
    """One problem to the terminal or a file; what is asked wrongly is said."""
    assert main(["certify", "rosenbrock", "--set", "n=2"]) == 0
    shown = json.loads(capsys.readouterr().out)
    truth = gm.certified_gradient(problems.get("rosenbrock", n=2)).gradient
    np.testing.assert_array_equal([float(x) for x in shown["gradient"]["x"]["values"]], truth)
    out = tmp_path / "one.json"
    assert main(["certify", "rosenbrock", "--set", "n=2", "--out", str(out)]) == 0
    assert json.loads(out.read_text()) == shown
    assert main(["certify"]) == 2
    assert main(["certify", "--all"]) == 2
    assert main(["certify", "max-tie"]) == 2
