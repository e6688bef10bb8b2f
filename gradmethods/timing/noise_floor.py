"""The noise floor: a loss timed against itself (an A/A run), at the start and the end of a run.

The true ratio is 1: as far as the measured one is from it, a ratio of methods means nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.timing.rounds import Clock, Rounds
from gradmethods.timing.sweeps import BATCH
from gradmethods.timing.timing import plain_loss, take

WIDTHS = (2, 32, 256)
"""Hidden widths of the networks whose loss is timed against itself."""

LOUD = 1.1
"""Noise floor from which a report warns its reader."""


def against_itself(
    problem: Problem,
    seconds: float,
    *,
    clock: Clock = time.perf_counter,
    processor: Clock = time.process_time,
) -> Rounds:
    """Time the loss of a problem against itself; the arguments are those of `measure`."""
    loss = plain_loss(problem)
    rounds = Rounds(loss, loss, clock=clock, processor=processor)
    take(rounds, seconds)
    return rounds


def noise_record(width: int, moment: str, *, seconds: float, seed: int = 0) -> dict[str, Any]:
    """Time the loss of a network against itself, for a line of a run's records.

    Parameters
    ----------
    width : int
        Units in each of its two hidden layers.
    moment : str
        When in the run: ``start`` or ``end``.
    seconds : float
        Time limit for the rounds; 0 for one round.
    seed : int, default 0
        Of the network and of the bootstrap.
    """
    from gradmethods import problems

    problem = problems.get("mlp", widths=(2, width, width, 1), batch=BATCH, seed=seed)
    rounds = against_itself(problem, seconds)
    return {
        "key": f"noise-{width}-{moment}",
        "sweep": "noise",
        "provider": "loss",
        "network": f"2-{width}-{width}-1",
        "moment": moment,
        "n": problem.size,
        "outcome": "measured",
        **rounds.cost(seed=seed).record(),
        **rounds.record(),
    }


def factor(ratios: Iterable[float | None]) -> float | None:
    """Return the noise floor as a factor: exp of the largest ``|log ratio|``; None without any.

    Examples
    --------
    >>> factor([1.02, 0.5])
    2.0
    """
    known = np.array([ratio for ratio in ratios if ratio is not None], dtype=float)
    logs = np.abs(np.log(known[np.isfinite(known)]))
    return float(np.exp(logs.max())) if logs.size else None
