"""Horizontal coordinates that keep an order, and edges straight.

Source: U. Brandes and B. Köpf, Fast and simple horizontal coordinate assignment, Graph Drawing
2001, LNCS 2265 (2002) 31-44. Places are aligned with a median neighbour in four ways (from above
or below, leftmost or rightmost first); a place stands at the mean of its two middle coordinates.
The compaction is a longest path over the blocks, which respects boxes of different widths.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from gradmethods.output.layout.layers import GAP, Layers

Links = Sequence[Sequence[int]]
Conflicts = set[tuple[int, int]]


def coordinates(layers: Layers, widths: Sequence[float]) -> list[float]:
    """Return the x of the centre of every place, the leftmost edge at 0.

    Parameters
    ----------
    layers : Layers
        With their final order.
    widths : sequence of float
        Of every place.
    """
    above, below = layers.neighbours()
    conflicts = _conflicts(layers, above) | layers.side
    found = []
    for rows, links in ((layers.rows, above), (layers.rows[::-1], below)):
        for mirrored in (False, True):
            ordered = [row[::-1] for row in rows] if mirrored else rows
            root = _align(ordered, links, conflicts)
            x = _compact(ordered, root, widths)
            found.append([-value for value in x] if mirrored else x)
    return _balance(found, widths)


def _conflicts(layers: Layers, above: Links) -> Conflicts:
    """Find the links that cross a piece between two bends, which are to be straight instead."""
    conflicts: Conflicts = set()
    for upper, lower in pairwise(layers.rows):
        position = {place: i for i, place in enumerate(upper)}
        links = [(position[a], j, a, b) for j, b in enumerate(lower) for a in above[b]]
        inner = [link for link in links if min(link[2], link[3]) >= layers.nodes]
        conflicts |= {
            (a, b)
            for i, j, a, b in links
            if min(a, b) < layers.nodes
            for p, q, _, _ in inner
            if (i - p) * (j - q) < 0
        }
    return conflicts


def _align(rows: Sequence[Sequence[int]], links: Links, conflicts: Conflicts) -> list[int]:
    """Join places to blocks that share a coordinate; return the first place of each one's block."""
    root = list(range(sum(map(len, rows))))
    position = {place: i for row in rows for i, place in enumerate(row)}
    for row in rows:
        reached = -1
        for place in row:
            linked = sorted(links[place], key=position.__getitem__)
            for k in sorted({(len(linked) - 1) // 2, len(linked) // 2} if linked else ()):
                other = linked[k]
                crossed = {(other, place), (place, other)} & conflicts
                if root[place] == place and not crossed and reached < position[other]:
                    root[place] = root[other]
                    reached = position[other]
    return root


def _compact(
    rows: Sequence[Sequence[int]], root: Sequence[int], widths: Sequence[float]
) -> list[float]:
    """Push blocks to the left, then each back towards the right as far as there is room."""
    after: dict[int, dict[int, float]] = {block: {} for block in root}
    before: dict[int, dict[int, float]] = {block: {} for block in root}
    for row in rows:
        for a, b in pairwise(row):
            apart = max((widths[a] + widths[b]) / 2 + GAP, after[root[a]].get(root[b], 0.0))
            after[root[a]][root[b]] = before[root[b]][root[a]] = apart
    order = _topological(after, before)
    x: dict[int, float] = {}
    for block in order:
        x[block] = max((x[a] + apart for a, apart in before[block].items()), default=0.0)
    for block in reversed(order):
        if after[block]:
            room = min(x[b] - apart for b, apart in after[block].items())
            x[block] = max(x[block], room)
    return [x[block] for block in root]


def _topological(
    after: dict[int, dict[int, float]], before: dict[int, dict[int, float]]
) -> list[int]:
    waiting = {block: len(left) for block, left in before.items()}
    order = [block for block, count in waiting.items() if not count]
    for block in order:  # The list grows meanwhile.
        for other in after[block]:
            waiting[other] -= 1
            if not waiting[other]:
                order.append(other)
    return order


def _balance(found: list[list[float]], widths: Sequence[float]) -> list[float]:
    """Put the four over each other, and take the mean of the middle two for each place."""

    def left(x: list[float]) -> float:
        return min((a - w / 2 for a, w in zip(x, widths, strict=True)), default=0.0)

    def right(x: list[float]) -> float:
        return max((a + w / 2 for a, w in zip(x, widths, strict=True)), default=0.0)

    narrowest = min(found, key=lambda x: right(x) - left(x))
    low, high = left(narrowest), right(narrowest)
    for i, x in enumerate(found):
        shift = high - right(x) if i % 2 else low - left(x)
        found[i] = [value + shift for value in x]
    middle = [sum(sorted(values)[1:3]) / 2 for values in zip(*found, strict=True)]
    start = left(middle)
    return [value - start for value in middle]
