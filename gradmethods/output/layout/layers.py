"""A layout of a graph, and its layers: edges lead down, with a bend in each layer they pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

GAP = 12.0
"""Least distance between neighbours in a row."""


@dataclass(frozen=True)
class Layers:
    """Rows of places, the top one first, and what links them.

    A place is a node, numbered as given, or a bend of an edge, numbered from `nodes` on.

    Attributes
    ----------
    nodes : int
        Number of nodes.
    rows : list of list of int
        The places of each layer, from left to right.
    chains : list of list of int
        For each edge the places that it passes, one in each layer.
    side : set of tuple of int
        Last links of edges whose head has an operand that took more steps to compute: the longer
        way is drawn straight, and these come in from its sides.
    """

    nodes: int
    rows: list[list[int]]
    chains: list[list[int]]
    side: set[tuple[int, int]]

    def neighbours(self) -> tuple[list[list[int]], list[list[int]]]:
        """Return for every place those linked to it in the row above, and in the row below."""
        count = sum(map(len, self.rows))
        above: list[list[int]] = [[] for _ in range(count)]
        below: list[list[int]] = [[] for _ in range(count)]
        for chain in self.chains:
            for upper, lower in pairwise(chain):
                above[lower].append(upper)
                below[upper].append(lower)
        return above, below


def layer_numbers(nodes: int, edges: Sequence[Edge]) -> list[int]:
    """Give every node a layer, so that edges lead to larger numbers and are short.

    A node stands as high as its operands allow (the longest path to it); one that has no more
    operands than uses then moves down to just above the first of these, as inputs do.

    Parameters
    ----------
    nodes : int
        How many there are; operands have smaller numbers than their uses.
    edges : sequence of tuple of int
        From operand to use.

    Examples
    --------
    >>> layer_numbers(5, [(0, 2), (1, 3), (2, 3), (3, 4)])
    [0, 1, 1, 2, 3]
    """
    operands: list[list[int]] = [[] for _ in range(nodes)]
    uses: list[list[int]] = [[] for _ in range(nodes)]
    for tail, head in edges:
        operands[head].append(tail)
        uses[tail].append(head)
    number = _steps(nodes, edges)
    for node in reversed(range(nodes)):
        if uses[node] and len(operands[node]) <= len(uses[node]):
            number[node] = min(number[use] for use in uses[node]) - 1
    return number


def make_layers(nodes: int, edges: Sequence[Edge]) -> Layers:
    """Put nodes into layers, and a bend into each layer that an edge passes by."""
    number = layer_numbers(nodes, edges)
    rows: list[list[int]] = [[] for _ in range(max(number, default=-1) + 1)]
    for node in range(nodes):
        rows[number[node]].append(node)
    chains, place = [], nodes
    for tail, head in edges:
        chain = [tail]
        for row in range(number[tail] + 1, number[head]):
            rows[row].append(place)
            chain.append(place)
            place += 1
        chains.append([*chain, head])
    steps = _steps(nodes, edges)
    longest = [0] * nodes
    for tail, head in edges:
        longest[head] = max(longest[head], steps[tail])
    side = {(chain[-2], chain[-1]) for chain in chains if steps[chain[0]] < longest[chain[-1]]}
    return Layers(nodes, rows, chains, side)


def _steps(nodes: int, edges: Sequence[Edge]) -> list[int]:
    """Count the edges on the longest way to each node."""
    steps = [0] * nodes
    for tail, head in sorted(edges, key=lambda edge: edge[1]):
        steps[head] = max(steps[head], steps[tail] + 1)
    return steps


Point = tuple[float, float]
Edge = tuple[int, int]


@dataclass(frozen=True)
class Layout:
    """Places of boxes and edges, in the unit of the boxes' sizes; y grows upwards from 0.

    Attributes
    ----------
    width, height : float
        Of the whole.
    centres : tuple of tuple of float
        Of the boxes, in the order in which their sizes were given.
    routes : tuple of tuple of tuple of float
        A curve for each edge, in the order given, from tail to head: where it starts, then for each
        cubic Bézier piece two control points and its end.
    """

    width: float
    height: float
    centres: tuple[Point, ...]
    routes: tuple[tuple[Point, ...], ...]

    @property
    def turned(self) -> Layout:
        """The same from left to right: what was on top stands at the right.

        Examples
        --------
        >>> Layout(2.0, 1.0, ((0.5, 0.25),), ()).turned.centres
        ((0.25, 1.5),)
        """
        return Layout(
            self.height,
            self.width,
            tuple(map(self._turn, self.centres)),
            tuple(tuple(map(self._turn, route)) for route in self.routes),
        )

    def _turn(self, point: Point) -> Point:
        x, y = point
        return y, self.width - x
