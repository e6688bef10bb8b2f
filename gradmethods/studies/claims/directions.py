"""C11: forward mode takes a constant per direction, and so n of them for a gradient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gradmethods import problems
from gradmethods.engines.graph import record
from gradmethods.providers.forward import Forward
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
from gradmethods.studies.claims.constant import DEPTHS, WIDTHS
from gradmethods.studies.claims.timings import NAMES, SWEEPS, Timing, measured

BOUND = 1.5
"""Griewank & Walther (2008), section 3.2: value and tangent take at most 5/2 times the function, so
that a tangent takes at most so many times the function."""


def multiples() -> dict[str, list[tuple[int, float]]]:
    """Count operations of a direction ÷ operations of the loss, in two sweeps."""
    networks: dict[str, list[tuple[int, ...]]] = {
        "width": [(2, h, h, 1) for h in WIDTHS],
        "depth": [(2, *[8] * d, 1) for d in DEPTHS],
    }
    found: dict[str, list[tuple[int, float]]] = {}
    for sweep, sizes in networks.items():
        for widths in sizes:
            problem = problems.get("mlp", widths=widths, batch=2)
            loss = record(problem.on_examples(slice(1))).operations().total()
            operations = Forward().prepare(problem).operations
            each = (operations / loss - 1) / problem.size
            found.setdefault(sweep, []).append((problem.size, each))
    return found


def judge(
    counted: Mapping[str, Sequence[tuple[int, float]]], timed: Mapping[str, Sequence[Timing]]
) -> Finding:
    """Decide the operations by counts, and the times by the records of a run."""
    each = [multiple for sizes in counted.values() for _, multiple in sizes]
    decisions = {
        "operations": Decision(
            exactly([m <= BOUND for m in each], fewest=4), max(each), min(each), max(each),
            f"least and largest of {len(each)} networks",
        )
    }  # fmt: skip
    points = [point for sizes in timed.values() for point in sizes]
    if points:
        worst = max(points, key=lambda point: _each(point)[0])
        verdicts = {inside(*_each(point), 0.0, BOUND) for point in points}
        decided = verdicts.pop() if len(verdicts) == 1 else ""
        words = f"the largest, at n = {worst.n:,}, of {len(points)} cases"
        verdict = decided or ("refuted" if "refuted" in verdicts else UNDECIDED)
        decisions["bound"] = Decision(verdict, *_each(worst), words)
    else:
        decisions["bound"] = Decision(UNDECIDED, words="no case of forward mode was measured")
    return Finding(decisions, _panels(counted, timed))


def examine(evidence: Evidence) -> Finding:
    """Count operations, and read the times in the records of a run."""
    timed = {sweep: measured(evidence.records, sweep, Forward().name) for sweep in SWEEPS}
    return judge(multiples(), timed)


def _each(point: Timing) -> tuple[float, float, float]:
    """Return the time of a direction ÷ that of the loss, and the ends of its interval."""
    median, low, high = ((x - 1) / point.n for x in (point.ratio, point.low, point.high))
    return median, low, high


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
            Series("bound 1.5", [min(n), max(n)], [BOUND, BOUND], theory=True),
        ]  # fmt: skip
        if times:
            ends = [_each(p) for p in times]
            series.insert(1, Series(
                "time", [p.n for p in times], [m for m, _, _ in ends], [low for _, low, _ in ends],
                [high for *_, high in ends], provider=Forward().name,
            ))  # fmt: skip
        label = "one direction ÷ loss"
        panels.append(
            Panel("number of parameters n", label, tuple(series), NAMES[sweep], log_y=False)
        )
    return tuple(panels)


CLAIM = Claim(
    id="C11",
    title="A constant for each direction",
    text="Forward mode takes a constant multiple of the loss for each direction, and n directions "
    "for a gradient: what backpropagation saves is the factor n.",
    source="Wengert 1964; Griewank & Walther 2008, section 3.2",
    method="Operations of the programs of forward mode for value and gradient ÷ those of the "
    "recorded loss, less 1 for the value, ÷ n, counted for one example; and likewise the times of "
    "a run of the benchmark that measured it, cases in which other processes had the processor "
    "left out.",
    criteria=(
        Criterion(
            "operations",
            "Supported if a direction takes at most 1.5 times the operations of the loss in every "
            "network; refuted if more in one.",
            "operations of a direction ÷ operations of the loss",
            exact=True,
        ),
        Criterion(
            "bound",
            "Supported if the whole interval of (gradient time ÷ loss time - 1) ÷ n is at most 1.5 "
            "in every case; refuted if none of it is in one.",
            "time of a direction ÷ loss time",
        ),
    ),
    examine=examine,
)
