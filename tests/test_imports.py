"""What an import costs, and that the floors of the house hold."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import gradmethods

PACKAGE = Path(gradmethods.__file__).parent
HEAVY = ("sympy", "pandas", "matplotlib", "flint", "tabulate", "jinja2", "pytest", "threadpoolctl")

# Each floor may import those before it, never those after it.
FLOORS = (
    (
        "errors",
        "naming",
        "one_function",
        "blame",
        "structure",
        "primitives",
        "arrays",
        "problem",
        "deadline",
        "examples",
        "namespace",
        "progress",
    ),
    ("graph",),
    ("tape", "perturbation", "symbolic", "certified", "holomorphic"),
    ("provider",),
    ("providers", "problems"),
    ("cost", "accuracy", "training", "seeds", "pathologies", "derivations"),
    ("claims",),
    ("report",),
    ("locate", "runs"),
    ("peers", "advice"),
    ("jobs",),
    ("cli",),
    ("__main__",),
)


def test_import_loads_numpy_alone():
    """A user who imports the package must not wait for SymPy, pandas and matplotlib."""
    code = f"import sys, gradmethods; print([m for m in {HEAVY!r} if m in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def imports(path):
    """Yield the rooms of the package that a file imports when it is loaded."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        modules = []
        if isinstance(node, ast.ImportFrom) and node.module:
            modules = (
                [f"gradmethods.{alias.name}" for alias in node.names]
                if node.module == "gradmethods"
                else [node.module]
            )
        elif isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        for module in modules:
            parts = module.split(".")
            if parts[0] == "gradmethods" and len(parts) > 1:
                yield parts[1]


FILES = sorted(p for p in PACKAGE.rglob("*.py") if p != PACKAGE / "__init__.py")


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_import_runs_back_up(path):
    """An arrow from the ground to the roof makes two rooms one, and independence a claim."""
    level = {room: i for i, floor in enumerate(FLOORS) for room in floor}
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    assert room in level, f"{room} has no floor yet: add it to FLOORS"
    upwards = [other for other in imports(path) if level[other] > level[room]]
    assert not upwards


@pytest.mark.parametrize("room", ["symbolic", "holomorphic", "certified", "graph", "perturbation"])
def test_other_methods_never_import_the_tape(room):
    """Methods that shared the tape's rules could not check it."""
    for path in FILES:
        if path.relative_to(PACKAGE).parts[0].removesuffix(".py") == room:
            assert "tape" not in set(imports(path))
            assert "gradmethods.tape" not in path.read_text(encoding="utf-8")
