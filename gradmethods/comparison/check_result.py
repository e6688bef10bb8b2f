"""What came out of checking a gradient: point by point, array by array, and in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from gradmethods.accuracy.bounds import SLACK
from gradmethods.accuracy.measures import measure
from gradmethods.accuracy.truth import Truth
from gradmethods.accuracy.verdict import GRAVITY, UNRESOLVED, Verdict
from gradmethods.comparison.evidence import Evidence
from gradmethods.comparison.reference import SEEN, Allowance, InPart
from gradmethods.comparison.user_gradient import Given
from gradmethods.output import format as fmt
from gradmethods.output.terminal import fill, table
from gradmethods.problem import Problem

if TYPE_CHECKING:
    import pandas as pd


BESIDE = 2
"""Points beside the problem's own, at which a function is checked too."""

OWN = "the problem's own point"


def beside(k: int) -> str:
    """Name the k-th point beside it."""
    return f"point {k} beside it"


SHORT = {OWN: "own"} | {beside(k): f"beside {k}" for k in range(1, 1 + BESIDE)}
"""What points are called in a table."""

FEW = 3
"""Arrays that are named before the rest is counted."""


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
        return check_text(self)

    __repr__ = __str__


def check_text(check: Check) -> str:
    """Return the verdict, the mistake, the table per array, and what it was held against."""
    problem = check.problem
    size = f"{problem.size:,} parameter{'s' * (problem.size != 1)}, {problem.dtype}"
    lines = [f"{problem.name}: {size}; checked: {check.name}", fill(_conclusion(check)), ""]
    rows = [_row(str(name), row) for name, row in check.table.iterrows()]
    if problem.structure.bare:
        rows = [{key: value for key, value in row.items() if key != "array"} for row in rows]
    several = len({row["at point"] for row in rows}) > 1
    if not several:
        for row in rows:
            del row["at point"]
    lines.append(table(rows, left=["verdict"]))
    return "\n".join([*lines, "", fill(_legend(check))])


def _conclusion(check: Check) -> str:
    if check.ok:
        return "RIGHT, to rounding."
    if (
        not check.failures
        and all(point.verdict.outcome in {"within bound", UNRESOLVED} for point in check.points)
        and (not any(point.wrong_value for point in check.points))
    ):
        return f"NOT DECIDED: {check.mistake}."
    return f"WRONG: {check.mistake}."


def _row(name: str, row: Any) -> dict[str, str]:
    return {
        "array": name,
        "entries": f"{row['n']:,}",
        "error ÷ norm": fmt.short_error(row["error"]),
        "worst entry": fmt.short_error(row["worst"]),
        "digits": f"{row['digits']:.1f}",
        "bound ÷ norm": fmt.short_error(row["bound"]),
        "error ÷ bound": fmt.short_error(row["excess"]),
        "at point": SHORT.get(row["point"], row["point"]),
        "verdict": row["verdict"],
    }


def _legend(check: Check) -> str:
    where = check.points[0].where
    if len(check.points) > 1:
        where += f" and {len(check.points) - 1} beside it"
    text = (
        f"Checked at {where}, against {_reference(check.points[0].truth)}. Bound: {_bound(check)}. "
        "Worst entry: error ÷ entry. Error ÷ bound: above 1 is wrong."
    )
    text += "".join(f" Not checked: {what}." for what in check.unchecked)
    hidden = int(check.table["hidden"].sum())
    if hidden:
        one = hidden == 1
        text += (
            f" {hidden:,} {'entry is' if one else 'entries are'} smaller than the bound: zero in "
            f"{'its' if one else 'their'} place would pass."
        )
    return text


def _reference(truth: Truth) -> str:
    if isinstance(truth, InPart):
        return (
            f"backpropagation, which agrees in {truth.digits} digits with what is certified: "
            f"{truth.sample.coverage}"
        )
    return f"the certified gradient ({truth.digits} digits)"


def _bound(check: Check) -> str:
    if isinstance(check.points[0].truth, InPart):
        return f"{SEEN:,.0f} times the rounding, or the error, that backpropagation shows"
    text = (
        f"what rounding may do to an entry, proven for forward mode, times {SLACK:g} because the "
        "order of your operations may be another"
    )
    for why, names in (
        ("that is too large to tell", [n for p in check.points for n in p.allowance.coarse]),
        ("cancellation exceeds that", [n for p in check.points for n in p.allowance.rough]),
    ):
        if names:
            text += (
                f"; where {why}{_in_brackets(names)}, {SEEN:,.0f} times the error that "
                "backpropagation makes there with slopes as textbooks write them"
            )
    return text


def _in_brackets(names: Iterable[str]) -> str:
    unlike = list(dict.fromkeys(filter(None, names)))
    more = f" and {len(unlike) - FEW} more" if len(unlike) > FEW else ""
    return f" ({', '.join(unlike[:FEW])}{more})" if unlike else ""
