"""How changes pass through moves of entries and indexing: no arithmetic, and views if possible."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.engines.graph import Node
from gradmethods.engines.incremental.changes import Change, Pins, Planner, lined_up_to, pinned
from gradmethods.engines.incremental.registers import Call, Operand, Register
from gradmethods.xp.primitives import Hole, Shape, fill_index

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


def getitem(plan: Planner, node: Node) -> Change | None:
    """Take entries; None if the index itself changes."""
    x, *where = node.operands
    if any(plan.change(w) is not None for w in where):
        return None
    index: tuple[Any, ...] = node.static["index"]
    change = plan.changes[x]
    if any(isinstance(part, Hole) for part in index):
        return _take_by_arrays(plan, node, change, [plan.base(w, {}) for w in where])
    if 0 in node.shape or 0 in x.shape or change.node.dtype.kind != "f":
        change = plan.spread(change, change.pins)
    return _take_basic(plan, node, change)


def _take_by_arrays(plan: Planner, node: Node, change: Change, where: list[Operand]) -> Change:
    index: tuple[Any, ...] = node.static["index"]
    arrays = [i for i, part in enumerate(index) if isinstance(part, (Hole, int))]
    together = arrays == list(range(arrays[0], arrays[-1] + 1))
    ndim = max(len(w.shape) for w in node.operands[1:])

    def bind(out: NDArray[Any], x: NDArray[Any], *indices: NDArray[Any]) -> Call:
        key = (slice(None), *fill_index(index, indices))
        # NumPy puts the axes of arrays that stand apart first, before the perturbations' axis.
        target = out if together else np.moveaxis(out, 0, ndim)

        def call() -> None:
            target[...] = x[key]

        return call

    value = plan.assembly.emit("getitem", bind, [plan.full(change), *where], node.shape, node.dtype)
    return Change(node, {}, value)


def _take_basic(plan: Planner, node: Node, change: Change) -> Change:
    """Take by integers and slices; what a perturbation touches may lie outside."""
    inside: list[Register] = []
    pins: Pins = {}
    key: list[Any] = []
    axis = place = 0
    for part in _expanded(node.static["index"], len(change.node.shape)):
        if part is None:
            key.append(None)
            place += 1
            continue
        pin, length = change.pins.get(axis), change.node.shape[axis]
        axis += 1
        if pin is None:
            key.append(part)
        elif isinstance(part, int):
            key.append(0)
            inside.append(plan.index(np.equal, pin, part % length, dtype=bool))
        else:
            key.append(slice(None))
            taken = range(length)[part]
            if len(taken) == length and taken.step == 1:
                pins[place] = pin
            else:
                pins |= _pin_in_slice(plan, pin, taken, place, inside)
        place += not isinstance(part, int)
    shape = pinned(node.shape, pins)
    result = moved(plan, node, change, pins, partial(_view, tuple(key), shape))
    if not inside:
        return result
    return _masked(plan, change, result, inside, partial(_view, tuple(key), shape))


def _pin_in_slice(
    plan: Planner, pin: Register, taken: range, place: int, inside: list[Register]
) -> Pins:
    """Find the index within a slice, and note which perturbations lie inside it."""
    offset = plan.index(np.subtract, pin, taken.start)
    index = plan.index(np.floor_divide, offset, taken.step)
    last = plan.index(np.minimum, index, len(taken) - 1)
    bounded = plan.index(np.maximum, last, 0)
    again = plan.index(np.add, plan.index(np.multiply, bounded, taken.step), taken.start)
    inside.append(plan.index(np.equal, again, pin, dtype=bool))
    return {place: bounded} if len(taken) > 1 else {}


def _masked(
    plan: Planner, change: Change, result: Change, inside: list[Register], move: Move
) -> Change:
    """Keep what perturbations change that lie inside: the others leave base values."""
    mask = inside[0]
    for other in inside[1:]:
        mask = plan.index(np.logical_and, mask, other, dtype=bool)
    node, shape, value = result.node, result.shape, change.value
    bind = lambda out, *operands: partial(_keep, out, *operands)  # noqa: E731  # a binder like any other

    def kept(x: Register, outside: Operand) -> Register:
        operands = [move(x), mask.reshaped((1,) * len(shape)), outside]
        return plan.elementwise(
            "inside", bind, operands, shape, node.dtype, operations=0, overwrites=False
        )

    difference = kept(plan.spelled_out(change), node.dtype.type(0))
    make = None if value is None else lambda: kept(value, plan.base(node, result.pins))
    return Change(node, result.pins, None, (difference,), make)


def _keep(out: NDArray[Any], x: NDArray[Any], mask: NDArray[Any], outside: Any) -> None:
    # Not a product: outside, an infinite difference must count for nothing.
    out[...] = outside
    np.copyto(out, x, where=mask)


def _expanded(index: tuple[Any, ...], ndim: int) -> list[Any]:
    """Write an index with a part for every axis, beside those that make new ones."""
    given = sum(part is not None and part is not Ellipsis for part in index)
    fill = [slice(None)] * (ndim - given)
    if Ellipsis not in index:
        return [*index, *fill]
    at = index.index(Ellipsis)
    return [*index[:at], *fill, *index[at + 1 :]]


def _view(key: tuple[Any, ...], shape: Shape, register: Register) -> Register:
    if math.prod(shape) == math.prod(register.shape) and not _reverses(key):
        return register.reshaped(shape) if register.contiguous else _indexed(key, shape, register)
    return _indexed(key, shape, register)


def _reverses(key: tuple[Any, ...]) -> bool:
    return any(isinstance(part, slice) and (part.step or 1) < 0 for part in key)


def _indexed(key: tuple[Any, ...], shape: Shape, register: Register) -> Register:
    return Register(
        shape, register.dtype, register, lambda x: x[(slice(None), *key)], contiguous=False
    )
