"""The table of rules: how changes pass through each primitive.

A rule writes the steps for one node and returns its change. Rules know which entries depend on
which, and nothing of derivatives: what they compute is the primitive itself, at other operands.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.engines.graph import Node
from gradmethods.engines.incremental.changes import Change, Planner
from gradmethods.engines.incremental.elementwise import (
    add,
    common_pins,
    divide,
    elementwise,
    multiply,
    negative,
    subtract,
)
from gradmethods.engines.incremental.moves import (
    astype,
    broadcast_to,
    concat,
    getitem,
    permute,
    reshape,
)
from gradmethods.engines.incremental.reductions import cumulative_sum, matmul, reduced, sum_
from gradmethods.engines.incremental.registers import Call
from gradmethods.xp.primitives import elementwise_shape

Rule = Callable[[Planner, Node], Change]


def apply(plan: Planner, node: Node) -> Change:
    """Write the steps that carry the changes of its operands to a node."""
    assert node.primitive is not None
    rule = RULES.get(node.primitive.name)
    if rule is None:
        rule = elementwise if node.primitive.shape is elementwise_shape else one_by_one
    return rule(plan, node)


def one_by_one(plan: Planner, node: Node) -> Change:
    """Evaluate a node for one perturbation after another."""
    assert node.primitive is not None
    changes = [plan.change(operand) for operand in node.operands]
    operands = [
        plan.base(operand, {}) if change is None else plan.full(change)
        for operand, change in zip(node.operands, changes, strict=True)
    ]
    function = partial(node.primitive.numpy, **node.static)
    bind = partial(_one_by_one, function, tuple(change is not None for change in changes))
    value = plan.assembly.emit(
        node.primitive.name, bind, operands, node.shape, node.dtype, operations=node.operations
    )
    return Change(node, {}, value)


def _one_by_one(
    function: Callable[..., Any], changed: tuple[bool, ...], out: NDArray[Any], *operands: Any
) -> Call:
    def call() -> None:
        for i in range(len(out)):
            out[i] = function(*(x[i] if c else x for x, c in zip(operands, changed, strict=True)))

    return call


RULES: dict[str, Rule] = {
    "add": add,
    "subtract": subtract,
    "negative": negative,
    "multiply": multiply,
    "divide": divide,
    "sum": sum_,
    "max": lambda plan, node: reduced(plan, node, np.maximum.reduce),
    "min": lambda plan, node: reduced(plan, node, np.minimum.reduce),
    "cumulative_sum": cumulative_sum,
    "matmul": matmul,
    "permute_dims": permute,
    "reshape": lambda plan, node: reshape(plan, node) or one_by_one(plan, node),
    "broadcast_to": lambda plan, node: broadcast_to(plan, node, common_pins(plan, node)),
    "getitem": lambda plan, node: getitem(plan, node) or one_by_one(plan, node),
    "concat": concat,
    "astype": astype,
}
"""Primitives that are not here are element-wise, or taken for one perturbation after another."""
