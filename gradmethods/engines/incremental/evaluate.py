"""Run a compiled plan: the losses at many places, block after block."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.engines.incremental.perturbations import Plan
from gradmethods.engines.incremental.registers import Frame, Program

Vector = NDArray[Any]


class Perturbed:
    """Losses at points that differ from a base in one parameter each.

    Parameters
    ----------
    plan : Plan
        Compiled for the loss.
    shapes : mapping of str to tuple of int
        Of the parameter arrays, in the order of the flat vector.
    standing : mapping of str to numpy.ndarray
        Data that never change: a base on these very arrays need not load them again.
    """

    def __init__(
        self, plan: Plan, shapes: Mapping[str, tuple[int, ...]], standing: Mapping[str, Vector]
    ) -> None:
        self._plan = plan
        self._standing = standing
        self._heads: list[tuple[Program, int, int]] = []
        start = 0
        for name, shape in shapes.items():
            stop = start + math.prod(shape)
            if name in plan.heads:
                self._heads.append((plan.heads[name], start, stop))
            start = stop
        self._meeting = plan.tail.input(plan.tail.inputs[0])
        self._from = plan.base.array(plan.at_meeting)
        self._differenced = plan.base.values(plan.differenced)
        self._filled = 0
        self._found: list[Vector] = []

    @property
    def point(self) -> Vector:
        """The flat parameters of the base."""
        return self._plan.base.params

    def move_to(self, params: Mapping[str, Vector], data: Mapping[str, Vector]) -> None:
        """Evaluate the base at another point, on other data."""
        self._plan.base.run(params, data, self._standing)

    @property
    def has_differences(self) -> bool:
        """Whether the values that differences are taken from are finite at the base."""
        return all(map(_is_finite, self._differenced))

    def losses(self, part: slice, places: Vector) -> Vector:
        """Evaluate the loss with each entry of a part of the parameters at each of its places.

        The base is evaluated with every part anew: what one part gives depends on no other.

        Parameters
        ----------
        part : slice
            Of the flat parameters.
        places : numpy.ndarray
            Shape (places per entry, entries of the part); the last row is the base itself.

        Returns
        -------
        numpy.ndarray
            The losses, in the shape of `places`.
        """
        self._meeting[0] = self._from
        self._filled = 1
        # One entry's places come after another's: each head takes a stretch of them.
        each = len(places) - 1
        moved = places[:-1].T.ravel()
        steps = (places[:-1] - places[-1]).T.ravel()
        touched: list[tuple[int, int]] = []
        for head, first, last in self._heads:
            start, stop = max(first, part.start), min(last, part.stop)
            if start < stop:
                here = slice((start - part.start) * each, (stop - part.start) * each)
                self._run_head(head, (start - first) * each, each, steps[here], moved[here])
                joins = touched and touched[-1][1] == start
                touched.append((touched.pop()[0] if joins else start, stop))
        self._flush()
        found, self._found = np.concatenate(self._found), []
        result = np.full(places.shape, float(found[0]))
        done = 1
        for start, stop in touched:
            count = (stop - start) * each
            columns = slice(start - part.start, stop - part.start)
            result[:-1, columns] = found[done : done + count].reshape(-1, each).T
            done += count
        return result

    def _run_head(
        self, head: Program, first: int, each: int, steps: Vector, places: Vector
    ) -> None:
        blocks = -(-steps.size // head.capacity)
        size = -(-steps.size // blocks)
        for at in range(0, steps.size, size):
            count = min(size, steps.size - at)
            if self._filled + count > len(self._meeting):
                self._flush()  # before the head runs: it works in the same memory
            frame = head.frame(count)
            if head.entries != (first + at, count):
                _set_indices(frame, first + at, count, each)
                head.entries = (first + at, count)
            frame.inputs[0][:] = steps[at : at + count]
            frame.inputs[1][:] = places[at : at + count]
            for call in frame.calls:
                call()
            self._meeting[self._filled : self._filled + count] = frame.result
            self._filled += count

    def _flush(self) -> None:
        if self._filled:
            frame = self._plan.tail.frame(self._filled)
            for call in frame.calls:
                call()
            self._found.append(frame.result.astype(float))
            self._filled = 0


def _set_indices(frame: Frame, first: int, count: int, each: int) -> None:
    """Say which entries a block perturbs, each of them at its places one after another."""
    flat, rows = frame.inputs[2:]
    rows[:] = np.arange(count)
    flat[:] = np.arange(first, first + count) // each
    for call in frame.index_calls:
        call()


def _is_finite(array: Vector) -> bool:
    """Say whether all entries are finite; mostly their sum is, and tells."""
    with_sum = array.dtype.kind == "f" and math.isfinite(np.add.reduce(array, None))
    return with_sum or bool(np.isfinite(array).all())
