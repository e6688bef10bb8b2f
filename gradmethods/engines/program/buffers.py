"""Where the values of a program live: planned once, from when each is last used.

Two values share a buffer if they are never needed at the same time; an element-wise function
writes over an operand that is not needed again. What a program returns never lives in a buffer: a
large result is made in the memory of an earlier one, if nobody holds that any more. An allocator
hands large blocks back to the system as soon as they are free, and the system hands them out again
full of zeros, page by page: to write them costs twice.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.engines.graph import Node
from gradmethods.engines.graph.quotients import is_node
from gradmethods.engines.program.arrangement import Arrangement, arrange, owner
from gradmethods.engines.program.emit import is_elementwise, takes_out
from gradmethods.engines.program.scan import Need, scan
from gradmethods.engines.program.taken_entries import takes_once
from gradmethods.xp.primitives.recognised import INTO, SLOPE_OF_TANH

SMALL = 100**3
"""Multiplications up to which OpenBLAS has kernels that copy nothing (on processors with AVX-512:
``dgemm_small_kernel_permit_skylakex.c``); for larger products it copies both operands anyway."""

TRANSPOSED = 1200
"""Entries of the result up to which these kernels take a transposed second operand."""

ROWS = 32
"""Rows of the first operand from which copying the second is cheap beside multiplying."""


def copied(node: Node) -> Node | None:
    """Return the transposed operand of a product that is faster with a copy of it, or None."""
    if not is_node(node, "matmul") or len(node.shape) != 2 or node.dtype.kind != "f":
        return None
    first, second = node.operands
    if not is_node(second, "permute_dims") or 1 in second.shape or first.shape[0] < ROWS:
        return None
    gains = TRANSPOSED < math.prod(node.shape) <= SMALL / second.shape[0]
    return second if gains else None


READ_AGAIN = {"where": (0, 1, 2), SLOPE_OF_TANH.name: (0,)}
"""Operands that an element-wise function may read after it has begun to write."""

Size = tuple[int, np.dtype[Any], Hashable]
"""Entries, their dtype, and which of them are always the same: None if none are."""

FEW = 64
"""Entries of a constant up to which it is kept in its place in a buffer."""


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
    order : Arrangement
        In which order the axes of values lie in their blocks.
    """

    blocks: list[NDArray[Any]] = field(default_factory=list)
    place: dict[Node, int] = field(default_factory=dict)
    copies: dict[Node, int] = field(default_factory=dict)
    order: Arrangement = field(default_factory=Arrangement)

    def view(self, block: int, shape: tuple[int, ...]) -> NDArray[Any]:
        """Return a block as an array."""
        return self.order.view(self.blocks[block], shape)


def plan(nodes: list[Node], outputs: Iterable[Any], numbers: Collection[Node] = ()) -> Plan:
    """Assign buffers to the nodes in the order of the program, but for those that are numbers."""
    returned = {owner(x) for x in outputs if isinstance(x, Node)}.union(numbers)
    computed = [node for node in nodes if node.primitive is not None]
    blocks = scan([_need(node, node in returned) for node in computed])
    memory = [
        np.empty(n, dtype) if same is None else np.zeros(n, dtype)
        for n, dtype, same in blocks.sizes
    ]
    copies = {computed[i]: block for i, block in blocks.scratch.items()}
    parents = {x for node in computed for x in node.parents}
    foreign = {x for x in parents if owner(x) not in blocks.place}
    return Plan(memory, blocks.place, copies, arrange(computed, returned, foreign))


def unchanging(node: Node) -> Hashable:
    """Say which entries of a value are the same in every run, or None if there are none.

    They are written once: the block is for values with these entries alone.
    """
    name = node.primitive.name if node.primitive else ""
    if name == "scatter_add" and takes_once(node):
        places = [x.tobytes() for x in node.operands[1:]]
        return node.shape, repr(node.static["index"]), *places
    if name == "concat" and by_parts(node):
        axis = node.static["axis"]
        starts = accumulate((x.shape[axis] for x in node.operands), initial=0)
        parts = zip(starts, node.operands, strict=False)
        known = [(start, x.shape, x.tobytes()) for start, x in parts if is_fixed(x)]
        return (node.shape, axis, *known) if known else None
    return None


def is_fixed(part: Any) -> bool:
    """Say whether an operand stands in its place in a buffer once and for all."""
    return isinstance(part, np.ndarray) and part.size <= FEW


def by_parts(node: Node) -> bool:
    """Say whether each operand is written into its part of the result."""
    return all(x.dtype == node.dtype for x in node.operands)


def _need(node: Node, returned: bool) -> Need[Node, Size]:  # noqa: FBT001  # private, called once
    reads = dict.fromkeys([*map(owner, node.parents)])
    second = copied(node)
    scratch = None if second is None else (math.prod(second.shape), second.dtype, None)
    if returned or not takes_out(node):
        return Need(reads, scratch=scratch)
    return Need(reads, node, _size(node), _overwritten(node), scratch)


def _overwritten(node: Node) -> list[Node]:
    """Return the operands that a function may write over."""
    assert node.primitive is not None
    shape, dtype, again = node.shape, node.dtype, READ_AGAIN.get(node.primitive.name, ())
    if not is_elementwise(node) and node.primitive is not INTO:
        return []
    kept = [owner(x) for x in map(node.operands.__getitem__, again) if isinstance(x, Node)]
    return [
        x
        for x in (node.parents[:1] if node.primitive is INTO else node.parents)
        # A view may order the memory differently; only what is computed lies entry on entry.
        if x.shape == shape and x.dtype == dtype and x.primitive and not x.primitive.aliases
        if x not in kept and unchanging(x) is None
    ]


def _size(node: Node) -> Size:
    return math.prod(node.shape), node.dtype, unchanging(node)


LARGE = 2**20
"""Bytes from which a result is made in the memory of an earlier one. An allocator keeps the small
blocks that are freed; larger ones it hands back to the system, those below 32 MiB (glibc's
DEFAULT_MMAP_THRESHOLD_MAX) whenever they lie at the end of its memory."""

KEPT = 2
"""Arrays kept for a result: whoever asks for the next while holding the last needs two."""

_only = [np.empty(0)]
_ALONE = sys.getrefcount(_only[0])
"""References that are counted of an array that only a list holds."""

COUNTED = sys.implementation.name == "cpython" and getattr(sys, "_is_gil_enabled", lambda: True)()
"""Whether the number of references to an array can be trusted."""


class Recycled:
    """Makes arrays of one kind, over and over in the memory of those that were dropped.

    Each is a new view of an array that is kept here. As long as anybody holds the view, or a view
    of it, the kept array has one more reference, and is left alone.

    Examples
    --------
    >>> import numpy as np
    >>> make = Recycled((2, 3), np.dtype(float))
    >>> first, second = make(), make()
    >>> np.shares_memory(first, second)
    False
    >>> address, row = second.ctypes.data, first[0]
    >>> del first, second
    >>> third = make()  # the first one's memory is still seen through its row
    >>> third.ctypes.data == address
    True
    """

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.shape, self.dtype = shape, dtype
        self._kept: list[NDArray[Any]] = []

    def __call__(self) -> NDArray[Any]:
        """Return an array whose entries are arbitrary."""
        kept = self._kept
        for i in range(len(kept)):
            if sys.getrefcount(kept[i]) == _ALONE:
                return kept[i][...]
        array = np.empty(self.shape, self.dtype)
        if COUNTED:
            del kept[: len(kept) + 1 - KEPT]  # the oldest, which whoever holds it keeps alive
            kept.append(array)
        return array[...]
