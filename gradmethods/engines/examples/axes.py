"""Axes of arrays, as parts that hold examples, that repeat entries, or that have entries."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

EXAMPLES, SAME, ENTRIES = "examples", "same", "entries"


class Mixed(Exception):
    """Examples meet, or what happens to them cannot be followed; says how."""


class Uneven(Exception):
    """Axes that meet are divided at different places."""


class Part(NamedTuple):
    """A factor of the length of an axis.

    Attributes
    ----------
    label : str
        Whether the places on it are the examples (``"examples"``), hold all the same (``"same"``),
        or are entries of a single example or of what all examples share (``"entries"``).
    length : int
        Never 1.
    """

    label: str
    length: int


Axis = tuple[Part, ...]
"""The parts of an axis in row-major order; an axis of length 1 has none."""

Axes = tuple[Axis, ...]


def axis_of(label: str, length: int) -> Axis:
    """Return an axis of one part; of no places there is nothing to repeat."""
    return () if length == 1 else (Part(label if length else ENTRIES, length),)


def entries(shape: Iterable[int]) -> Axes:
    """Return the axes of an array that has nothing to do with examples."""
    return tuple(axis_of(ENTRIES, length) for length in shape)


def lengths(axes: Axes) -> tuple[int, ...]:
    """Return the shape of an array of such axes."""
    return tuple(math.prod(part.length for part in axis) for axis in axes)


def has(label: str, *axes: Axis) -> bool:
    """Say whether some axis has a part of a kind."""
    return any(part.label == label for axis in axes for part in axis)


def count_entries(axes: Iterable[Axis]) -> int:
    """Count the parts that are entries: the axes of what is computed of one example."""
    return sum(part.label == ENTRIES for axis in axes for part in axis)


def align(axes: Sequence[Axis]) -> list[tuple[int, tuple[str, ...]]]:
    """Divide axes of one length, or of length 1, into parts that they have in common.

    Returns
    -------
    list of tuple
        The length of each part, and its label on every axis.

    Raises
    ------
    Uneven
        If that would divide examples, or entries.
    """
    rests = [list(reversed(axis)) for axis in axes]
    found = []
    while any(rests):
        step = min(rest[-1].length for rest in rests if rest)
        labels = []
        for rest in rests:
            head = rest.pop() if rest else Part(SAME, step)
            labels.append(head.label)
            if head.length != step:
                if head.label != SAME or not step or head.length % step:
                    raise Uneven
                rest.append(Part(SAME, head.length // step))
        found.append((step, tuple(labels)))
    return found


def met(labels: Iterable[str]) -> str:
    """Return the label of what is computed of parts that meet.

    Raises
    ------
    Mixed
        If examples meet entries that are as many.
    """
    kinds = set(labels)
    if {EXAMPLES, ENTRIES} <= kinds:
        raise Mixed(
            "gives every example an entry of its own, of an array that does not count examples"
        )
    return next(label for label in (EXAMPLES, ENTRIES, SAME) if label in kinds)


def regroup(axes: Axes, shape: Sequence[int]) -> tuple[Axes, list[tuple[int, int]]]:
    """Give the parts of all axes, in row-major order, to the axes of another shape.

    Returns
    -------
    tuple
        The axes; and which parts with entries have to be cut in two, counted when it is done, and
        into how many pieces.

    Raises
    ------
    Mixed
        If the axis of the examples would have to be cut.
    Uneven
        If the lengths do not divide one another.
    """
    rest = [part for axis in reversed(axes) for part in reversed(axis)]
    grouped: list[Axis] = []
    cuts = []
    seen = 0
    for whole in shape:
        parts = []
        length = whole
        while length > 1:
            head = rest.pop() if rest else None
            if head is None or not head.length:
                raise Uneven
            if length % head.length:
                if head.length % length:
                    if has(EXAMPLES, *axes):
                        raise Mixed("cuts the axis of the examples, or what it stands beside")
                    raise Uneven
                if head.label == EXAMPLES:
                    raise Mixed("cuts the axis of the examples into pieces")
                if head.label == ENTRIES:
                    cuts.append((seen, length))
                rest.append(Part(head.label, head.length // length))
                head = Part(head.label, length)
            seen += head.label == ENTRIES
            parts.append(head)
            length //= head.length
        if not length:
            raise Uneven
        grouped.append(tuple(parts))
    return tuple(grouped), cuts
