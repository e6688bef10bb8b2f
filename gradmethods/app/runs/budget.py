"""How the time for a run is divided: what comes last has its part kept for it."""

from __future__ import annotations

import time
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
    """

    accuracy: float
    ledger: float
    writing: float


SHORT = Shares(accuracy=40.0, ledger=20.0, writing=48.0)
"""For a run that someone waits for."""

FULL = Shares(accuracy=120.0, ledger=120.0, writing=90.0)
"""For a full run, whose machine may be slower: two minutes for the claims that derive formulas as
far as there is time."""

MILLION = 0.6
"""Part of the time before the reserve that a million passes may take, so that the cases get the
rest: on a machine three times as slow as one where they take seven minutes they still fit into 40
minutes."""


class Budget:
    """The seconds of a run from now on, and what is left of them for each part.

    Parameters
    ----------
    seconds : float, optional
        No bound by default: then each part has no bound either.
    shares : Shares
        What is kept for the parts that come last.
    clock : callable, optional
        Seconds from any origin.

    Examples
    --------
    >>> budget = Budget(300.0, SHORT, clock=lambda: 0.0)
    >>> budget.for_cases(), budget.for_accuracy(), budget.for_ledger()
    (192.0, 232.0, 252.0)
    """

    def __init__(
        self, seconds: float | None, shares: Shares, clock: Clock = time.monotonic
    ) -> None:
        self.seconds = seconds
        self.clock = clock
        self._start = clock()
        whole = shares.accuracy + shares.ledger + shares.writing
        reserve = 0.0 if seconds is None else min(whole, seconds / 2)
        # The report takes about as long however little there is to report.
        self._writing = min(shares.writing, 0.6 * reserve)
        self._ledger = min(shares.ledger + shares.writing, 0.8 * reserve)
        self._reserve = reserve

    @property
    def spent(self) -> float:
        """Seconds since the start."""
        return self.clock() - self._start

    def for_million(self) -> float | None:
        """Seconds for a million passes."""
        left = self.for_cases()
        return None if left is None else MILLION * left

    def for_cases(self) -> float | None:
        """Seconds until accuracy, claims and report must have their time."""
        return self._left(self._reserve)

    def for_accuracy(self) -> float | None:
        """Seconds until claims and report must have theirs."""
        return self._left(self._ledger)

    def for_ledger(self) -> float | None:
        """Seconds until the report must be written."""
        return self._left(self._writing)

    def _left(self, keep: float) -> float | None:
        return None if self.seconds is None else max(0.0, self.seconds - keep - self.spent)
