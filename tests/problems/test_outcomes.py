"""The expected outcome of every provider on every problem; surprises fail in both directions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import gradmethods as gm
from gradmethods.providers import get_provider
from gradmethods.studies.accuracy.subject import Subject
from gradmethods.studies.accuracy.survey import (
    VARIANTS,
    WHOLE,
    accuracy_table,
    flat_rows,
    gradient_record,
    reference_record,
)
from gradmethods.truth.verdict import RIGHT

pytestmark = pytest.mark.medium

EXPECTED: dict[tuple[str, str], str] = {}
"""Cells whose outcome is another than "right"."""

DIGITS = {
    "analytical:cse": 14,
    "analytical:expanded": 14,
    "analytical:chain-rule": 14,
    "numerical:forward": 6,
    "numerical": 8,
    "numerical:five-point": 11,
    "numerical:richardson": 11,
    "numerical:complex-step": 14,
    "backprop": 14,
    "forward": 14,
}
"""Correct digits on every problem, at least."""

EXACT = (
    "analytical:cse", "analytical:chain-rule", "numerical:complex-step", "backprop", "forward",
)  # fmt: skip


SIZES = {"mlp": {"widths": (2, 4, 4, 1)}}
"""Sizes where closed formulas take seconds at the default one."""


@pytest.fixture(scope="module")
def catalogue():
    return {name: gm.problems.get(name, **SIZES.get(name, {})) for name in gm.problems.names()}


@pytest.fixture(scope="module")
def table(catalogue):
    methods = [get_provider(name) for name in VARIANTS]
    rows = []
    for problem in catalogue.values():
        subject = Subject(problem)
        rows += [row for method in methods for row in flat_rows(gradient_record(subject, method))]
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def whole(table):
    return table[table["array"] == WHOLE].set_index(["problem", "provider"])


def test_every_cell_is_there(catalogue, table, whole):
    """A cell that is missing would look like a success."""
    assert set(whole.index) == {(p, v) for p in gm.problems.names() for v in VARIANTS}
    for (name, _), group in table.groupby(["problem", "provider"]):
        arrays = catalogue[name].structure.shapes
        assert list(group["array"]) == [*arrays, WHOLE]


def test_outcomes_are_as_expected(table):
    """A method that fails where it worked, or works where it failed, is news either way."""
    wrong = [
        row
        for row in table[["problem", "provider", "array", "verdict", "excess"]].itertuples()
        if row.verdict != EXPECTED.get((row.problem, row.provider), RIGHT)
    ]
    assert not wrong


def test_errors_are_within_their_bounds(table):
    """If a verdict did not follow from its number, the table would contradict itself."""
    within = table["verdict"] == RIGHT
    assert (table["excess"] <= 1).equals(within)
    assert np.isfinite(table["bound"]).all()


def test_every_method_has_its_digits(whole):
    """Bounds are generous: a method that loses digits must show before it breaks one."""
    for provider, least in DIGITS.items():
        digits = whole.xs(provider, level="provider")["digits"]
        assert (digits >= least).all(), (provider, digits.to_dict())


@pytest.mark.parametrize("provider", EXACT)
def test_exact_methods_are_exact_to_round_off(whole, provider):
    """Methods without truncation error must show none, on any problem."""
    rows = whole.xs(provider, level="provider")
    assert (rows["error"] < 2e-15).all()
    assert (rows["wrong_signs"] == 0).all()
    assert (rows["not_finite"] == 0).all()


@pytest.mark.parametrize("name", gm.problems.names())
def test_every_problem_is_certified(name):
    """If a problem could not be certified, its errors would be opinions."""
    record = reference_record(Subject(gm.problems.get(name)))
    assert record["digits"] >= 30
    assert record["component_digits"] >= 30
    arrays = {row["array"]: row for row in record["arrays"]}
    assert arrays[WHOLE]["n"] == record["n"]
    # Computing in float64 loses something, and leaves something.
    assert all(1 <= row["condition"] < 1e8 for row in record["arrays"])


def test_single_precision_is_held_to_its_own_bound():
    """If float32 were held to float64's bound, every gradient in it would be wrong."""
    table = accuracy_table(["island"], [gm.Backprop()])
    subject = Subject(gm.problems.get("island"), "float32")
    single = flat_rows(gradient_record(subject, gm.Backprop()))
    assert {row["verdict"] for row in single} == {RIGHT}
    ratio = single[-1]["bound"] / table["bound"].iloc[-1]
    assert 2.0**27 < ratio < 2.0**31


def test_a_refusal_is_a_row():
    """If it were not, a method would be judged by what it can do alone."""

    class Refusing:
        name = "refusing"

        def obstacle(self, problem):
            return "No."

        def prepare(self, problem):
            raise gm.UnsupportedOperation("No.")

    table = accuracy_table(["island"], [Refusing()])
    (row,) = table[["verdict", "reason", "array"]].to_numpy().tolist()
    assert (row[0], row[1][:4], row[2]) == ("obstacle", "No. ", WHOLE)  # and where it was raised


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
