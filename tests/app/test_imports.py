"""What an import costs. Which room may import which is held by lint, with `pyproject.toml`."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import gradmethods
from gradmethods.providers.peers import PEERS

HEAVY = {
    "flint", "jinja2", "matplotlib", "mpmath", "pandas", "pytest", "scipy", "sympy", "tabulate",
    "threadpoolctl",
}  # fmt: skip
OTHERS = {package for peer in PEERS.values() for package in peer.packages} - {"sympy"}


@pytest.mark.medium
@pytest.mark.parametrize(
    ("statement", "heavy"),
    [
        ("import gradmethods as gm; gm.Analytical(); gm.problems.names()", HEAVY),
        (
            "import gradmethods.timing, gradmethods.report",
            {"flint", "matplotlib", "pandas", "sympy"},
        ),
        ("import gradmethods.report.report_files", {"flint", "matplotlib.pyplot", "sympy"}),
        ("import benchmarks.peers.run, benchmarks.peers.__main__", OTHERS),
    ],
    ids=["package", "rooms", "writing a report", "peers"],
)
def test_import_loads_nothing_heavy(statement, heavy):
    """If it did, everyone would wait for packages, or need them, whom they serve nothing."""
    code = f"import sys; {statement}; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def rooms_after(statement):
    """Return the rooms of the package that a statement loads, and each of the engines."""
    code = f"import sys\n{statement}\nprint(*(m for m in sys.modules if 'gradmethods.' in m))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = [m.split(".")[1:] for m in done.stdout.splitlines()[-1].split()]
    return {".".join(m[: 1 + (m[0] == "engines")]) for m in loaded}


BACKPROP = """
import gradmethods as gm
gm.gradient(lambda w, xp: xp.sum(w * w), [0.5, 1.5])
"""
COMMAND = """
from gradmethods.app.cli import main
try:
    main(["--help"])
except SystemExit:
    pass
"""


@pytest.mark.parametrize(
    ("statement", "rooms"),
    [
        ("import gradmethods", set()),
        ("import gradmethods; gradmethods.GradientError", {"errors"}),
        ("import gradmethods; gradmethods.__version__", set()),
        (COMMAND, {"app", "core", "errors"}),
        ("import gradmethods.xp.primitives", {"errors", "xp"}),
    ],
    ids=["package", "error", "version", "command", "primitives"],
)
def test_rooms_load_when_they_are_first_used(statement, rooms):
    """To import the package loaded 118 modules in a third of a second, whatever was to be done."""
    assert rooms_after(statement) == rooms


@pytest.mark.parametrize("statement", ["import gradmethods; gradmethods.Problem", BACKPROP])
def test_a_method_loads_no_other_engine(statement):
    """Who wants a gradient must not wait for what certifies, compares, measures and reports."""
    engines = {f"engines.{name}" for name in ("certified", "incremental", "symbolic")}
    others = {"app", "comparison", "report", "studies", "timing", "truth"}
    assert rooms_after(statement).isdisjoint(engines | others)


def test_every_name_of_the_package_is_found():
    """A name that one of the three lists lacks is missing for users, for editors or for mypy."""
    (block,) = (
        node
        for node in ast.parse(Path(gradmethods.__file__).read_text("utf-8")).body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    typed = {
        name.name for node in block.body if isinstance(node, ast.ImportFrom) for name in node.names
    }
    assert typed == {*gradmethods.__all__} <= {*dir(gradmethods)}
    for name in gradmethods.__all__:
        assert getattr(gradmethods, name) is not None
    assert gradmethods.compare is gradmethods.comparison.compare
    unknown = "backprop"
    with pytest.raises(AttributeError, match="'gradmethods' has no attribute 'backprop'"):
        getattr(gradmethods, unknown)
