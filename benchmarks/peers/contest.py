"""The timing of several gradients of one problem: rounds of all of them in turn, in one process.

What slows the machine for a while slows neighbouring rounds alike, and cancels in their ratio. The
order within a round is drawn anew each time, so that nobody always follows the same neighbour.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from itertools import repeat
from typing import Any

import numpy as np

from gradmethods.cost.estimates import FEWEST_FOR_BOOTSTRAP, Estimate
from gradmethods.cost.rounds import Clock, calls_for
from gradmethods.cost.timing import quiet

ROUND = 0.02
"""Seconds of a round at least. Several calls of a network of a million parameters: within a round
a contender finds the caches as it left them, as in training, and not as its neighbour did."""

MOST_ROUNDS = 200

PATIENCE = 30.0
"""Seconds that may go into repeating one slow contender until it has an interval."""


@dataclass
class Contender:
    """A gradient without arguments, and its rounds so far.

    Attributes
    ----------
    call : callable
        What is timed.
    calls : int
        Calls in a round.
    cost : float
        Seconds that a round takes, roughly.
    seconds, processor : list of float
        Seconds of each round per call, by the wall and of the processor, all threads together.
    """

    call: Callable[[], Any]
    calls: int = 1
    cost: float = 0.0
    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def calibrate(self, known: float | None, clock: Clock) -> None:
        """Choose the calls of a round; `known` seconds of one call spare a slow one a trial."""
        if known is None or known < ROUND:
            self.calls, known = calls_for(self.call, ROUND, clock)
        self.cost = self.calls * known

    def wants(self, share: float) -> bool:
        """Say whether another round fits in the contender's share of the time."""
        done = len(self.seconds)
        if done < FEWEST_FOR_BOOTSTRAP and self.cost * FEWEST_FOR_BOOTSTRAP <= PATIENCE:
            return True
        return done == 0 or (done + 1) * self.cost <= share

    def round(self, clock: Clock) -> None:
        """Time one round."""
        call = self.call
        processor, start = time.process_time(), clock()
        for _ in repeat(None, self.calls):
            call()
        self.seconds.append((clock() - start) / self.calls)
        self.processor.append((time.process_time() - processor) / self.calls)


def contest(
    calls: Mapping[str, Callable[[], Any]],
    anchors: tuple[str, ...],
    *,
    seconds: float,
    known: Mapping[str, float] | None = None,
    seed: int = 0,
    clock: Clock = time.perf_counter,
) -> dict[str, Contender]:
    """Time gradients in turn.

    Parameters
    ----------
    calls : mapping of str to callable
        The contenders.
    anchors : tuple of str
        Those that take part in every round: what the others are compared with.
    seconds : float
        For all rounds together, roughly; 0 for a single round.
    known : mapping of str to float, optional
        Seconds that one call of a slow contender took.
    seed : int, default 0
        Of the order.
    clock : callable, optional
        Seconds from any origin.

    Returns
    -------
    dict of str to Contender
        A contender that is out of its share of time leaves; its rounds are the first ones of the
        anchors', beside which they were taken.
    """
    rng = np.random.default_rng(seed)
    contenders = {name: Contender(call) for name, call in calls.items()}
    with quiet():
        for name, contender in contenders.items():
            contender.calibrate((known or {}).get(name), clock)
        others = {name: c for name, c in contenders.items() if name not in anchors}
        share = seconds / max(1, len(contenders))
        end = clock() + seconds
        for done in range(MOST_ROUNDS):
            staying = [name for name, c in others.items() if c.wants(share)]
            enough = done >= (FEWEST_FOR_BOOTSTRAP if seconds else 1)
            if enough and (clock() > end or (others and not staying)):
                break
            turn = [*anchors, *staying]
            for place in rng.permutation(len(turn)):
                contenders[turn[place]].round(clock)
    return contenders


def summary(contenders: Mapping[str, Contender], name: str, ours: tuple[str, ...]) -> Any:
    """Summarise one contender: its time, its time ÷ the loss's, and ours ÷ its time.

    Ratios are of paired rounds; the estimates are those of `gradmethods.cost`.
    """
    contender = contenders[name]
    mine = np.array(contender.seconds)
    count = mine.size

    def paired(other: str) -> Any:
        return np.array(contenders[other].seconds[:count])

    ratios = {other: asdict(Estimate.of(paired(other) / mine)) for other in ours if other != name}
    return {
        "time": asdict(Estimate.of(mine)),
        "per_loss": asdict(Estimate.of(mine / paired("loss"))),
        "ratios": ratios,
        "rounds": count,
        "calls_per_round": contender.calls,
        "threads": float(np.sum(contender.processor) / np.sum(contender.seconds)),
        "seconds_per_call": contender.seconds,
    }
