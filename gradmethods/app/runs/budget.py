"""The seconds of a run, and what each part may take of them.

Nothing is measured here but how slow the machine is: the report of a run comes last, and must have
its time on a busy machine, too.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from gradmethods.timing.rounds import Clock


@dataclass(frozen=True)
class Shares:
    """Seconds kept for what comes after the cases; of a small budget at most half.

    Attributes
    ----------
    accuracy, ledger, writing : float
        For holding the methods against certified gradients, for the ledger of claims, and for the
        report.
    page : float
        For a report that has every figure once, on an idle machine: what it takes at least.
    """

    accuracy: float
    ledger: float
    writing: float
    page: float


SHORT = Shares(accuracy=40.0, ledger=20.0, writing=48.0, page=16.0)
"""Seconds kept in a run that someone waits for."""

FULL = Shares(accuracy=120.0, ledger=120.0, writing=90.0, page=20.0)
"""Seconds kept in a full run, whose machine may be slower: two minutes for the claims, which derive
formulas as far as there is time."""

MILLION_SHARE = 0.6
"""Part of the time before the reserve that a million passes may take, so that the cases get the
rest: on a machine three times as slow as one where they take seven minutes they still fit into 40
minutes."""


WORK = 0.11
"""Seconds that `some_work` takes on an idle machine, that of the reference run."""

MOST = 2.5
"""Slowness up to which the report's part of a reserve grows that is too small for all."""


def some_work() -> None:
    """Do what a report mostly does: write numbers as text. Other processes get their turns."""
    words = [f"{number:.3e}" for number in range(300_000)]
    "".join(sorted(words)).replace("e", "E")


class Budget:
    """The seconds of a run from its start, and what is left of them for each part.

    Parameters
    ----------
    seconds : float, optional
        No bound by default: then each part has no bound either.
    shares : Shares
        What is kept for the parts that come last.
    clock : callable, optional
        Seconds from any origin.
    start : float, optional
        When the run began, by this clock; by default now.

    Examples
    --------
    >>> budget = Budget(300.0, SHORT, clock=lambda: 0.0)
    >>> budget.for_cases(), budget.for_accuracy(), budget.for_ledger()
    (192.0, 232.0, 252.0)

    On a machine five times as slow a report takes longer, even with each figure once:

    >>> budget.slowness = 5.0
    >>> budget.for_cases(), budget.for_accuracy(), budget.for_ledger()
    (160.0, 200.0, 220.0)
    """

    def __init__(
        self,
        seconds: float | None,
        shares: Shares,
        clock: Clock = time.monotonic,
        start: float | None = None,
    ) -> None:
        self.seconds = seconds
        self.clock = clock
        self.shares = shares
        self.slowness = 1.0
        self._start = clock() if start is None else start

    def watch(self, work: Callable[[], object] = some_work) -> None:
        """Find how slow the machine is now; the report will take as many times its idle time."""
        if self.seconds is not None:
            start = self.clock()
            work()
            self.slowness = max(1.0, (self.clock() - start) / WORK)

    @property
    def spent(self) -> float:
        """Seconds since the start."""
        return self.clock() - self._start

    @property
    def left(self) -> float | None:
        """Seconds left of everything."""
        return self._left(0.0)

    def for_million(self) -> float | None:
        """Seconds for a million passes."""
        left = self.for_cases()
        return None if left is None else MILLION_SHARE * left

    def for_cases(self) -> float | None:
        """Seconds until accuracy, claims and report must have their time."""
        return self._left(self._reserve)

    def for_accuracy(self) -> float | None:
        """Seconds until claims and report must have theirs."""
        ledger = self.shares.ledger + self._writing
        return self._left(min(ledger, (1 + self._report) / 2 * self._reserve))

    def for_ledger(self) -> float | None:
        """Seconds until the report must be written."""
        return self._left(min(self._writing, self._report * self._reserve))

    @property
    def _writing(self) -> float:
        """Seconds that a report takes."""
        return max(self.shares.writing, self.shares.page * self.slowness)

    @property
    def _reserve(self) -> float:
        """Seconds for all that comes last: of a small budget half."""
        whole = self.shares.accuracy + self.shares.ledger + self._writing
        return min(whole, (self.seconds or 0.0) / 2)

    @property
    def _report(self) -> float:
        """Part of a reserve too small for all that is the report's.

        It takes about as long however little there is to report, and longer on a slow machine,
        where the other two do as much less as there is time.
        """
        return 1 - 0.4 / min(self.slowness, MOST)

    def _left(self, keep: float) -> float | None:
        return None if self.seconds is None else max(0.0, self.seconds - keep - self.spent)
