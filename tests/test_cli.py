"""The command line, as a user types it."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

import gradmethods as gm
from gradmethods.cli import main

USER_FILE = """
import numpy as np
import gradmethods as gm

def loss(params, x, t, *, xp=np):
    y = xp.tanh(x @ params["w"] + params["b"])
    return xp.mean((y - t) ** 2)

rng = np.random.default_rng(1)
problem = gm.Problem(loss, {"w": rng.normal(size=3), "b": 0.1},
                     {"x": rng.normal(size=(50, 3)), "t": rng.normal(size=50)}, examples=("x", "t"))

def make():
    return problem

def coupled(w, *, xp=np):
    return np.sum(w)

broken = gm.Problem(coupled, np.array([1.0, 2.0]))
number = 3
"""


@pytest.fixture
def user_file(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(USER_FILE, encoding="utf-8")
    return path


@pytest.mark.parametrize("variable", ["problem", "make"])
def test_compare_a_users_file(user_file, capsys, variable):
    """The main use of the tool: a loss of ten lines in a file of one's own."""
    assert main(["compare", f"{user_file}:{variable}", "--seconds", "0"]) == 0
    out = capsys.readouterr().out
    for name in ("analytical", "numerical", "numerical:complex-step", "backprop"):
        assert name in out
    assert "The providers that gave a gradient agree." in out


def test_compare_says_no_with_status_1(user_file, capsys):
    """A script must be able to tell agreement from doubt without reading the table."""
    assert main(["compare", f"{user_file}:broken", "--seconds", "0"]) == 1
    assert "np.sum was called" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["compare", "iland"], "Did you mean 'island'"),
        (["compare", "nowhere.py:problem"], "no file 'nowhere.py'"),
        (["compare", "FILE:problme"], "Did you mean 'problem'"),
        (["compare", "FILE"], "add the variable"),
        (["compare", "FILE:number"], "is a int"),
        (
            ["compare", "FILE:problem", "--set", "n=3"],
            "Options belong to problems of the catalogue",
        ),
        (["compare", "rosenbrock", "--set", "n"], "Expected OPTION=VALUE"),
        (["compare", "rosenbrock", "--set", "m=3"], "n"),
        (["compare", "island", "--providers", "numerical,anlytical"], "Did you mean 'analytical'"),
        (["problems", "rosenbrok"], "Did you mean 'rosenbrock'"),
        (["report", "no/such/folder"], "no/such/folder"),
    ],
)
def test_mistakes_at_the_prompt(user_file, capsys, arguments, words):
    """A mistake gets one line on standard error and status 2, not a traceback."""
    assert main([a.replace("FILE", str(user_file)) for a in arguments]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("gradmethods: ")
    assert words in captured.err


def test_options_of_catalogue_problems(capsys):
    """Sizes on the command line must reach the problem."""
    arguments = ["compare", "mlp", "--set", "widths=2,3,1", "--set", "activation=tanh"]
    assert main([*arguments, "--seconds", "0", "--providers", "numerical,backprop"]) == 0
    assert "13 parameters" in capsys.readouterr().out


def test_compare_writes_table_and_plot(tmp_path, capsys):
    """What is shown must be had as a file, for a spreadsheet or a paper."""
    csv, plot = tmp_path / "new" / "table.csv", tmp_path / "plane.svg"
    arguments = ["compare", "rosenbrock", "--seconds", "0.02"]
    assert main([*arguments, "--csv", str(csv), "--plot", str(plot)]) == 0
    assert csv.read_text(encoding="utf-8").startswith("provider,value,error")
    assert "<svg" in plot.read_text(encoding="utf-8")


def test_problems_lists_every_name(capsys):
    """A problem that the list omits is one that nobody will find."""
    assert main(["problems"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in gm.problems.names())


@pytest.mark.parametrize("job", ["problems", "compare", "bench", "report"])
def test_help_shows_an_example(job):
    """Help without an example sends people to search the web."""
    result = subprocess.run(
        [sys.executable, "-m", "gradmethods.cli", job, "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"gradmethods {job}" in result.stdout.partition("example:")[2]


def test_a_file_finds_its_neighbours(tmp_path, capsys):
    """A user's file may import helpers that lie beside it, as a script may."""
    (tmp_path / "helper_of_mine.py").write_text("FACTOR = 2.0\n", encoding="utf-8")
    code = """
        import numpy as np, gradmethods as gm
        from helper_of_mine import FACTOR
        problem = gm.Problem(lambda w, xp=np: FACTOR * xp.sum(w * w), np.array([0.3, 0.7]))
    """
    (tmp_path / "own.py").write_text(textwrap.dedent(code), encoding="utf-8")
    assert main(["compare", f"{tmp_path / 'own.py'}:problem", "--seconds", "0"]) == 0
