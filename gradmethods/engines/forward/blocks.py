"""How many directions are pushed at once: all, while their tangents fit into a cache."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gradmethods.engines.graph import Graph, Node

CACHE = 2**22
"""Bytes of tangents that a program may hold at a time. For networks of 300 to 2,300 parameters, 64
MiB took 1.2 to 1.6 times as long."""

FEWEST = 8
"""Directions for which it is worth to leave the cache: each run evaluates the loss once again."""

MEMORY = 2**26
"""Bytes that they may take then."""


@dataclass(frozen=True)
class Block:
    """Parameter arrays whose directions are pushed at once.

    Attributes
    ----------
    counts : dict of str to int
        Directions by parameter array; all that it has, or a part if it is the only one.
    runs : int
        Runs that it takes to push all directions.
    """

    counts: dict[str, int]
    runs: int = 1


def divide(graph: Graph) -> list[Block]:
    """Divide the directions of all parameters into blocks.

    Arrays are taken together as long as the tangents of all fit into `CACHE`. The directions of an
    array that does not fit alone are divided evenly.

    Parameters
    ----------
    graph : Graph
        Of the loss.
    """
    blocks: list[Block] = []
    together: dict[str, int] = {}
    used = 0
    for name, node in graph.params.items():
        count = math.prod(node.shape)
        if not count:
            continue
        each = max(_most(graph, node), 1)
        if used + count * each > CACHE and together:
            blocks.append(Block(together))
            together, used = {}, 0
        room = max(CACHE // each, min(FEWEST, MEMORY // each), 1)
        if count > room:
            evenly = math.ceil(count / math.ceil(count / room))
            blocks.append(Block({name: evenly}, math.ceil(count / evenly)))
            continue
        together = {**together, name: count}
        used += count * each
    # Without any direction the loss itself is left to compute.
    return [*blocks, Block(together)] if together or not blocks else blocks


def _most(graph: Graph, parameter: Node) -> int:
    """Return the most bytes that tangents along one direction take at a time."""
    varying = {parameter}
    nodes = graph.nodes()
    for node in nodes:
        if node.dtype.kind == "f" and not varying.isdisjoint(node.parents):
            varying.add(node)
    last = {x: i for i, node in enumerate(nodes) for x in node.parents}
    now = most = 0
    for i, node in enumerate(nodes):
        if node not in varying:
            continue
        now += _bytes(node)
        most = max(most, now)
        for x in {*node.parents} & varying:
            if last[x] == i:
                now -= _bytes(x)
    return most


def _bytes(node: Node) -> int:
    return math.prod(node.shape) * node.dtype.itemsize
