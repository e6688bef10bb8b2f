"""What a method takes as a multiple of the loss, counted and timed, against a bound: C4 and C11."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gradmethods import problems
from gradmethods.engines.graph import record
from gradmethods.providers.backprop import Backprop
from gradmethods.providers.forward import Forward
from gradmethods.studies.claims.claim import (
    UNDECIDED,
    Decision,
    Evidence,
    Finding,
    Panel,
    Series,
    exactly,
    inside,
)
from gradmethods.studies.claims.timings import NAMES, SWEEPS, Timing, measured

WIDTHS = (1, 4, 16, 64, 256)
DEPTHS = (1, 4, 16, 64)

NETWORKS: dict[str, list[tuple[int, ...]]] = {
    "width": [(2, h, h, 1) for h in WIDTHS],
    "depth": [(2, *[8] * d, 1) for d in DEPTHS],
}

Counted = Mapping[str, Sequence[tuple[int, float]]]
"""By sweep, numbers of parameters and prices."""

Timed = Mapping[str, Sequence[Timing]]


@dataclass(frozen=True)
class Price:
    """A price that theory bounds.

    Attributes
    ----------
    provider : Backprop or Forward
        Whose price.
    bound : float
        In losses.
    label : str
        Of the axis.
    unit : callable
        Makes the price of a multiple of the loss, for so many parameters.
    """

    provider: Backprop | Forward
    bound: float
    label: str
    unit: Callable[[float, int], float] = lambda multiple, _: multiple

    def judge(self, counted: Counted, timed: Timed) -> Finding:
        """Decide the operations by counts, and the times by the records of a run."""
        return Finding(self.decide(counted, timed), self.panels(counted, timed))

    def examine(self, evidence: Evidence) -> Finding:
        """Count operations, and read the times in the records of a run."""
        return self.judge(self.counted(), self.timed(evidence))

    def timed(self, evidence: Evidence) -> dict[str, list[Timing]]:
        """Return the cases of a run, by sweep."""
        name = self.provider.name
        return {sweep: measured(evidence.records, sweep, name) for sweep in SWEEPS}

    def counted(self) -> dict[str, list[tuple[int, float]]]:
        """Count the operations of value and gradient ÷ those of the loss, in two sweeps."""
        found: dict[str, list[tuple[int, float]]] = {sweep: [] for sweep in NETWORKS}
        for sweep, networks in NETWORKS.items():
            for widths in networks:
                problem = problems.get("mlp", widths=widths, batch=2)
                loss = record(problem.on_examples(slice(1))).operations().total()
                multiple = self.provider.prepare(problem).operations / loss
                found[sweep].append((problem.size, self.unit(multiple, problem.size)))
        return found

    def decide(self, counted: Counted, timed: Timed) -> dict[str, Decision]:
        """Decide by counts, and by the times of a run, whether the bound holds."""
        multiples = [multiple for sizes in counted.values() for _, multiple in sizes]
        operations = Decision(
            exactly([m <= self.bound for m in multiples], fewest=4), max(multiples),
            min(multiples), max(multiples), f"least and largest of {len(multiples)} networks",
        )  # fmt: skip
        points = [point for sizes in timed.values() for point in sizes]
        if not points:
            times = Decision(UNDECIDED, words=f"no case of {self.provider.label} was measured")
            return {"operations": operations, "bound": times}
        worst = max(points, key=lambda point: self._price(point)[0])
        verdicts = {inside(*self._price(point), 0.0, self.bound) for point in points}
        times = Decision(
            _together(verdicts), *self._price(worst),
            f"the largest, at n = {worst.n:,}, of {len(points)} cases",
        )  # fmt: skip
        return {"operations": operations, "bound": times}

    def panels(self, counted: Counted, timed: Timed) -> tuple[Panel, ...]:
        """Draw counts and times below the bound, a panel for each sweep."""
        panels = []
        for sweep in SWEEPS:
            operations, times = counted.get(sweep, ()), timed.get(sweep, ())
            n = [n for n, _ in operations] + [p.n for p in times]
            if not n:
                continue
            series = [Series("operations", [n for n, _ in operations], [m for _, m in operations],
                             provider="analytical:chain-rule")]  # fmt: skip
            if times:
                y, low, high = zip(*map(self._price, times), strict=True)
                series.append(
                    Series("time", [p.n for p in times], y, low, high, self.provider.name)
                )
            ends = [min(n), max(n)]
            series.append(Series(f"bound {self.bound:g}", ends, [self.bound] * 2, theory=True))
            panels.append(
                Panel("number of parameters n", self.label, tuple(series), NAMES[sweep],
                      log_y=False)
            )  # fmt: skip
        return tuple(panels)

    def _price(self, point: Timing) -> tuple[float, float, float]:
        """Return the price in time, and the ends of its interval."""
        median, low, high = (self.unit(x, point.n) for x in (point.ratio, point.low, point.high))
        return median, low, high


def _together(verdicts: set[str]) -> str:
    if len(verdicts) == 1:
        return next(iter(verdicts))
    return "refuted" if "refuted" in verdicts else UNDECIDED
