"""Where branches meet: what is certified, what is refused, and what is proven not to be there."""

from __future__ import annotations

import numpy as np
import pytest

from gradmethods.certified import Kind, certified_truth
from tests import tie_cases

ROUNDING = 4e-16


@pytest.mark.parametrize("case", tie_cases.CASES, ids=lambda case: case.name)
def test_every_point_gets_the_answer_derived_by_hand(case):
    """A wrong certificate, or a kink taken for a tie, would make every verdict there wrong."""
    truth = certified_truth(case.problem())
    assert truth.kind is case.kind, truth.reason
    assert (truth.certificate is not None) == (case.kind is Kind.GRADIENT)
    if truth.certificate is not None:
        np.testing.assert_allclose(truth.certificate.gradient, case.gradient, ROUNDING, ROUNDING)
        assert truth.is_subgradient(np.array(case.gradient, float), 1e-15)
        assert not truth.is_subgradient(np.array(case.gradient, float) + 1e-14, 1e-15)
    for gradient in case.valid:
        assert truth.is_subgradient(np.array(gradient), 1e-14), gradient
    for gradient in case.invalid:
        assert truth.is_subgradient(np.array(gradient), 1e-14) is False, gradient


def test_there_are_enough_points():
    """The table is what shows that nothing certified is wrong: it must not shrink."""
    assert len(tie_cases.CASES) >= 60
    assert len({case.name for case in tie_cases.CASES}) == len(tie_cases.CASES)
