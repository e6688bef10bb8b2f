"""How changes pass through reductions over axes."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.engines.graph import Node
from gradmethods.engines.incremental.changes import Change, Pins, Planner
from gradmethods.engines.incremental.registers import Call, Register
from gradmethods.xp.primitives import reduced_shape


def sum_(plan: Planner, node: Node) -> Change:
    """Sum; over a pinned axis, the sum differs by what its one entry differs by."""
    change = plan.changes[node.operands[0]]
    axes: tuple[int, ...] = node.static["axis"]
    if any(axis in change.pins for axis in axes):
        if change.node.dtype.kind != "f":
            return reduced(plan, node, np.add.reduce)
        return _summed(plan, node, change, plan.spelled_out(change))
    if change.value is None:
        return _summed(plan, node, change, plan.spelled_out(change))
    return reduced(plan, node, np.add.reduce)


def _summed(plan: Planner, node: Node, change: Change, difference: Register) -> Change:
    pins = _kept_pins(node, change)
    return Change(node, pins, None, (_reduce(plan, node, np.add.reduce, difference),))


def reduced(plan: Planner, node: Node, function: Callable[..., Any]) -> Change:
    """Reduce new values over axes that have all entries."""
    change = plan.spread(plan.changes[node.operands[0]], node.static["axis"])
    value = _reduce(plan, node, function, plan.value(change))
    return Change(node, _kept_pins(node, change), value)


def _kept_pins(node: Node, change: Change) -> Pins:
    axes = node.static["axis"]
    if node.static["keepdims"]:
        return {axis: pin for axis, pin in change.pins.items() if axis not in axes}
    kept = [axis for axis in range(len(change.node.shape)) if axis not in axes]
    return {kept.index(axis): pin for axis, pin in change.pins.items() if axis not in axes}


def _reduce(
    plan: Planner, node: Node, function: Callable[..., Any], register: Register
) -> Register:
    assert node.primitive is not None
    axes: tuple[int, ...] = node.static["axis"]
    shape = reduced_shape(register, axis=axes, keepdims=node.static["keepdims"])
    whole = register.contiguous and register.dtype == node.dtype
    if whole and math.prod(register.shape) == math.prod(shape) > 0:
        return register.reshaped(shape)
    flat = register.contiguous and math.prod(shape) == 1 < math.prod(register.shape)
    if flat:
        register, axes = register.reshaped((math.prod(register.shape),)), (0,)
    bind = partial(_bind_reduction, function, tuple(axis + 1 for axis in axes))
    reduced = plan.assembly.emit(
        node.primitive.name,
        bind,
        [register],
        reduced_shape(register, axis=axes, keepdims=False),
        node.dtype,
        operations=node.primitive.operations([register.shape], shape),
    )
    return reduced.reshaped(shape)


def _bind_reduction(
    function: Callable[..., Any], axes: tuple[int, ...], out: NDArray[Any], x: NDArray[Any]
) -> Call:
    return partial(function, x, axes[0] if len(axes) == 1 else axes, None, out)


def cumulative_sum(plan: Planner, node: Node) -> Change:
    """Add up along an axis, which must have all entries."""
    axis = node.static["axis"]
    change = plan.spread(plan.changes[node.operands[0]], [axis])
    value = plan.assembly.emit(
        "cumulative_sum",
        lambda out, x: partial(np.add.accumulate, x, axis + 1, None, out),
        [plan.value(change)],
        change.shape,
        node.dtype,
        operations=math.prod(change.shape),
    )
    return Change(node, change.pins, value)
