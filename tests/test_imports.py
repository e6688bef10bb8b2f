"""What an import costs. Which room may import which is held by lint, with `pyproject.toml`."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gradmethods.peers import PEERS

HEAVY = {
    "flint", "jinja2", "matplotlib", "mpmath", "pandas", "pytest", "scipy", "sympy", "tabulate",
    "threadpoolctl",
}  # fmt: skip
OTHERS = {package for peer in PEERS.values() for package in peer.packages} - {"sympy"}


@pytest.mark.parametrize(
    ("statement", "heavy"),
    [
        ("import gradmethods as gm; gm.Analytical(); gm.problems.names()", HEAVY),
        ("import gradmethods.cost, gradmethods.report", {"flint", "matplotlib", "pandas", "sympy"}),
        ("import gradmethods.report.write", {"flint", "matplotlib.pyplot", "sympy"}),
        ("import gradmethods.peers.run, gradmethods.peers.__main__", OTHERS),
    ],
    ids=["package", "rooms", "writing a report", "peers"],
)
def test_import_loads_nothing_heavy(statement, heavy):
    """If it did, everyone would wait for packages, or need them, whom they serve nothing."""
    code = f"import sys; {statement}; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
