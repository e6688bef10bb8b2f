"""The command line, as a user types it."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

import gradmethods as gm
from gradmethods.app.cli import main
from gradmethods.app.runs.progress import Progress
from gradmethods.comparison import DEFAULT_PROVIDERS
from gradmethods.output.terminal import table
from tests.report_records import write_run

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
flat = gm.Problem(lambda w, *, xp=np: xp.sum(xp.sqrt(xp.expm1(w**4))), np.array([0.0, 2.0]))
number = 3

def slow():
    raise AssertionError("the work began before the options were looked at")
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
    assert "wrong" not in out


def test_compare_says_not_decided_with_status_3(user_file, capsys):
    """A script must be able to tell agreement from doubt without reading the table."""
    argv = ["compare", f"{user_file}:flat", "--seconds", "0", "--providers", "numerical"]
    assert main(argv) == 3
    assert "or it is not decided" in " ".join(capsys.readouterr().out.split())


def test_compare_judges_by_differences_what_leaves_xp(user_file, capsys):
    """A loss that no method but differences takes would otherwise have no verdict at all."""
    assert main(["compare", f"{user_file}:broken", "--seconds", "0"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "np.sum was called" in said
    assert "against differences of the loss, not certified" in said


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
            "Options belong to families of problems",
        ),
        (["compare", "rosenbrock", "--set", "n"], "Expected OPTION=VALUE"),
        (["compare", "rosenbrock", "--set", "m=3"], "n"),
        (["compare", "island", "--providers", "numerical,anlytical"], "Did you mean 'analytical'"),
        (["problems", "rosenbrok"], "Did you mean 'rosenbrock'"),
        (["report", "no/such/folder"], "no/such/folder"),
        (["compare", "island", "--providers", "numerical:"], "no name of a provider"),
        (["compare", "FILE:slow", "--seconds", "-1"], "--seconds"),
        (["compare", "FILE:slow", "--seconds", "nan"], "--seconds"),
        (["compare", "FILE:slow", "--seconds", "0", "--plot", "a.svg"], "--plot"),
        (["compare", "FILE:slow", "--plot", "a.jpg"], "svg, pdf, png"),
        (["compare", "FILE:slow", "--csv", "FILE/a.csv"], "cannot be written"),
        (["compare", "FILE:slow", "--plot", "FILE/a.svg"], "cannot be written"),
        (["bench", "--budget", "nan"], "budget"),
        (["bench", "--out", "FILE/results"], "Not a directory"),
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


@pytest.mark.medium
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
    assert all(name in out for name in gm.problems.names(real=True))


def test_a_formula_is_readable_at_the_prompt(capsys):
    """If it came as LaTeX, a user of a terminal could not read it."""
    for name in gm.problems.names(real=True):
        assert main(["problems", name]) == 0
        out = capsys.readouterr().out
        assert "\\" not in out
        assert "formula: " in out


def test_a_comma_in_brackets_belongs_to_the_provider(capsys):
    """If it did not, a provider could not be named as its own table names it."""
    names = "numerical:central[reuse,step=1e-05],backprop"
    assert main(["compare", "rosenbrock", "--seconds", "0", "--providers", names]) == 0
    assert "numerical:central[reuse,step=1e-05]" in capsys.readouterr().out


def test_the_command_alone_shows_its_jobs(capsys):
    """If it only complained, a newcomer would not learn what there is."""
    assert main([]) == 2
    assert "compare" in capsys.readouterr().err


@pytest.mark.medium
def test_report_says_what_it_wrote(tmp_path, capsys, undrawn):
    """If it were silent, nobody would know where to look."""
    write_run(tmp_path)
    assert main(["report", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    for name in ("report.html", "figures", "tables"):
        assert str(tmp_path / name) in out


def test_defaults_are_those_of_compare(capsys):
    """If they were copies, the command and the library would drift apart."""
    with pytest.raises(SystemExit):
        main(["compare", "--help"])
    assert ",".join(DEFAULT_PROVIDERS) in "".join(capsys.readouterr().out.split())
    with pytest.raises(SystemExit):
        main(["bench", "--help"])
    assert "results/latest" in capsys.readouterr().out


@pytest.mark.medium
@pytest.mark.parametrize("job", ["problems", "compare", "bench", "train", "article", "report"])
def test_help_shows_an_example(job):
    """Help without an example sends people to search the web."""
    result = subprocess.run(
        [sys.executable, "-m", "gradmethods.app.cli", job, "--help"],
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


# -- what the terminal shows


def test_numbers_stand_under_numbers():
    """If words and numbers were aligned alike, sizes could not be compared at a glance."""
    rows = [{"method": "a", "n": "5", "why": "x"}, {"method": "bc", "n": "1,234", "why": "yz"}]
    lines = table(rows, left=["why"]).splitlines()
    assert lines[1].strip("- ") == ""
    assert lines[2].index("5") == lines[3].index("4")
    assert lines[2].index("x") == lines[3].index("yz")


WRITTEN = {
    "graph": ("graph xor --out {}/g.svg", "The graph of xor is in {}/g.svg."),
    "graph as data": ("graph xor --data --out {}/g.csv", "The graph of xor is in {}/g.csv."),
    "compare": ("compare xor --seconds 0 --csv {}/c.csv", "The table is in {}/c.csv."),
}


@pytest.mark.medium
@pytest.mark.parametrize("case", WRITTEN)
def test_what_was_written_is_said(case, tmp_path, capsys):
    """A command that writes and says nothing looks like one that did nothing."""
    command, words = WRITTEN[case]
    main(command.replace("{}", str(tmp_path)).split())
    assert words.replace("{}", str(tmp_path)) in capsys.readouterr().out


def test_phases_say_where_a_run_is(capsys):
    """If they did not, five minutes of silence would look like a hang."""
    shown = Progress(2, lambda: 65.4, {"cases": 10.0})
    with shown.phase("cases", 3):
        shown.step("first  case\n")
        shown._write()
    with shown.phase("report"):
        pass
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines[:2] == [
        "[1/2] cases 0 of 3, 1:05 left",
        "[1/2] cases 1 of 3, 1:05 left: first case",
    ]
    assert lines[2].startswith("[1/2] cases: 1 done, ")
    assert lines[3] == "[2/2] report, 1:05 left"
    assert list(shown.seconds) == ["cases", "report"]
    assert shown.seconds["cases"] >= 10.0  # with what the run took before it was gone on with
