"""Where the values of a program live: planned once, from when each is last used.

Two values share a buffer if they are never needed at the same time; an element-wise function
writes over an operand that is not needed again. What a program returns never lives in a buffer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.engines.graph import Node
from gradmethods.engines.program.emit import is_elementwise, takes_out
from gradmethods.engines.program.layout import copied
from gradmethods.engines.program.scan import Need, scan
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
    """Assign buffers to the nodes in the order of the program."""
    returned = {owner(x) for x in outputs if isinstance(x, Node)}
    computed = [node for node in nodes if node.primitive is not None]
    blocks = scan([_need(node, node in returned) for node in computed])
    memory = [np.empty(*size) for size in blocks.sizes]
    copies = {computed[i]: block for i, block in blocks.scratch.items()}
    return Plan(memory, blocks.place, copies)


def _need(node: Node, returned: bool) -> Need[Node, Size]:  # noqa: FBT001  # private, called once
    reads = dict.fromkeys([*map(owner, node.parents)])
    second = copied(node)
    scratch = None if second is None else _size(second)
    if not takes_out(node) or returned:
        return Need(reads, scratch=scratch)
    return Need(reads, node, _size(node), _overwritten(node), scratch)


def _overwritten(node: Node) -> list[Node]:
    """Return the operands that an element-wise function may write over."""
    if not is_elementwise(node) or node.primitive is None:
        return []
    again = READ_AGAIN.get(node.primitive.name, ())
    kept = [owner(x) for x in map(node.operands.__getitem__, again) if isinstance(x, Node)]
    return [
        x
        for x in node.parents
        # A view may order the memory differently; only the owner itself lies entry on entry.
        if x.shape == node.shape and x.dtype == node.dtype and owner(x) is x and x not in kept
    ]


def _size(node: Node) -> Size:
    return math.prod(node.shape), node.dtype
