"""Tracebacks: a mistake in a loss is described with the line of the user's own file."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import gradmethods as gm
from gradmethods.app.cli import main
from gradmethods.app.locate import find_problem
from gradmethods.core.tracebacks import in_words, is_users, user_line

FILE = """
import numpy as np
import gradmethods as gm

def helper(w):
    return np.exp(w)

def loss(w, *, xp=np):
    return xp.sum(helper(w))

def uneven(w, *, xp=np):
    return xp.sum(w @ np.ones((4, 3)))

def typed(w, *, xp=np):
    return xp.sum(w) + (len("abc") if type(w) is np.ndarray else "abc")

def choosy(w, *, xp=np):
    return xp.sum(w) if w[0] > 0 else xp.sum(-w)

def gradient(w):
    return w["b"]

right = gm.Problem(lambda w, *, xp=np: xp.sum(xp.sin(w)), np.array([0.3, 0.7]), name="right")
problem = gm.Problem(loss, np.array([0.3, 0.7]))
branching = gm.Problem(choosy, np.array([0.3, 0.7]))
mixing = gm.Problem(typed, np.array([0.3, 0.7]))

def make():
    return gm.Problem(uneven, np.array([0.3, 0.7]))

def whole():
    return gm.Problem(loss, np.array([1, 2]))
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    """Write the file of somebody who is new to this, and work in its folder, as people do."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "newcomer.py").write_text(FILE, encoding="utf-8")
    yield "newcomer.py"
    for name in ("newcomer", "numpy_losses"):
        sys.modules.pop(name, None)


RUNS = {
    "a maker": ("compare {}:make", "newcomer.py:12: return xp.sum(w @ np.ones((4, 3)))"),
    "integers": ("compare {}:whole", "newcomer.py:32: return gm.Problem(loss, np.array([1, 2]))"),
    "compare": ("compare {}:problem --seconds 0", "newcomer.py:6: return np.exp(w)"),
    "a branch": ("compare {}:branching --seconds 0", "newcomer.py:18: return xp.sum(w) if w[0]"),
    "advise": ("advise {}:problem --seconds 0.01", "newcomer.py:6: return np.exp(w)"),
    "graph": ("graph {}:branching", "newcomer.py:18: return xp.sum(w) if w[0]"),
    "a type": ("graph {}:mixing", "newcomer.py:15: "),
    "check": ("check {}:right --gradient {}:gradient", 'newcomer.py:21: return w["b"]'),
    "train": (
        "train --data {}:branching --method backprop --out out", "newcomer.py:18: return xp.sum(w)"
    ),
}  # fmt: skip


@pytest.mark.parametrize("run", RUNS)
def test_the_users_line_is_told(run, file, capsys):
    """Whoever is told only what failed has to search his file for where."""
    command, line = RUNS[run]
    main(command.replace("{}", file).split())
    printed = " ".join(capsys.readouterr()).split()
    assert line in " ".join(printed)


def test_a_line_is_told_once(file, capsys):
    """An error that wraps another would repeat the line of both."""
    assert main(["compare", f"{file}:make"]) == 2
    assert capsys.readouterr().err.count("newcomer.py:12") == 1
    assert main(["compare", f"{file}:branching", "--seconds", "0"]) == 0
    assert capsys.readouterr().out.count("newcomer.py:18") == 1


def test_a_file_may_be_called_like_numpy(file, tmp_path, capsys):
    """Its lines would be taken for NumPy's, and the mistake be nowhere."""
    (tmp_path / "numpy_losses.py").write_text(FILE, encoding="utf-8")
    with pytest.raises(gm.UnsupportedOperation, match=r"np\.exp .*\[numpy_losses\.py:6\]"):
        gm.Backprop().prepare(find_problem("numpy_losses.py:problem"))


def test_no_line_of_ours_is_called_the_users():
    """A line of this package, of NumPy or of what is generated would send the user astray."""
    with pytest.raises(ValueError, match="shape") as caught:
        np.broadcast_to(np.ones(2), (3,))
    ours = caught.value.with_traceback(caught.tb.tb_next)
    assert user_line(ours) == ""
    assert not is_users(ours)
    with pytest.raises(gm.UnknownName) as caught_name:
        gm.problems.get("nowhere")
    inner = caught_name.value.with_traceback(caught_name.tb.tb_next)
    assert in_words(inner) == str(inner)
    assert not is_users(inner)


def test_a_mistake_of_ours_keeps_its_traceback(monkeypatch):
    """If it were put into one line as the user's, nobody could report it."""
    import gradmethods.app.locate

    def broken(name, size):
        return gm.problems.get("xor").structure.split("")  # type: ignore[arg-type]

    monkeypatch.setattr(gradmethods.app.locate, "find_problem", broken)
    with pytest.raises(AttributeError):
        main(["graph", "xor"])


def test_first_mistakes_get_words():
    """NumPy's own words say neither what was wanted nor what to do."""

    def writes(w, *, xp=np):
        w *= 2
        return xp.sum(w)

    with pytest.raises(gm.InvalidProblem, match="writes into an array"):
        gm.Problem(writes, np.ones(2))
    with pytest.raises(gm.InvalidProblem, match="got None"):
        gm.Problem(lambda w, xp=np: None, np.ones(2))
    with pytest.raises(gm.InvalidProblem, match="Name several arrays in a dict"):
        gm.Problem(lambda p, xp=np: xp.sum(p[0]), [[1.0], [2.0, 3.0]])
