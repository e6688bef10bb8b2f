"""`gradmethods check`, as a user types it."""

from __future__ import annotations

import pytest

from gradmethods.app.cli import main

USER_FILE = """
import numpy as np
import gradmethods as gm

def loss(params, x, t, *, xp=np):
    y = xp.tanh(x @ params["w"] + params["b"])
    return xp.mean((y - t) ** 2)

rng = np.random.default_rng(1)
problem = gm.Problem(loss, {"w": rng.normal(size=3), "b": 0.1},
                     {"x": rng.normal(size=(50, 3)), "t": rng.normal(size=50)}, examples=("x", "t"))

def right(params, x, t):
    y = np.tanh(x @ params["w"] + params["b"])
    slope = 2 * (y - t) * (1 - y**2) / len(t)
    return {"w": slope @ x, "b": slope.sum()}

def wrong(params, x, t):
    gradient = right(params, x, t)
    return gradient | {"w": 50 * gradient["w"]}

def misshapen(params, x, t):
    return {"w": right(params, x, t)["w"]}

def needy(params, x, t, z):
    return {}

values = {"w": np.zeros(3), "b": 0.0}
kink = gm.Problem(lambda x, xp=np: xp.sum(xp.abs(x)), np.array([0.0, 1.0]))
"""


@pytest.fixture
def user_file(tmp_path):
    path = tmp_path / "mine_to_check.py"
    path.write_text(USER_FILE, encoding="utf-8")
    return path


def test_a_right_gradient_has_status_0(user_file, capsys):
    """A script that checks gradients goes on where they are right, and only there."""
    assert main(["check", f"{user_file}:problem", "--gradient", f"{user_file}:right"]) == 0
    assert "RIGHT, to rounding." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("gradient", "words"),
    [("wrong", "w: 50 times the right one: the 1/N of the mean is missing"), ("values", "zero")],
)
def test_a_wrong_one_has_status_1_and_a_word_for_it(user_file, capsys, tmp_path, gradient, words):
    """The command is made for this case."""
    table = tmp_path / "table.csv"
    arguments = ["check", f"{user_file}:problem", "--gradient", f"{user_file}:{gradient}"]
    assert main([*arguments, "--csv", str(table)]) == 1
    assert words in " ".join(capsys.readouterr().out.split())
    assert table.read_text(encoding="utf-8").startswith("array,point,n,error")


def test_a_problem_of_the_catalogue(user_file, capsys):
    """A gradient may be written for a problem that is here already."""
    path = user_file.with_name("rosen.py")
    path.write_text(
        "import numpy as np\n"
        "def gradient(x):\n"
        "    bend = x[1:] - x[:-1] ** 2\n"
        "    g = np.zeros_like(x)\n"
        "    g[1:] += 200 * bend\n"
        "    g[:-1] += -400 * x[:-1] * bend - 2 * (1 - x[:-1])\n"
        "    return g\n",
        encoding="utf-8",
    )
    assert main(["check", "rosenbrock", "--set", "n=7", "--gradient", f"{path}:gradient"]) == 0
    assert "7 parameters" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("problem", "gradient", "words"),
    [
        ("FILE:problem", "FILE:rihgt", "Did you mean 'right'"),
        ("FILE:problem", "nowhere.py:g", "no file 'nowhere.py'"),
        ("FILE:problem", "FILE", "does not name a gradient"),
        ("FILE:problem", "island", "does not name a gradient"),
        ("FILE:problem", "FILE:misshapen", "Missing: ['b']"),
        ("FILE:problem", "FILE:needy", "missing a required argument: 'z'"),
        ("FILE:kink", "FILE:right", "cannot be called"),
        ("FILE:kink", "FILE:values", "as one array"),
        ("iland", "FILE:right", "Did you mean 'island'"),
    ],
)
def test_bad_input_has_status_2(user_file, capsys, problem, gradient, words):
    """Bad input is not a wrong gradient: a script must be able to tell them apart."""
    names = [name.replace("FILE", str(user_file)) for name in (problem, gradient)]
    assert main(["check", names[0], "--gradient", names[1]]) == 2
    assert words in " ".join(capsys.readouterr().err.split())
