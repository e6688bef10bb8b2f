"""How examples go through an index, and through functions of whole matrices and rows.

Through an index they go all in their order, or each with an index of its own; beside matrices they
stand in a stack, or as columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradmethods.engines.examples.axes import (
    ENTRIES,
    EXAMPLES,
    SAME,
    Axes,
    Axis,
    Mixed,
    axis_of,
    count_entries,
    entries,
    has,
    lengths,
)
from gradmethods.engines.examples.values import Keys, Value
from gradmethods.engines.graph.graph import Node
from gradmethods.xp.primitives import Hole, Kind


def index(keys: Keys, node: Node, operands: Sequence[Value]) -> Value:
    """Return the entries that an index takes."""
    x, *where = operands
    parts = _written_out(node.static["index"], len(x.axes))
    kept: list[Axis] = []
    taken: list[Any] = []
    block: dict[int, Value] = {}
    source = 0
    single: frozenset[int] = frozenset()
    for part in parts:
        if part is None:
            kept.append(())
            continue
        length = lengths(x.axes)[source]
        if isinstance(part, Hole):
            block[part.position] = where[part.position]
            if has(EXAMPLES, x.axes[source]):
                places = node.operands[1 + part.position]
                block[part.position] = _own(where[part.position], places, length)
            x, taken = _marked(keys, x, source, taken, part)
        elif isinstance(part, int):
            if has(EXAMPLES, x.axes[source]):
                single = _one_of(x.axes[source], part % length)
            x, taken = _marked(keys, x, source, taken, part % max(length, 1))
        elif part.indices(length) == (0, length, 1):
            kept.append(x.axes[source])
            taken += [slice(None)] * count_entries((x.axes[source],))
        elif has(EXAMPLES, x.axes[source]) and len(range(*part.indices(length))) == 1:
            single = _one_of(x.axes[source], part.indices(length)[0])
            kept.append(())
        else:
            if has(EXAMPLES, x.axes[source]):
                raise Mixed("takes some of the examples, or all in another order")
            label = ENTRIES if has(ENTRIES, x.axes[source]) else SAME
            kept.append(axis_of(label, len(range(*part.indices(length)))))
            x, taken = _marked(keys, x, source, taken, part.indices(length))
        source += 1
    found = _put_together(keys, x, parts, kept, taken, block)
    return found._replace(rows=single) if single else found


def _written_out(index: tuple[Any, ...], ndim: int) -> list[Any]:
    """Return an index with a part for each axis, and None for those that are new."""
    own = sum(part is not None and part is not Ellipsis for part in index)
    rest = [slice(None)] * (ndim - own)
    parts: list[Any] = []
    for part in index if any(p is Ellipsis for p in index) else (*index, ...):
        parts += rest if part is Ellipsis else [part]
    return parts


def _one_of(axis: Axis, place: int) -> frozenset[int]:
    if len(axis) > 1:
        raise Mixed("takes an entry of a single example")
    return frozenset({place})


def _own(value: Value, places: Any, count: int) -> Value:
    """Return an index along all `count` examples that gives each example to itself.

    Raises
    ------
    Mixed
        If it is another one.
    """
    numbers = np.zeros(0) if isinstance(places, Node) else np.asarray(places)
    along = max(numbers.shape, default=0) == numbers.size == count
    if not along or not np.array_equal(numbers.ravel(), np.arange(count)):
        raise Mixed("takes examples by numbers that are not those of all, in their order")
    axes = tuple(axis_of(EXAMPLES, n) for n in numbers.shape)
    return value._replace(key=-1, factor=1.0, axes=axes)


def _marked(
    keys: Keys, x: Value, position: int, taken: list[Any], part: Any
) -> tuple[Value, list[Any]]:
    """Note what is taken along an axis, if it has entries that differ."""
    if not has(ENTRIES, x.axes[position]):
        return x, taken
    return keys.solid(x, position), [*taken, part]


def _put_together(
    keys: Keys,
    x: Value,
    parts: list[Any],
    kept: list[Axis],
    taken: list[Any],
    block: dict[int, Value],
) -> Value:
    axes: Axes = tuple(kept)
    letters: dict[int, tuple[int, ...]] = {}
    place = 0
    if block:
        ndim = max(len(v.axes) for v in block.values())
        values, middle, found, _ = keys.meet([*block.values()], ndim)
        block = dict(zip(block, values, strict=True))
        letters = dict(zip(block, found, strict=True))
        place = _place(parts)
        axes = (*axes[:place], *middle, *axes[place:])
    if all(part == slice(None) for part in taken):
        return x._replace(axes=axes)
    described = tuple(
        ("at", keys.whole(block[part.position]), letters[part.position])
        if isinstance(part, Hole)
        else ("all" if part == slice(None) else part)
        for part in taken
    )
    key = keys.of("getitem", x.key, described, count_entries(axes[:place]))
    return keys.value(key, x.factor, axes, total=x.total)


def _place(parts: list[Any]) -> int:
    """Return the number of axes in front of those that the arrays of an index share."""
    advanced = [isinstance(part, (Hole, int)) for part in parts]
    first, last = advanced.index(True), len(parts) - advanced[::-1].index(True)
    return first if all(advanced[first:last]) else 0


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
