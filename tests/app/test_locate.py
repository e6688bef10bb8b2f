"""A problem in a user's file: how it is found, and what is said where it is not."""

from __future__ import annotations

import pickle
import sys

import pytest

import gradmethods as gm
from gradmethods.app.locate import find_problem

HEAD = """
import numpy as np
import gradmethods as gm

def loss(w, *, xp=np):
    return xp.sum(w * w)

problem = gm.Problem(loss, np.array([0.3, -1.7]))
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write a file of the user's, and forget the modules that it makes."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)

    def make(text, name="found_here.py"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    yield make
    for name in ("found_here", "problem_file_random"):
        if name not in before:
            sys.modules.pop(name, None)


MISTAKES = {
    "a loss": (HEAD, "loss", r"'loss' in .* takes arguments.*gm\.Problem\(loss, params, data\)"),
    "a maker with arguments": (f"{HEAD}\ndef make(n):\n    return n\n", "make", "takes arguments"),
    "a failing maker": (f"{HEAD}\ndef make():\n    return 1 / 0\n", "make", r"Zero.*here\.py:11"),
    "a number": (f"{HEAD}\nn = 3\n", "n", "'n' in .* is a int"),
    "a maker of numbers": (f"{HEAD}\ndef make():\n    return 3\n", "make", "is a int"),
    "a syntax error": ("x = (\n", "problem", "SyntaxError"),
    "an import that fails": ("import nowhere\n", "problem", r"ModuleNotFound.*found_here\.py:1"),
    "a file that exits": ("raise SystemExit('enough')\n", "problem", "SystemExit: enough"),
    "a misspelled name": (HEAD, "problme", "Did you mean 'problem'"),
    "no name": (HEAD, "", "add the variable"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_in_a_file(mistake, write):
    """A traceback through the import machinery would bury the user's own line."""
    text, name, words = MISTAKES[mistake]
    folders = list(sys.path)
    with pytest.raises(gm.GradientError, match=words):
        find_problem(f"{write(text)}:{name}")
    assert sys.path == folders
    assert ("found_here" in sys.modules) == (
        text.startswith(HEAD) and name != ""
    )  # only what was imported stays


def test_the_users_error_is_the_cause(write):
    """Whoever debugs the file needs the traceback that Python made."""
    with pytest.raises(gm.InvalidProblem) as caught:
        find_problem(f"{write('x = 1 / 0')}:problem")
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_errors_of_the_suite_pass_unchanged(write):
    """Wrapped once more, a message that says what to do would be hard to read."""
    text = f"{HEAD}\nbroken = gm.Problem(loss, np.array([1]))\n"
    with pytest.raises(gm.InvalidProblem, match="float64"):
        find_problem(f"{write(text)}:problem")


def test_dataclasses_and_pickles(write):
    """Both look the file's module up by its name."""
    text = f"""
from __future__ import annotations
from dataclasses import dataclass
from typing import ClassVar
{HEAD}

@dataclass
class Layer:
    kind: ClassVar[str] = "dense"
    width: int = 3

problem.loss.layer = Layer()
"""
    layer = find_problem(f"{write(text)}:problem").loss.layer  # type: ignore[attr-defined]
    assert pickle.loads(pickle.dumps(layer)) == layer  # noqa: S301  # our own bytes


def test_a_file_named_like_a_module(write):
    """A file called random.py must not take the place of the standard library's."""
    import random

    find_problem(f"{write(HEAD, 'random.py')}:problem")
    assert sys.modules["random"] is random


def test_the_path_is_left_as_the_file_left_it(write):
    """Files put folders of their own in front; removing the first entry would remove those."""
    path = write(f"import sys\nsys.path.insert(0, 'somewhere')\n{HEAD}")
    find_problem(f"{path}:problem")
    assert sys.path[0] == "somewhere"
    assert str(path.parent) not in sys.path


MANY = [f"name-{i}" for i in range(40)]


def test_unknown_names_get_the_nearest_and_no_endless_list():
    """Forty names on the terminal hide the one that was meant."""
    near = str(gm.UnknownName.among("problem", "name-33x", MANY))
    assert near.startswith("Unknown problem 'name-33x'. Did you mean 'name-33'")
    assert near.endswith(" 40 are known.")
    far = str(gm.UnknownName.among("problem", "zzz", MANY))
    assert "Did you mean" not in far
    assert far.endswith("'name-11', and 28 more.")
    few = str(gm.UnknownName.among("form", "csee", ["cse", "expanded"]))
    assert few == "Unknown form 'csee'. Did you mean 'cse'? Known: 'cse', 'expanded'."
    assert str(gm.UnknownName.among("variable", "x", [])) == "Unknown variable 'x'. There is none."


@pytest.mark.parametrize("name", ["found_here", "found_here:problem"])
def test_a_file_named_without_its_ending(write, monkeypatch, name):
    """The nearest name of the catalogue is no help to somebody whose file is mine.py."""
    monkeypatch.chdir(write(HEAD).parent)
    with pytest.raises(gm.UnknownName, match=r"found_here\.py:problem"):
        find_problem(name)
