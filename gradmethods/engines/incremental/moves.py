"""How changes pass through primitives that move entries: no arithmetic, and views where they do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.engines.graph import Node
from gradmethods.engines.incremental.changes import Change, Pins, Planner, lined_up_to, pinned
from gradmethods.engines.incremental.registers import Call, Register
from gradmethods.xp.primitives import Shape

Move = Callable[[Register], Register]


def moved(plan: Planner, node: Node, change: Change, pins: Pins, move: Move) -> Change:
    """Move whatever form of a change is at hand."""
    value = None if change.value is None else move(change.value)
    factors = None if change.factors is None else (move(plan.spelled_out(change)),)
    return Change(node, pins, value, factors)


def contiguous(plan: Planner, register: Register) -> Register:
    """Return the entries in the order of the axes, copied if need be."""
    if register.contiguous:
        return register
    copy = lambda out, x: partial(np.copyto, out, x)  # noqa: E731  # a binder like any other
    return plan.assembly.emit("copy", copy, [register], register.shape, register.dtype)


def permute(plan: Planner, node: Node) -> Change:
    """Reorder axes."""
    change = plan.changes[node.operands[0]]
    axes: tuple[int, ...] = node.static["axes"]
    pins = {axes.index(axis): pin for axis, pin in change.pins.items()}

    def move(register: Register) -> Register:
        shape = tuple(register.shape[axis] for axis in axes)
        long = [axis for axis in axes if register.shape[axis] != 1]
        if long == sorted(long):
            return register.reshaped(shape)
        order = (0, *(axis + 1 for axis in axes))
        return Register(
            shape, register.dtype, register, lambda x: x.transpose(order), contiguous=False
        )

    return moved(plan, node, change, pins, move)


def broadcast_to(plan: Planner, node: Node, pins: Pins) -> Change:
    """Repeat entries; differences are left to broadcast where they are used."""
    change = plan.changes[node.operands[0]]
    shape = pinned(node.shape, pins)

    def spread(register: Register) -> Register:
        lined_up: Register = lined_up_to(register, len(shape))
        if lined_up.shape == shape:
            return lined_up
        view = lambda x: np.broadcast_to(x, (len(x), *shape))  # noqa: E731  # a view like any other
        return Register(shape, register.dtype, lined_up, view, contiguous=False)

    value = None if change.value is None else spread(change.value)
    factors = change.factors
    if factors is not None:
        factors = tuple(lined_up_to(factor, len(shape)) for factor in factors)
    return Change(node, pins, value, factors)


def astype(plan: Planner, node: Node) -> Change:
    """Convert new values."""
    change = plan.changes[node.operands[0]]
    bind = lambda out, x: partial(np.copyto, out, x, casting="unsafe")  # noqa: E731  # as above
    value = plan.elementwise(
        "astype", bind, [plan.value(change)], change.shape, node.dtype, operations=0
    )
    return Change(node, change.pins, value)


def reshape(plan: Planner, node: Node) -> Change | None:
    """Lay entries out in another shape; pins stay on axes that are split or joined as a whole."""
    change = plan.changes[node.operands[0]]
    old, new = change.node.shape, node.shape
    if 0 in old:
        return None
    groups = list(_groups(old, new))
    mixed = [
        axis
        for olds, _ in groups
        for axis in olds
        if any(other not in change.pins for other in olds)
    ]
    change = plan.spread(change, mixed)
    pins: Pins = {}
    for olds, news in groups:
        if olds and olds[0] in change.pins:
            joined = plan.ravel([change.pins[a] for a in olds], [old[a] for a in olds])
            parts = [joined] if len(news) == 1 else plan.unravel(joined, [new[a] for a in news])
            pins |= dict(zip(news, parts, strict=True))
    shape = pinned(new, pins)
    return moved(plan, node, change, pins, lambda x: contiguous(plan, x).reshaped(shape))


def _groups(old: Shape, new: Shape) -> Iterator[tuple[list[int], list[int]]]:
    """Pair the shortest runs of axes that hold equally many entries, leaving out lengths of 1."""
    olds = [axis for axis, n in enumerate(old) if n != 1]
    news = [axis for axis, n in enumerate(new) if n != 1]
    while olds:
        left, right = [olds.pop(0)], [news.pop(0)]
        a, b = old[left[0]], new[right[0]]
        while a != b:
            if a < b:
                left.append(olds.pop(0))
                a *= old[left[-1]]
            else:
                right.append(news.pop(0))
                b *= new[right[-1]]
        yield left, right


def concat(plan: Planner, node: Node) -> Change:
    """Join arrays; an axis along which only one array changes may stay pinned."""
    at: int = node.static["axis"]
    changes = [plan.change(operand) for operand in node.operands]
    changed = [change for change in changes if change is not None]
    if len(changed) == 1 and at in changed[0].pins:
        before = sum(x.shape[at] for x in node.operands[: changes.index(changed[0])])
        pins = {
            axis: plan.index(np.add, pin, before) if axis == at else pin
            for axis, pin in changed[0].pins.items()
        }
        return moved(plan, node, changed[0], pins, lambda register: register)
    first = changed[0].pins
    alike = {
        axis: pin
        for axis, pin in first.items()
        if axis != at and all(change.pins.get(axis) is pin for change in changed)
    }
    operands = []
    for operand, change in zip(node.operands, changes, strict=True):
        if change is None:
            operands.append(plan.base(operand, alike))
        else:
            apart = [axis for axis in change.pins if axis not in alike]
            operands.append(plan.value(plan.spread(change, apart)))
    shapes = [pinned(operand.shape, alike) for operand in node.operands]
    value = plan.assembly.emit(
        "concat", partial(_concat, at, shapes), operands, pinned(node.shape, alike), node.dtype
    )
    return Change(node, alike, value)


def _concat(at: int, shapes: list[Shape], out: NDArray[Any], *operands: NDArray[Any]) -> Call:
    parts = [np.broadcast_to(x, (len(out), *s)) for x, s in zip(operands, shapes, strict=True)]
    return partial(np.concatenate, parts, at + 1, out)
