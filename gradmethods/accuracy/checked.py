"""What came out of checking a gradient: point by point, array by array."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from gradmethods.accuracy.bounds import SLACK
from gradmethods.accuracy.evidence import Evidence
from gradmethods.accuracy.given import Given
from gradmethods.accuracy.measures import measure
from gradmethods.accuracy.reference import Allowance
from gradmethods.accuracy.truth import Truth
from gradmethods.accuracy.verdict import GRAVITY, Verdict
from gradmethods.problem import Problem

if TYPE_CHECKING:
    import pandas as pd


BESIDE = 2
"""Points beside the problem's own, at which a function is checked too."""

OWN = "the problem's own point"


def beside(k: int) -> str:
    """Name the k-th point beside it."""
    return f"point {k} beside it"


@dataclass(frozen=True)
class PointCheck:
    """A gradient at one point, against the truth there.

    Attributes
    ----------
    where : str
        Which point.
    truth : Truth
        What is right there.
    given : Given
        What came.
    allowance : Allowance
        The error that a right gradient may have.
    verdict : Verdict
        On the gradient.
    """

    where: str
    truth: Truth
    given: Given
    allowance: Allowance
    verdict: Verdict

    @property
    def wrong_value(self) -> bool:
        """Whether it told a loss that is not the right one."""
        if self.given.value is None:
            return False
        u = float(np.finfo(self.truth.problem.dtype).eps) / 2
        allowed = SLACK * self.truth.loss_rounding() + u * abs(self.truth.value)
        return not abs(self.given.value - self.truth.value) <= allowed

    @property
    def ok(self) -> bool:
        """Whether gradient and loss are right."""
        return self.verdict.ok and not self.wrong_value

    @cached_property
    def evidence(self) -> Evidence:
        """What a diagnosis needs."""
        return Evidence(self.truth, self.given.gradient, self.allowance.errors, self.verdict)


@dataclass(frozen=True, eq=False, repr=False)
class Check:
    """What came out of checking a gradient; printing it says it in words.

    Attributes
    ----------
    name : str
        Of the gradient.
    problem : Problem
        Whose gradient it should be.
    points : tuple of PointCheck
        The problem's own point; for a function, others beside it too.
    mistake : str
        What is likely wrong, with the arrays and entries concerned; empty if it is right.
    failures : tuple of str
        Where the function gave no gradient although the loss has one, and why.
    unchecked : tuple of str
        Where nothing could be checked because the loss itself failed, and why.
    """

    name: str
    problem: Problem
    points: tuple[PointCheck, ...]
    mistake: str
    failures: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the gradient is right at every point, as far as rounding lets one know."""
        return all(point.ok for point in self.points) and not self.failures

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per parameter array, from the point where it is worst, in these columns.

        ==============  ============================================================================
        point           which one
        n               entries
        error           norm of the error ÷ norm of the array
        worst           largest relative error of an entry
        ulps_worst      largest error in units in the last place
        digits          correct digits
        wrong_signs     entries with a wrong sign
        not_finite      entries that are NaN or infinite
        bound           norm of the error that rounding may cause ÷ norm of the array
        excess          largest error ÷ bound of an entry: above 1 it is wrong
        hidden          entries that are smaller than their bound: 0 would pass
        verdict         see `gradmethods.accuracy.verdict.ArrayVerdict`
        ==============  ============================================================================
        """
        import pandas as pd

        rows = [self._row(name) for name in self.problem.structure.shapes]
        return pd.DataFrame(rows).set_index("array")

    def _row(self, name: str) -> dict[str, Any]:
        def gravity(point: PointCheck) -> tuple[int, float]:
            found = point.verdict.arrays[name]
            return GRAVITY.index(found.outcome), found.excess

        point = max(self.points, key=gravity)
        found = point.verdict.arrays[name]
        given = point.truth.problem.structure.restore(point.given.gradient)
        row = next(row for row in measure(given, point.truth) if row.array == name)
        return {
            "array": name,
            "point": point.where,
            "n": row.n,
            "error": row.error,
            "worst": row.worst,
            "ulps_worst": row.ulps_worst,
            "digits": row.digits,
            "wrong_signs": row.wrong_signs,
            "not_finite": row.not_finite,
            "bound": found.resolution,
            "excess": found.excess,
            "hidden": found.hidden,
            "verdict": found.outcome,
        }

    def __str__(self) -> str:
        from gradmethods.accuracy.check_text import render

        return render(self)

    __repr__ = __str__
