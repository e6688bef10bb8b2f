"""How examples go through each primitive: which axis holds them, and what is computed of one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from gradmethods.engines.examples.axes import (
    ENTRIES,
    EXAMPLES,
    SAME,
    Axes,
    Axis,
    Mixed,
    Part,
    Uneven,
    axis_of,
    count_entries,
    entries,
    has,
    lengths,
    regroup,
)
from gradmethods.engines.examples.structural import WHOLE, index
from gradmethods.engines.examples.values import Keys, Letters, Value, leading
from gradmethods.engines.graph.graph import Node
from gradmethods.xp.primitives import elementwise_shape


class Follower:
    """Follows values of one graph.

    Parameters
    ----------
    keys : Keys
        Those of all graphs that are to be compared.
    count : int
        Number of examples.
    """

    def __init__(self, keys: Keys, count: int) -> None:
        self.keys, self.count = keys, count
        self._constants: dict[int, Value] = {}

    def input(self, kind: str, name: str, shape: tuple[int, ...], *, in_examples: bool) -> Value:
        """Return a parameter or data, of which the first axis may count examples."""
        key = self.keys.of(kind, name)
        axes = entries(shape)
        return Value(key, 1.0, (axis_of(EXAMPLES, shape[0]), *axes[1:]) if in_examples else axes)

    def constant(self, x: Any) -> Value:
        """Return a constant of a graph that stays, so that no other has its address."""
        if id(x) not in self._constants:
            self._constants[id(x)] = self.keys.constant(x)
        return self._constants[id(x)]

    def follow(self, node: Node, operands: Sequence[Value]) -> Value:
        """Return the result of a primitive.

        Raises
        ------
        Mixed
            If it lets examples meet other than by adding them up.
        """
        assert node.primitive is not None
        rule = RULES.get(node.primitive.name)
        if 0 in (*node.shape, *(n for x in operands for n in lengths(x.axes))):
            rule = _unknown
        elif rule is None:
            rule = _each_entry if node.primitive.shape is elementwise_shape else _unknown
            rule = WHOLE.get(node.primitive.kind, rule)
        try:
            found = self._of_some(rule, node, operands)
        except Uneven:
            raise Mixed("arranges examples and entries in a way that cannot be followed") from None
        holding = sum(part.label == EXAMPLES for axis in found.axes for part in axis)
        if holding > 1:
            raise Mixed("pairs examples with one another")
        if holding and found.total:
            raise Mixed("joins a sum over examples with values of single ones")
        if lengths(found.axes) != node.shape:
            raise Mixed("has a result that cannot be followed")
        return found

    def _of_some(self, rule: Rule, node: Node, operands: Sequence[Value]) -> Value:
        """Follow what a loop does with single examples: alike with all, until they are added up."""
        taken = {v.rows for v in operands if v.rows}
        if not taken:
            return rule(self, node, operands)
        if any(v.total or v.each for v in operands):
            raise Mixed("joins single examples with others")
        if len(taken) > 1:
            return self._collected(node, operands)
        (rows,) = taken
        several = len(rows) > 1  # of a sum only multiples may be taken
        bare = [v._replace(rows=frozenset(), total=several and bool(v.rows)) for v in operands]
        if (
            several
            and rule is _added
            and not all(v.rows or v.key == self.keys.zero for v in operands)
        ):
            raise Mixed("adds to the sum of some examples what all share")
        return rule(self, node, bare)._replace(rows=rows, total=False)

    def _collected(self, node: Node, operands: Sequence[Value]) -> Value:
        """Add up different examples, or sums of some, that are computed alike."""
        if RULES.get(_name(node)) is not _added:
            raise Mixed("pairs examples with one another")
        a, b = operands
        b = _negative(self, node, [b]) if _name(node) == "subtract" else b
        alike = self.keys.scaled(b.key, b.factor / a.factor) == a.key and a.axes == b.axes
        if not alike or a.rows & b.rows:
            raise Mixed("adds up examples that are not computed alike, or some twice")
        rows = a.rows | b.rows
        if len(rows) < self.count:
            return a._replace(rows=rows)
        return a._replace(rows=frozenset(), total=True)

    def in_sum(self, values: Sequence[Value]) -> tuple[list[Value], bool]:
        """Return values that are added up; what examples share counts once, not once for each."""
        if not any(v.total for v in values):
            return [*values], False
        counts = [1 if v.total or v.key == self.keys.zero else self.count for v in values]
        pairs = zip(values, counts, strict=True)
        return [v._replace(factor=v.factor / count) for v, count in pairs], True


def _name(node: Node) -> str:
    assert node.primitive is not None
    return node.primitive.name


def _no_total(values: Sequence[Value]) -> None:
    if any(v.total for v in values):
        raise Mixed("takes a sum over examples, of which only multiples may be added up")


def _each_entry(to: Follower, node: Node, operands: Sequence[Value]) -> Value:
    """Follow what is computed entry by entry and is not linear."""
    _no_total(operands)
    operands, axes, letters, _ = to.keys.meet(operands, len(node.shape))
    parts = tuple(zip(map(to.keys.whole, operands), letters, strict=True))
    return Value(to.keys.of(_name(node), parts), 1.0, axes)


def _negative(_to: Follower, _node: Node, operands: Sequence[Value]) -> Value:
    (x,) = operands
    return x._replace(factor=-x.factor)


def _added(to: Follower, node: Node, operands: Sequence[Value]) -> Value:
    keys = to.keys
    if _name(node) == "subtract":
        operands = [operands[0], _negative(to, node, operands[1:])]
    operands, total = to.in_sum(operands)
    operands, axes, letters, _ = to.keys.meet(operands, len(node.shape))
    for x, other, own in zip(operands, reversed(operands), letters, strict=True):
        if other.key == keys.zero and len(own) == count_entries(axes):
            return x._replace(axes=axes, total=total)
    factor = leading(keys, operands)
    parts = tuple(
        (keys.scaled(x.key, x.factor / factor), own)
        for x, own in zip(operands, letters, strict=True)
    )
    return keys.value(keys.of("add", parts), factor, axes, total=total)


def _where(to: Follower, node: Node, operands: Sequence[Value]) -> Value:
    keys = to.keys
    _no_total(operands[:1])
    branches, total = to.in_sum(operands[1:])
    (chosen, *branches), axes, letters, _ = to.keys.meet([operands[0], *branches], len(node.shape))
    factor = leading(keys, branches)
    scaled = (keys.scaled(x.key, x.factor / factor) for x in branches)
    parts = tuple(zip((keys.whole(chosen), *scaled), letters, strict=True))
    return keys.value(keys.of("where", parts), factor, axes, total=total)


def _multiplied(to: Follower, node: Node, operands: Sequence[Value]) -> Value:
    if all(v.total for v in operands):
        raise Mixed("multiplies a sum over examples by another")
    (a, b), axes, letters, _ = to.keys.meet(operands, len(node.shape))
    return _product(to, a, b, letters, (), axes, total=a.total or b.total)


def _product(
    to: Follower,
    a: Value,
    b: Value,
    letters: Sequence[Letters],
    summed: Letters,
    axes: Axes,
    *,
    total: bool,
) -> Value:
    """Return a product of entries, summed over some."""
    keys, factor = to.keys, a.factor * b.factor
    for x, other, own in ((a, b, letters[0]), (b, a, letters[1])):
        if other.key == keys.one and list(own) == [*range(len(own))]:
            key = x.key if not summed else keys.of("sum", x.key, summed)
            return keys.value(key, factor, axes, total=total)
    parts = ((a.key, letters[0]), (b.key, letters[1]))
    return keys.value(keys.of("product", parts, summed), factor, axes, total=total)


def _divided(to: Follower, node: Node, operands: Sequence[Value]) -> Value:
    if operands[1].total:
        raise Mixed("divides by a sum over examples")
    (a, b), axes, letters, _ = to.keys.meet(operands, len(node.shape))
    factor = a.factor / b.factor
    if b.key == to.keys.one:
        return to.keys.value(a.key, factor, axes, total=a.total)
    parts = ((a.key, letters[0]), (b.key, letters[1]))
    return to.keys.value(to.keys.of("divide", parts), factor, axes, total=a.total)


def _astype(to: Follower, node: Node, operands: Sequence[Value]) -> Value:
    (x,) = operands
    if node.dtype.kind == "f" and node.operands[0].dtype.kind in "iuf":
        return x._replace(key=to.keys.of("astype", str(node.dtype), x.key))
    _no_total(operands)
    return Value(to.keys.of("astype", str(node.dtype), to.keys.whole(x)), 1.0, x.axes)


def _reduced_axes(x: Value, node: Node) -> tuple[Axes, list[int], list[Part]]:
    """Return the axes that are left, the entries that are reduced, and all parts that are."""
    reduced, keep = node.static["axis"], node.static["keepdims"]
    axes: list[Axis] = []
    numbers: list[int] = []
    parts: list[Part] = []
    number = 0
    for position, axis in enumerate(x.axes):
        for part in axis:
            if position in reduced and part.label == ENTRIES:
                numbers.append(number)
            number += part.label == ENTRIES
        if position in reduced:
            parts += axis
        if position not in reduced or keep:
            axes.append(() if position in reduced else axis)
    return tuple(axes), numbers, parts


def _sum(to: Follower, node: Node, operands: Sequence[Value]) -> Value:
    (x,) = operands
    axes, numbers, parts = _reduced_axes(x, node)
    key = x.key
    if node.dtype != node.operands[0].dtype:
        key = to.keys.of("astype", str(node.dtype), to.keys.whole(x))
        x = x._replace(factor=1.0)
    factor = x.factor * math.prod(p.length for p in parts if p.label == SAME)
    key = to.keys.of("sum", key, tuple(numbers)) if numbers else key
    return to.keys.value(key, factor, axes, total=x.total or has(EXAMPLES, tuple(parts)))


def _extreme(to: Follower, node: Node, operands: Sequence[Value]) -> Value:
    _no_total(operands)
    (x,) = operands
    axes, numbers, parts = _reduced_axes(x, node)
    if has(EXAMPLES, tuple(parts)):
        raise Mixed("takes an extreme value over the examples")
    if not numbers:
        return x._replace(axes=axes)
    return Value(to.keys.of(_name(node), to.keys.whole(x), tuple(numbers)), 1.0, axes)


def _cumulative_sum(to: Follower, node: Node, operands: Sequence[Value]) -> Value:
    (x,) = operands
    position = node.static["axis"]
    if has(EXAMPLES, x.axes[position]):
        raise Mixed("adds up examples one after another")
    if not x.axes[position]:
        return x
    x = to.keys.solid(x, position)
    key = to.keys.of("cumulative_sum", x.key, count_entries(x.axes[:position]))
    return x._replace(key=key)


def _matmul(to: Follower, node: Node, operands: Sequence[Value]) -> Value:
    """Follow a product of matrices, as one of entries that is summed over the inner axis."""
    if all(v.total for v in operands):
        raise Mixed("multiplies a sum over examples by another")
    a, b = operands
    # Rows, columns and the inner axis beside one another, as in a[..., :, :, None].
    wide = a._replace(axes=(*a.axes, ())), b._replace(axes=(*b.axes[:-2], (), *b.axes[-2:]))
    (a, b), axes, letters, divided = to.keys.meet(wide, len(node.shape) + 1)
    inner = axes[-2]
    factor = math.prod(length for length, labels in divided[-2] if set(labels) == {SAME})
    first = count_entries(axes[:-2])
    summed = tuple(range(first, first + count_entries((inner,))))
    total = a.total or b.total
    if has(EXAMPLES, inner):
        if total or has(EXAMPLES, *axes[:-2], axes[-1]):
            raise Mixed("pairs examples with one another")
        total = True
    found = _product(to, a, b, letters, summed, (*axes[:-2], axes[-1]), total=total)
    return to.keys.value(found.key, found.factor * factor, found.axes, total=total)


def _reshape(to: Follower, node: Node, operands: Sequence[Value]) -> Value:
    (x,) = operands
    try:
        axes, cuts = regroup(x.axes, node.shape)
    except Uneven:
        for position in range(len(x.axes)):
            x = to.keys.solid(x, position)
        key = to.keys.of("reshape", x.key, x.axes, node.shape)
        return x._replace(key=key, axes=entries(node.shape))
    key = x.key
    for cut in cuts:
        key = to.keys.of("cut", key, *cut)
    return x._replace(key=key, axes=axes)


def _permuted(to: Follower, node: Node, operands: Sequence[Value]) -> Value:
    (x,) = operands
    order = node.static["axes"]
    numbers = iter(range(count_entries(x.axes)))
    own = [[next(numbers) for part in axis if part.label == ENTRIES] for axis in x.axes]
    moved = tuple(n for position in order for n in own[position])
    key = x.key if moved == tuple(sorted(moved)) else to.keys.of("permute", x.key, moved)
    return x._replace(key=key, axes=tuple(x.axes[i] for i in order))


def _broadcast(_to: Follower, node: Node, operands: Sequence[Value]) -> Value:
    (x,) = operands
    missing = len(node.shape) - len(x.axes)
    pairs = zip(((),) * missing + x.axes, node.shape, strict=True)
    return x._replace(axes=tuple(axis or axis_of(SAME, length) for axis, length in pairs))


def _indexed(to: Follower, node: Node, operands: Sequence[Value]) -> Value:
    if any(v.total for v in operands[1:]):
        raise Mixed("takes entries by a sum over examples")
    return index(to.keys, node, operands)


def _joined(to: Follower, node: Node, operands: Sequence[Value]) -> Value:
    keys, at = to.keys, node.static["axis"]
    if any(has(EXAMPLES, v.axes[at]) for v in operands):
        raise Mixed("joins examples to others")
    if len(operands) == 1:
        return operands[0]
    operands, total = to.in_sum(operands)
    solid = [keys.solid(v, at) if has(ENTRIES, v.axes[at]) else v for v in operands]
    bare = [v._replace(axes=(*v.axes[:at], (), *v.axes[at + 1 :])) for v in solid]
    values, axes, letters, _ = to.keys.meet(bare, len(node.shape))
    if any(v.key != own.key for v, own in zip(values, bare, strict=True)):
        raise Uneven
    sizes = [lengths(v.axes)[at] for v in solid]
    several = [has(ENTRIES, v.axes[at]) for v in solid]
    factor = leading(keys, solid)
    scaled = [keys.scaled(v.key, v.factor / factor) for v in solid]
    if not any(several) and len({*zip(scaled, letters, strict=True)}) == 1:
        key, along = scaled[0], SAME
    else:
        parts = tuple(zip(scaled, letters, sizes, several, strict=True))
        key, along = keys.of("concat", count_entries(axes[:at]), parts), ENTRIES
    joined = (*axes[:at], axis_of(along, sum(sizes)), *axes[at + 1 :])
    return keys.value(key, factor, joined, total=total)


def _unknown(to: Follower, node: Node, operands: Sequence[Value]) -> Value:
    """Follow what has no rule, if it has nothing to do with examples."""
    if any(v.total or v.each for v in operands):
        raise Mixed("does with the examples what cannot be followed")
    solid = []
    for x in operands:
        whole = x
        for position in range(len(x.axes)):
            whole = to.keys.solid(whole, position)
        solid.append((to.keys.whole(whole), whole.axes))
    key = to.keys.of(_name(node), tuple(solid), repr(sorted(node.static.items())))
    return Value(key, 1.0, entries(node.shape))


Rule = Callable[[Follower, Node, Sequence[Value]], Value]

RULES: dict[str, Rule] = {
    "negative": _negative,
    "add": _added,
    "subtract": _added,
    "multiply": _multiplied,
    "divide": _divided,
    "where": _where,
    "astype": _astype,
    "sum": _sum,
    "max": _extreme,
    "min": _extreme,
    "cumulative_sum": _cumulative_sum,
    "matmul": _matmul,
    "reshape": _reshape,
    "permute_dims": _permuted,
    "broadcast_to": _broadcast,
    "getitem": _indexed,
    "concat": _joined,
}
"""Primitives by which examples go otherwise than entry by entry, or through which sums pass."""
