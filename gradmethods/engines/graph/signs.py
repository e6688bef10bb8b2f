"""What signs the values of a graph have at every point, and where that of a zero matters."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from gradmethods.engines.graph.graph import Graph, Node, topological
from gradmethods.xp.primitives import Behaviour, having

NEVER_NEGATIVE = having(Behaviour.NEVER_NEGATIVE)
KEEPING = having(Behaviour.KEEPS_SIGN)

SCALING = frozenset({"multiply", "divide"})
AWAY = having(Behaviour.KEEPS_OFF_ZERO)


def signs(nodes: Sequence[Node]) -> tuple[set[Node], set[Node]]:
    """Return the nodes that are never negative, and those above a positive number; or NaN."""
    never: set[Node] = set()
    above: set[Node] = set()
    for node in nodes:
        if node.primitive is None:
            continue
        name, operands = node.primitive.name, node.operands
        if name == "where":
            operands = operands[1:]
        some = any if name == "maximum" else all
        low = [_is_never_negative(x, never) for x in operands]
        high = [_is_above(x, above, node.dtype) for x in operands]
        power = name == "pow" and (low[0] or is_number(operands[1], 2, 4))
        square = power or is_square(node)
        if name in NEVER_NEGATIVE or square or (name in KEEPING and some(low)):
            never.add(node)
        scaled = name in SCALING and all(high) and not all(isinstance(x, Node) for x in operands)
        raised = name == "add" and any(high) and all(low)
        empty = name == "sum" and 0 in operands[0].shape
        if name == "cosh" or raised or scaled or (name in AWAY and some(high) and not empty):
            above.add(node)
    return never, above


def is_number(x: Any, *values: float) -> bool:
    """Say whether an operand is one of some whole numbers."""
    return isinstance(x, int) and x in values


def is_square(node: Node) -> bool:
    """Say whether a value is a product of another with itself, or a sum of squares of its entries.

    Powers are not told.
    """
    name, operands = node.primitive.name if node.primitive else "", node.operands
    if name == "matmul":  # of a vector
        return node.shape[-2:] == (1, 1) and _moved(operands[0]) is _moved(operands[1])
    return name == "square" or (name == "multiply" and operands[0] is operands[1])


def _moved(x: Any) -> Any:
    """Return what a value holds the entries of."""
    while isinstance(x, Node) and x.primitive and x.primitive.name in ("reshape", "permute_dims"):
        (x,) = x.operands
    return x


def _is_never_negative(x: Any, found: Collection[Node]) -> bool:
    return (x in found or x.dtype.kind in "bu") if isinstance(x, Node) else bool(np.all(x >= 0))


def _is_above(x: Any, found: Collection[Node], dtype: np.dtype[Any]) -> bool:
    """Say whether a value is above a number whose square has a reciprocal: slopes hold those."""
    if isinstance(x, Node):
        return x in found
    least = float(np.finfo(dtype).smallest_normal) ** 0.5 if dtype.kind == "f" else 0.0
    return bool(np.all(np.asarray(x) > least))


def angles_of_zeros(graph: Graph) -> bool:
    """Say whether an angle may depend on the sign of a zero that the loss itself brings in."""
    angles = [n for n in graph.nodes() if n.primitive is not None and n.primitive.name == "atan2"]
    before = topological(parent for node in angles for parent in node.parents)
    return any(_is_zero(x) for node in (*angles, *before) for x in _values(node))


def _values(node: Node) -> tuple[Any, ...]:
    moves = node.primitive is not None and node.primitive.name in ("getitem", "scatter_add")
    return node.operands[:1] if moves else node.operands  # without an index


def _is_zero(x: Any) -> bool:
    return not isinstance(x, (Node, bool)) and np.asarray(x).dtype.kind != "b" and not np.all(x)
