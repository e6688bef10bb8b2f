"""How examples go through functions of whole matrices, and of rows: beside them, or as columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradmethods.engines.examples.axes import ENTRIES, EXAMPLES, Mixed, count_entries, entries, has
from gradmethods.engines.examples.values import Keys, Value
from gradmethods.engines.graph.graph import Node
from gradmethods.xp.primitives import Kind


def of_one(keys: Keys, node: Node, x: Value) -> Value:
    """Follow a function of one matrix, or of each of a stack, on whose axes examples may be."""
    if x.total:
        raise Mixed("takes a function of a sum over examples, of which only multiples may be added")
    *batch, _, _ = x.axes
    for position in (len(batch), len(batch) + 1):
        x = keys.solid(x, position)
    key = keys.of(_name(node), keys.whole(x), x.axes[-2:], repr(sorted(node.static.items())))
    return Value(key, 1.0, (*batch, *entries(node.shape[len(batch) :])))


def solution(keys: Keys, node: Node, a: Value, b: Value) -> Value:
    """Follow the solution of a system, which is linear in its columns: examples may be those."""
    if a.total:
        raise Mixed("divides by a sum over examples, of which only multiples may be added up")
    # Equations, unknowns and columns beside one another: a[..., :, :, None] and b[..., :, None, :].
    wide = a._replace(axes=(*a.axes, ())), b._replace(axes=(*b.axes[:-1], (), b.axes[-1]))
    (a, b), axes, letters, _ = keys.meet(wide, len(node.shape) + 1)
    *batch, equations, unknowns, columns = axes
    if has(EXAMPLES, equations, unknowns):
        raise Mixed("pairs examples with one another")
    parts = tuple(zip((keys.whole(a), b.key), letters, strict=True))
    key = keys.of("solve", parts, count_entries(batch), equations, unknowns)
    found = (*batch, *entries(node.shape[-2:-1]), columns)
    return keys.value(key, b.factor, found, total=b.total)


def of_matrices(to: Any, node: Node, operands: Sequence[Value]) -> Value:
    """Follow a function of whole matrices; `to` is a `Follower`."""
    return (of_one if len(operands) == 1 else solution)(to.keys, node, *operands)


def of_rows(to: Any, node: Node, operands: Sequence[Value]) -> Value:
    """Follow what goes by the order of entries along an axis, of each example by itself."""
    (x,), keys, position = operands, to.keys, node.static["axis"]
    if x.total:
        raise Mixed("orders a sum over examples, of which only multiples may be added up")
    if has(EXAMPLES, x.axes[position]):
        raise Mixed("puts examples in an order")
    if not has(ENTRIES, x.axes[position]):
        if _name(node) == "sort":
            return x
        raise Mixed("puts into an order what is the same")
    x = keys.solid(x, position)
    before, behind = x.axes[:position], x.axes[position + 1 :]
    key = keys.of(_name(node), keys.whole(x), count_entries(before))
    if len(node.shape) < len(x.axes):
        return Value(key, 1.0, (*before, *behind))
    return Value(key, 1.0, (*before, entries(node.shape)[position], *behind))


def _name(node: Node) -> str:
    assert node.primitive is not None
    return node.primitive.name


WHOLE = {Kind.MATRIX: of_matrices, Kind.ORDER: of_rows}
"""By the kind of a primitive, how examples go through what takes matrices or rows as wholes."""
