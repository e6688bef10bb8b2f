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
from tests.catalogue_table import agrees, cell, read, subject

EXACT = (
    "analytical:cse", "analytical:chain-rule", "numerical:complex-step", "backprop", "forward",
)  # fmt: skip

EVERY = 4
"""Each problem meets one provider in so many, and the next problem meets others."""


def check_cells(name, chosen):
    """Hold what providers give on a problem against the page."""
    expected = dict(zip([*VARIANTS, "certificate"], PAGE[name], strict=True))
    about = subject(name)
    for provider in chosen:
        found, reason = cell(about, provider)
        assert agrees(expected[provider], found), (name, provider, found, reason)
    assert agrees(expected["certificate"], str(int(about.truth.digits)))
    assert about.truth.digits >= 30


PAGE = read()
NAMES = gm.problems.names(field=True)


def test_the_page_has_every_problem():
    """A problem that is missing would look like a success."""
    assert list(PAGE) == NAMES


@pytest.mark.medium
@pytest.mark.parametrize("place", range(len(NAMES)), ids=NAMES)
def test_outcomes_are_as_expected(place):
    """A method that fails where it worked, or works where it failed, is news either way."""
    check_cells(NAMES[place], VARIANTS[place % EVERY :: EVERY])


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_all_outcomes_are_as_expected(name):
    """Every cell, before a release."""
    check_cells(name, VARIANTS)


@pytest.fixture(scope="module")
def table():
    """Return the rows of exact methods on the article's problems."""
    rows = []
    for name in gm.problems.names():
        about = subject(name)
        for method in (get_provider(provider) for provider in EXACT):
            rows += flat_rows(gradient_record(about, method))
    return pd.DataFrame(rows)


def test_every_array_is_there(table):
    """A row that is missing would look like a success."""
    for (name, _), group in table.groupby(["problem", "provider"]):
        assert list(group["array"]) == [*subject(name).problem.structure.shapes, WHOLE]


def test_errors_are_within_their_bounds(table):
    """If a verdict did not follow from its number, the table would contradict itself."""
    within = table["verdict"] == RIGHT
    assert (table["excess"] <= 1).equals(within)
    assert np.isfinite(table["bound"]).all()


@pytest.mark.parametrize("provider", EXACT)
def test_exact_methods_are_exact_to_round_off(table, provider):
    """Methods without truncation error must show none, on any problem."""
    rows = table[(table["array"] == WHOLE) & (table["provider"] == provider)]
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
