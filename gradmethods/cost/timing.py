"""The timing protocol: interleaved rounds of a gradient and its loss, in one process.

A round of the loss stands beside each round of the gradient, so that what slows the machine slows
both and cancels in their ratio. No time is asserted anywhere, and nothing is written here.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from itertools import repeat
from typing import Any

import numpy as np

from gradmethods.cost.estimates import FEWEST_FOR_BOOTSTRAP, Estimate
from gradmethods.errors import InvalidOption
from gradmethods.problem import Problem
from gradmethods.provider import GradientResult

Clock = Callable[[], float]

SHORTEST_ROUND = 1e-3
"""Seconds. Far above the resolution of the clock and the cost of reading it (both under 1 µs)."""

MOST_ROUNDS = 1000
"""More rounds narrow the interval below what the machine repeats from one minute to the next."""


@dataclass(frozen=True)
class Cost:
    """What one gradient costs in time.

    Attributes
    ----------
    gradient, loss : Estimate
        Seconds per call.
    ratio : Estimate
        Gradient ÷ loss, of paired rounds: the headline.
    rounds : int
        Pairs of rounds.
    gradient_calls, loss_calls : int
        Calls in each round.
    """

    gradient: Estimate
    loss: Estimate
    ratio: Estimate
    rounds: int
    gradient_calls: int
    loss_calls: int

    def record(self) -> dict[str, Any]:
        """Return nested plain values, for a JSON line."""
        return asdict(self)


class Rounds:
    """Rounds to be driven in turn: `loss_round`, `gradient_round`, and again.

    `measure` drives them; so does pytest-benchmark, with the loss as its ``setup``.

    Parameters
    ----------
    gradient, loss : callable
        Without arguments.
    clock : callable, optional
        Seconds from any origin.
    """

    def __init__(
        self,
        gradient: Callable[[], Any],
        loss: Callable[[], Any],
        *,
        clock: Clock = time.perf_counter,
    ) -> None:
        self.gradient, self.loss, self.clock = gradient, loss, clock
        self.gradient_calls = self.loss_calls = 1
        self.gradient_seconds: list[float] = []
        self.loss_seconds: list[float] = []

    def calibrate(self, known: float | None = None) -> float:
        """Warm up and choose how many calls make a round; return the seconds that a pair takes.

        Parameters
        ----------
        known : float, optional
            Seconds that a gradient takes, where a call for nothing would be too expensive.
        """
        if known is None:
            self.gradient_calls, known = calls_for(self.gradient, SHORTEST_ROUND, self.clock)
        gradient = known * self.gradient_calls
        # Beside a slow gradient a longer look at the loss costs little and steadies the ratio.
        shortest = min(max(SHORTEST_ROUND, gradient / 4), 250 * SHORTEST_ROUND)
        self.loss_calls, loss = calls_for(self.loss, shortest, self.clock)
        return gradient + loss * self.loss_calls

    def loss_round(self) -> None:
        """Time one round of the loss."""
        self.loss_seconds.append(self._round(self.loss, self.loss_calls)[0] / self.loss_calls)

    def gradient_round(self) -> Any:
        """Time one round of the gradient; return what its last call returned."""
        seconds, result = self._round(self.gradient, self.gradient_calls)
        self.gradient_seconds.append(seconds / self.gradient_calls)
        return result

    def cost(self, *, seed: int = 0) -> Cost:
        """Summarise the rounds so far."""
        gradient, loss = np.array(self.gradient_seconds), np.array(self.loss_seconds)
        estimate = partial(Estimate.of, seed=seed)
        return Cost(
            estimate(gradient),
            estimate(loss),
            estimate(gradient / loss),
            rounds=gradient.size,
            gradient_calls=self.gradient_calls,
            loss_calls=self.loss_calls,
        )

    def _round(self, function: Callable[[], Any], calls: int) -> tuple[float, Any]:
        result = None
        start = self.clock()
        for _ in repeat(None, calls):
            result = function()
        return self.clock() - start, result


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


@contextmanager
def quiet() -> Iterator[None]:
    """Hold what disturbs a measurement: BLAS on one thread, no garbage collection, no warnings."""
    from threadpoolctl import threadpool_limits

    collecting = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        with threadpool_limits(limits=1), np.errstate(all="ignore"):
            yield
    finally:
        if collecting:
            gc.enable()


def plain_loss(problem: Problem) -> Callable[[], Any]:
    """Return the loss in plain NumPy at the problem's point: no check, no wrapper."""
    return partial(problem.loss, problem.params, **problem.data, xp=np)


def measure(
    prepared: Callable[..., GradientResult],
    problem: Problem,
    *,
    seconds: float = 1.0,
    rounds: int | None = None,
    precision: float | None = None,
    seed: int = 0,
    clock: Clock = time.perf_counter,
) -> Cost:
    """Time a prepared gradient against the plain loss of its problem.

    Parameters
    ----------
    prepared : callable
        ``prepared(params)``, as a provider prepares it.
    problem : Problem
        Gives the point and the loss.
    seconds : float, default 1.0
        Time limit for the rounds. At least one is taken.
    rounds : int, optional
        Take exactly this many rounds instead.
    precision : float, optional
        Stop early, once the interval of the ratio is narrower than this fraction of it.
    seed : int, default 0
        Of the bootstrap.
    clock : callable, optional
        Seconds from any origin.

    Returns
    -------
    Cost

    Examples
    --------
    >>> import numpy as np
    >>> import gradmethods as gm
    >>> problem = gm.Problem(lambda w, xp=np: xp.sum(w * w), np.ones(100))
    >>> cost = measure(gm.Backprop().prepare(problem), problem, rounds=5)
    >>> cost.rounds
    5
    >>> cost.ratio.low <= cost.ratio.median <= cost.ratio.high
    True
    """
    if rounds is not None and rounds < 1:
        raise InvalidOption(f"rounds must be at least 1, got {rounds}.")
    gradient = partial(prepared, problem.params)
    return _measure(
        Rounds(gradient, plain_loss(problem), clock=clock), seconds, rounds, precision, seed
    )


def noise_floor(
    problem: Problem, *, seconds: float = 1.0, seed: int = 0, clock: Clock = time.perf_counter
) -> Cost:
    """Time the loss against itself (an A/A run).

    The true ratio is 1: as far as the measured one is from it, a ratio of methods means nothing.
    """
    loss = plain_loss(problem)
    return _measure(Rounds(loss, loss, clock=clock), seconds, None, None, seed)


def _measure(
    pair: Rounds, seconds: float, rounds: int | None, precision: float | None, seed: int
) -> Cost:
    with quiet():
        each = pair.calibrate()
        most = rounds or max(1, min(MOST_ROUNDS, int(seconds / each)))
        look = 2 * FEWEST_FOR_BOOTSTRAP
        for done in range(1, most + 1):
            pair.loss_round()
            pair.gradient_round()
            # Looking at doubled counts only: stopping at the first lucky round would bias.
            if precision is not None and rounds is None and done == look < most:
                if pair.cost(seed=seed).ratio.spread <= precision:
                    break
                look *= 2
    return pair.cost(seed=seed)
