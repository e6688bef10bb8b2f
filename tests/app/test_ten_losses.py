"""Ten losses as people have them, checked by the command: see tests/as_people_have_them."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

from gradmethods.app.cli import main

FOLDER = Path(__file__).parents[1] / "as_people_have_them"

LOSSES = {
    "torch_module": ("torch", "32 times the right one"),
    "jax_function": ("jax", "b: 40 times the right one"),
    "solver": ("scipy", "one entry is wrong: [1]"),
    "compiled": ("cc", "one entry is wrong: [11] is 0"),
    "data_frame": ("pandas", "slope: is -1.14706 where -3.38907 is right"),
    "simulation": ("numpy", "one entry is wrong: [0] is 1.5 where"),
    "nested_network": ("numpy", "0.W, 0.b, 1.W, 1.b: 60 of 60 entries are wrong"),
    "dataclass_model": ("numpy", "rate: is 7.50754 where 11.2613 is right"),
    "stateful": ("numpy", "4 of 4 entries are wrong"),
    "numpy_function": ("numpy", "noise: is 10.4609 where 4.95427 is right"),
}
"""What each imports, and what is found wrong with its wrong gradient."""


@pytest.mark.medium
@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_as_people_have_it_is_checked(name, capsys):
    """If one was refused, who has such a loss could not check a gradient of it at all."""
    package, said = LOSSES[name]
    if importlib.util.find_spec(package) is None and shutil.which(package) is None:
        pytest.skip(f"not installed: {package}")
    file = FOLDER / f"{name}.py"
    assert main(["check", f"{file}:problem", "--gradient", f"{file}:gradient"]) == 0
    right = capsys.readouterr().out
    assert "RIGHT to" in right
    assert "by differences of the loss" in right
    assert main(["check", f"{file}:problem", "--gradient", f"{file}:wrong"]) == 1
    assert said in " ".join(capsys.readouterr().out.split())
