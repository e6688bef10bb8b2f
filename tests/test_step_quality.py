"""The default step against the best one: nobody should have to look for a step by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.step_sweep import BADLY_SCALED, CATALOGUE, SCHEMES, ratios

MEDIAN, WORST = 5.0, 30.0


@pytest.mark.parametrize("name", CATALOGUE)
def test_on_the_catalogue(name):
    """A step off by a large factor wastes digits that the scheme could give."""
    for scheme, ratio in ratios(name).items():
        assert ratio.raw <= WORST, scheme  # and so the fair one, which is smaller


@pytest.mark.parametrize("name", BADLY_SCALED)
def test_on_badly_scaled_problems(name):
    """Units are the user's: kilograms or tons, the digits must be there.

    Against the fair best: of steps that suit all entries by luck, there are some for four of them.
    """
    for scheme, ratio in ratios(name).items():
        assert ratio.fair <= WORST, scheme


def test_over_all_problems():
    """What is promised of a typical problem, even against steps that hit it by luck."""
    rows = [ratios(name) for name in (*CATALOGUE, *BADLY_SCALED)]
    for scheme in SCHEMES:
        assert np.median([row[scheme].raw for row in rows]) <= MEDIAN, scheme
