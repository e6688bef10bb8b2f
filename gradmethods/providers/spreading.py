"""The work of differences, spread over workers and kept in a checkpoint.

Parts are sized from the time of a pass, but no number depends on them: entries are independent of
one another, or belong to a stretch or a block that the number of parameters decides.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.pool import Inline
from gradmethods.core.problem import Problem
from gradmethods.core.shipping import Parcel
from gradmethods.core.structure import Arrays
from gradmethods.core.workers import Workers
from gradmethods.providers.checkpoint import Checkpoint
from gradmethods.providers.parts import BLOCK, Work, cut
from gradmethods.providers.stretches import FIRST, Trail, stretches

SHARES = 8
"""Parts for each worker, so that none of them waits long for the last one."""

SHORT, LONG = 0.02, 0.5
"""Seconds of a part: not too little to be worth it, and not too much to do again."""

DELAYS = 8.0
"""Delays of a part, on its way to a worker and back, that it works for at least."""

LADDER = 16.0
"""Passes that the ladder of an entry takes, about."""

Vector = NDArray[Any]


class Team:
    """Who does the work of one prepared gradient.

    Parameters
    ----------
    problem : Problem
    workers : Workers
    checkpoint : path or None
        Folder for what is finished.
    """

    def __init__(self, problem: Problem, workers: Workers, checkpoint: Any = None) -> None:
        self.problem, self.workers, self.folder = problem, workers, checkpoint
        self.parcel = Parcel(_itself, problem)
        self.paces: dict[tuple[str, ...], float] = {}

    def holding(self, make: Callable[..., Any], *arguments: Any) -> Team:
        """Return the same team, whose workers hold ``make(problem, *arguments)`` instead."""
        team = Team(self.problem, self.workers, self.folder)
        team.parcel = Parcel(make, self.problem, *arguments)
        return team

    def at(
        self,
        name: tuple[str, ...],
        function: Callable[..., Any],
        point: Vector,
        data: Arrays,
        value: float,
        seconds: float,
        blocks: Callable[[int, float], Iterator[slice]] | None = None,
    ) -> Spreading:
        """Begin the work of one gradient, or of one choice of steps.

        Parameters
        ----------
        name : tuple of str
            What tells the work from other work at this point.
        function : callable
            Of a module: ``function(held, (point, data), part, *arguments)``, with data None for
            those of the problem, returns an array with a column for each entry of the part.
        point, data, value
            Where, and the loss there.
        seconds : float
            Of a pass.
        blocks : callable, optional
            Cuts the parameters, where numbers depend on that; or else parts suit the workers.
        """
        own = data is self.problem.data
        here = Parcel(_located, np.array(point), None if own else data)
        kept = Checkpoint.of(self.folder, self.problem, point, data, (*name, value))
        return Spreading(self, name, function, here, kept, value, seconds, blocks)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Compute here as workers do: with one thread."""
        from threadpoolctl import threadpool_limits

        with threadpool_limits(limits=1):
            yield


def _itself(problem: Problem) -> Problem:
    return problem


def _located(point: Vector, data: Arrays | None) -> tuple[Vector, Arrays | None]:
    return point, data


@dataclass
class Spreading:
    """The work of one gradient, or of one choice of steps: see `Team.at`."""

    team: Team
    name: tuple[str, ...]
    function: Callable[..., Any]
    here: Parcel
    checkpoint: Checkpoint
    value: float
    seconds: float
    blocks: Callable[[int, float], Iterator[slice]] | None

    @property
    def size(self) -> int:
        """Number of parameters."""
        return self.team.problem.size

    def length(self, seconds: float) -> int:
        """Return the entries of a part, of an entry that takes about so many seconds.

        What the parts before it took is better than a guess.
        """
        workers = self.team.workers
        seconds = self.team.paces.get(self.name, seconds)
        whole = seconds * self.size / workers.width
        delay = DELAYS * workers.delay if math.isfinite(workers.delay) else 0.0
        share = min(whole, max(min(whole / SHARES, LONG), SHORT, delay))
        return max(1, min(BLOCK, int(share / max(seconds, 1e-9))))

    def parts(self, seconds: float, within: Iterable[slice] | None = None) -> Iterator[slice]:
        """Cut the parameters, or what is `within` some; what is kept is a part by itself."""
        if self.blocks:
            yield from self.blocks(self.size, seconds)
            return
        for each in (slice(0, self.size),) if within is None else within:
            for first, last in self.checkpoint.gaps(each.start, each.stop):
                kept, start = (first, last) in self.checkpoint.ranges, first
                while start < last:  # one by one: the first ones show what a part costs
                    length = self.length(seconds / self.size)
                    part = slice(first, last) if kept else next(cut(start, last, length))
                    yield part
                    start = part.stop

    def whole_stretches(self) -> Iterator[slice]:
        """Cut the parameters after the first stretch into parts of whole stretches."""
        length = self.length(LADDER * self.seconds)
        for first, last in self.checkpoint.gaps(FIRST, self.size):
            if (first, last) in self.checkpoint.ranges:
                yield slice(first, last)
                continue
            start = first
            for stretch in stretches(self.size, first, last):
                if stretch.stop - start >= length or stretch.stop == last:
                    yield slice(start, stretch.stop)
                    start = stretch.stop

    def each(
        self, work: Iterable[tuple[slice, tuple[Any, ...]]]
    ) -> Generator[tuple[slice, NDArray[np.float64]], None, None]:
        """Yield parts, in their order, each with what is found in it."""
        asked: deque[tuple[slice, Any]] = deque()

        def missing() -> Iterator[tuple[Callable[[], str], tuple[Any, ...]]]:
            for part, arguments in work:
                found = self.checkpoint.read(part, arguments)
                asked.append((part, found))
                if found is None:
                    yield partial(self.named, part), (part, *arguments)

        held = (self.team.parcel, self.here)
        odd = _not_numbers if math.isfinite(self.value) else _never
        results = self.team.workers.map(self.function, held, missing(), odd, self._keep)
        with closing(results):
            for result in results:
                while asked[0][1] is not None:
                    yield asked.popleft()
                yield asked.popleft()[0], result
        yield from asked
        self.team.workers.notes += self.checkpoint.notes

    def __call__(self, work: Iterable[Work]) -> Iterator[tuple[Work, NDArray[np.float64]]]:
        """Yield the losses of parts, in their order."""
        laid: deque[Work] = deque()

        def asked() -> Iterator[tuple[slice, tuple[Any, ...]]]:
            for each in work:
                laid.append(each)
                yield each[0], (each[1],)

        with closing(self.each(asked())) as results:
            for _, found in results:
                each = laid.popleft()
                if len(found) < len(each[1]):  # the last place is the point itself
                    found = np.vstack([found, np.full_like(found[:1], self.value)])  # noqa: PLW2901
                yield each, found

    def first(
        self, climb: Callable[[], NDArray[np.float64]], part: slice, arguments: tuple[Any, ...]
    ) -> NDArray[np.float64]:
        """Return what is found in the first stretch, here, unless it is kept."""
        found = self.checkpoint.read(part, arguments)
        if found is None:
            found = climb()
            self.checkpoint.write(part, arguments, found)
        return found

    def others(self, trail: Trail, arrays: tuple[Vector, ...]) -> Iterator[NDArray[np.float64]]:
        """Yield what is found in all stretches but the first."""
        parts = self.whole_stretches()
        work = ((part, (trail, *(array[part] for array in arrays))) for part in parts)
        return (found for _, found in self.each(work))

    def named(self, part: slice) -> str:
        """Say which parameters a part is, by their paths."""
        names = [self.team.problem.structure.entry(i) for i in (part.start, part.stop - 1)]
        if part.stop - part.start == 1:
            return f"Parameter {part.start} ({names[0]})"
        return f"Parameters {part.start} to {part.stop - 1} ({names[0]} to {names[1]})"

    def _keep(self, arguments: tuple[Any, ...], found: NDArray[np.float64], seconds: float) -> None:
        self.team.paces[self.name] = seconds / (arguments[0].stop - arguments[0].start)
        self.checkpoint.write(arguments[0], arguments[1:], found)


def _not_numbers(found: NDArray[np.float64]) -> bool:
    return bool(np.isnan(found).any())


def _never(_: Any) -> bool:
    return False


def team_of(problem: Problem, executor: Any, timeout: float | None, checkpoint: Any) -> Team:
    """Make the team of a prepared gradient; without an executor, work is done here and kept."""
    workers = Workers(Inline() if executor is None else executor, timeout or math.inf)
    return Team(problem, workers, checkpoint)
