"""How examples go through functions of whole matrices: beside them, in a stack or as columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradmethods.engines.examples.axes import EXAMPLES, Mixed, count_entries, entries, has
from gradmethods.engines.examples.values import Keys, Value
from gradmethods.engines.graph.graph import Node


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


def _name(node: Node) -> str:
    assert node.primitive is not None
    return node.primitive.name
