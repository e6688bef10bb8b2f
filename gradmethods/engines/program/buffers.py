"""Where the values of a program live: planned once, from when each is last used.

Two values share a buffer if they are never needed at the same time; an element-wise function
writes over an operand that is not needed again. What a program returns never lives in a buffer.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.engines.graph import Node
from gradmethods.engines.program.emit import is_elementwise, takes_out
from gradmethods.engines.program.layout import copied
from gradmethods.xp.primitives.recognised import SLOPE_OF_TANH

READ_AGAIN = {"where": (0, 1, 2), SLOPE_OF_TANH.name: (0,)}
"""Operands that an element-wise function may read after it has begun to write."""

Size = tuple[int, np.dtype[Any]]


@dataclass
class Plan:
    """Buffers, and which node writes to which.

    Attributes
    ----------
    blocks : list of numpy.ndarray
        Flat memory.
    place : dict of Node to int
        Index of the block that holds a node's value; nodes without one make their own memory.
    copies : dict of Node to int
        Index of the block for a copy of the second operand, of products that read a copy.
    """

    blocks: list[NDArray[Any]] = field(default_factory=list)
    place: dict[Node, int] = field(default_factory=dict)
    copies: dict[Node, int] = field(default_factory=dict)


def owner(node: Node) -> Node:
    """Return the node in whose memory a value lies: views lie in their first operand's."""
    while node.primitive is not None and node.primitive.aliases:
        if not isinstance(node.operands[0], Node):
            return node
        node = node.operands[0]
    return node


def plan(nodes: list[Node], outputs: Iterable[Any]) -> Plan:
    """Assign buffers by a linear scan over the nodes in the order of the program."""
    last: dict[Node, int] = {}
    for i, node in enumerate(nodes):
        for parent in node.parents:
            last[owner(parent)] = i
    returned = {owner(x) for x in outputs if isinstance(x, Node)}
    result = Plan()
    free: defaultdict[Size, list[int]] = defaultdict(list)
    for i, node in enumerate(nodes):
        if node.primitive is None:
            continue
        second = copied(node)
        if second is not None:
            result.copies[node] = _take(free, result, _size(second))
        dying = {p: None for p in map(owner, node.parents) if last[p] == i and p in result.place}
        if takes_out(node) and node not in returned:
            block = _overwritten(node, dying, result)
            if block is None:
                block = _take(free, result, _size(node))
            else:
                dying = {p: None for p in dying if result.place[p] != block}
            result.place[node] = block
        for parent in dying:
            free[_size(parent)].append(result.place[parent])
        if second is not None:
            free[_size(second)].append(result.copies[node])
    return result


def _overwritten(node: Node, dying: dict[Node, None], so_far: Plan) -> int | None:
    """Return the block of an operand that an element-wise function may write over."""
    if not is_elementwise(node) or node.primitive is None:
        return None
    kept = [_in_memory(node.operands[i]) for i in READ_AGAIN.get(node.primitive.name, ())]
    for operand in node.operands:
        # A view may order the memory differently; only the owner itself lies entry on entry.
        if not isinstance(operand, Node) or operand not in dying or operand in kept:
            continue
        if operand.shape == node.shape and operand.dtype == node.dtype:
            return so_far.place[operand]
    return None


def _in_memory(operand: Any) -> Node | None:
    return owner(operand) if isinstance(operand, Node) else None


def _size(node: Node) -> Size:
    return math.prod(node.shape), node.dtype


def _take(free: defaultdict[Size, list[int]], result: Plan, size: Size) -> int:
    """Return a block of a size that is free, or a new one."""
    if free[size]:
        return free[size].pop()
    result.blocks.append(np.empty(size[0], size[1]))
    return len(result.blocks) - 1
