"""C4: one forward and one backward pass give the whole gradient, at a constant price."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from gradmethods import problems
from gradmethods.engines.graph import record
from gradmethods.providers.backprop import Backprop
from gradmethods.studies.claims.claim import (
    UNDECIDED,
    Claim,
    Criterion,
    Decision,
    Evidence,
    Finding,
    Panel,
    Series,
    exactly,
    inside,
)
from gradmethods.studies.claims.timings import NAMES, SWEEPS, Timing, asymptote, measured

BOUND = 5.0
"""Griewank & Walther (2008), section 3.3: reverse mode takes at most so many times the function."""

LEVEL = 0.05
"""An exponent within ± this is no growth: 12 % for ten times the parameters."""

WIDTHS = (1, 4, 16, 64, 256)
DEPTHS = (1, 4, 16, 64)


def ratios() -> dict[str, list[tuple[int, float]]]:
    """Count operations of value and gradient ÷ operations of the loss, in two sweeps."""
    networks: dict[str, list[tuple[int, ...]]] = {
        "width": [(2, h, h, 1) for h in WIDTHS],
        "depth": [(2, *[8] * d, 1) for d in DEPTHS],
    }
    found: dict[str, list[tuple[int, float]]] = {}
    for sweep, sizes in networks.items():
        for widths in sizes:
            problem = problems.get("mlp", widths=widths, batch=2)
            loss = record(problem.on_examples(slice(1))).operations().total()
            program = Backprop().prepare(problem).operations
            found.setdefault(sweep, []).append((problem.size, program / loss))
    return found


def judge(
    counted: Mapping[str, Sequence[tuple[int, float]]], timed: Mapping[str, Sequence[Timing]]
) -> Finding:
    """Decide the operations by counts, and the times by the records of a run."""
    multiples = [multiple for sizes in counted.values() for _, multiple in sizes]
    decisions = {
        "operations": Decision(
            exactly([m <= BOUND for m in multiples], fewest=4), max(multiples), min(multiples),
            max(multiples), f"least and largest of {len(multiples)} networks",
        )
    }  # fmt: skip
    points = [point for sizes in timed.values() for point in sizes]
    if points:
        worst = max(points, key=lambda point: point.ratio)
        verdicts = [inside(p.ratio, p.low, p.high, 0.0, BOUND) for p in points]
        decisions["bound"] = Decision(
            _all(verdicts), worst.ratio, worst.low, worst.high,
            f"the largest, at n = {worst.n:,}, of {len(points)} cases",
        )  # fmt: skip
    laws = {sweep: asymptote(timed.get(sweep, ())) for sweep in SWEEPS}
    for sweep, law in laws.items():
        if law is None:
            words = "fewer than four sizes over a decade were measured"
            decisions[sweep] = Decision(UNDECIDED, words=words)
            continue
        words = f"fitted from n = {law.start:,.0f} to {law.end:,.0f}"
        verdict = inside(law.exponent, law.low, law.high, -math.inf, LEVEL)
        decisions[sweep] = Decision(verdict, law.exponent, law.low, law.high, words)
    return Finding(decisions, _panels(counted, timed))


def examine(evidence: Evidence) -> Finding:
    """Count operations, and read the times in the records of a run."""
    timed = {sweep: measured(evidence.records, sweep, "backprop") for sweep in SWEEPS}
    return judge(ratios(), timed)


def _all(verdicts: Sequence[str]) -> str:
    different = set(verdicts)
    if len(different) == 1:
        return verdicts[0]
    return "refuted" if "refuted" in different else UNDECIDED


def _panels(
    counted: Mapping[str, Sequence[tuple[int, float]]], timed: Mapping[str, Sequence[Timing]]
) -> tuple[Panel, ...]:
    panels = []
    for sweep in SWEEPS:
        operations, times = counted.get(sweep, ()), timed.get(sweep, ())
        n = [n for n, _ in operations] + [p.n for p in times]
        if not n:
            continue
        series: list[Any] = [
            Series("operations", [n for n, _ in operations], [m for _, m in operations],
                   provider="analytical:chain-rule"),
            Series("bound 5", [min(n), max(n)], [BOUND, BOUND], theory=True),
        ]  # fmt: skip
        if times:
            series.insert(1, Series(
                "time", [p.n for p in times], [p.ratio for p in times], [p.low for p in times],
                [p.high for p in times], provider="backprop",
            ))  # fmt: skip
        label = "value and gradient ÷ loss"
        panels.append(
            Panel("number of parameters n", label, tuple(series), NAMES[sweep], log_y=False)
        )
    return tuple(panels)


_GROWTH = (
    "Supported if the interval of the exponent of gradient time ÷ loss time against n, over the "
    "sizes that one power law describes, lies below 0.05 as the {} grows; refuted if above it."
)

CLAIM = Claim(
    id="C4",
    title="One forward and one backward pass",
    text="One forward and one backward pass give the whole gradient: gradient time ÷ loss time "
    "does not grow with the number of parameters, and stays under the cheap-gradient bound.",
    source="the article; Griewank & Walther 2008, section 3.3",
    method="Operations of backprop's program for value and gradient ÷ those of the recorded loss, "
    "counted for one example; and the times of a run of the benchmark, cases in which other "
    "processes had the processor left out.",
    criteria=(
        Criterion(
            "operations",
            "Supported if value and gradient take at most 5 times the operations of the loss in "
            "every network; refuted if more in one.",
            "operations ÷ operations of the loss",
            exact=True,
        ),
        Criterion(
            "bound",
            "Supported if the whole interval of gradient time ÷ loss time is at most 5 in every "
            "case; refuted if none of it is in one.",
            "gradient time ÷ loss time",
        ),
        Criterion("width", _GROWTH.format("width"), "exponent against n"),
        Criterion("depth", _GROWTH.format("depth"), "exponent against n"),
    ),
    examine=examine,
)
