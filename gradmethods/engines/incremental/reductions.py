"""How changes pass through sums: reductions over axes, and matrix products.

Products are where most of the saving is. If the axis that is summed over is pinned, the product
differs by a column times a row: base + change ⊗ row. If only the others are pinned, they stay so in
the product of the new values.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.engines.graph import Node
from gradmethods.engines.incremental.changes import Change, Pins, Planner, lined_up_to, pinned
from gradmethods.engines.incremental.registers import Base, Call, Operand, Register, ufunc
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


def matmul(plan: Planner, node: Node) -> Change:
    """Multiply matrices, one or both of which change."""
    left, right = (plan.change(operand) for operand in node.operands)
    if left is not None and right is not None:
        operands = [lined_up_to(plan.full(change), len(node.shape)) for change in (left, right)]
        return Change(node, {}, _emit(plan, node, ufunc(np.matmul), operands, node.shape))
    side = 0 if left is not None else 1
    change = left or right
    assert change is not None
    other = node.operands[1 - side]
    inner = len(change.node.shape) - 1 - side
    real = node.dtype.kind == change.node.dtype.kind == "f"
    if not real:
        change = plan.spread(change, [inner])
    pins = {
        axis + len(node.shape) - len(change.node.shape): pin
        for axis, pin in change.pins.items()
        if axis != inner
    }
    factor = plan.base(other, _others_pins(node, change, side, pins))
    if real and (inner in change.pins or change.node.shape[inner] == 1):
        difference = lined_up_to(plan.difference(change), len(node.shape))
        return Change(node, pins, None, (difference, lined_up_to(factor, len(node.shape))))
    if change.value is None:
        difference = plan.spelled_out(change)
        return Change(node, pins, None, (_product(plan, node, side, difference, factor, pins),))
    return Change(node, pins, _product(plan, node, side, plan.value(change), factor, pins))


def _others_pins(node: Node, change: Change, side: int, pins: Pins) -> Pins:
    """Return which entries of the unchanged operand meet the pinned ones of the changed one."""
    other = node.operands[1 - side]
    shift = len(node.shape) - len(other.shape)
    batch = range(len(node.shape) - 2)
    held = {axis - shift: pin for axis, pin in pins.items() if axis in batch and axis >= shift}
    pin = change.pins.get(len(change.node.shape) - 1 - side)
    if pin is not None:
        held[len(other.shape) - 2 + side] = pin
    return held


def _product(
    plan: Planner, node: Node, side: int, changed: Register, factor: Operand, pins: Pins
) -> Register:
    """Multiply new values, or differences, by what is unchanged."""
    shape = pinned(node.shape, pins)
    some = math.prod(shape) > 0 and math.prod(changed.shape) > 0  # of none, rows cannot be counted
    plain = some and isinstance(factor, Base) and len(factor.node.shape) == 2
    if plain and changed.contiguous and side == 0:
        return _emit(plan, node, _rows_times_matrix, [changed, factor], shape)
    if plain and changed.contiguous and len(changed.shape) == 2 and changed.shape[1] == 1:
        return _emit(plan, node, _matrix_times_columns, [changed, factor], shape, changed.shape[0])
    if isinstance(factor, Register):
        factor = lined_up_to(factor, len(shape))
    operands = [lined_up_to(changed, len(shape)), factor]
    if side:
        operands.reverse()
    return _emit(plan, node, ufunc(np.matmul), operands, shape)


def _emit(
    plan: Planner,
    node: Node,
    bind: Any,
    operands: list[Operand],
    shape: tuple[int, ...],
    inner: int | None = None,
) -> Register:
    length = node.operands[0].shape[-1] if inner is None else inner
    operations = math.prod(shape) * max(2 * length - 1, 0)
    return plan.assembly.emit("matmul", bind, operands, shape, node.dtype, operations=operations)


def _rows_times_matrix(out: NDArray[Any], x: NDArray[Any], matrix: NDArray[Any]) -> Call:
    # One product for the whole block: the rows of all perturbations lie under each other.
    inner, columns = matrix.shape
    return partial(np.dot, x.reshape(-1, inner), matrix, out.reshape(-1, columns))


def _matrix_times_columns(out: NDArray[Any], x: NDArray[Any], matrix: NDArray[Any]) -> Call:
    rows, inner = matrix.shape
    return partial(np.dot, x.reshape(-1, inner), matrix.T, out.reshape(-1, rows))
