"""The expected outcome of every provider on every problem; surprises fail in both directions."""

from __future__ import annotations

import pytest

import gradmethods as gm
from gradmethods.accuracy.report import VARIANTS, accuracy_table

EXPECTED = {
    # Its entries are far below 1, and the default step is not: the fifth derivative dominates.
    ("helmholtz", "numerical:five-point"): "disagrees",
}
"""Cells whose outcome is another than "agrees"."""


@pytest.fixture(scope="module")
def table():
    return accuracy_table().set_index(["problem", "provider"])


def test_every_cell_is_there(table):
    """A cell that is missing would look like a success."""
    assert set(table.index) == {(p, v) for p in gm.problems.names() for v in VARIANTS}


def test_outcomes_are_as_expected(table):
    """A method that fails where it worked, or works where it failed, is news either way."""
    surprises = {
        cell: verdict
        for cell, verdict in table["verdict"].items()
        if verdict != EXPECTED.get(cell, "agrees")
    }
    assert not surprises, table.loc[list(surprises)].to_string()


@pytest.mark.parametrize(
    "provider", ["analytical", "analytical:chain-rule", "numerical:complex-step", "backprop"]
)
def test_exact_methods_are_exact_to_round_off(table, provider):
    """Methods without truncation error must show none, on any problem."""
    errors = table.xs(provider, level="provider")["error"]
    assert (errors < 1e-14).all(), errors.to_string()


def test_the_articles_classifier():
    """The claim of the README, on the article's own network."""
    problem = gm.problems.get("island")
    comparison = gm.compare(
        problem, [gm.Analytical(), gm.Backprop(), gm.Numerical(), gm.Numerical("complex-step")],
        seconds=0,
    )  # fmt: skip
    errors = comparison.table["error"]
    assert errors["backprop"] < 1e-14
    assert errors["numerical"] < 1e-9
    assert errors["numerical:complex-step"] < 1e-14
