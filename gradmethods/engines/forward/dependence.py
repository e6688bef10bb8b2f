"""Which entries a direction reaches at all, computed beside the tangents where it can matter.

A tangent is 0 without regard to any value where a direction does not reach an entry: another entry
of the parameter array belongs to it, `where` took the other branch, `maximum` the larger operand,
or a factor that depends on no parameter is 0. Such a zero stays one, also where a slope is infinite
or NaN; any other zero times infinity is NaN, as in (√x)² at 0. Conditions follow the tangents from
the parameters to the steep functions that `graph.slopes` finds: most programs hold nothing of it.

Selections need no conditions of their own: what they leave out ends there, infinities and all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradmethods.engines.forward.tangents import Directions, Tangents
from gradmethods.engines.graph import Graph, Node
from gradmethods.engines.graph.graph import topological
from gradmethods.engines.graph.selected import MOVING, Selected, lifted, name_of
from gradmethods.engines.graph.slopes import PASSING, Slopes
from gradmethods.xp.array import Array
from gradmethods.xp.primitives import elementwise_shape

Reached = Tangents | None
"""Conditions by direction; None where all entries are reached, or nothing depends on it."""


class Dependence:
    """The conditions of a forward sweep.

    Parameters
    ----------
    xp : Recorder
        The namespace of the sweep.
    graph : Graph
        Of the loss.
    slopes : Slopes
        What is known of the slopes of the graph.
    directions : Directions
        Of the sweep.
    tangents : mapping of Node to Tangents
        Those found so far.
    """

    def __init__(
        self,
        xp: Any,
        graph: Graph,
        slopes: Slopes,
        directions: Directions,
        tangents: Mapping[Node, Tangents],
    ) -> None:
        self._xp, self._slopes, self._directions, self._tangents = xp, slopes, directions, tangents
        self._selected = Selected(xp, slopes)
        steep = [n for n in graph.nodes() if n in slopes.active and not slopes.are_finite(n)]
        self._watched = set(topological(x for node in steep for x in node.parents))
        self._huge = set(slopes.hidden)
        for node in graph.nodes():
            if not self._huge.isdisjoint(node.parents):
                self._huge.add(node)
        self._reached: dict[Node, Reached] = {}
        for node, seed in tangents.items():
            if node in self._watched:
                self._note(node, Tangents(seed.array != 0, seed.names))

    def before(self, t: Array, node: Node, position: int) -> Array:
        """Return tangents that a sum is to take, with 0 for what it does not depend on."""
        xp, name = self._xp, name_of(node)
        if name not in ("max", "min", "matmul") or not self._meets(node, position):
            return t
        own = self._selected.own(node, position)
        if name == "matmul":
            axis = -1 if position == 0 else -2
            whole = self._selected.whole_nonzero(node.operands[1 - position])
            own = xp.any(whole, axis=axis, keepdims=True)
            own = xp.matrix_transpose(own)  # by rows of one operand, columns of the other
        result: Array = xp.where(own, t, 0)
        return result

    def behind(self, t: Array, node: Node, position: int) -> Array:
        """Return what a rule gave, with 0 where a direction does not reach the entry."""
        xp, slopes, name = self._xp, self._slopes, name_of(node)
        operand = node.operands[position]
        if not slopes.are_finite(node):
            reached = self._through(node, position)
            if reached is not None:
                t = xp.where(reached.array, t, 0)
        elif self._meets(node, position) and _is_elementwise(node):
            t = xp.where(self._selected.own(node, position), t, 0)
        if operand in self._huge and _is_elementwise(node) and name not in PASSING:
            flat = xp.isinf(Array(xp, operand)) & xp.isfinite(Array(xp, node))
            t = xp.where(flat, 0, t)
        return t

    def behind_all(self, t: Array, node: Node) -> Array:
        """Return what a rule gave for all operands, likewise."""
        if self._slopes.are_finite(node):
            return t
        result: Array = self._xp.where(self.reaching(node).array, t, 0)
        return result

    def note(self, node: Node) -> None:
        """Note along which directions each entry of a node varies, if steep functions follow."""
        if node not in self._watched:
            return
        self._note(node, self.reaching(node))

    def reaching(self, node: Node) -> Tangents:
        """Return along which directions each entry of a node varies."""
        terms = []
        for position, operand in enumerate(node.operands):
            if isinstance(operand, Node) and operand in self._tangents:
                reached = self._through(node, position)
                if reached is None:
                    names = self._tangents[operand].names
                    count = sum(self._directions.counts[name] for name in names)
                    every = self._xp.broadcast_to(np.ones((), bool), (count, *node.shape))
                    reached = Tangents(every, names)
                terms.append(reached)
        return self._directions.add(terms, self._xp.logical_or)

    def _note(self, node: Node, reached: Tangents) -> None:
        constant = reached.array.payload
        if not (isinstance(constant, np.ndarray) and constant.all()):
            self._reached[node] = reached

    def _meets(self, node: Node, position: int) -> bool:
        """Say whether what a node does not depend on may be infinite."""
        slopes = self._slopes
        return (
            node.operands[position] in slopes.risky
            and name_of(node) not in PASSING
            and slopes.selects(node, position)
        )

    def _through(self, node: Node, position: int) -> Reached:
        """Return which entries of a node each direction reaches through one operand."""
        xp, operand = self._xp, node.operands[position]
        found = self._reached.get(operand)
        tangents = self._tangents[operand]
        own = self._slopes.selects(node, position)
        if found is None and not own:
            return None
        count = tangents.array.shape[0]
        whole = (count, *operand.shape)
        every = found.array if found else xp.broadcast_to(np.ones((), bool), whole)
        moved = self._moved(every, node, position, own=own)
        return Tangents(xp.broadcast_to(moved, (count, *node.shape)), tangents.names)

    def _moved(self, reached: Array, node: Node, position: int, *, own: bool) -> Array:
        xp, name = self._xp, name_of(node)
        if _is_elementwise(node):
            missing = len(node.shape) - (reached.ndim - 1)
            count, *shape = reached.shape
            result: Array = xp.reshape(reached, (count, *(1,) * missing, *shape))
            return result & self._selected.own(node, position) if own else result
        operands = [lifted(xp, x) for x in node.operands]
        if name in ("max", "min"):
            chosen = self._selected.own(node, position)
            return _any(xp, reached & chosen, node.static["axis"], node.shape)
        if name in (*MOVING, "sort") and name != "concat":
            rule = xp.rule(node, position)
            real = name in ("sum", "cumulative_sum", "scatter_add", "sort")
            number = xp.astype(reached, np.dtype(np.float32)) if real else reached
            moved: Array = rule(xp, number, Array(xp, node), *operands, **node.static)
            return moved != 0 if real else moved
        if name == "concat":
            given = [reached if i == position else None for i in range(len(operands))]
            joined: Array = xp.rules(node.primitive)(
                xp, given, Array(xp, node), *operands, **node.static
            )
            return joined
        if name == "matmul":
            pair = [
                xp.astype(self._selected.whole_nonzero(x), node.dtype)
                if own
                else xp.broadcast_to(node.dtype.type(1), x.shape)
                for x in node.operands
            ]
            rule = xp.rule(node, position)
            missing = len(node.shape) - len(node.operands[position].shape)
            count, *shape = reached.shape
            number = xp.astype(xp.reshape(reached, (count, *(1,) * missing, *shape)), node.dtype)
            product: Array = rule(xp, number, Array(xp, node), *pair)
            return product != 0
        some = xp.any(reached, axis=tuple(range(1, reached.ndim)), keepdims=False)
        few: Array = xp.reshape(some, (reached.shape[0], *(1,) * len(node.shape)))
        return few


def _any(xp: Any, reached: Array, axis: tuple[int, ...], shape: tuple[int, ...]) -> Array:
    """Reduce conditions along the axes of a reduction."""
    some = xp.any(reached, axis=tuple(i + 1 for i in axis))
    result: Array = xp.reshape(some, (reached.shape[0], *shape))
    return result


def _is_elementwise(node: Node) -> bool:
    assert node.primitive is not None
    return node.primitive.shape is elementwise_shape and node.primitive.name != "normalised"
