"""C10: symbolic gradients are cheap to evaluate and expensive to prepare."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

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
)
from gradmethods.studies.claims.timings import NAMES, SWEEPS, Timing, measured
from gradmethods.timing.breakeven import BreakEven, Price, ahead_from, evaluations

SYMBOLIC, CENTRAL, BACKPROP = METHODS = ("analytical:cse", "numerical", "backprop")

FEWEST = 4

ALONE = 2.0
"""A time that was measured once, and so has no interval, is taken to be right within this."""

Timings = Mapping[str, Mapping[str, Sequence[Timing]]]
"""By sweep and provider."""


def judge(timed: Timings) -> Finding:
    """Decide by the times of a run."""
    cheap, prepared, pays = [], [], []
    for found in timed.values():
        for n, symbolic, central in _common(found, SYMBOLIC, CENTRAL):
            cheap.append((n, price(symbolic), price(central)))
            pays.append((n, evaluations(price(symbolic), price(central))))
        prepared += _common(found, SYMBOLIC, BACKPROP)
    decisions = {
        "cheap": _cheap(cheap),
        "expensive": _expensive([(n, a.preparation / b.preparation) for n, a, b in prepared]),
        "pays": _pays(pays),
        "ahead": _ahead(timed),
    }
    return Finding(decisions, _panels(timed))


def examine(evidence: Evidence) -> Finding:
    """Read the times in the records of a run."""
    timed = {
        sweep: {name: measured(evidence.records, sweep, name) for name in METHODS}
        for sweep in SWEEPS
    }
    return judge(timed)


def price(timing: Timing) -> Price:
    """Take from a case what break-even needs."""
    low, high = timing.gradient_low, timing.gradient_high
    if math.isnan(low) or math.isnan(high):
        low, high = timing.gradient / ALONE, timing.gradient * ALONE
    return Price(timing.preparation, timing.gradient, low, high)


def _common(
    found: Mapping[str, Sequence[Timing]], one: str, other: str
) -> list[tuple[int, Timing, Timing]]:
    by_size = {timing.n: timing for timing in found.get(other, ())}
    return [(t.n, t, by_size[t.n]) for t in found.get(one, ()) if t.n in by_size]


def _cheap(pairs: Sequence[tuple[int, Price, Price]]) -> Decision:
    if not pairs:
        return _nothing()
    shares = [one.gradient / other.gradient for _, one, other in pairs]
    sure = [one.high < other.low for _, one, other in pairs]
    against = [one.low > other.high for _, one, other in pairs]
    verdict = UNDECIDED if not (all(sure) or any(against)) else exactly(sure, FEWEST)
    n, words = max(n for n, *_ in pairs), f"least and largest of {len(pairs)} cases"
    return Decision(verdict, shares[-1], min(shares), max(shares), f"{words}, up to n = {n:,}")


def _expensive(multiples: Sequence[tuple[int, float]]) -> Decision:
    if not multiples:
        return _nothing()
    values = [m for _, m in multiples]
    words = f"least and largest of {len(values)} cases; each was prepared once"
    return Decision(
        exactly([v > 1 for v in values], FEWEST), values[-1], min(values), max(values), words
    )


def _pays(found: Sequence[tuple[int, BreakEven]]) -> Decision:
    if not found:
        return _nothing()
    n, last = max(found, key=lambda entry: entry[0])
    finite = [math.isfinite(pays.high) for _, pays in found]
    never = [not math.isfinite(pays.low) for _, pays in found]
    verdict = UNDECIDED if not (all(finite) or any(never)) else exactly(finite, FEWEST)
    words = (
        f"from {last.value:,.0f} evaluations on, symbolic with its preparation is cheaper than "
        f"central differences at n = {n:,}"
    )
    if not math.isfinite(last.value):
        words = f"at n = {n:,} it never pays"
    return Decision(verdict, last.value, last.low, last.high, words)


def _ahead(timed: Timings) -> Decision:
    pairs = _common(timed.get(SWEEPS[0], {}), BACKPROP, CENTRAL)
    if len(pairs) < FEWEST:
        return _nothing()
    sizes = [n for n, *_ in pairs]
    start = ahead_from(
        sizes, [price(one) for _, one, _ in pairs], [price(other) for *_, other in pairs]
    )
    verdict = exactly([math.isfinite(start.high)])
    if not math.isfinite(start.high) and math.isfinite(start.low):
        verdict = UNDECIDED
    words = f"sizes measured: {sizes[0]:,} to {sizes[-1]:,}"
    return Decision(verdict, start.value, start.low, start.high, words)


def _nothing() -> Decision:
    return Decision(UNDECIDED, words="the records hold too few sizes that both methods reached")


def _panels(timed: Timings) -> tuple[Panel, ...]:
    sweep = SWEEPS[0]
    found = {name: timed[sweep][name] for name in METHODS if timed.get(sweep, {}).get(name)}
    if not found:
        return ()

    def panel(label: str, attribute: str) -> Panel:
        series = tuple(
            Series("", [t.n for t in own], [getattr(t, attribute) for t in own], provider=name)
            for name, own in found.items()
        )
        return Panel("number of parameters n", label, series, NAMES[sweep])

    return panel("seconds to prepare", "preparation"), panel("seconds per gradient", "gradient")


CLAIM = Claim(
    id="C10",
    title="Symbolic: cheap to evaluate, expensive to prepare",
    text="Symbolic gradients are cheap to evaluate and expensive to prepare: they pay from some "
    "number of evaluations on.",
    source="Šrajer et al. 2018 (ADBench)",
    method="The times of a run of the benchmark: closed formulas with shared subexpressions, "
    "central differences and backprop, at the sizes that both compared methods reached. "
    "Break-even: evaluations after which the preparation is paid; intervals put together for the "
    "worst and the best.",
    criteria=(
        Criterion(
            "cheap",
            "Supported if one evaluation of the formulas takes less time than one gradient by "
            "central differences at every common size, the intervals being apart; refuted if more "
            "at one.",
            "time of symbolic ÷ of central differences",
        ),
        Criterion(
            "expensive",
            "Supported if preparing the formulas takes longer than preparing backprop at every "
            "common size; refuted if not at one.",
            "time to prepare symbolic ÷ backprop",
        ),
        Criterion(
            "pays",
            "Supported if from some number of evaluations on the formulas, with their preparation, "
            "are cheaper than central differences at every common size; refuted if never at one.",
            "evaluations to break even at the largest common size",
        ),
        Criterion(
            "ahead",
            "Supported if from some size on backprop is cheaper per gradient than central "
            "differences at every larger one; refuted if not.",
            "parameters from which backprop is ahead",
        ),
    ),
    examine=examine,
)
