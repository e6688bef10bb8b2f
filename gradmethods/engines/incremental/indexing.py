"""How changes pass through indexing, by integers, slices and arrays."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.engines.graph import Node
from gradmethods.engines.incremental.changes import Change, Pins, Planner, pinned
from gradmethods.engines.incremental.moves import Move, moved
from gradmethods.engines.incremental.registers import Call, Operand, Register
from gradmethods.xp.primitives import Hole, Shape, fill_index


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
    """Keep the differences of perturbations that lie inside, zero for the others."""
    mask = inside[0]
    for other in inside[1:]:
        mask = plan.index(np.logical_and, mask, other, dtype=bool)
    difference = move(plan.spelled_out(change))
    bind = lambda out, x, mask: partial(_keep, out, x, mask)  # noqa: E731  # a binder like any other
    kept = plan.elementwise(
        "inside",
        bind,
        [difference, mask.reshaped((1,) * len(result.shape))],
        result.shape,
        result.node.dtype,
        operations=0,
        overwrites=False,
    )
    return Change(result.node, result.pins, None, (kept,))


def _keep(out: NDArray[Any], x: NDArray[Any], mask: NDArray[Any]) -> None:
    # Not a product: outside, an infinite difference must count for nothing.
    out[...] = 0
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
