"""A check in words: the verdict, what would decide it, the table, and what it was held against."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from gradmethods.comparison.check_result import BESIDE, OWN, Check, beside
from gradmethods.comparison.taylor import taylor_text
from gradmethods.core.distance import norm
from gradmethods.output import format as fmt
from gradmethods.output.terminal import fill, table
from gradmethods.truth.along import Sample
from gradmethods.truth.differences import Differences
from gradmethods.truth.error_bounds import CLAIM, DECISIVE, ROUNDINGS, SEEN, SLACK, SURE
from gradmethods.truth.jumps import SOLVED
from gradmethods.truth.truth import true_arrays
from gradmethods.truth.verdict import SUBGRADIENT, UNDECIDED

SHORT = {OWN: "own"} | {beside(k): f"beside {k}" for k in range(1, 1 + BESIDE)}
"""Short names of the points in a table."""

SMALL = 1e-3
"""Largest relative error that the tolerance of a solver may explain."""

WHOLE = 0.05
"""Noise from which values that are whole numbers were rounded to them."""

FEW = 3
"""Number of arrays that are named before the rest is counted."""


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
    if check.ok is not False or check.digits is None or not 0 < error <= SOLVED:
        return ""
    rtol = 10.0 ** math.ceil(math.log10(2 * error))
    accept = f" If this is the tolerance of a solver, accept it: rtol={rtol:g}."
    say = (
        f"; or say how far off its values may be: loss_error={_explaining(check):.1g} of "
        "gm.Problem would explain this"
    )
    return (accept if error <= SMALL else "") + (
        " If the loss itself solves something to a tolerance, that error has a slope, too, which "
        "no difference tells from the loss's: tighten the tolerance, and check again"
        f"{say * check.problem.black_box}."
    )


def _explaining(check: Check) -> float:
    """Return the error of the loss that explains a wrong gradient, a little more than the least."""
    least = 0.0
    for point in check.points:
        truth = point.found.truth
        if point.bound is None or not isinstance(truth, Differences):
            continue
        given = truth.problem.structure.restore(point.found.project(point.given.gradient))
        for name, error in truth.error(given).items():
            beyond = (abs(error) - point.bound.most[name]) * truth.sizes[name] / CLAIM
            least = max(least, truth.hidden + float(beyond.max(initial=0.0)))
    return 1.5 * least


def _would_decide(check: Check) -> str:
    """Say what the user can do where differences do not decide."""
    problem = check.problem
    own = check.points[0].found.truth
    if isinstance(own, Differences) and own.hides:
        hiding = "jumps near by, as if a solver in it stopped early"
        if not own.jump:
            hiding = f"may be off by {problem.loss_error:g}, as loss_error says"
        return (
            f"The loss {hiding}: a tighter tolerance, or a fixed number of its steps, would "
            "decide it."
        )
    if isinstance(own, Differences) and own.noise > WHOLE and own.value.is_integer():
        return "The values of the loss are whole numbers: unrounded ones would decide it."
    if own is not None and any(np.isnan(x).any() for x in true_arrays(own).values()):
        return (
            "Values beside the point would decide it: the loss raises an error, or gives no finite "
            "number, where a parameter moves."
        )
    if not problem.repeats:
        return (
            f"{_ruled_out(check)}Less noise would decide it: a fixed seed, or the mean of several "
            "calls, a hundred for each further digit; or a point where the gradient is larger."
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


def _ruled_out(check: Check) -> str:
    """Say how wrong a gradient would have to be to be found so."""
    own = check.points[0]
    truth = own.found.truth
    if own.bound is None or truth is None or own.found.part is not None or not own.compatible:
        return ""
    sizes = {name: norm(x) for name, x in true_arrays(truth).items()}
    shares = [norm(own.bound.most[name]) / size for name, size in sizes.items() if size]
    worst = max(shares, default=math.inf)
    if not worst < math.inf:
        return ""
    return f"Nothing speaks against it, and an error of {worst:.1g} times an array would. "


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
        "right to": f"{right_to:.0f} digit{'s' * (right_to != 1)}" if known else fmt.NONE,
        "at point": SHORT.get(row["point"], row["point"]),
        "verdict": row["verdict"],
    }


def _legend(check: Check) -> str:
    where = check.points[0].where
    if len(check.points) > 1:
        where += f" and {len(check.points) - 1} beside it"
        if any(isinstance(point.found.part, Sample) for point in check.points[1:]):
            where += ", there along random directions"
    text = (
        f"Checked at {where}, against {check.points[0].found.words}. Bound: {_bound(check)}. "
        "Worst entry: error ÷ entry. Error ÷ bound: up to 1 is right."
    )
    own = check.points[0].found
    if own.truth is not None and own.why:
        text += f" By differences, because {own.why.rstrip('.')}."
    text += taylor_text(check.taylor)
    text += "".join(f" Not checked: {what}." for what in check.unchecked)
    still = int(check.table["open"].sum())
    if still:
        text += f" {still:,} {'entry is' if still == 1 else 'entries are'} not decided"
        if check.digits is None:
            text += f": a right gradient may err by more than {DECISIVE:.0%} there"
        text += "."
    return text


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
