"""How changes pass through element-wise functions, and how differences pass through linear ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.engines.graph import Node
from gradmethods.engines.incremental.changes import Change, Pins, Planner, lined_up_to, pinned
from gradmethods.engines.incremental.registers import Call, Operand, ufunc


def elementwise(plan: Planner, node: Node) -> Change:
    """Evaluate the function where operands change; pins stay where all changes share them."""
    assert node.primitive is not None
    pins = common_pins(plan, node)
    values = [value_at(plan, node, operand, pins) for operand in node.operands]
    function = node.primitive.numpy
    shape = pinned(node.shape, pins)
    register = plan.elementwise(
        node.primitive.name,
        _where if function is np.where else ufunc(function),
        values,
        shape,
        node.dtype,
        node.primitive.operations([], (1,)),
        overwrites=function is not np.where,
    )
    return Change(node, pins, register)


def common_pins(plan: Planner, node: Node) -> Pins:
    """Return the axes of an element-wise result that every changed operand has pinned alike."""
    changes = [plan.changes[parent] for parent in node.parents if parent in plan.changes]
    first, *others = changes
    if not first.pins:
        return {}
    # An operand that lacks an axis, or is repeated along it, changes all of it.
    shift = len(node.shape) - len(first.node.shape)
    pins = {axis + shift: pin for axis, pin in sorted(first.pins.items())}
    for change in others:
        if pins:
            shift = len(node.shape) - len(change.node.shape)
            pins = {a: pin for a, pin in pins.items() if change.pins.get(a - shift) is pin}
    return pins


def value_at(plan: Planner, node: Node, operand: Operand, pins: Pins) -> Operand:
    """Return an operand's values, new or base, at the pinned entries of an element-wise result."""
    if not isinstance(operand, Node):
        return operand
    own = own_pins(node, operand, pins)
    change = plan.change(operand)
    if change is None:
        return plan.base(operand, own)
    if change.pins:
        change = plan.spread(change, [axis for axis in change.pins if axis not in own])
    return plan.value(change)


def own_pins(node: Node, operand: Node, pins: Pins) -> Pins:
    """Give the pinned axes of a result an operand's own numbers, leaving out those it lacks."""
    if not pins:
        return pins
    missing = len(node.shape) - len(operand.shape)
    return {axis - missing: pin for axis, pin in pins.items() if axis >= missing}


def _where(
    out: NDArray[Any], condition: NDArray[Any], first: NDArray[Any], second: NDArray[Any]
) -> Call:
    def call() -> None:
        np.copyto(out, second)
        np.copyto(out, first, where=condition)

    return call


# -- linear functions: differences pass without their base


def _differs_only(plan: Planner, node: Node) -> tuple[int, Change] | None:
    """Return the only changed operand and its place, if its differences are at hand."""
    changed = [i for i, operand in enumerate(node.operands) if operand in plan.changes]
    if len(changed) != 1 or node.dtype.kind != "f":
        return None
    change = plan.changes[node.operands[changed[0]]]
    return None if change.factors is None else (changed[0], change)


def _negated(plan: Planner, change: Change) -> tuple[Operand, ...]:
    first, *rest = plan.factors(change)
    negated = plan.elementwise(
        "negative", ufunc(np.negative), [first], first.shape, first.dtype, operations=1
    )
    return (negated, *rest)


def add(plan: Planner, node: Node) -> Change:
    """Add; what is unchanged drops out of the difference."""
    only = _differs_only(plan, node)
    if only is None:
        return elementwise(plan, node)
    return Change(node, common_pins(plan, node), None, only[1].factors)


def negative(plan: Planner, node: Node) -> Change:
    """Negate the smaller of the factors."""
    only = _differs_only(plan, node)
    if only is None:
        return elementwise(plan, node)
    return Change(node, only[1].pins, None, _negated(plan, only[1]))


def subtract(plan: Planner, node: Node) -> Change:
    """Subtract; what is unchanged drops out of the difference."""
    only = _differs_only(plan, node)
    if only is None:
        return elementwise(plan, node)
    place, change = only
    factors = _negated(plan, change) if place else change.factors
    return Change(node, common_pins(plan, node), None, factors)


def multiply(plan: Planner, node: Node) -> Change:
    """Multiply the difference by what is unchanged, when it is asked for."""
    only = _differs_only(plan, node)
    if only is None:
        return elementwise(plan, node)
    place, change = only
    pins = common_pins(plan, node)
    factor = value_at(plan, node, node.operands[1 - place], pins)
    difference = plan.difference(change)
    return Change(node, pins, None, (lined_up_to(difference, len(node.shape)), factor))


def divide(plan: Planner, node: Node) -> Change:
    """Divide the difference by what is unchanged."""
    only = _differs_only(plan, node)
    if only is None or only[0]:
        return elementwise(plan, node)
    pins = common_pins(plan, node)
    divisor = value_at(plan, node, node.operands[1], pins)
    difference = plan.difference(only[1])
    shape = pinned(node.shape, pins)
    return Change(node, pins, None, (plan.arithmetic(np.divide, node, shape, difference, divisor),))
