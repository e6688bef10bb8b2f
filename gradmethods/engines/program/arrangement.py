"""In which order the axes of a value lie in memory: long ones innermost, where that pays.

NumPy runs through the axis that lies innermost in a loop of its own, and begins it anew for every
step along the others: for an axis of two entries that costs ten times what is computed. Of points
in few dimensions, and of stacks of small vectors and matrices, the long axis is put innermost. Sums
over the short ones then add whole arrays.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.engines.graph import Node
from gradmethods.engines.graph.quotients import is_node
from gradmethods.xp.primitives import elementwise_shape

Shape = tuple[int, ...]

SHORT, LONG = 16, 64
"""Entries of the last axis up to which, and of another axis from which, that one is innermost."""

EASY = (
    "sum",
    "max",
    "min",
    "getitem",
    "scatter_add",
    "into",
    "concat",
    "reshape",
    "broadcast_to",
    "permute_dims",
    "astype",
)


@dataclass(frozen=True)
class Arrangement:
    """The shapes whose values lie with the longest axis innermost; all others as usual."""

    shapes: frozenset[Shape] = frozenset()

    def view(self, flat: NDArray[Any], shape: Shape) -> NDArray[Any]:
        """Return flat memory as an array of this shape."""
        return _arranged(flat, shape, shape) if shape in self.shapes else flat.reshape(shape)

    def empty(self, shape: Shape, dtype: np.dtype[Any], beside: Shape) -> NDArray[Any]:
        """Make an operand that lies as values of another shape do."""
        return _arranged(np.empty(math.prod(shape), dtype), shape, beside[-len(shape) :])

    def opposes(self, operand: Any, shape: Shape) -> bool:
        """Say whether an operand lies so that NumPy would not run along the longest axis."""
        if shape not in self.shapes or not _spans(np.shape(operand), shape):
            return False
        if isinstance(operand, np.ndarray):
            behind = operand.ndim - len(shape)
            return abs(operand.strides[_longest(shape) + behind]) > abs(operand.strides[-1])
        return operand.shape not in self.shapes


def _arranged(flat: NDArray[Any], shape: Shape, beside: Shape) -> NDArray[Any]:
    order = sorted(range(len(shape)), key=beside.__getitem__)  # stable
    return flat.reshape([shape[i] for i in order]).transpose(np.argsort(order))


def _could_gain(shape: Shape) -> bool:
    return len(shape) > 1 and 1 < shape[-1] <= SHORT and max(shape) >= LONG


def _longest(shape: Shape) -> int:
    return max(range(len(shape)), key=shape.__getitem__)


def _spans(own: Shape, shape: Shape) -> bool:
    """Say whether an operand has entries of its own along the last axis and the longest one."""
    place = _longest(shape) + len(own) - len(shape)
    return place >= 0 and own[place] > 1 and own[-1] > 1


def arrange(
    nodes: Sequence[Node], returned: Collection[Node], foreign: Collection[Node]
) -> Arrangement:
    """Choose the shapes for which the longest axis shall be innermost.

    Parameters
    ----------
    nodes : sequence of Node
        Of a program, in its order.
    returned : collection of Node
        Those whose memory is the user's.
    foreign : collection of Node
        Those that lie in memory which no arrangement is chosen for.
    """
    if not any(_could_gain(node.shape) for node in nodes):
        return Arrangement()
    gains: defaultdict[Shape, int] = defaultdict(int)
    losses: defaultdict[Shape, set[Any]] = defaultdict(set)
    barred = {node.shape for node in returned}
    for node in nodes:
        if node.primitive is None:
            continue
        shapes = [np.shape(x) for x in node.operands]
        if node.primitive.shape is elementwise_shape:
            shape = node.shape
            gains[shape] += any(own != shape and math.prod(own) > 1 for own in shapes)
            for x, own in zip(node.operands, shapes, strict=True):
                if isinstance(x, Node) and x in foreign and own == shape:
                    losses[shape].add(x)
        elif is_node(node, "sum", "max", "min"):
            gains[shapes[0]] += len(node.static["axis"]) < len(shapes[0])
        elif node.primitive.name not in EASY:
            barred.update([node.shape, *shapes])
    chosen = {
        shape
        for shape, gain in gains.items()
        if _could_gain(shape) and gain > len(losses[shape]) and shape not in barred
    }
    while dropped := {x for x in chosen if gains[x] <= len(losses[x] | _turned(nodes, x, chosen))}:
        chosen -= dropped
    return Arrangement(frozenset(chosen))


def _turned(nodes: Sequence[Node], shape: Shape, chosen: Collection[Shape]) -> set[Any]:
    """Find values that lie the other way than what is computed of them: they are turned first."""
    return {
        x
        for node in nodes
        if node.primitive and (is_node(node, "concat") or node.primitive.shape is elementwise_shape)
        for x in node.operands
        if isinstance(x, Node) and shape in (x.shape, node.shape) and _spans(x.shape, node.shape)
        if is_node(node, "concat") or x.shape == node.shape
        if (owner(x).shape in chosen) != (node.shape in chosen)
    }


def owner(node: Node) -> Node:
    """Return the node in whose memory a value lies: views lie in their first operand's."""
    while node.primitive is not None and node.primitive.aliases:
        if not isinstance(node.operands[0], Node):
            return node
        node = node.operands[0]
    return node
