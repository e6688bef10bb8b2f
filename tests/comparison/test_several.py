"""Several gradients in one table, errors that are accepted, and the commands that show both."""

from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd
import pytest

import gradmethods as gm
from gradmethods.app.cli import main
from gradmethods.comparison import check_gradients


def loss(p, X, t, *, xp=np):
    z = X @ p["w"] + p["b"]
    return xp.mean(xp.log(1 + xp.exp(z)) - t * z)


def gradient(p, X, t):
    r = 1 / (1 + np.exp(-(X @ p["w"] + p["b"]))) - t
    return {"w": X.T @ r / len(t), "b": r.mean()}


@pytest.fixture(scope="module")
def problem():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((20, 3))
    params = {"w": rng.standard_normal(3), "b": 0.3}
    return gm.Problem(loss, params, {"X": X, "t": (X[:, 0] > 0).astype(float)})


def test_one_table_tells_of_all(problem):
    """Otherwise a teacher would check thirty gradients one by one, and one that fails ends it."""

    def without_mean(p, X, t):
        return gradient(p, X, t) | {"b": 20 * gradient(p, X, t)["b"]}

    answers = {"ada": gradient, "bob": without_mean, "cy": lambda p: 1 / 0}
    found = check_gradients(answers, problem)
    assert found.table["verdict"].to_dict() == {
        "ada": "right", "bob": "wrong", "cy": "could not be run",
    }  # fmt: skip
    assert found.table["score"].to_dict() == {"ada": 1.0, "bob": 0.5, "cy": 0.0}
    assert found.table.loc["bob", ["w", "b"]].tolist() == [1.0, 0.0]
    assert "the 1/N of the mean is missing" in found.table.loc["bob", "mistake"]
    assert "ZeroDivisionError" in found.table.loc["cy", "mistake"]
    assert found.status == 1
    assert "bob: b: 20 times" in str(found)


def test_a_wrong_loss_beside_right_arrays_has_no_score(problem):
    """Otherwise a full score would stand beside the verdict that it is wrong."""

    def with_value(p, X, t):
        return 7.0, gradient(p, X, t)

    row = check_gradients({"it": with_value}, problem).table.loc["it"]
    assert (row["verdict"], row["score"]) == ("wrong", 0.0)


def test_fewer_digits_are_accepted_if_asked_for(problem):
    """Otherwise a gradient by differences, or of a solver, could not be checked for mistakes."""
    rough = gm.Numerical("forward").prepare(problem)

    def differences(p, X, t):
        return rough(p).gradient

    assert gm.check_gradient(differences, problem).ok is False
    check = gm.check_gradient(differences, problem, rtol=1e-6)
    assert check.ok
    assert "An error of 1e-06 was accepted." in str(check)
    gm.assert_gradient(differences, problem, rtol=1e-6)

    def slip(p, X, t):
        return gradient(p, X, t) | {"b": 1.001 * gradient(p, X, t)["b"]}

    assert gm.check_gradient(slip, problem, rtol=1e-6).ok is False
    for bad in (-1.0, 1.0, float("nan")):
        with pytest.raises(gm.InvalidOption, match="rtol"):
            gm.check_gradient(gradient, problem, rtol=bad)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "task_of_class.py").write_text(
        textwrap.dedent(
            """
            import numpy as np
            import gradmethods as gm

            def loss(w, x):
                return np.sum(np.exp(w * x))

            problem = gm.Problem(loss, np.array([0.3, -0.2]), {"x": np.array([1.0, 2.0])})

            def right(w, x):
                return x * np.exp(w * x)
            """
        )
    )
    students = tmp_path / "students"
    students.mkdir()
    answer = "import numpy as np\ndef gradient(w, x):\n    return {} * np.exp(w * x)\n"
    (students / "ada.py").write_text(answer.format("x"))
    (students / "bob.py").write_text(answer.format("-x"))
    (students / "cy.py").write_text("def gradient(w, x)\n")
    return tmp_path


def test_a_folder_of_gradients_is_one_table(folder, capsys):
    """Otherwise a class could not be checked by one command, or its table not be kept."""
    task, csv, md = folder / "task_of_class.py", folder / "class.csv", folder / "class.md"
    argv = ["check", f"{task}:problem", "--gradient", str(folder / "students")]
    assert main([*argv, "--csv", str(csv), "--markdown", str(md)]) == 1
    out, err = capsys.readouterr()
    assert "takes no xp, and is taken as a black box" in err
    table = pd.read_csv(csv, index_col="gradient")
    assert table["verdict"].to_dict() == {
        "ada": "right", "bob": "wrong", "cy": "could not be run",
    }  # fmt: skip
    assert table["score"].to_list() == [1, 0, 0]
    assert table.loc["bob", "mistake"] == "the sign is wrong"
    assert md.read_text().startswith("| gradient")
    assert "could not be run" in out


def test_commands_take_own_gradients_and_providers(folder, capsys):
    """Otherwise a user's gradient could be compared in Python alone."""
    task = folder / "task_of_class.py"
    gradient, bob = f"{task}:right", f"{folder / 'students' / 'bob.py'}:gradient"
    argv = ["compare", f"{task}:problem", "--seconds", "0", "--gradient", gradient]
    assert main([*argv, "--providers", "numerical"]) == 0
    assert main([*argv, "--providers", f"numerical,{bob}"]) == 1
    assert "Right: numerical, right. Wrong: gradient." in capsys.readouterr().out
    assert main(["check", f"{task}:problem", "--providers", "numerical,backprop"]) == 1
    assert "backprop: UnsupportedOperation" not in capsys.readouterr().out
    assert main(["check", f"{task}:problem"]) == 2
    assert main(["check", f"{task}:problem", "--gradient", gradient, "--rtol", "1e-3"]) == 0
