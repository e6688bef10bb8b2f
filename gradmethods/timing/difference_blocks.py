"""Compute forward differences block by block, with each pass counted and timed.

The differences are those of `Numerical("forward")`, to the last bit, whatever the blocks are. They
live here in pieces so that a run of many minutes can be kept as it goes. Nothing is written here.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.problem import Problem
from gradmethods.providers.moved_loss import over_reals
from gradmethods.providers.numerical import Numerical
from gradmethods.providers.schemes import SCHEMES, one_by_one
from gradmethods.timing.counts import counted
from gradmethods.timing.rounds import calls_for
from gradmethods.timing.timing import plain_loss

Vector = NDArray[Any]

SCHEME = "forward"


@dataclass(frozen=True)
class Block:
    """The differences with respect to consecutive parameters.

    Attributes
    ----------
    start, stop : int
        Positions in the flat vector of parameters.
    gradient : numpy.ndarray
        The differences.
    calls : int
        Calls of the loss, counted inside the loss.
    seconds, processor : float
        By the wall, and of this process.
    loss : float
        Seconds of one loss alone, right after the block; these calls are not counted.
    """

    start: int
    stop: int
    gradient: Vector
    calls: int
    seconds: float
    processor: float
    loss: float

    @property
    def checksum(self) -> int:
        """CRC-32 of the differences."""
        return checksum(self.gradient)

    def record(self) -> dict[str, Any]:
        """Return plain values, for a JSON line: all but the differences."""
        names = ("start", "stop", "calls", "seconds", "processor", "loss")
        return {name: getattr(self, name) for name in names} | {"checksum": self.checksum}


def checksum(gradient: Vector) -> int:
    """Return the CRC-32 of some differences."""
    return zlib.crc32(np.ascontiguousarray(gradient).tobytes())


class Passes:
    """Forward differences of a problem at its own point, a block at a time.

    Parameters
    ----------
    problem : Problem
        What to differentiate.

    Examples
    --------
    >>> import gradmethods as gm
    >>> passes = Passes(gm.problems.get("mlp", widths=(2, 8, 1), batch=1))
    >>> value, calls = passes.value()
    >>> block = passes.block(0, 10, value)
    >>> calls, block.calls
    (1, 10)
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        twin, self._counter = counted(problem)
        structure = problem.structure
        self._point = structure.join(structure.check(problem.params))
        prepared: Any = Numerical(SCHEME).prepare(problem)
        self._steps = prepared.step(self._point)
        self._evaluate = over_reals(twin, self._point, problem.data)

    @property
    def size(self) -> int:
        """Number of parameters."""
        return self.problem.size

    def pass_seconds(self) -> float:
        """Measure a pass; it is not counted."""
        return min(calls_for(plain_loss(self.problem), 0.05)[1] for _ in range(3))

    def value(self) -> tuple[float, int]:
        """Evaluate the loss at the point; return it, and the calls that it took."""
        self._counter.reset()
        return self._evaluate(), self._counter.calls

    def block(self, start: int, stop: int, value: float) -> Block:
        """Difference by the parameters from `start` to `stop`, given the loss at the point."""
        part = slice(start, stop)
        self._counter.reset()
        processor, begin = time.process_time(), time.perf_counter()
        x = self._point[part]
        h = (x + self._steps[part]) - x  # the step that x can be moved by
        places = np.stack([x + h, x])
        found = one_by_one(self._evaluate, value, self._point)(part, places)
        quotients = SCHEMES[SCHEME].quotient(found, places.astype(float, copy=False))
        seconds = time.perf_counter() - begin
        processor, calls = time.process_time() - processor, self._counter.calls
        gradient = np.asarray(quotients, self.problem.dtype)
        _, loss = calls_for(plain_loss(self.problem), min(0.05, seconds / 20))
        return Block(start, stop, gradient, calls, seconds, processor, loss)


def finished(records: Sequence[Mapping[str, Any]], kept: Vector) -> list[tuple[int, int]]:
    """List the blocks whose differences are whole on the disk, in order."""
    return sorted(
        (record["start"], record["stop"])
        for record in records
        if record["key"].startswith("block-")
        and 0 <= record["start"] < record["stop"] <= kept.size
        and checksum(kept[record["start"] : record["stop"]]) == record["checksum"]
    )


def missing_blocks(
    done: Sequence[tuple[int, int]], starts: Sequence[int], size: int, length: int
) -> Iterator[tuple[int, int]]:
    """Divide the parameters between finished blocks into blocks, cut where damaged ones began.

    So the record of a block that is run again takes the place of the damaged one's.
    """
    at = 0
    for start, stop in [*done, (size, size)]:
        while at < start:
            end = min([at + length, start, *(cut for cut in starts if cut > at)])
            yield at, end
            at = end
        at = stop
