"""The order of each layer, so that few edges cross.

Source: E. R. Gansner, E. Koutsofios, S. C. North and K.-P. Vo, A technique for drawing directed
graphs, IEEE Trans. Software Engineering 19 (1993) 214-230, section 3: medians, then exchanges.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from itertools import pairwise
from random import Random

from gradmethods.output.layout.layers import Layers

Links = Sequence[Sequence[int]]

SWEEPS = 24
"""Passes over the layers, alternately from above and from below."""

EFFORT = 20_000
"""Places that are visited at most, in all attempts from other orders together."""


def reduce_crossings(layers: Layers) -> None:
    """Reorder the rows in place: the best of attempts that begin with the order given and others.

    A single attempt ends in the next best order around; the others begin with shuffled rows, the
    same in every run.
    """
    above, below = layers.neighbours()
    random = Random(0)
    start = _copy(layers.rows)
    fewest, best = _improve(start, above, below)
    for _ in range(EFFORT // (SWEEPS * max(sum(map(len, start)), 1))):
        if not fewest:
            break
        for row in start:
            random.shuffle(row)
        now, rows = _improve(start, above, below)
        if now < fewest:
            fewest, best = now, rows
    layers.rows[:] = best


def _improve(rows: list[list[int]], above: Links, below: Links) -> tuple[int, list[list[int]]]:
    """Sweep up and down; return the fewest crossings seen and the order that had them."""
    rows = _copy(rows)
    fewest, best = crossings(rows, below), _copy(rows)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        down = sweep % 2 == 0
        order = range(1, len(rows)) if down else range(len(rows) - 2, -1, -1)
        for i in order:
            fixed, links = (rows[i - 1], above) if down else (rows[i + 1], below)
            _sort_by_medians(rows[i], fixed, links)
        _exchange(rows, above, below)
        now = crossings(rows, below)
        if now < fewest:
            fewest, best = now, _copy(rows)
    return fewest, best


def crossings(rows: Sequence[Sequence[int]], below: Links) -> int:
    """Count the crossings between all neighbouring rows.

    Examples
    --------
    >>> crossings([[0, 1], [2, 3]], [[3], [2], [], []])
    1
    """
    total = 0
    for upper, lower in pairwise(rows):
        position = {place: i for i, place in enumerate(lower)}
        seen: list[int] = []
        for place in upper:
            ends = sorted(position[end] for end in below[place])
            total += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return total


def _sort_by_medians(row: list[int], fixed: Sequence[int], links: Links) -> None:
    position = {place: float(i) for i, place in enumerate(fixed)}
    # A node without a link to the fixed row stays near its place.
    medians = {
        place: _median(sorted(position[x] for x in links[place]))
        if links[place]
        else i * len(fixed) / len(row)
        for i, place in enumerate(row)
    }
    row.sort(key=medians.__getitem__)


def _median(values: Sequence[float]) -> float:
    middle = len(values) // 2
    if len(values) % 2:
        return values[middle]
    return (values[middle - 1] + values[middle]) / 2


def _exchange(rows: list[list[int]], above: Links, below: Links) -> None:
    """Exchange neighbours within rows for as long as that removes crossings."""
    better = True
    while better:
        better = False
        for i, row in enumerate(rows):
            sides = []
            for links, j in ((above, i - 1), (below, i + 1)):
                if 0 <= j < len(rows):
                    sides.append((links, {place: k for k, place in enumerate(rows[j])}))
            for k in range(len(row) - 1):
                left, right = row[k], row[k + 1]
                gain = sum(
                    (position[a] > position[b]) - (position[a] < position[b])
                    for links, position in sides
                    for a in links[left]
                    for b in links[right]
                )
                if gain > 0:
                    row[k], row[k + 1] = right, left
                    better = True


def _copy(rows: Sequence[Sequence[int]]) -> list[list[int]]:
    return [list(row) for row in rows]
