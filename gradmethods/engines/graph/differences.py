"""Differences of a value from itself, as on the diagonal of a matrix of distances.

Such an entry is 0 whatever the parameters are: nothing of it depends on them, though both operands
do.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.engines.graph.graph import Node

MOVES = frozenset({"reshape", "permute_dims", "broadcast_to", "getitem"})


def parting(node: Node) -> NDArray[np.bool_] | None:
    """Return which entries of a difference are of two values; None if all are."""
    if node.primitive is None or node.primitive.name != "subtract":
        return None
    one, other = node.operands
    if not (isinstance(one, Node) and _origin(one) is _origin(other)):
        return None
    found: NDArray[np.bool_] = np.not_equal(_places(one), _places(other))
    return None if found.all() else found


def _origin(x: Any) -> Any:
    """Return the value of which `x` holds entries that are known before it is evaluated."""
    while isinstance(x, Node) and x.primitive is not None and x.primitive.name in MOVES:
        if any(isinstance(index, Node) for index in x.operands[1:]):
            break
        x = x.operands[0]
    return x


def _places(x: Node) -> NDArray[np.intp]:
    """Return the places in its origin of the entries of a value."""
    if _origin(x) is x:
        return np.arange(np.prod(x.shape, dtype=int)).reshape(x.shape)
    assert x.primitive is not None
    moved: NDArray[np.intp] = x.primitive.numpy(_places(x.operands[0]), *x.operands[1:], **x.static)
    return moved
