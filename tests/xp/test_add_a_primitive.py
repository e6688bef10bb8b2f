"""The guide to adding a primitive: one entry and one row of tests, and every method has it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from tests.patches import ROOT, apply, patches

USE = """
import numpy as np
import gradmethods as gm

def loss(w, *, xp=np):
    return xp.sum(xp.cbrt(w * w - 2.0) * w)

w = np.array([0.3, -1.7, 2.9])
expected = np.cbrt(w * w - 2) + 2 * w * w / (3 * np.cbrt(w * w - 2) ** 2)
problem = gm.Problem(loss, w)
for name, rtol in (
    ("backprop", 1e-14), ("forward", 1e-14), ("numerical:complex-step", 1e-14),
    ("numerical", 1e-7),
    ("numerical:central[reuse]", 1e-7), ("analytical:chain-rule", 1e-13),
    ("analytical:cse", 1e-13), ("analytical:expanded", 1e-13),
):
    result = gm.get_provider(name).prepare(problem)(w)
    np.testing.assert_allclose(result.gradient, expected, rtol=rtol, err_msg=name)
certificate = gm.certified_gradient(problem)
np.testing.assert_allclose(certificate.gradient, expected, rtol=1e-14)
assert certificate.digits >= 30
second = gm.certified_derivatives(gm.Problem(lambda w, *, xp=np: xp.sum(xp.cbrt(w)), w), 2)[:, 2]
np.testing.assert_allclose(second, -2 / (9 * np.cbrt(w) ** 5), rtol=1e-14)

def masked(w, *, xp=np):
    return xp.sum(xp.where(w > 0, xp.cbrt(w), w))

edge = gm.Problem(masked, np.array([0.0, 8.0]))
for provider in (gm.Backprop(), gm.Forward()):
    np.testing.assert_allclose(provider.prepare(edge)(edge.params).gradient, [1, 1 / 12])
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """Return a copy of the repository with the patch of the guide, and what was patched."""
    root = tmp_path_factory.mktemp("copy")
    for folder in ("gradmethods", "tests"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", root)
    (patch,) = [
        patch for patch in patches("CONTRIBUTING.md") if "gradmethods/xp/primitives/" in patch
    ]
    return root, apply(patch, root)


def run(root, *arguments):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.medium
def test_one_entry_gives_every_method_a_new_function(copy):
    """If a method had a list of its own, the guide would be wrong, and the house, too."""
    root, names = copy
    assert names == ["gradmethods/xp/primitives/arithmetic.py", "tests/smooth_functions.py"]
    result = run(root, "-c", USE)
    assert result.returncode == 0, result.stderr


@pytest.mark.medium
def test_one_row_makes_the_cases_of_a_new_function(copy):
    """A row that made no cases would leave a new function untested."""
    root, _ = copy
    files = ("holomorphic", "holomorphic_namespace", "symbolic_numbers", "traps")
    paths = ["tests/xp/test_primitives.py", *(f"tests/engines/test_{name}.py" for name in files)]
    result = run(root, "-m", "pytest", "-q", "-k", "cbrt", "-p", "no:cacheprovider", *paths)
    assert result.returncode == 0, result.stdout[-3000:]
    assert int(result.stdout.split(" passed")[0].split()[-1]) >= 10
