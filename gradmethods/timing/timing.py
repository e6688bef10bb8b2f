"""The timing protocol: a prepared gradient against its loss, in one undisturbed process.

No time is asserted anywhere, and nothing is written here.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.core.provider import GradientResult
from gradmethods.errors import InvalidOption
from gradmethods.timing.bootstrap import FEWEST_FOR_BOOTSTRAP
from gradmethods.timing.rounds import Clock, Cost, Rounds

__all__ = ["MOST_ROUNDS", "Cost", "measure", "plain_loss", "quiet", "take"]

MOST_ROUNDS = 1000
"""Largest number of rounds: more would not be repeated by the machine a minute later."""


@contextmanager
def quiet() -> Iterator[None]:
    """Measure undisturbed: BLAS on one thread, no garbage collection, no warnings."""
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
    processor: Clock = time.process_time,
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
    clock, processor : callable, optional
        Seconds by the wall, and seconds that this process ran, from any origin.

    Returns
    -------
    Cost
        Rounds in which another process had the processor are left out; where hardly any would
        remain, all are kept and ``contended`` says so.

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
    refuse_shared(prepared)
    gradient = partial(prepared, problem.params)
    pairs = Rounds(gradient, plain_loss(problem), clock=clock, processor=processor)
    take(pairs, seconds, rounds=rounds, precision=precision, seed=seed)
    return pairs.cost(seed=seed)


def refuse_shared(method: Any) -> None:
    """Refuse to time what others do.

    Raises
    ------
    InvalidOption
        If a provider, or a prepared gradient, works with an executor.
    """
    if any(getattr(method, name, None) is not None for name in ("team", "executor", "checkpoint")):
        raise InvalidOption(
            "Times are not taken on shared workers, where they would be anybody's, nor of what is "
            "written to a checkpoint. Measure the method without executor= and checkpoint=, or "
            "nothing (seconds=0)."
        )


def take(
    pairs: Rounds,
    seconds: float,
    *,
    rounds: int | None = None,
    precision: float | None = None,
    seed: int = 0,
) -> None:
    """Calibrate, and take rounds for so many seconds; the arguments are those of `measure`."""
    with quiet():
        each = pairs.calibrate()
        most = rounds or max(1, min(MOST_ROUNDS, int(seconds / each)))
        look = 2 * FEWEST_FOR_BOOTSTRAP
        for done in range(1, most + 1):
            pairs.pair()
            # Looking at doubled counts only: stopping at the first lucky round would bias.
            if precision is not None and rounds is None and done == look < most:
                if pairs.cost(seed=seed).ratio.spread <= precision:
                    break
                look *= 2
