"""C1: finite differences need one extra forward pass per parameter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gradmethods import problems
from gradmethods.core.problem import Problem
from gradmethods.providers.numerical import Numerical
from gradmethods.providers.schemes import SCHEMES
from gradmethods.studies.claims.claim import (
    Claim,
    Criterion,
    Decision,
    Evidence,
    Finding,
    Panel,
    Series,
    exactly,
)
from gradmethods.timing.counts import counted

WIDTHS = (1, 2, 4, 8, 16)
"""Hidden units in each of two layers: from 7 to 337 parameters."""

PER_PARAMETER = {"forward": 1, "central": 2}


@dataclass(frozen=True)
class Count:
    """Calls of the loss in one gradient, seen from inside the loss."""

    scheme: str
    n: int
    calls: int

    @property
    def claimed(self) -> int:
        """What the claim says: one for the value, and so many per parameter."""
        return PER_PARAMETER[self.scheme] * self.n + 1


def count(problem: Problem, scheme: str) -> Count:
    """Count the calls of the loss while a gradient is computed; preparing is not counted."""
    twin, counter = counted(problem)
    prepared = Numerical(scheme).prepare(twin)
    counter.reset()
    prepared(twin.params)
    return Count(scheme, twin.size, counter.calls)


def judge(counts: Sequence[Count], work: float) -> Finding:
    """Decide by the counts alone; `work` is what reuse does of the operations of all passes."""
    decisions = {}
    for scheme in PER_PARAMETER:
        own = [c for c in counts if c.scheme == scheme]
        wrong = [c for c in own if c.calls != c.claimed]
        words = f"as claimed on all {len(own)} problems"
        if wrong:
            words = f"{wrong[0].calls:,} calls at n = {wrong[0].n:,}, not {wrong[0].claimed:,}"
        elif SCHEMES[scheme].one_sided:
            words += (
                "; with the loss as a black box. Over its recorded graph, the same differences of "
                f"2-16-16-1 take {work:.2%} of the operations of these passes"
            )
        if own:
            value = max(own, key=lambda c: c.n)
            decisions[scheme] = Decision(
                exactly([c.calls == c.claimed for c in own], fewest=3), (value.calls - 1) / value.n,
                min((c.calls - 1) / c.n for c in own), max((c.calls - 1) / c.n for c in own), words,
            )  # fmt: skip
    return Finding(decisions, (_panel(counts),))


def examine(evidence: Evidence) -> Finding:
    """Count over the catalogue, and over networks of growing size."""
    made = [
        problems.get("mlp", widths=(2, h, h, 1), batch=4, seed=evidence.seed) for h in WIDTHS
    ] + [problems.get(name, seed=evidence.seed) for name in problems.names() if name != "mlp"]
    counts = [count(problem, scheme) for scheme in PER_PARAMETER for problem in made]
    reuse = Numerical("forward", evaluation="reuse").prepare(made[len(WIDTHS) - 1])
    work = reuse.work  # type: ignore[union-attr]  # reuse is asked for
    return judge(counts, work.done / work.plain)


def _panel(counts: Sequence[Count]) -> Panel:
    series = []
    for scheme, per in PER_PARAMETER.items():
        own = sorted({(c.n, c.calls) for c in counts if c.scheme == scheme})
        provider = Numerical(scheme).name
        n = [x for x, _ in own]
        series += [
            Series(f"{scheme}, counted", n, [y for _, y in own], provider=provider),
            Series(f"{'2n' if per == 2 else 'n'} + 1", n, [per * x + 1 for x in n], theory=True),
        ]
    return Panel("number of parameters n", "calls of the loss for one gradient", tuple(series))


CLAIM = Claim(
    id="C1",
    title="One forward pass per parameter",
    text="Finite differences need at least one extra forward pass per parameter: n, and one for "
    "the value, with forward differences; 2n with central ones.",
    source="the article",
    method="Calls of the loss in one gradient, counted inside the loss by a counter that no method "
    "knows of, on every problem of the catalogue and on networks 2-h-h-1.",
    criteria=(
        Criterion(
            "forward",
            "Supported if forward differences call the loss exactly n + 1 times on every problem; "
            "refuted by any other count.",
            "extra calls per parameter",
            exact=True,
        ),
        Criterion(
            "central",
            "Supported if central differences call the loss exactly 2n + 1 times on every problem; "
            "refuted by any other count.",
            "extra calls per parameter",
            exact=True,
        ),
    ),
    examine=examine,
)
