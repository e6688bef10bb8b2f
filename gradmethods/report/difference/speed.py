"""Which times of two runs differ by more than their noise.

Times are held against each other as gradient ÷ loss, which were measured in interleaved rounds, so
that what a machine did meanwhile cancels. The loss itself, timed in both runs, tells how far the
times of two runs part that should not.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gradmethods.report.difference.entries import Cost, Entry, Interval
from gradmethods.timing.fits import FEWEST_POINTS, student
from gradmethods.timing.noise_floor import LOUD, factor
from gradmethods.timing.pairs import verdict

SLOWER, FASTER, NONE = "slower", "faster", "no difference"

_CALLED = {"second faster": FASTER, "first faster": SLOWER}
"""What a pair says, of the earlier run as its first."""


@dataclass(frozen=True)
class Speed:
    """The times of a case, or of all cases of a method, in two runs.

    Attributes
    ----------
    part, case, method : str
        As of an entry. Of a method the case says how many cases there are.
    ratio : Interval
        Gradient ÷ loss in the second run ÷ that in the first; above 1 the second is slower.
    time : float
        Seconds of a gradient in the second run ÷ those in the first.
    called : str
        ``"slower"``, ``"faster"`` or ``"no difference"``.
    ends : tuple of float
        Gradient ÷ loss in the first, and in the second run; NaN for a method.
    """

    part: str
    case: str
    method: str
    ratio: Interval
    time: float
    called: str
    ends: tuple[float, float] = (math.nan, math.nan)


@dataclass(frozen=True)
class Speeds:
    """All times of two runs.

    Attributes
    ----------
    cases, methods : list of Speed
        Case by case, and of methods with cases enough.
    floors : dict of str to float
        The noise floor of a case as a factor, by part of the run.
    floor : float
        That of a method.
    contended : int
        Cases left out because other processes had the processor.
    """

    cases: list[Speed]
    methods: list[Speed]
    floors: dict[str, float]
    floor: float
    contended: int


def speeds(
    pairs: Iterable[tuple[Entry, Entry]], noise: Sequence[float | None], *, here: bool
) -> Speeds:
    """Hold the times of two runs against each other.

    Parameters
    ----------
    pairs : iterable of (Entry, Entry)
        The same cases in both runs.
    noise : sequence of float or None
        The noise floors of the runs, where they have one.
    here : bool
        Whether both ran on one machine. Then the loss must take as long in both, and a difference
        counts only if the gradient's own time shows it, too.
    """
    timed = [Timed(a, a.cost, b.cost) for a, b in pairs if a.cost and b.cost]
    quiet = [case for case in timed if not (case.before.contended or case.after.contended)]
    floor = max([known for known in noise if known is not None], default=LOUD)
    cases, floors = [], {}
    for part in dict.fromkeys(case.entry.part for case in quiet):
        chosen = [case for case in quiet if case.entry.part == part]
        floors[part] = max(floor, _drift(chosen)) if here else floor
        cases += [_case(case, floors[part], floor, here=here) for case in chosen]
    return Speeds(cases, _methods(cases, floor, here=here), floors, floor, len(timed) - len(quiet))


class Timed(NamedTuple):
    """A case that was timed in both runs."""

    entry: Entry
    before: Cost
    after: Cost


def _drift(cases: Sequence[Timed]) -> float:
    """Return how far the loss of a case is from what it took in the other run, as a factor.

    A machine that is slower throughout does not count: it is so for the gradient, too.
    """
    found = np.log([case.after.loss / case.before.loss for case in cases])
    return factor(np.exp(found - np.median(found)).tolist()) or 1.0


def _case(case: Timed, floor: float, noise: float, *, here: bool) -> Speed:
    (a, a_low, a_high), (b, b_low, b_high) = case.before.ratio, case.after.ratio
    ratio = (b / a, b_low / a_high, b_high / a_low)
    time = case.after.time[0] / case.before.time[0]
    called = _called(ratio, floor)
    if here and not _confirmed(called, time, noise):
        called = NONE
    return Speed(case.entry.part, case.entry.case, case.entry.method, ratio, time, called, (a, b))


def _methods(cases: Sequence[Speed], floor: float, *, here: bool) -> list[Speed]:
    """Take the cases of a method together: what each hides in its noise may show in all."""
    found = []
    for part, method in dict.fromkeys((case.part, case.method) for case in cases):
        own = [case for case in cases if (case.part, case.method) == (part, method)]
        if len(own) < FEWEST_POINTS:
            continue
        logs = np.log([case.ratio[0] for case in own])
        middle = float(logs.mean())
        reach = student(logs.size - 1) * float(logs.std(ddof=1)) / math.sqrt(logs.size)
        ratio = (math.exp(middle), math.exp(middle - reach), math.exp(middle + reach))
        time = math.exp(float(np.median(np.log([case.time for case in own]))))
        called = _called(ratio, floor)
        if here and not _confirmed(called, time, floor):
            called = NONE
        found.append(Speed(part, f"all {len(own)} cases", method, ratio, time, called))
    return found


def _called(ratio: Interval, floor: float) -> str:
    """Call a difference by its interval; without one nothing is called."""
    _, low, high = ratio
    if not 0 < low <= high < math.inf:
        return NONE
    return _CALLED.get(verdict(1 / high, 1 / low, floor), NONE)


def _confirmed(called: str, time: float, floor: float) -> bool:
    """Tell whether the gradient's own time moved the same way: else the loss is what changed."""
    return time > floor if called == SLOWER else time < 1 / floor
