"""Work in parts, done by an executor: in any order, each part again elsewhere if a worker fails.

What a part is, and so every number, is decided before: nothing here depends on how many workers
there are, or on which of them is first.
"""

from __future__ import annotations

import itertools
import math
import os
import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from dataclasses import dataclass, field
from typing import Any

from gradmethods.core.pool import Pool
from gradmethods.core.shipping import (
    DONE,
    FAILED,
    LATE,
    MISSING,
    UNLIKE,
    Answer,
    Parcel,
    Task,
    perform,
    sends_from_here,
    surroundings,
)
from gradmethods.errors import GradientError, WorkerFault

TRIES = 4
"""How often a part is tried; the last time alone, so that it is known which part is to blame."""

AHEAD = 2
"""Parts that wait at each worker, so that it is never idle."""

GRACE = 2.0
"""Seconds beyond its time after which a part that does not answer is given up."""

START = 20.0
"""Seconds that workers have to start, importing what the loss needs, when nothing came back yet."""

LOOK = 0.5
"""Seconds between two looks at parts whose time may be up."""


class Part:
    """A part of the work.

    Parameters
    ----------
    place : int
        Among the results.
    name : str
        What it is, in an error.
    arguments : tuple
        What the function gets, beside what workers hold.
    """

    def __init__(self, place: int, name: Callable[[], str], arguments: tuple[Any, ...]) -> None:
        self.place, self.name, self.arguments = place, name, arguments
        self.failures: list[str] = []
        self.content = False
        self.suspect: Any = None
        self.sent, self.due = 0.0, math.inf


@dataclass
class Workers(Pool):
    """An executor, or what makes one, and the tasks that it was given.

    Attributes
    ----------
    executor
        As of `Pool`.
    timeout : float
        Seconds for a part.
    notes : list of str
        What went wrong and was mended.
    sent : int
        Bytes of parcels that were sent.
    delay : float
        Seconds that a part is under way without being worked on, at least.
    """

    timeout: float = math.inf
    notes: list[str] = field(default_factory=list)
    sent: int = 0
    delay: float = math.inf
    _numbers: Any = field(default_factory=itertools.count)

    def map(
        self,
        function: Callable[..., Any],
        parcels: tuple[Parcel, ...],
        parts: Iterable[tuple[Callable[[], str], tuple[Any, ...]]],
        suspect: Callable[[Any], bool] = lambda _: False,
        keep: Callable[[tuple[Any, ...], Any, float], None] = lambda *_: None,
    ) -> Generator[Any, None, None]:
        """Yield ``function(*held, *arguments)`` for parts, in their order.

        Close the iterator when it is not wanted any more: what is under way is then stopped.

        Parameters
        ----------
        function : callable
            Of a module.
        parcels : tuple of Parcel
            What workers hold, and the function gets first.
        parts : iterable of (callable, tuple)
            For each part what it is, said if it fails, and its arguments.
        suspect : callable, optional
            Whether a result may be a fault of the worker: then it is asked for once more.
        keep : callable, optional
            Gets the arguments and the result of each part as soon as it is done, and the seconds
            that a worker took.

        Raises
        ------
        WorkerFault
            If a part failed in every try.
        GradientError
            What the function raised: it is not tried again.
        """
        sends_from_here()
        run = _Run(self, function, parcels, suspect, keep)
        finished = False
        try:
            yield from run.results(parts)
            finished = True
        finally:  # whatever ends it: Ctrl-C, another signal, an error of the caller's
            if not finished:
                for future in run.running:
                    future.cancel()
                self.close(kill=True)


class _Run:
    """One call of `Workers.map`."""

    def __init__(
        self,
        workers: Workers,
        function: Callable[..., Any],
        parcels: tuple[Parcel, ...],
        suspect: Callable[[Any], bool],
        keep: Callable[[tuple[Any, ...], Any, float], None],
    ) -> None:
        self.workers, self.function, self.parcels = workers, function, parcels
        self.suspect, self.keep = suspect, keep
        self.running: dict[Future[Any], Part] = {}
        self.waiting: deque[Part] = deque()
        self.last: deque[Part] = deque()
        self.ready: dict[int, Any] = {}
        # Each worker gets the content with a first part, and asks for it if it did not.
        self.first = 0 if workers.in_threads else workers.width

    def results(self, parts: Iterable[tuple[Callable[[], str], tuple[Any, ...]]]) -> Iterator[Any]:
        source = (Part(i, *part) for i, part in enumerate(parts))
        upcoming, exhausted = 0, False
        while True:
            most = AHEAD * self.workers.width
            while not exhausted and len(self.running) + len(self.waiting) < most and not self.last:
                part = next(source, None)
                exhausted = part is None
                if part is not None:
                    self.waiting.append(part)
            while self.waiting and len(self.running) < most:
                self._submit(self.waiting.popleft())
            if self.last and not self.running:  # alone: it is known what breaks a worker
                self._submit(self.last.popleft())
            while upcoming in self.ready:
                result = self.ready.pop(upcoming)
                if isinstance(result, Exception):
                    raise result
                yield result
                upcoming += 1
            if not (self.running or self.waiting or self.last):
                if exhausted:
                    return
                continue
            self._collect()

    def _submit(self, part: Part) -> None:
        workers = self.workers
        parcels: list[tuple[str, Any]] = []
        for parcel in self.parcels:
            if workers.in_threads:
                parcels.append(("", parcel))
                continue
            content = parcel.content if part.content or self.first > 0 else None
            workers.sent += len(content or b"")
            parcels.append((parcel.digest, content))
        self.first -= 1
        task = Task(
            self.function, tuple(parcels), part.arguments, workers.timeout, surroundings(),
            os.getpid(), next(workers._numbers),  # noqa: SLF001  # one thought in two classes
        )  # fmt: skip
        part.sent = time.monotonic()
        try:
            future = workers.submit(perform, task)
        except Exception as error:  # noqa: BLE001  # each executor has its own for being broken
            part.failures.append(f"the executor takes no work: {error}")
            self._broken(error, [part])
            return
        queue = 1 + len(self.running) // workers.width
        slack = GRACE + (0.0 if workers.alive else START)
        part.due = part.sent + workers.timeout * (queue + 1) + slack
        self.running[future] = part

    def _collect(self) -> None:
        """Wait for some parts, and look what came of them."""
        limit = None if math.isinf(self.workers.timeout) else LOOK
        done, _ = wait(self.running, limit, FIRST_COMPLETED)
        now = time.monotonic()
        broken: list[Part] = []
        cause: BaseException | None = None
        for future in done:
            part = self.running.pop(future)
            error = CancelledError() if future.cancelled() else future.exception()
            if error is None:
                self.workers.alive, answer = True, future.result()
                self.workers.delay = min(self.workers.delay, now - part.sent - answer.seconds)
                self._take(part, answer)
            elif isinstance(error, BrokenExecutor):
                cause = error
                part.failures.append("its worker died")
                broken.append(part)
            else:
                part.failures.append(f"{type(error).__name__}: {error}")
                self._again(part, error)
        if cause is not None:
            self._broken(cause, broken)
        late = [part for part in self.running.values() if part.due < now]
        if late:
            self._hung(late)

    def _take(self, part: Part, answer: Answer) -> None:
        if answer.kind == DONE:
            if part.suspect is None and self.suspect(answer.result):
                part.suspect = answer
                self.waiting.append(part)
                return
            if part.suspect is not None and not self.suspect(answer.result):
                self._note(f"{part.name()}: not a number from {part.suspect.worker}, a number "
                           f"from {answer.worker}")  # fmt: skip
            self.keep(part.arguments, answer.result, answer.seconds)
            self.ready[part.place] = answer.result
            if part.failures:
                self._note(f"{part.name()}: {_listed(part.failures)}; then done")
        elif answer.kind == MISSING:
            part.content = True
            self.waiting.appendleft(part)
        elif answer.kind == LATE:
            part.failures.append(f"stopped after {self.workers.timeout:.3g} s, in {answer.worker}")
            self._again(part, None)
        elif answer.kind == UNLIKE:
            raise WorkerFault(
                f"A worker has {', '.join(answer.result)}, here are {', '.join(surroundings())}: "
                "its numbers might be others. Install the same versions for both."
            )
        elif answer.kind == FAILED and isinstance(answer.result, GradientError):
            self.ready[part.place] = answer.result  # as it is raised without workers, in its turn
        elif answer.kind == FAILED:
            error = answer.result
            part.failures.append(f"{type(error).__name__}: {error}, in {answer.worker}")
            self._again(part, error)
        else:
            raise WorkerFault(
                f"A worker ({answer.worker}) cannot load what it was sent: "
                f"{type(answer.result).__name__}: {answer.result}. What the loss is made of must "
                "be in a module that workers can import, not in a notebook, in __main__ or in a "
                "file that only this process has loaded; or install cloudpickle in both places, "
                "which sends such functions by value."
            ) from answer.result

    def _again(self, part: Part, error: BaseException | None) -> None:
        if len(part.failures) >= TRIES:
            raise WorkerFault(
                f"{part.name()} could not be computed in {TRIES} tries: "
                f"{_listed(part.failures)}.{self._advice()}"
            ) from error
        part.content = True
        (self.last if len(part.failures) == TRIES - 1 else self.waiting).append(part)

    def _advice(self) -> str:
        if math.isinf(self.workers.timeout):
            return ""
        return f" Each part had timeout={self.workers.timeout:.3g} s; give it more if it needs it."

    def _broken(self, error: BaseException, parts: list[Part]) -> None:
        """Start a new executor, and send what the old one lost to it."""
        for part in self.running.values():
            part.failures.append("its worker died")
            parts.append(part)
        self.running.clear()
        if not self.workers.restarts:
            raise WorkerFault(
                f"The executor broke, and cannot be started again: {error} {parts[0].name()} was "
                "under way. Start the scheduler that it works with again, if it has one; or give a "
                "function that makes executors, as in executor=functools.partial("
                "ProcessPoolExecutor, 4): then a worker that dies is replaced, and its part is "
                "done again."
            ) from error
        self._restart()
        for part in sorted(parts, key=lambda part: part.place):
            self._again(part, error)

    def _hung(self, late: list[Part]) -> None:
        """Give up parts that do not answer; stop their workers, if the executor is ours."""
        for part in late:
            part.failures.append(f"no answer within timeout={self.workers.timeout:.3g} s")
        others = [part for part in self.running.values() if part not in late]
        if self.workers.restarts:
            self.running.clear()
            self._restart()
            self.waiting.extendleft(reversed(others))
        else:
            for future in [each for each, part in self.running.items() if part in late]:
                future.cancel()
                del self.running[future]
        for part in late:
            self._again(part, None)

    def _restart(self) -> None:
        self.workers.close(kill=True)
        self.first = 0 if self.workers.in_threads else self.workers.width

    def _note(self, text: str) -> None:
        self.workers.notes.append(text)


def _listed(failures: list[str]) -> str:
    """Say what went wrong, and how often."""
    counts = Counter(failures)
    return "; ".join(text if n == 1 else f"{text}, {n} times" for text, n in counts.items())
