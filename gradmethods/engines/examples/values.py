"""What a value of a graph is of one example: a name for it, a factor, and its axes."""

from __future__ import annotations

import bisect
import math
from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradmethods.engines.examples.axes import (
    ENTRIES,
    EXAMPLES,
    SAME,
    Axes,
    Axis,
    Mixed,
    Part,
    Uneven,
    align,
    axis_of,
    count_entries,
    has,
    met,
)

NEAR = 1e-13
"""Relative difference below which two factors are one: 1/N may be rounded, or not."""

WIDEST = 1e100
"""Factors beyond this, or below its reciprocal, are part of what is computed."""


Letters = tuple[int, ...]
"""Which entries of a result each axis of an operand's key goes along."""


class Value(NamedTuple):
    """A value, as ``factor`` times what the key stands for, with what repeats taken away.

    Attributes
    ----------
    key : int
        The same for what computes the same of one example, whatever the number of examples.
    factor : float
        A number; that of a sum over examples is in front of the sum.
    axes : tuple of Axis
        Of the value itself. The key is of an array with the parts that are entries.
    total : bool
        Whether it is a sum over the examples.
    rows : frozenset of int
        Examples that were taken out one by one, whose sum it is; empty if it is of none or all.
    """

    key: int
    factor: float
    axes: Axes
    total: bool = False
    rows: frozenset[int] = frozenset()

    @property
    def each(self) -> bool:
        """Whether it holds something of every example."""
        return has(EXAMPLES, *self.axes)


class Keys:
    """Gives equal numbers to equal descriptions."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[Hashable, ...], int] = {}
        self._ratios = [1.0]
        self.zero, self.one = self.of("zero"), self.of("one")

    def of(self, *what: Hashable) -> int:
        """Return the key of a description."""
        return self._numbers.setdefault(what, len(self._numbers))

    def scaled(self, key: int, factor: float) -> int:
        """Return the key of a multiple."""
        ratio = self._known(factor)
        return key if ratio == 1 or key == self.zero else self.of("scaled", ratio, key)

    def whole(self, value: Value) -> int:
        """Return the key of a value with its factor."""
        return self.scaled(value.key, value.factor)

    def value(self, key: int, factor: float, axes: Axes, *, total: bool = False) -> Value:
        """Return a value, whose factor is moved into the key where it leaves the numbers."""
        if 1 / WIDEST < abs(factor) < WIDEST:
            return Value(key, factor, axes, total)
        return Value(self.scaled(key, factor), 1.0, axes, total)

    def constant(self, x: Any) -> Value:
        """Return a constant: a number, or an array of which nothing is kept twice."""
        array = np.asarray(x)
        axes: list[Axis] = []
        for position, length in enumerate(array.shape):
            first = array.take([0], axis=position) if length else array
            same = length > 0 and np.array_equal(
                array, np.broadcast_to(first, array.shape), equal_nan=array.dtype.kind == "f"
            )
            axes.append(axis_of(SAME if same else ENTRIES, length))
        kept = array[tuple(0 if not has(ENTRIES, a) else slice(None) for a in axes)]
        return Value(*self._number(kept), tuple(axes))

    def solid(self, value: Value, position: int) -> Value:
        """Return the same value with an axis of one part: of entries, unless all are the same.

        Raises
        ------
        Mixed
            If the axis holds examples.
        """
        axis = value.axes[position]
        if has(EXAMPLES, axis):
            raise Mixed("treats the axis of the examples as one of other entries")
        length = math.prod(part.length for part in axis)
        label = ENTRIES if has(ENTRIES, axis) else SAME
        axes = (*value.axes[:position], axis_of(label, length), *value.axes[position + 1 :])
        if axes == value.axes or label == SAME:
            return value._replace(axes=axes)
        before = count_entries(value.axes[:position])
        return Value(self.of("joined", value.key, before, axis), value.factor, axes, value.total)

    def meet(
        self, values: Sequence[Value], ndim: int
    ) -> tuple[list[Value], Axes, list[Letters], list[list[tuple[int, tuple[str, ...]]]]]:
        """Broadcast values together; return them, the axes, and where their entries go."""
        values = list(values)
        divided = []
        for position in range(-ndim, 0):
            here = [v.axes[position] if len(v.axes) >= -position else () for v in values]
            try:
                divided.append(align(here))
            except Uneven:
                values = [
                    self.solid(v, len(v.axes) + position) if axis else v
                    for v, axis in zip(values, here, strict=True)
                ]
                here = [v.axes[position] if len(v.axes) >= -position else () for v in values]
                divided.append(align(here))
        axes: list[Axis] = []
        letters: list[list[int]] = [[] for _ in values]
        number = 0
        for parts in divided:
            axis = []
            for length, labels in parts:
                axis.append(Part(met(labels), length))
                for own, label in zip(letters, labels, strict=True):
                    if label == ENTRIES:
                        own.append(number)
                number += axis[-1].label == ENTRIES
            axes.append(tuple(axis))
        return values, tuple(axes), [*map(tuple, letters)], divided

    def _number(self, kept: NDArray[Any]) -> tuple[int, float]:
        if kept.ndim == 0 and kept.dtype.kind in "iuf":
            number = float(kept)
            if number == 0 and not np.signbit(kept):
                return self.zero, 1.0
            if 1 / WIDEST < abs(number) < WIDEST:
                return self.one, number
        return self.of("constant", str(kept.dtype), kept.shape, kept.tobytes()), 1.0

    def _known(self, factor: float) -> float:
        """Return a factor that was met before and differs from this one by rounding, or this."""
        place = bisect.bisect(self._ratios, factor)
        for known in self._ratios[max(place - 1, 0) : place + 1]:
            if abs(known - factor) <= NEAR * abs(known):
                return known
        if not math.isnan(factor):
            self._ratios.insert(place, factor)
        return factor


def leading(keys: Keys, values: Sequence[Value]) -> float:
    """Return the factor of the first value that is not 0."""
    return next((value.factor for value in values if value.key != keys.zero), 1.0)
