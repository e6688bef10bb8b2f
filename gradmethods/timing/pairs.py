"""Pairs of methods timed side by side, and whether their times differ by more than the noise.

The rule: a difference is reported only if the 95 % interval of the ratio holds no ratio within the
noise floor of the same run, from 1 ÷ floor to floor; that there is none, only if the whole interval
lies within. What reaches across is undecided.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from functools import partial
from typing import Any

from gradmethods.core.problem import Problem
from gradmethods.core.provider import PreparedGradient
from gradmethods.errors import InvalidOption
from gradmethods.timing.rounds import Clock, Rounds
from gradmethods.timing.sweeps import BATCH
from gradmethods.timing.timing import take

WIDTHS = (2, 8, 8, 1)
"""Units per layer of the network on which all pairs are timed: one of the grid's."""

SAME = "no difference"
UNDECIDED = "undecided"


@dataclass(frozen=True)
class Pair:
    """Two methods to be timed against each other.

    Attributes
    ----------
    first, second : str
        Their names; the ratio is the time of the first ÷ that of the second.
    expected : str
        What is known of it before any measurement.
    """

    first: str
    second: str
    expected: str

    @property
    def key(self) -> str:
        """The name of the pair in records and of its test."""
        return f"pair-{self.first}-{self.second}"


PAIRS = (
    Pair("numerical:forward", "numerical:backward", "1: the same number of passes"),
    Pair("backprop", "backprop", "1: the same method, prepared twice"),
    Pair("numerical", "numerical:forward", "about 2: twice the passes"),
    Pair("analytical:chain-rule", "backprop", "unknown"),
)
"""Pairs of methods that are timed side by side, and the ratio that is expected."""


def pair_record(
    pair: Pair,
    *,
    seconds: float,
    seed: int = 0,
    clock: Clock = time.perf_counter,
    processor: Clock = time.process_time,
) -> dict[str, Any]:
    """Time a pair in interleaved rounds, for a line of a run's records.

    Parameters
    ----------
    pair : Pair
        Which methods. Each is prepared on its own, even if both are the same.
    seconds : float
        Time limit for the rounds; 0 for one round.
    seed : int, default 0
        Of the network and of the bootstrap.
    clock, processor : callable, optional
        Seconds by the wall, and seconds that this process ran, from any origin.

    Returns
    -------
    dict
        Of the first method under ``gradient``, of the second under ``other``. There is no verdict:
        the noise floor of a run is known at its end.
    """
    from gradmethods import problems

    problem = problems.get("mlp", widths=WIDTHS, batch=BATCH, seed=seed)
    first, second = (_prepared(name, problem) for name in (pair.first, pair.second))
    rounds = Rounds(
        *(partial(prepared, problem.params) for prepared in (first, second)),
        clock=clock,
        processor=processor,
    )
    take(rounds, seconds)
    timed = rounds.cost(seed=seed).record() | rounds.record()
    return {
        "key": pair.key,
        "sweep": "pair",
        "provider": pair.first,
        "other_provider": pair.second,
        "network": "-".join(map(str, WIDTHS)),
        "n": problem.size,
        "outcome": "measured",
        "passes": _passes(first),
        "other_passes": _passes(second),
        **{name.replace("loss", "other"): value for name, value in timed.items()},
    }


def verdict(low: float, high: float, floor: float) -> str:
    """Say which of two methods is faster, that there is no difference, or that this is open.

    Parameters
    ----------
    low, high : float
        The interval of the time of the first ÷ that of the second.
    floor : float
        The noise floor of the same run, from 1 on: `gradmethods.timing.noise_floor.factor`.

    Raises
    ------
    InvalidOption
        If one of them is no number, or they are in no order.

    Examples
    --------
    >>> verdict(0.99, 1.01, 1.02), verdict(1.01, 1.05, 1.02), verdict(1.9, 2.1, 1.02)
    ('no difference', 'undecided', 'second faster')
    >>> verdict(0.4, 0.5, 1.02)
    'first faster'
    """
    if not (0 < low <= high < math.inf and 1 <= floor < math.inf):
        raise InvalidOption(
            "A verdict needs an interval of positive ratios and a noise floor from 1 on, got "
            f"[{low}, {high}] and {floor}."
        )
    if low > floor:
        return "second faster"
    if high < 1 / floor:
        return "first faster"
    return SAME if 1 / floor <= low and high <= floor else UNDECIDED


def _prepared(name: str, problem: Problem) -> PreparedGradient:
    from gradmethods.providers import get_provider

    prepared: PreparedGradient = get_provider(name).prepare(problem)
    return prepared


def _passes(prepared: PreparedGradient) -> int | None:
    """Return the forward passes of one gradient, its value among them."""
    known = prepared.forward_passes
    return None if known is None else known + prepared.value_passes
