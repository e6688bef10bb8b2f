"""Time a gradient and its loss in alternating rounds, and summarise the rounds.

A round of the loss stands beside each round of the gradient, so that what slows the machine slows
both and cancels in their ratio. That holds for a slow machine, not for a shared processor: a round
is timed by the wall and by the processor, and where they differ somebody else was running. How deep
the caller stands in Python's stack changes no time, either (`roomy`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from itertools import repeat
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradmethods.timing.bootstrap import FEWEST_FOR_BOOTSTRAP, Estimate

Clock = Callable[[], float]

SHORTEST_ROUND = 1e-3
"""Seconds. Far above the resolution of the clock and the cost of reading it (both under 1 µs)."""

SHARED = 1.05
"""Time by the wall ÷ time of the processor from which a round counts as disturbed."""


ROOM = 1 << 16
"""Places, of 8 bytes each, of a frame that CPython gives twice as much, so that half stays free."""

Function = TypeVar("Function", bound=Callable[..., object])


def roomy(function: Function) -> Function:
    """Let what a function calls begin on a fresh piece of Python's stack; return the function.

    CPython keeps frames in pieces of 16 KiB. A call that does not fit into the piece in use takes
    another from the system and gives it back on return, in some ten microseconds. What ends near
    the edge of a piece pays that for each function it calls: a gradient of 360 calls took 2 ms in
    place of 0.22, and it depended on nothing but how deep in the stack its caller was.
    """
    code = function.__code__
    function.__code__ = code.replace(co_stacksize=ROOM)
    return function


@dataclass(frozen=True)
class Cost:
    """The time of one gradient, and its ratio to the time of the loss.

    Attributes
    ----------
    gradient, loss : Estimate
        Seconds per call.
    ratio : Estimate
        Gradient ÷ loss, of paired rounds: the headline.
    rounds : int
        Pairs of rounds behind the estimates.
    gradient_calls, loss_calls : int
        Calls in each round.
    dropped : int
        Pairs left out because another process had the processor during one of them.
    contended : bool
        Whether so few pairs were undisturbed that all were kept: the estimates hold other work.
    """

    gradient: Estimate
    loss: Estimate
    ratio: Estimate
    rounds: int
    gradient_calls: int
    loss_calls: int
    dropped: int = 0
    contended: bool = False

    def record(self) -> dict[str, Any]:
        """Return nested plain values, for a JSON line."""
        return asdict(self)


class Rounds:
    """Pairs of rounds, one of the gradient and one of the loss; who is first alternates.

    `measure` drives them with `pair`. pytest-benchmark, which times the gradient itself, calls
    `open` before and `close` after each `gradient_round`.

    Parameters
    ----------
    gradient, loss : callable
        Without arguments.
    clock, processor : callable, optional
        Seconds by the wall, and seconds that this process ran, from any origin.
    """

    def __init__(
        self,
        gradient: Callable[[], Any],
        loss: Callable[[], Any],
        *,
        clock: Clock = time.perf_counter,
        processor: Clock = time.process_time,
    ) -> None:
        self.gradient, self.loss = gradient, loss
        self.clock, self.processor = clock, processor
        self.gradient_calls = self.loss_calls = 1
        self.gradient_seconds: list[float] = []
        self.gradient_processor: list[float] = []
        self.loss_seconds: list[float] = []
        self.loss_processor: list[float] = []

    def calibrate(self, known: float | None = None, shortest: float = SHORTEST_ROUND) -> float:
        """Warm up and choose how many calls make a round; return the seconds that a pair takes.

        Parameters
        ----------
        known : float, optional
            Seconds that a gradient takes, where a call for nothing would be too expensive.
        shortest : float, optional
            Seconds of a round, at least.
        """
        if known is None:
            self.gradient_calls, known = calls_for(self.gradient, shortest, self.clock)
        gradient = known * self.gradient_calls
        # Beside a slow gradient a longer look at the loss costs little and steadies the ratio.
        longer = min(max(shortest, gradient / 4), 250 * SHORTEST_ROUND)
        self.loss_calls, loss = calls_for(self.loss, longer, self.clock)
        return gradient + loss * self.loss_calls

    def pair(self) -> Any:
        """Time a round of both; return what the last call of the gradient returned."""
        self.open()
        result = self.gradient_round()
        self.close()
        return result

    def open(self) -> None:
        """Begin a pair: in every other one the loss comes first."""
        if len(self.loss_seconds) % 2 == 0:
            self._loss_round()

    def gradient_round(self) -> Any:
        """Time one round of the gradient; return what its last call returned."""
        seconds, processor, result = self._round(self.gradient, self.gradient_calls)
        self.gradient_seconds.append(seconds)
        self.gradient_processor.append(processor)
        return result

    def close(self) -> None:
        """End a pair: the loss comes now, unless it came first."""
        if len(self.loss_seconds) < len(self.gradient_seconds):
            self._loss_round()

    def beside(self, other: Rounds) -> Rounds:
        """Return the rounds of this gradient paired with those of another's, taken in turn."""
        pairs = Rounds(self.gradient, other.gradient, clock=self.clock, processor=self.processor)
        pairs.gradient_calls, pairs.loss_calls = self.gradient_calls, other.gradient_calls
        count = min(len(self.gradient_seconds), len(other.gradient_seconds))
        pairs.gradient_seconds = self.gradient_seconds[:count]
        pairs.gradient_processor = self.gradient_processor[:count]
        pairs.loss_seconds = other.gradient_seconds[:count]
        pairs.loss_processor = other.gradient_processor[:count]
        return pairs

    @property
    def alone(self) -> NDArray[np.bool_]:
        """Boolean mask of the pairs during which no other process had the processor."""
        return ~(
            disturbed(self.gradient_seconds, self.gradient_processor, self.gradient_calls)
            | disturbed(self.loss_seconds, self.loss_processor, self.loss_calls)
        )

    @property
    def kept(self) -> NDArray[np.bool_]:
        """Boolean mask of the pairs that count: undisturbed ones, or all if those are too few."""
        alone = self.alone
        enough = np.count_nonzero(alone) >= FEWEST_FOR_BOOTSTRAP
        return alone if enough else np.ones_like(alone)

    def cost(self, *, seed: int = 0) -> Cost:
        """Summarise the pairs so far."""
        alone, kept = self.alone, self.kept
        gradient = np.array(self.gradient_seconds)[kept]
        loss = np.array(self.loss_seconds)[kept]
        estimate = partial(Estimate.of, seed=seed)
        return Cost(
            estimate(gradient),
            estimate(loss),
            estimate(gradient / loss),
            rounds=gradient.size,
            gradient_calls=self.gradient_calls,
            loss_calls=self.loss_calls,
            dropped=kept.size - gradient.size,
            contended=bool(kept[~alone].any()),
        )

    def record(self) -> dict[str, list[float]]:
        """Return the seconds per call of every round, to five digits, for a JSON line."""
        names = ("gradient_seconds", "gradient_processor", "loss_seconds", "loss_processor")
        return {name: [float(f"{s:.5g}") for s in getattr(self, name)] for name in names}

    def _loss_round(self) -> None:
        seconds, processor, _ = self._round(self.loss, self.loss_calls)
        self.loss_seconds.append(seconds)
        self.loss_processor.append(processor)

    @roomy
    def _round(self, function: Callable[[], Any], calls: int) -> tuple[float, float, Any]:
        result = None
        processor, start = self.processor(), self.clock()
        for _ in repeat(None, calls):
            result = function()
        seconds = self.clock() - start
        return seconds / calls, (self.processor() - processor) / calls, result


def disturbed(seconds: ArrayLike, processor: ArrayLike, calls: int = 1) -> NDArray[np.bool_]:
    """Tell in which rounds something else ran: the wall's time is above the processor's.

    Parameters
    ----------
    seconds, processor : array_like
        Per call, by the wall and of this process, all its threads together.
    calls : int
        In each round.
    """
    # Some systems count the processor's time in ticks of milliseconds.
    tick = 2 * time.get_clock_info("process_time").resolution / calls
    return np.asarray(np.asarray(seconds) > SHARED * np.asarray(processor) + tick)


@roomy
def calls_for(
    function: Callable[[], Any], shortest: float, clock: Clock = time.perf_counter
) -> tuple[int, float]:
    """Find how many calls, of 1, 2, 5, 10, 20 and so on, take at least `shortest` seconds.

    Returns
    -------
    tuple of int and float
        Calls, and the seconds that one of them took.
    """
    function()  # The first call meets cold caches, and lazy imports.
    scale = 1
    while True:
        for digit in (1, 2, 5):
            calls = digit * scale
            start = clock()
            for _ in repeat(None, calls):
                function()
            seconds = clock() - start
            if seconds >= shortest:
                return calls, seconds / calls
        scale *= 10
