"""The check of a gradient as plain text, for the terminal and for a failed test."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gradmethods.accuracy.bounds import SLACK
from gradmethods.accuracy.checked import BESIDE, OWN, beside
from gradmethods.accuracy.reference import SEEN, InPart
from gradmethods.accuracy.verdict import UNRESOLVED
from gradmethods.naming import printable

if TYPE_CHECKING:
    from gradmethods.accuracy.checked import Check
    from gradmethods.accuracy.truth import Truth

LINE = 100
FEW = 3
"""Arrays that are named before the rest is counted."""

SHORT = {OWN: "own"} | {beside(k): f"beside {k}" for k in range(1, 1 + BESIDE)}
"""What points are called in a table."""


def render(check: Check) -> str:
    """Return the verdict, the mistake, the table per array, and what it was held against."""
    from gradmethods.output.terminal import table

    problem = check.problem
    size = f"{problem.size:,} parameter{'s' * (problem.size != 1)}, {problem.dtype}"
    lines = [f"{problem.name}: {size}; checked: {check.name}", _fill(_conclusion(check)), ""]
    rows = [_row(str(name), row) for name, row in check.table.iterrows()]
    if problem.structure.bare:
        rows = [{key: value for key, value in row.items() if key != "array"} for row in rows]
    several = len({row["at point"] for row in rows}) > 1
    if not several:
        for row in rows:
            del row["at point"]
    lines.append(table(rows, left=["verdict"]))
    return "\n".join([*lines, "", _fill(_legend(check))])


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
        "error ÷ norm": _short(row["error"]),
        "worst entry": _short(row["worst"]),
        "digits": f"{row['digits']:.1f}",
        "bound ÷ norm": _short(row["bound"]),
        "error ÷ bound": _short(row["excess"]),
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


def _short(value: float) -> str:
    if math.isinf(value):
        return "∞"
    return f"{value:.1e}".replace(".0e", "e") if value else "0"


def _fill(text: str) -> str:
    return textwrap.fill(printable(text), LINE, subsequent_indent="  ", break_on_hyphens=False)
