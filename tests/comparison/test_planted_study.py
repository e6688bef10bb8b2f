"""A frozen sample of `tests.planted_study`: gradients planted into random programs, and checked."""

from __future__ import annotations

import pytest

from tests.planted_study import Tally, seed_of, study

FIRST = 640_000


@pytest.fixture(scope="module")
def tallies():
    found = {"float64": Tally(), "float32": Tally()}
    for k in range(0, 120, 5):
        study(seed_of(k, FIRST), found, most=8)
    return found


@pytest.mark.medium
def test_no_right_gradient_is_rejected_and_no_wrong_one_accepted(tallies):
    """The check is believed: it may say that it does not know, but not what is untrue."""
    for dtype, tally in tallies.items():
        assert tally.programs >= 5, dtype
        assert not tally.faults
        assert tally.right[True] >= 4 * tally.programs
        assert tally.right[False] == 0
        assert tally.wrong[False] > 20


@pytest.mark.medium
def test_most_programs_are_decided(tallies):
    """A check that decides nothing is never wrong, either."""
    assert tallies["float64"].open_programs == 0
    assert tallies["float32"].open_programs <= 1
    assert sorted(tallies["float64"].bounds)[len(tallies["float64"].bounds) // 2] <= 1e-10
