"""The time that the benchmark can afford: a limit for each case, a budget for the run.

A case that would take too long is refused before it starts, by an estimate from smaller ones, and
the refusal is a gap with its reason. Nothing is measured or written here.
"""

from __future__ import annotations

import math
import re
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gradmethods.output.format import duration
from gradmethods.providers.attempt import Gap
from gradmethods.timing.cases import Case
from gradmethods.timing.rounds import Clock
from gradmethods.timing.sweeps import AXES, SWEEPS, Grows

FIRST_GROWTH: Mapping[Grows, float] = {"n": 2.0, "N": 1.0, "T": 1.0}
"""Assumed exponent of growth while only one smaller case is known, by what grows: quadratic in the
number of parameters, like n passes over a loss that itself grows with n; linear in that of the
examples or steps."""

LIMIT = 15.0
"""Seconds for one case of a run that someone waits for."""

FULL_LIMIT = 120.0
"""Seconds for one case of a full run: central differences of 67,000 parameters fit, which are
134,000 passes over 100 examples; the four that derive formulas until it, with `SLACK`, leave most
of 40 minutes to others. A million passes are a run of their own."""

UNTRIED = ("budget", "not run")
"""Kinds of gaps that a resumed run tries again, because there may be time now."""

SLACK = 1.5
"""Factor by which a case may exceed its estimate before it is stopped."""


@dataclass(frozen=True)
class Spent:
    """The time that a finished case took."""

    size: int
    preparation: float
    gradient: float


class Plan:
    """The limit and the budget of a run, and what its cases have taken so far.

    Parameters
    ----------
    limit : float
        Seconds for one case: preparing it and one gradient.
    budget : float, optional
        Seconds for all cases from now on; no bound by default.
    clock : callable, optional
        Seconds from any origin.
    """

    def __init__(
        self, limit: float, budget: float | None = None, clock: Clock = time.monotonic
    ) -> None:
        self.limit = limit
        self.clock = clock
        self.budget = budget
        self._end = math.inf if budget is None else clock() + budget
        self._spent: dict[tuple[str, str], list[Spent]] = defaultdict(list)
        self._gaps: dict[tuple[str, str], tuple[int, Gap]] = {}

    @property
    def left(self) -> float:
        """Seconds left of the budget."""
        return self._end - self.clock()

    @property
    def allowance(self) -> float:
        """Seconds after which a case is stopped."""
        return min(SLACK * self.limit, self.left)

    def finished(self, case: Case, preparation: float, gradient: float) -> None:
        """Remember what a case took, in seconds."""
        self._spent[case.sweep, case.provider].append(Spent(case.size, preparation, gradient))

    def stopped(self, case: Case, gap: Gap) -> None:
        """Remember that a case was not measured: larger ones will not be tried."""
        self._gaps.setdefault((case.sweep, case.provider), (case.size, gap))

    def recall(self, record: Mapping[str, Any]) -> bool:
        """Learn from the record of an earlier run; tell whether its case is settled by it."""
        if record["outcome"] == "gap" and record.get("kind") in UNTRIED:
            return False
        if record.get("sweep") not in SWEEPS:
            return True
        case = Case(record["sweep"], record["provider"], record["scale"])
        if record["outcome"] == "measured":
            self.finished(case, record["preparation"], record["gradient"]["median"])
        else:
            self.stopped(case, Gap(record["kind"], record["reason"]))
        return True

    def refusal(self, case: Case) -> Gap | None:
        """Say why a case should not start, or None."""
        if self.left <= 0:
            return self.exhausted()
        earlier = self._gaps.get((case.sweep, case.provider))
        if earlier is not None and case.size > earlier[0]:
            size, gap = earlier
            return Gap(gap.kind, f"{_not_tried(case.kind.grows, size)}{gap.reason}")
        estimate = self.forecast(case)
        words = f"Estimated {duration(estimate)} by growth from smaller cases"
        return self.unaffordable(estimate, words)

    def forecast(self, case: Case) -> float:
        """Estimate the seconds for preparing a case and one gradient; 0 if nothing is known."""
        return self.preparation(case) + self.gradient(case)

    def preparation(self, case: Case) -> float:
        """Estimate the seconds for preparing a case."""
        return self._grown(case, [(s.size, s.preparation) for s in self._of(case)])

    def gradient(self, case: Case) -> float:
        """Estimate the seconds for one gradient."""
        return self._grown(case, [(s.size, s.gradient) for s in self._of(case)])

    def _of(self, case: Case) -> list[Spent]:
        return self._spent[case.sweep, case.provider]

    @staticmethod
    def _grown(case: Case, known: list[tuple[int, float]]) -> float:
        return _grow(known, case.size, FIRST_GROWTH[case.kind.grows])

    def unaffordable(self, seconds: float, words: str) -> Gap | None:
        """Return why an estimate exceeds the limit or the budget, or None."""
        if self.left <= 0:
            return self.exhausted()
        if seconds > self.limit:
            return Gap("limit", f"{words}; the limit is {duration(self.limit)} a case.")
        if seconds > self.left:
            return Gap(
                "budget",
                f"{words}; {duration(self.left)} were left of the {duration(self.budget or 0)} "
                "for all cases.",
            )
        return None

    def exhausted(self) -> Gap:
        """Say that there is no time left."""
        return Gap("budget", f"The {duration(self.budget or 0)} for all cases were used up.")


def first_reason(reason: str) -> str:
    """Return the reason of the smallest case that was not measured, for larger ones too.

    Examples
    --------
    >>> first_reason("Not tried, because n = 1,185 was not measured: Out of memory.")
    'Out of memory.'
    """
    letter = f"[{''.join(AXES)}]"
    return re.sub(f"^{_not_tried(letter, 0).replace('0', '[0-9,]+')}", "", reason)


def _not_tried(letter: str, size: int) -> str:
    return f"Not tried, because {letter} = {size:,} was not measured: "


def _grow(known: list[tuple[int, float]], n: int, exponent: float) -> float:
    if not known:
        return 0.0
    (m, last) = known[-1]
    if len(known) > 1 and known[-2][0] < m:
        before, earlier = known[-2]
        exponent = math.log(max(last, 1e-9) / max(earlier, 1e-9)) / math.log(m / before)
    # Noise between two tiny times must not forecast a fall, nor an explosion.
    return float(last * (n / m) ** min(max(exponent, 0.5), 4.0))
