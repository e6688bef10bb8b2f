"""A comparison as plain text, for the terminal."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING

from tabulate import tabulate

if TYPE_CHECKING:
    from gradmethods.accuracy.compare import Comparison

HEADERS = (
    "provider",
    "error",
    "worst component",
    "preparation",
    "gradient",
    "gradient ÷ loss",
    "passes",
    "verdict",
)
LINE = 100


def render(comparison: Comparison) -> str:
    """Return the table, what its errors refer to, the obstacles, and the verdict in words."""
    problem, reference = comparison.problem, comparison.reference
    n = problem.size
    lines = [f"{problem.name}: {n} parameter{'s' * (n != 1)}, {problem.dtype}"]
    if reference is not None:
        lines.append(f"loss {reference.value:.17g}; errors against {reference.provider}")
    rows = [
        (
            name,
            _error(row["error"]),
            _error(row["worst_component"]),
            seconds(row["preparation_s"]),
            seconds(row["gradient_s"]),
            _ratio(row["ratio"], row["ratio_low"], row["ratio_high"]),
            "" if row["forward_passes"] is None or row["forward_passes"] != row["forward_passes"]
            else f"{int(row['forward_passes']):,}",
            row["verdict"],
        )
        for name, row in comparison.table.iterrows()
    ]  # fmt: skip
    align = ("left", *["right"] * 6, "left")
    lines += ["", tabulate(rows, HEADERS, tablefmt="simple", disable_numparse=True, colalign=align)]
    for answer in comparison.answers:
        if answer.obstacle:
            text = f"{answer.provider}: {answer.obstacle}"
            lines += ["", textwrap.fill(text, LINE, subsequent_indent="  ")]
    lines += ["", _conclusion(comparison)]
    return "\n".join(lines)


def seconds(value: float) -> str:
    """Write a time with the unit that suits its size."""
    if math.isnan(value):
        return "–"
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value / 1e-9:.3g} ns"


def _error(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.1e}" if value else "0"


def _ratio(median: float, low: float, high: float) -> str:
    return "–" if math.isnan(median) else f"{median:.3g} [{low:.3g}, {high:.3g}]"


def _conclusion(comparison: Comparison) -> str:
    if comparison.agree:
        return "The providers that gave a gradient agree."
    words = {"disagrees", "not finite"}
    culprits = [name for name, verdict in comparison.verdicts.items() if verdict in words]
    if culprits:
        return f"NO AGREEMENT: look at {', '.join(culprits)}."
    return "Not decided: fewer than two providers gave a gradient that can be compared."
