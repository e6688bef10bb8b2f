"""A frozen sample of the study of gradients planted into black boxes: see tests.black_box_study."""

from __future__ import annotations

import pytest

from tests.black_box_losses import EVERY
from tests.black_box_study import NOISY, OPTIMUM, PLAIN, Tally, case, study
from tests.samples import sampled

CASES = [(place, kind) for place in range(len(EVERY)) for kind in (PLAIN, OPTIMUM, NOISY)]


UNDECIDED = [(42, OPTIMUM)]
"""An optimum where the gradient is 0."""

KEPT = [(2, PLAIN), (13, PLAIN), (4, OPTIMUM), (9, OPTIMUM), (1, NOISY), (11, NOISY)]


@pytest.mark.medium
@pytest.mark.parametrize("chosen", sampled(CASES, KEPT), ids=str)
def test_planted_gradients_of_black_boxes_are_told_from_right_ones(chosen):
    """If one was accepted beyond the digits that are stated, or a right one rejected, it lied."""
    place, kind = chosen
    tallies = {kind: Tally()}
    assert study(case(place, kind), tallies, 28, seed=1, peers=False) == 28
    assert tallies[kind].faults == []
    if chosen in UNDECIDED:
        assert tallies[kind].right[True] == 0
        return
    assert tallies[kind].right[True] >= 2
    assert tallies[kind].open <= 0.1
