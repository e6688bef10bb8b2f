"""Which entries of its operands a value depends on at all, as far as the primitive itself decides.

`where` selects by its condition, `maximum`, `minimum`, `max` and `min` all entries that attain
the extreme (ties and NaN included). A factor that depends on no parameter selects where it is
not 0, be it a condition, data or a number: its product with anything finite is 0 all around the
point, so the derivative is 0 exactly. So does a product or selection that is 0 for such a reason.
A difference selects where it is not one of a value from itself. A factor that depends on a
parameter selects nothing, even where it is 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.engines.graph.graph import Node
from gradmethods.engines.graph.record import Recorder
from gradmethods.engines.graph.slopes import Slopes
from gradmethods.xp.array import Array

MOVING = frozenset({
    "sum", "cumulative_sum", "reshape", "permute_dims", "broadcast_to", "getitem", "scatter_add",
    "concat",
})  # fmt: skip
"""Primitives whose derivative rules move a mask as they move numbers."""


class Selected:
    """The entries that primitives select, as conditions recorded beside a graph.

    Parameters
    ----------
    xp : Recorder
        The namespace in which they are recorded.
    slopes : Slopes
        What is known of the slopes of the graph.
    """

    def __init__(self, xp: Recorder, slopes: Slopes) -> None:
        self._xp, self._slopes = xp, slopes
        self._kept: dict[Node, Array] = {}

    def own(self, node: Node, position: int) -> Array:
        """Return where a primitive itself selects an operand."""
        xp, name = self._xp, name_of(node)
        if node in self._slopes.parting:
            return xp.array(self._slopes.parting[node])
        first, *others = (lifted(xp, x) for x in node.operands)
        if name == "where":
            return xp.array(first if position == 1 else xp.bind("logical_not", first))
        if name in ("max", "min"):
            extreme = xp.reshape(Array(xp, node), kept_shape(node))
            beaten = first < extreme if name == "max" else first > extreme
            return xp.bind("logical_not", beaten)
        if name in ("maximum", "minimum"):
            pair = (first, *others) if (name == "maximum") == (position == 0) else (*others, first)
            return xp.bind("logical_not", xp.bind("less", *pair))
        return self.nonzero(node.operands[{"divide": 0, "pow": 1}.get(name, 1 - position)])

    def nonzero(self, factor: Any) -> Array:
        """Return where a factor is not 0, or is so only at some parameters."""
        slopes = self._slopes
        if not isinstance(factor, Node):
            return self._xp.bind("not_equal", factor, 0)
        if factor in slopes.vanishing and not self._kept:
            for node in slopes.vanishing:
                self._kept[node] = self._kept_by(node)
        if factor in slopes.active:
            return self._kept.get(factor, self._xp.array(np.ones((), bool)))
        return self._xp.bind("not_equal", Array(self._xp, factor), 0)

    def _kept_by(self, node: Node) -> Array:
        xp, name = self._xp, name_of(node)
        first, *others = node.operands
        if name == "multiply":
            return xp.bind("logical_and", self.nonzero(first), self.nonzero(others[0]))
        if name == "where":
            return xp.where(lifted(xp, first), *map(self.nonzero, others))
        mask = self.nonzero(first)
        if name in MOVING:
            whole = xp.broadcast_to(mask, first.shape)
            return xp.bind(name, whole, *(lifted(xp, x) for x in others), **node.static)
        return mask

    def whole_nonzero(self, factor: Any) -> Array:
        """Return where a factor is not 0, in its own shape."""
        return self._xp.broadcast_to(self.nonzero(factor), factor.shape)


def name_of(node: Node) -> str:
    """Return the name of a node's primitive."""
    assert node.primitive is not None
    return node.primitive.name


def kept_shape(node: Node) -> tuple[int, ...]:
    """Return the shape of a reduction's result with its axes kept."""
    return tuple(1 if i in node.static["axis"] else n for i, n in enumerate(node.operands[0].shape))


def lifted(xp: Recorder, operand: Any) -> Any:
    """Return an operand as an array of the namespace; numbers stay."""
    return operand if isinstance(operand, (int, float)) else Array(xp, operand)
