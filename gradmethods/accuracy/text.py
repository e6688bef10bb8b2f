"""A comparison as plain text, for the terminal."""

from __future__ import annotations

import math
import re
import textwrap
from typing import TYPE_CHECKING, Any

from gradmethods.accuracy.verdicts import AGREES, OBSTACLE, UNDECIDED, UNRESOLVED, WRONG
from gradmethods.naming import printable

if TYPE_CHECKING:
    from gradmethods.accuracy.comparison import Comparison

LINE = 100
NONE = "–"
MARKED = "unresolved: entries that no step of the method resolves, by its own estimate."
RIGHT = 3
"""Significant digits of times and ratios."""


def render(comparison: Comparison) -> str:
    """Return the table, what its columns mean, the reasons, and the verdict in words."""
    from gradmethods.output.terminal import table

    problem, reference = comparison.problem, comparison.reference
    value = comparison.loss.value
    lines = [
        f"{problem.name}: {problem.size:,} parameter{'s' * (problem.size != 1)}, {problem.dtype}"
    ]
    if math.isfinite(value):
        lines.append(f"loss {value!r}")
    else:
        word = "NaN" if math.isnan(value) else "infinite"
        lines.append(
            f"The loss itself is {word} here, in plain NumPy: there is no gradient to find."
        )
    timed = any(answer.cost for answer in comparison.answers)
    marked = any(answer.unresolved for answer in comparison.answers)
    rows = [
        _row(name, row, timed=timed, marked=marked) for name, row in comparison.table.iterrows()
    ]
    lines += ["", table(rows, left=["verdict"])]
    lines += ["", _fill(_legend(reference.provider if reference else "", timed=timed))]
    if marked:
        lines[-1] += "\n" + _fill(MARKED)
    reasons: dict[tuple[str, str], list[str]] = {}
    for name, reason in comparison.reasons.items():
        if reason:
            key = (comparison.verdicts[name], without_kind(reason))
            reasons.setdefault(key, []).append(name)
    for (verdict, reason), names in reasons.items():
        if verdict != UNDECIDED:
            said = "" if verdict == OBSTACLE else f"{verdict}: "
            lines += ["", _fill(f"{', '.join(names)}: {said}{reason}")]
    lines += ["", _conclusion(comparison)]
    if timed:
        from gradmethods.report.advice import sentences, surprises

        lines += ["", *sentences(comparison.advice), *surprises(comparison.advice)]
    return "\n".join(lines)


def seconds(value: float) -> str:
    """Write a time with the unit that suits its size.

    Examples
    --------
    >>> seconds(0.00123), seconds(4321.0), seconds(2e-6)
    ('1.23 ms', '4,321 s', '2.00 µs')
    """
    if math.isnan(value):
        return NONE
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size:
            return f"{number(value / size)} {unit}"
    return f"{number(value / 1e-9)} ns"


def number(value: float) -> str:
    """Write three significant digits, more where they stand before the point.

    Examples
    --------
    >>> number(12345.6), number(2.0), number(0.012345), number(99.96)
    ('12,346', '2.00', '0.0123', '100')
    """
    rounded = float(f"{value:.{RIGHT}g}")
    return f"{value:,.0f}" if rounded >= 1000 else f"{rounded:#.{RIGHT}g}".rstrip(".")


def without_kind(reason: str) -> str:
    """Leave out what kind of array a method uses: for the user's loss the reason is one.

    Examples
    --------
    >>> without_kind("np.sum was called on a traced array of shape ().")
    'np.sum was called on an array of shape ().'
    """
    return re.sub(r"\b([aA]) (symbolic|complex|traced|ball) array", r"\1n array", reason)


def _row(name: Any, row: Any, *, timed: bool, marked: bool) -> dict[str, str]:
    passes, unresolved = row["forward_passes"], row["unresolved"]
    times = {
        "preparation": seconds(row["preparation_s"]),
        "gradient": seconds(row["gradient_s"]),
        "gradient ÷ loss": _ratio(row["ratio"], row["ratio_low"], row["ratio_high"]),
    }
    return {
        "provider": str(name),
        "error": _error(row["error"]),
        "worst component": _error(row["worst_component"]),
        **(times if timed else {}),
        "passes": _count(passes),
        **({"unresolved": _count(unresolved) if unresolved else NONE} if marked else {}),
        "verdict": row["verdict"],
    }


def _count(value: float | None) -> str:
    return NONE if value is None or math.isnan(value) else f"{int(value):,}"


def _legend(reference: str, *, timed: bool) -> str:
    against = f", both against {reference}" if reference else ""
    text = f"error: ÷ norm of the gradient; worst component: ÷ that component{against}; "
    if timed:
        text += "gradient ÷ loss: of times, median [95 % interval], the loss in plain NumPy; "
    return text + "passes: of the loss, for one gradient."


def _error(value: float) -> str:
    return NONE if math.isnan(value) else f"{value:.1e}".replace(".0e", "e") if value else "0"


def _ratio(median: float, low: float, high: float) -> str:
    if math.isnan(median):
        return NONE
    if math.isnan(low) or math.isnan(high):
        return number(median)
    return f"{number(median)} [{number(low)}, {number(high)}]"


def _fill(text: str) -> str:
    return textwrap.fill(printable(text), LINE, subsequent_indent="  ", break_on_hyphens=False)


def _conclusion(comparison: Comparison) -> str:
    if comparison.agree:
        return "The providers that gave a gradient agree."
    if not math.isfinite(comparison.loss.value):
        return "NO AGREEMENT: the loss itself is not finite; move the parameters."
    verdicts = comparison.verdicts
    culprits = [name for name, verdict in verdicts.items() if verdict in WRONG]
    if culprits:
        return f"NO AGREEMENT: look at {', '.join(culprits)}."
    if list(verdicts.values()).count(AGREES) < 2 and UNRESOLVED not in verdicts.values():
        return "Not decided: fewer than two providers gave a gradient that can be compared."
    hidden = [name for name, verdict in verdicts.items() if verdict == UNRESOLVED]
    return f"Not decided: round-off hides the answer of {', '.join(hidden)}."
