"""Which entries of a cotangent anything selected, computed beside it where it can matter.

A mask holds where the loss may depend on a value at all. An entry outside adds exactly 0, whatever
the slopes below. Masks follow cotangents:

- Element-wise functions leave them alone; what moves, repeats or sorts entries moves masks
  likewise.
- `where` selects by its condition, `maximum`, `minimum`, `max` and `min` all entries that attain
  the extreme (ties and NaN included), an index the entries that it takes.
- A factor that depends on no parameter selects where it is not 0, be it a condition, data or a
  number: its product with anything finite is 0 all around the point, so the derivative is 0
  exactly. So does a product or selection that is 0 for such a reason. A factor that depends on a
  parameter selects nothing, even where it is 0.
- Several uses of a value, and the terms of a sum, select it if one of them does. So an entry that
  comes out of a contraction (`matmul`) is a structural zero only if every term is. Rows and columns
  that meet only unselected entries are left out of it, infinities and all; a 0 of one term beside
  an infinity of another is an ordinary 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.engines.graph import Node
from gradmethods.engines.graph.selected import MOVING, Selected, kept_shape, lifted, name_of
from gradmethods.engines.graph.slopes import Slopes
from gradmethods.engines.tape.reverse import Reverse
from gradmethods.xp.array import Array
from gradmethods.xp.primitives import Kind
from gradmethods.xp.primitives.quotients import NORMALISED

Mask = Array | None
"""True where an entry is selected; None where all are."""


class Selection:
    """The masks of a reverse sweep.

    Parameters
    ----------
    xp : Reverse
        The namespace of the sweep.
    slopes : Slopes
        What is known of the slopes of the graph.
    """

    def __init__(self, xp: Reverse, slopes: Slopes) -> None:
        self._xp, self._slopes = xp, slopes
        self._masks: dict[Node, Mask] = {}
        self._selected = Selected(xp, slopes)

    def operands(self, node: Node, position: int) -> tuple[Any, ...]:
        """Return what a rule gets: a product without the terms that nothing selected."""
        mask, other = self._masks.get(node), node.operands[position - 1]
        if mask is None or name_of(node) != "matmul" or self._slopes.is_finite(other):
            return node.operands
        xp = self._xp
        met = xp.any(xp.broadcast_to(mask, node.shape), axis=position - 2, keepdims=True)
        other = xp.where(met, lifted(xp, other), 0).payload
        return (node.operands[0], other) if position == 0 else (other, node.operands[1])

    def keep(self, contribution: Array, node: Node, position: int) -> Array:
        """Return what a rule gave, with 0 where nothing selected the entry; note the selected."""
        slopes = self._slopes
        mask = self._through(node, position)
        if mask is not None and slopes.is_unsafe(node, position):
            contribution = self._xp.where(mask, contribution, 0)
        operand = node.operands[position]
        if operand in slopes.guarded:
            if mask is not None:
                mask = _any_of_repeated(self._xp, mask, operand.shape)
            if operand in self._masks:
                mask = _either(self._xp, self._masks[operand], mask)
            self._masks[operand] = mask
        return contribution

    def without_overflow(self, contribution: Array, g: Array, node: Node) -> Array:
        """Return what a rule gave, with 0 where an infinity is hidden by what is flat there."""
        if node not in self._slopes.hidden:
            return contribution
        xp = self._xp
        return xp.where((g == 0) & xp.bind("isinf", Array(xp, node)), 0, contribution)

    def without_tips(self, contribution: Array, g: Array, node: Node) -> Array:
        """Return what a rule gave, with 0 where what follows a bounded slope is flat."""
        if node not in self._slopes.tips:
            return contribution
        return self._xp.where(g == 0, 0, contribution)

    def _through(self, node: Node, position: int) -> Mask:
        """Return which entries of the contribution to an operand are selected."""
        slopes, mask = self._slopes, self._masks.get(node)
        if mask is None and not slopes.selects(node, position):
            return None
        if node.operands[position] not in slopes.guarded and not slopes.is_unsafe(node, position):
            return None  # nothing infinite can come here, nor below
        xp, name = self._xp, name_of(node)
        whole = xp.broadcast_to(np.ones((), bool) if mask is None else mask, node.shape)
        if name == "matmul":
            return _unless_all(self._contract(whole, node, position))
        if name in MOVING:
            rule = xp.rule(node, position)
            assert rule is not None
            operands = [lifted(xp, x) for x in node.operands]
            moved = rule(xp, whole, whole, *operands, **node.static)
            return _unless_all(moved if moved.dtype.kind == "b" else moved != 0)
        if name == "sort" and mask is not None:
            rule, (x,) = xp.rule(node, position), node.operands
            assert rule is not None
            g = xp.astype(whole, node.dtype)
            back: Array = rule(xp, g, lifted(xp, node), lifted(xp, x), **node.static)
            return back != 0
        if name in ("max", "min") and mask is not None:
            mask = xp.reshape(whole, kept_shape(node))
        if name == NORMALISED.name and mask is not None:  # every entry has a part in all
            mask = xp.any(whole, axis=node.static["axis"], keepdims=True)
        if node.primitive and node.primitive.kind is Kind.MATRIX and mask is not None:
            stack = max(lifted(xp, x).ndim for x in node.operands) - 2
            some = xp.any(whole, axis=tuple(range(stack, whole.ndim)))  # likewise, of one matrix
            return xp.reshape(some, (*some.shape, 1, 1))
        own = self._selected.own(node, position) if slopes.selects(node, position) else None
        return _both(xp, mask, own)

    def _contract(self, mask: Array, node: Node, position: int) -> Array:
        """Return which entries of an operand a selected entry of a product depends on."""
        xp = self._xp
        if not self._slopes.selects(node, position):
            return xp.any(mask, axis=-1 - position, keepdims=True)
        pair = [xp.astype(self._selected.whole_nonzero(x), node.dtype) for x in node.operands]
        rule = xp.rule(node, position)
        assert rule is not None
        terms: Array = rule(xp, xp.astype(mask, node.dtype), mask, *pair)
        return terms != 0


def _any_of_repeated(xp: Reverse, mask: Array, shape: tuple[int, ...]) -> Mask:
    """Select an entry that is repeated by broadcasting if one of its repetitions is selected."""
    extra = mask.ndim - len(shape)
    if extra > 0:
        mask = xp.any(mask, axis=tuple(range(extra)))
    lead = len(shape) - mask.ndim
    repeated = tuple(i for i, n in enumerate(mask.shape) if n != 1 and shape[lead + i] == 1)
    return _unless_all(xp.any(mask, axis=repeated, keepdims=True) if repeated else mask)


def _unless_all(mask: Array) -> Mask:
    """Return a mask, None if it is known to select all."""
    constant = mask.payload
    return None if isinstance(constant, np.ndarray) and constant.all() else mask


def _both(xp: Reverse, a: Mask, b: Mask) -> Mask:
    if a is None or b is None:
        return a if b is None else _unless_all(b)
    return xp.bind("logical_and", a, b)


def _either(xp: Reverse, a: Mask, b: Mask) -> Mask:
    if a is None or b is None or _is_opposite(a, b) or _is_opposite(b, a):
        return None
    return a if a.payload is b.payload else _unless_all(xp.logical_or(a, b))


def _is_opposite(a: Array, b: Array) -> bool:
    node = a.payload
    if not isinstance(node, Node) or node.primitive is None:
        return False
    return node.primitive.name == "logical_not" and node.operands[0] is b.payload
