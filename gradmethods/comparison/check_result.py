"""What came out of checking a gradient: point by point, array by array, and in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gradmethods.comparison.evidence import Evidence
from gradmethods.comparison.user_gradient import Given
from gradmethods.core.problem import Problem
from gradmethods.output import format as fmt
from gradmethods.output.terminal import fill, table
from gradmethods.truth.bounds import DECISIVE, ROUNDINGS, SEEN, SLACK, Bound
from gradmethods.truth.find import Found
from gradmethods.truth.judge import wrong_value
from gradmethods.truth.measures import measure
from gradmethods.truth.verdict import GRAVITY, STATUS, SUBGRADIENT, WRONG, Verdict, worst

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
        """Why the loss that it told is not the right one; empty if it is, or told none."""
        return wrong_value(self.given.value, self.found)

    @property
    def ok(self) -> bool | None:
        """Whether gradient and loss are right; None where that is not decided."""
        return self.verdict.ok

    @cached_property
    def evidence(self) -> Evidence | None:
        """What a diagnosis needs; None where no array is wrong."""
        truth, bound, judged = self.found.truth, self.bound, self.verdict
        if truth is None or bound is None or not any(x.entries for x in judged.arrays.values()):
            return None
        return Evidence(truth, self.found.project(self.given.gradient), bound.most, judged)


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
    def outcome(self) -> str:
        """The verdict: the worst of those at the points, wrong if it failed at one."""
        return WRONG if self.failures else worst(point.verdict.outcome for point in self.points)

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
        verdict         see `gradmethods.truth.verdict`
        ==============  ============================================================================
        """
        import pandas as pd

        rows = [self._row(name) for name in self.points[0].verdict.arrays]
        columns = ["point", "n", "error", "worst", "ulps_worst", "digits", "wrong_signs",
                   "not_finite", "bound", "excess", "open", "verdict"]  # fmt: skip
        return pd.DataFrame(rows, columns=["array", *columns]).set_index("array")

    def _row(self, name: str) -> dict[str, Any]:
        def gravity(point: PointCheck) -> tuple[int, float]:
            found = point.verdict.arrays.get(name)
            return (GRAVITY.index(found.outcome), found.excess) if found else (-1, 0.0)

        point = max(self.points, key=gravity)
        judged, truth = point.verdict.arrays[name], point.found.truth
        assert truth is not None
        given = truth.problem.structure.restore(point.found.project(point.given.gradient))
        row = next(row for row in measure(given, truth) if row.array == name)
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
            "bound": judged.resolution,
            "excess": judged.excess,
            "open": len(judged.open),
            "verdict": judged.outcome,
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
    if not rows:
        return "\n".join(lines[:-1])
    if len(rows) == 1 and problem.structure.bare:
        rows = [{key: value for key, value in row.items() if key != "array"} for row in rows]
    several = len({row["at point"] for row in rows}) > 1
    if not several:
        for row in rows:
            del row["at point"]
    lines.append(table(rows, left=["verdict"]))
    return "\n".join([*lines, "", fill(_legend(check))])


def _conclusion(check: Check) -> str:
    if check.ok:
        return "RIGHT, to rounding." if check.outcome != SUBGRADIENT else "A VALID SUBGRADIENT."
    return f"{check.outcome.upper()}: {check.mistake.rstrip('.')}."


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
        f"Checked at {where}, against {check.points[0].found.words}. Bound: {_bound(check)}. "
        "Worst entry: error ÷ entry. Error ÷ bound: up to 1 is right."
    )
    text += "".join(f" Not checked: {what}." for what in check.unchecked)
    still = int(check.table["open"].sum())
    if still:
        text += (
            f" {still:,} {'entry is' if still == 1 else 'entries are'} not decided: a right "
            f"gradient may err by more than {DECISIVE:.0%} there."
        )
    return text


def _bound(check: Check) -> str:
    text = (
        f"what rounding may do to an entry, proven for forward mode, times {SLACK:g} because the "
        f"order of your operations may be another, and {ROUNDINGS} roundings"
    )
    names = [name for point in check.points if point.bound for name in point.bound.seen]
    if names:
        text += (
            f"; where that is too large to tell, or cancellation exceeds it{_in_brackets(names)}, "
            f"{SEEN:,.0f} times the error that backpropagation makes there with slopes as "
            "textbooks write them"
        )
    return text


def _in_brackets(names: Iterable[str]) -> str:
    unlike = list(dict.fromkeys(filter(None, names)))
    more = f" and {len(unlike) - FEW} more" if len(unlike) > FEW else ""
    return f" ({', '.join(unlike[:FEW])}{more})" if unlike else ""
