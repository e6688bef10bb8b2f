"""Rewrite how entries are taken and put back: slices for lists of places, sums in place.

What a loss takes out of an array, the sweep puts back into zeros, and adds to all else that comes
to the array. Whole arrays of zeros are seldom needed for that.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradmethods.engines.graph import Node
from gradmethods.engines.graph.quotients import Operand, is_node
from gradmethods.engines.program.rebuild import Rebuild, Rewrites
from gradmethods.xp.primitives import Hole
from gradmethods.xp.primitives.recognised import INTO
from gradmethods.xp.primitives.shapes import Shape

WHOLE = (None, Ellipsis, slice(None))
"""Parts of an index that take all entries of an axis, or make an axis."""


def _getitem(to: Rebuild, n: Node) -> Operand | None:
    x, *where = n.operands
    index = _sliced(np.shape(x), n.static["index"], where)
    return None if index is None else to.make(n.primitive or "getitem", x, index=index)


def _scatter_add(to: Rebuild, n: Node) -> Operand | None:
    g, *where = n.operands
    index, shape = n.static["index"], n.static["shape"]
    slices = _sliced(shape, index, where)
    if slices is not None:
        return to.make(n.primitive or "scatter_add", g, index=slices, shape=shape)
    all_of_it = math.prod(np.shape(g)) == math.prod(shape)
    if all_of_it and all(any(part is x or part == x for x in WHOLE) for part in index):
        return to.make("reshape", g, shape=shape)
    return None


def into(to: Rebuild, n: Node) -> Operand | None:
    """Add what is put into zeros to the part of the other operand where it is put."""
    for other, put in (n.operands, reversed(n.operands)):
        if not is_node(put, "scatter_add") or not to.used_once(put) or not takes_once(put):
            continue
        alike = isinstance(other, Node) and other.shape == put.shape and other.dtype == put.dtype
        if alike and n.dtype.kind == "f":
            operands, static = (other, *put.operands), {"index": put.static["index"]}
            return to.replace(Node(n.shape, n.dtype, INTO, operands, static))
    return None


def takes_once(node: Node) -> bool:
    """Say whether the index of a node, which is known, names no entry twice."""
    where = node.operands[2 if node.primitive is INTO else 1 :]
    if not where:
        return True
    places = where[0]
    known = len(where) == 1 and isinstance(places, np.ndarray) and places.ndim == 1
    return known and places.min(initial=0) >= 0 and np.unique(places).size == places.size


def _sliced(shape: Shape, index: tuple[Any, ...], where: list[Any]) -> tuple[Any, ...] | None:
    """Write the one list of places in an index as a slice, None where it is none."""
    if len(where) != 1 or not isinstance(where[0], np.ndarray) or where[0].ndim != 1:
        return None
    if not all(part is None or isinstance(part, (slice, Hole)) for part in index):
        return None
    before = index[: [isinstance(part, Hole) for part in index].index(True)]
    length = shape[sum(part is not None for part in before)]
    places = np.where(where[0] < 0, where[0] + length, where[0]).tolist()
    step = places[1] - places[0] if len(places) > 1 else 1
    if not places or not step or places != [*range(places[0], places[-1] + step, step)]:
        return None
    stop = places[-1] + (1 if step > 0 else -1)
    found = slice(places[0], None if stop < 0 else stop, step)
    return (*before, found, *index[len(before) + 1 :])


MOVES: Rewrites = {"getitem": _getitem, "scatter_add": _scatter_add}
