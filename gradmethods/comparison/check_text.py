"""What came out of checking a gradient, as plain text for the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from gradmethods.comparison.check_result import BESIDE, OWN, Check, beside
from gradmethods.comparison.taylor import Taylor
from gradmethods.output import format as fmt
from gradmethods.output.terminal import fill, table
from gradmethods.truth.bounds import CLAIM, DECISIVE, ROUNDINGS, SEEN, SLACK, SURE
from gradmethods.truth.verdict import SUBGRADIENT, UNDECIDED

SHORT = {OWN: "own"} | {beside(k): f"beside {k}" for k in range(1, 1 + BESIDE)}
"""What points are called in a table."""

SMALL = 1e-3
"""An error ÷ entry that a solver may leave."""

FEW = 3
"""Arrays that are named before the rest is counted."""


def check_text(check: Check) -> str:
    """Return the verdict, the mistake, the table per array, and what it was held against."""
    problem = check.problem
    size = f"{problem.size:,} parameter{'s' * (problem.size != 1)}, {problem.dtype}"
    lines = [f"{problem.name}: {size}; checked: {check.name}", fill(_conclusion(check)), ""]
    if check.outcome == UNDECIDED and check.digits is not None:
        lines.insert(2, fill(_would_decide(check)))
    rows = [_row(str(name), row) for name, row in check.table.iterrows()]
    if not rows:
        return "\n".join(lines[:-1])
    if len(rows) == 1 and problem.structure.bare:
        rows = [{key: value for key, value in row.items() if key != "array"} for row in rows]
    several = len({row["at point"] for row in rows}) > 1
    unwanted = [*([] if several else ["at point"]), *(["right to"] if check.digits is None else [])]
    rows = [{key: value for key, value in row.items() if key not in unwanted} for row in rows]
    lines.append(table(rows, left=["verdict"]))
    return "\n".join([*lines, "", fill(_legend(check))])


def _conclusion(check: Check) -> str:
    if check.ok:
        accepted = f" An error of {check.rtol:g} was accepted." if check.rtol else ""
        if check.outcome == SUBGRADIENT:
            return f"A VALID SUBGRADIENT.{accepted}"
        if check.digits is None:
            return "RIGHT, to rounding." if not check.rtol else f"RIGHT.{accepted}"
        where = (
            ""
            if check.decided is check.points
            else (
                " at points beside; at the point itself differences tell no digit, and say nothing "
                "against it"
            )
        )
        if not any(point.digits for point in check.decided):
            return (
                "RIGHT: 0, as differences of the loss say. Where a gradient vanishes, many a wrong "
                f"formula does so too: check it at another point.{accepted}"
            )
        digits = f"{check.digits} digit{'s' * (check.digits != 1)}"
        return f"RIGHT to {digits}, by differences of the loss{where}.{accepted}"
    return f"{check.outcome.upper()}: {check.mistake.rstrip('.')}.{_accept(check)}"


def _accept(check: Check) -> str:
    """Say how a gradient that a solver's tolerance explains is accepted."""
    worst = check.table["worst"]
    error = float(worst.max()) if len(worst) else math.inf
    if check.ok is not False or check.digits is None or not 0 < error <= SMALL:
        return ""
    rtol = 10.0 ** math.ceil(math.log10(2 * error))
    return f" If this is the tolerance of a solver, accept it: rtol={rtol:g}."


def _would_decide(check: Check) -> str:
    """Say what would decide what differences do not."""
    problem = check.problem
    if not problem.repeats:
        return (
            "Less noise would decide it: a fixed seed, or the mean of several calls; or a point "
            "where the gradient is larger."
        )
    if len(check.points) == 1 and not check.unchecked:
        return (
            "A function would be decided, which is asked at points beside too; or a point where "
            "the gradient is larger."
        )
    return (
        "A point where the gradient is larger would decide it, or a loss with less rounding or "
        "noise: a solver with a tighter tolerance, float64 instead of float32."
    )


def _row(name: str, row: Any) -> dict[str, str]:
    right_to = row["right_to"]
    known = right_to is not None and not math.isnan(right_to)
    return {
        "array": name,
        "entries": f"{row['n']:,}",
        "error ÷ norm": fmt.short_error(row["error"]),
        "worst entry": fmt.short_error(row["worst"]),
        "digits": f"{row['digits']:.1f}",
        "bound ÷ norm": fmt.short_error(row["bound"]),
        "error ÷ bound": fmt.short_error(row["excess"]),
        "right to": f"{right_to:.0f} digits" if known else fmt.NONE,
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
    own = check.points[0].found
    if own.truth is not None and own.why:
        text += f" By differences, because {own.why.rstrip('.')}."
    text += _taylor(check.taylor)
    text += "".join(f" Not checked: {what}." for what in check.unchecked)
    still = int(check.table["open"].sum())
    if still:
        text += f" {still:,} {'entry is' if still == 1 else 'entries are'} not decided"
        if check.digits is None:
            text += f": a right gradient may err by more than {DECISIVE:.0%} there"
        text += "."
    return text


def _taylor(tests: tuple[Taylor, ...]) -> str:
    """Say how the remainders of the Taylor expansion fall."""
    seen = [test for test in tests if math.isfinite(test.order)]
    if not tests:
        return ""
    if not seen:
        return " Taylor test: the remainder is lost in the noise at every step."
    with_it = " and ".join([f"h^{test.order:.2f}" for test in seen])
    without = " and ".join([f"h^{test.order_without:.2f}" for test in seen])
    return (
        f" Taylor test along {len(seen)} random direction{'s' * (len(seen) > 1)}: the remainder "
        f"falls as {with_it} (a right gradient: h²), without the gradient as {without}."
    )


def _bound(check: Check) -> str:
    if check.digits is not None:
        return (
            f"{CLAIM:g} times the error bar of the differences, if that leaves a digit, else "
            f"{SURE:g} times; and half of the digits of the loss's precision, of each entry"
        )
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
