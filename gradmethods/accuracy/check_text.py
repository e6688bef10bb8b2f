"""The check of a gradient as plain text, for the terminal and for a failed test."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

from tabulate import tabulate

from gradmethods.accuracy.bounds import SLACK
from gradmethods.accuracy.verdict import UNRESOLVED

if TYPE_CHECKING:
    from gradmethods.accuracy.check import Check

LINE = 100


def render(check: Check) -> str:
    """Return the verdict, the mistake, the table per array, and what it was held against."""
    problem = check.problem
    size = f"{problem.size:,} parameter{'s' * (problem.size != 1)}, {problem.dtype}"
    lines = [f"{problem.name}: {size}; checked: {check.name}", _fill(_conclusion(check)), ""]
    rows = [_row(str(name), row) for name, row in check.table.iterrows()]
    if problem.structure.bare:
        rows = [{key: value for key, value in row.items() if key != "array"} for row in rows]
    several = len({row["at"] for row in rows}) > 1
    if not several:
        for row in rows:
            del row["at"]
    align = ["right"] * len(rows[0])
    align[-1] = "left"
    if not problem.structure.bare:
        align[0] = "left"
    lines.append(tabulate(rows, "keys", "simple", disable_numparse=True, colalign=align))
    return "\n".join([*lines, "", _fill(_legend(check))])


def _conclusion(check: Check) -> str:
    if check.ok:
        return "RIGHT, to rounding."
    if all(point.verdict.outcome in {"within bound", UNRESOLVED} for point in check.points) and (
        not any(point.wrong_value for point in check.points)
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
        "at": str(row["point"]),
        "verdict": row["verdict"],
    }


def _legend(check: Check) -> str:
    where = check.points[0].where
    if len(check.points) > 1:
        where += f" and {len(check.points) - 1} beside it"
    reference = f"{check.points[0].truth.digits} digits"
    hidden = int(check.table["hidden"].sum())
    unseen = (
        f" {hidden:,} entr{'y is' if hidden == 1 else 'ies are'} smaller than the bound: a zero in "
        f"{'its' if hidden == 1 else 'their'} place would pass."
        if hidden
        else ""
    )
    return (
        f"Checked at {where}, against the certified gradient ({reference}). Bound: what rounding "
        f"may do to an entry, proven for forward mode, times {SLACK:g} because the order of your "
        f"operations is another. Worst entry: error ÷ entry. Error ÷ bound: above 1 is wrong."
        f"{unseen}"
    )


def _short(value: float) -> str:
    if math.isinf(value):
        return "∞"
    return f"{value:.1e}".replace(".0e", "e") if value else "0"


def _fill(text: str) -> str:
    return textwrap.fill(text, LINE, subsequent_indent="  ", break_on_hyphens=False)
