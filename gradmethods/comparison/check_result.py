"""The result of a check: point by point, array by array."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gradmethods.comparison.evidence import Evidence
from gradmethods.comparison.taylor import Taylor
from gradmethods.core.problem import Problem
from gradmethods.output.terminal import Shown
from gradmethods.providers.handwritten import Given
from gradmethods.truth.along import Sample
from gradmethods.truth.differences import Differences, digits_of
from gradmethods.truth.error_bounds import CLAIM, Bound
from gradmethods.truth.find import Found
from gradmethods.truth.judge import wrong_value
from gradmethods.truth.measures import measure
from gradmethods.truth.verdict import GRAVITY, RIGHT, STATUS, WRONG, Verdict, worst

if TYPE_CHECKING:
    import pandas as pd

BESIDE = 2
"""Number of points beside the problem's own at which a function is checked, too."""

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
    found : Found
        What is known of the gradient there.
    given : Given
        What came.
    bound : Bound or None
        The error that a right gradient may have; None where nothing is certified.
    verdict : Verdict
        On the gradient and the loss that came with it.
    """

    where: str
    found: Found
    given: Given
    bound: Bound | None
    verdict: Verdict

    @property
    def wrong_value(self) -> str:
        """Why the loss returned with the gradient is wrong; empty if it is right, or missing."""
        return wrong_value(self.given.value, self.found)

    @property
    def ok(self) -> bool | None:
        """Whether gradient and loss are right; None where that is not decided."""
        return self.verdict.ok

    @cached_property
    def digits(self) -> dict[str, int]:
        """Number of digits to which differences confirm each array; empty where it is certified."""
        truth, part = self.found.truth, self.found.part
        if not isinstance(truth, Differences):
            return {}
        sample = part if isinstance(part, Sample) else None
        return digits_of(
            self.found.project(self.given.gradient), truth, sample, self.given.gradient
        )

    @cached_property
    def compatible(self) -> bool:
        """Whether the gradient lies within the error bars of the differences."""
        truth = self.found.truth
        if not isinstance(truth, Differences) or self.verdict.outcome == WRONG:
            return False
        given = truth.problem.structure.restore(self.found.project(self.given.gradient))
        errors, bars = truth.error(given), truth.rounding()
        return all((abs(errors[name]) <= CLAIM * bars[name]).all() for name in bars)

    @cached_property
    def evidence(self) -> Evidence | None:
        """The evidence for a diagnosis; None where no array is wrong."""
        truth, bound, judged = self.found.truth, self.bound, self.verdict
        if truth is None or bound is None or not any(x.entries for x in judged.arrays.values()):
            return None
        return Evidence(truth, self.found.project(self.given.gradient), bound.most, judged)


@dataclass(frozen=True, eq=False, repr=False)
class Check(Shown):
    """The result of checking a gradient; printing it shows the result in words.

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
    rtol : float
        The relative error that was accepted.
    taylor : tuple of Taylor
        Tests along random directions, where values are all that is known of the loss.
    text : str
        What printing it shows.
    """

    name: str
    problem: Problem
    points: tuple[PointCheck, ...]
    mistake: str
    failures: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()
    rtol: float = 0.0
    taylor: tuple[Taylor, ...] = ()
    text: str = ""

    @property
    def outcome(self) -> str:
        """The verdict: the worst of those at the points, wrong if it failed at one.

        Where values are all that is known of a loss, and its own point decides nothing, as at an
        optimum, the points beside decide.
        """
        if self.failures:
            return WRONG
        return worst(point.verdict.outcome for point in self.decided)

    @cached_property
    def decided(self) -> tuple[PointCheck, ...]:
        """The points on which the verdict rests: all, or those beside if they alone decide."""
        own, *others = self.points
        elsewhere = bool(others) and all(
            point.ok is False or (point.ok and min(point.digits.values(), default=1) >= 1)
            for point in others
        )
        return tuple(others) if own.ok is None and own.compatible and elsewhere else self.points

    @cached_property
    def digits(self) -> int | None:
        """Number of digits to which differences confirm the norm of each array.

        At the problem's own point, or at those beside where they alone decide. It is None where the
        truth is certified, so that right means to rounding; 0 if it is not right, or if it is 0
        there.
        """
        if not isinstance(self.points[0].found.truth, Differences):
            return None
        known = [count for point in self._told for count in point.digits.values()]
        return min(known, default=0) if self.ok else 0

    @property
    def _told(self) -> tuple[PointCheck, ...]:
        """The points that tell to how many digits it is right."""
        return self.decided[:1] if self.decided is self.points else self.decided

    def _right_to(self, name: str) -> int | None:
        """Return the digits to which an array is right at the points that tell them."""
        return min(
            (point.digits[name] for point in self._told if name in point.digits), default=None
        )

    @property
    def ok(self) -> bool | None:
        """Whether the gradient is right at every point; None where that is not decided.

        A valid subgradient, where the loss has no gradient, is right.
        """
        return {0: True, 1: False}.get(self.status)

    @property
    def status(self) -> int:
        """Return 0 if it is right or a valid subgradient, 1 if it is wrong, 3 if not decided."""
        return STATUS[self.outcome]

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
        bound           norm of the errors that are right ÷ norm of the array
        excess          largest error ÷ bound of an entry: up to 1 it is right
        open            entries that are not decided
        right_to        digits to which it is right, by differences; missing where it is certified
        verdict         see `gradmethods.truth.verdict`
        ==============  ============================================================================
        """
        import pandas as pd

        rows = [self._row(name) for name in self.points[0].verdict.arrays]
        columns = ["point", "n", "error", "worst", "ulps_worst", "digits", "wrong_signs",
                   "not_finite", "bound", "excess", "open", "right_to", "verdict"]  # fmt: skip
        return pd.DataFrame(rows, columns=["array", *columns]).set_index("array")

    def _row(self, name: str) -> dict[str, Any]:
        def gravity(point: PointCheck) -> tuple[int, float]:
            found = point.verdict.arrays.get(name)
            return (GRAVITY.index(found.outcome), found.excess) if found else (-1, 0.0)

        point = max(self.decided, key=gravity)
        judged, truth = point.verdict.arrays[name], point.found.truth
        assert truth is not None
        given = truth.problem.structure.restore(point.found.project(point.given.gradient))
        row = next(row for row in measure(given, truth) if row.array == name)
        sampled = isinstance(point.found.part, Sample)
        return {
            "array": name,
            "point": point.where,
            "n": point.given.gradient[name].size if sampled else row.n,
            "error": row.error,
            "worst": row.worst,
            "ulps_worst": row.ulps_worst,
            "digits": row.digits,
            "wrong_signs": row.wrong_signs,
            "not_finite": row.not_finite,
            "bound": judged.resolution,
            "excess": judged.excess,
            "open": len(judged.open),
            "right_to": self._right_to(name) if judged.outcome == RIGHT else None,
            "verdict": judged.outcome,
        }

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__
