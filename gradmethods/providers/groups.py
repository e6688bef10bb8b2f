"""Steps for many parameters: a few ladders for all that are alike, and proof that they are.

Parameters of one array (or of neighbouring ones, where there are many) and of like size form a
class. The ladders of a few of them give its step. Then the class moves at once, up and down at
random, in blocks: by the full step and by half of it. Where a member varies faster than those that
were looked at, or has a kink or a jump within its step, the two disagree; such a block is halved
until the offenders are found, which get ladders of their own. What the check cannot see is added
to the estimate of every member.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.structure import Arrays
from gradmethods.providers.balance import Choice
from gradmethods.providers.choice import Chooser
from gradmethods.providers.hidden import Term, kinks
from gradmethods.providers.ladder import AGREE, CONFIDENT, GROWTH
from gradmethods.providers.probe import sizes_of, some
from gradmethods.providers.schemes import Scheme
from gradmethods.providers.steps import Known

OCTAVES = 3
"""Sizes within so many powers of 2 form a class."""
TAIL = 0.05
"""This part of an array, at either end of its sizes, joins the class next to it."""
REPRESENTATIVES = 3
"""Ladders for each class, one of them for its largest member that is seen."""
SAMPLE = 4096
"""Parameters of an array that its classes are made from, at most."""
ARRAYS = 32
"""Arrays are kept apart up to so many; of more, neighbours are taken together."""
LONG = 300
"""Parameters for each of them, in the mean: ladders must not cost more than they save."""
TOGETHER = 64
"""Parameters that one check moves, or more where there would be more than `CHECKS`."""
CHECKS = 64
OFFENDERS, EACH = 20_000, 6
"""Evaluations spent on blocks that fail their check, at most, and for each parameter."""
FEW = 3
"""Members of a block that is not halved again: a ladder takes as much as checking both halves."""
SMALL = 32
"""Members of a block whose halves both fail that get ladders at once."""
INSIDE = (0.5, 0.7)
"""The narrower of the moves that a check compares, between these."""
SUM = 4.0
"""Truncation errors that add up at random may exceed the root of their squares by this."""


class Span(NamedTuple):
    """Neighbouring parameters with their classes: keys from `lowest` on, groups from `first`."""

    start: int
    stop: int
    lowest: int
    highest: int
    first: int

    def groups(self, x: NDArray[Any]) -> NDArray[np.intp]:
        """Return the groups of some of the parameters, by their sizes."""
        keys = np.clip(_keys(x), self.lowest, self.highest)
        return np.asarray(keys - self.lowest + self.first, np.intp)


def _keys(x: NDArray[Any]) -> NDArray[np.intp]:
    """Return the powers of 2 of sizes, in steps of `OCTAVES`; zeros are taken for ones."""
    _, exponents = np.frexp(np.where(x == 0, 1.0, x))
    return np.asarray(exponents // OCTAVES, np.intp)


class Groups:
    """The choice for many parameters.

    Parameters
    ----------
    chooser : Chooser
        Climbs ladders.
    scheme : Scheme
        What for.
    home : dict of str to numpy.ndarray
        The point.
    """

    def __init__(self, chooser: Chooser, scheme: Scheme, home: Arrays) -> None:
        self.chooser, self.scheme, self.home = chooser, scheme, home
        self.point = chooser.probe.point
        self.rng = chooser.rng
        self.spans: list[Span] = []
        self._moves = 3 if scheme.order > 2 else 2
        self.choices: list[Choice] = []
        self.least: list[float] = []
        self.most: list[float] = []
        self.owners: dict[int, int] = {}
        self.blocks: list[tuple[int, float]] = []
        for start, stop in _spans([x.size for x in home.values()]):
            self._add(start, stop)
        self._tables()
        self._left = min(EACH * self.point.size, OFFENDERS)
        blocks = min(max(self.point.size // TOGETHER, 2), CHECKS)
        edges = np.linspace(0, self.point.size, blocks + 1).round().astype(int).tolist()
        for start, stop in pairwise(edges):
            self._check(start, stop, *self._moved(start, stop))

    def known(self) -> Known:
        """Return the steps and errors of all parameters."""
        self._tables()
        least, most = np.array(self.least), np.array(self.most)
        round_off = self.chooser.round_off
        constant = self.chooser.probe.constant(choice.quotient for choice in self.choices)
        rest = (least, most, round_off, constant, self.groups, self._unseen)
        return Known.of(self.choices, self.home, *rest)

    def groups(self, part: slice) -> NDArray[np.intp]:
        """Return the groups of a slice of the parameters at the prepared point."""
        return self._groups_of(self.point, part)

    def _groups_of(self, point: NDArray[Any], part: slice) -> NDArray[np.intp]:
        first, last, _ = part.indices(point.size)
        found = np.empty(max(last - first, 0), np.intp)
        for span in self.spans:
            low, high = max(first, span.start), min(last, span.stop)
            if low < high:
                found[low - first : high - first] = span.groups(point[low:high])
        if self.owners:
            low, high = np.searchsorted(self._places, (first, last))
            found[self._places[low:high] - first] = self._owned[low:high]
        return found

    def _add(self, start: int, stop: int) -> None:
        """Climb the ladders of one span's classes."""
        places = start + some(stop - start, SAMPLE)
        x = self.point[places]
        sizes = sizes_of(x)
        keys = _keys(x)
        lowest, highest = np.quantile(keys, (TAIL, 1 - TAIL), method="nearest").tolist()
        span = Span(start, stop, lowest, highest, len(self.choices))
        self.spans.append(span)
        groups = span.groups(x) - span.first
        for group in range(highest - lowest + 1):
            members = np.flatnonzero(groups == group)
            if not members.size:  # a gap: as the class below
                self.choices.append(self.choices[-1])
                self.least.append(self.least[-1])
                self.most.append(self.most[-1])
                continue
            few = self.rng.choice(members, min(REPRESENTATIVES, members.size), replace=False)
            found = [self.chooser.choose(int(places[i]), self.scheme, float(sizes[i])) for i in few]
            self.choices.append(_common(found, self.scheme))
            self.least.append(float(sizes[members].min()))
            self.most.append(float(sizes[members].max()))

    def _tables(self) -> None:
        choices = self.choices
        self._steps = np.array([c.step for c in choices])
        self._cuts = np.array([c.truncation.at(c.step) for c in choices])
        self._places = np.array(sorted(self.owners), np.intp)
        self._owned = np.array([self.owners[i] for i in sorted(self.owners)], np.intp)
        starts = np.array([start for start, _ in self.blocks], np.intp)
        self._seen = starts, np.array([seen for _, seen in self.blocks])

    def _unseen(self, part: slice, size: int) -> NDArray[np.float64]:
        """Return what the checks could not see, in units of the loss."""
        starts, seen = self._seen
        first, last, _ = part.indices(size)
        return np.asarray(seen[np.searchsorted(starts, np.arange(first, last), side="right") - 1])

    def _check(self, start: int, stop: int, alike: bool, seen: float) -> None:  # noqa: FBT001  # what _moved says
        """Halve a block that failed until those to blame are found; they get their own ladders.

        Where both halves of a small block fail, few are alike, and all of it gets ladders. What is
        left when all passes are spent is doubted by more than it shows.
        """
        if alike or self._left <= 0:
            self.blocks.append((start, seen if alike else SUM * seen))
            return
        middle = (start + stop) // 2
        halves = [(start, middle), (middle, stop)] if stop - start > FEW else []
        moved = [self._moved(*half) for half in halves]
        if stop - start <= SMALL and not any(alike for alike, _ in moved):
            for i in range(start, stop):
                self._alone(i)
        else:
            for half, found in zip(halves, moved, strict=True):
                self._check(*half, *found)

    def _alone(self, i: int) -> None:
        """Climb a ladder for one parameter."""
        before = self.chooser.probe.passes
        size = float(sizes_of(self.point[i : i + 1])[0])
        self.owners[i] = len(self.choices)
        self.choices.append(self.chooser.choose(i, self.scheme, size))
        self.least.append(size)
        self.most.append(size)
        self._left -= self.chooser.probe.passes - before
        self.blocks.append((i, 0.0))

    def _moved(self, start: int, stop: int) -> tuple[bool, float]:
        """Move a block at once; return whether all are alike, and how far one may be off."""
        probe, (noise, unit, *_) = self.chooser.probe, self.chooser.round_off
        where = np.arange(start, stop)
        groups = self._groups_of(self.point, slice(start, stop))
        steps, cuts = self._steps[groups], self._cuts[groups]
        signs = self.rng.choice([-1.0, 1.0], where.size)
        self._left -= 2 * self._moves
        x = self.point[where].astype(float)
        # At random: what repeats itself must not do so from one move to the other.
        inside = self.rng.uniform(*INSIDE)
        moves = np.array([inside, 1.0, 2.0][: self._moves])
        losses = np.array([
            [probe.moved(where, (x + way * move * steps * signs).astype(self.point.dtype))
             for move in moves]
            for way in (1, -1)
        ])  # fmt: skip
        if not np.isfinite(losses).all():
            return False, math.inf
        noise = max(noise, unit * float(abs(losses).max()) / 2)
        odd = (losses[0] / 2 - losses[1] / 2) / moves
        evens = (losses[0] / 2 - probe.value / 2) + (losses[1] / 2 - probe.value / 2)
        even, q = abs(evens), 1 / inside**2
        falls = q * even[0] <= GROWTH * even[1] + AGREE * q * noise
        off = abs(odd[1] - odd[0])
        allowed = SUM * math.sqrt(float(np.sum((steps * cuts) ** 2)))
        if self.scheme.one_sided:
            expected = float(np.sum(steps * cuts))
            off = max(abs(even[1] - expected), off)
            allowed = GROWTH * expected
        elif self.scheme.order > 2:  # the parabola through the wider two, and what it leaves
            bend = (odd[2] - odd[1]) / 3
            off = (
                4
                * abs(odd[1] + bend * (inside**2 - 1) - odd[0])
                / (1 - inside**2)
                / (4 - inside**2)
            )
        else:
            off /= 1 - inside**2
        kink, unsure = kinks(moves.tolist(), [Term(x, noise) for x in evens.tolist()])[-1]
        unclear = AGREE * noise / inside
        alike = falls and off <= allowed + unclear and abs(kink) <= allowed + AGREE * unsure
        return bool(alike), float(max(off + CONFIDENT * noise, abs(kink) + unsure))


def _spans(lengths: list[int]) -> Iterator[tuple[int, int]]:
    """Yield slices of the parameters: arrays, or neighbours together where there are many."""
    stops = np.cumsum(lengths).tolist()
    total = stops[-1]
    most = min(ARRAYS, max(total // LONG, 1))
    start = 0
    for stop in stops:
        if stop > start and (stop - start >= total / most or stop == total):
            yield start, stop
            start = stop


def _common(found: list[Choice], scheme: Scheme) -> Choice:
    """Return the step for parameters that are alike: the narrowest of theirs."""
    resolved = [c for c in found if math.isfinite(c.error)] or found
    least = min(resolved, key=lambda c: c.step)
    sizes = [c.truncation.at(least.step) for c in resolved]
    cut = float(np.median(sizes))
    noise = max(c.noise for c in resolved)
    error = max(least.error, cut + CONFIDENT * scheme.round_off * noise / least.step)
    return least._replace(
        error=error if math.isfinite(least.error) else math.inf,
        truncation=least.truncation._replace(size=cut, unit=least.step),
        shown=max(c.shown * least.step / c.step for c in resolved),
        noise=noise,
        bend=min(c.bend for c in resolved),
    )
