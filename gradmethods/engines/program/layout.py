"""Which operand a product should read from a copy that lies in memory as its kernel likes it."""

from __future__ import annotations

import math

from gradmethods.engines.graph import Node
from gradmethods.engines.graph.quotients import is_node

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
