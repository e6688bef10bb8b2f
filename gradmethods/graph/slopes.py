"""Which slopes may be infinite or undefined, found from a graph before anything runs.

A branch that nothing selects may hold an infinity or NaN, or stand where a slope is infinite, and
the loss is as smooth as ever. What derivative rules multiply there has to be kept apart from
numbers, at a cost; this module finds the few places where it can matter. Parameters are taken to
be finite, and so are sums and products of finite numbers. Data are finite unless they are named.

A value is *exposed* if the loss could not be finite without it: no selection and no bounded
function, such as exp at −∞, stands between. An exposed value counts as finite, because where it is
not there is no gradient to spoil.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.graph.graph import Graph, Node

STEEP = frozenset({"sqrt", "asin", "acos", "acosh", "hypot", "atan2", "pow"})
"""Primitives whose slope can be infinite or undefined where their value is finite; that of all
others is finite wherever their value is."""

UNBOUNDED = frozenset({
    "divide", "reciprocal", "pow", "sqrt", "exp", "expm1", "log", "log1p", "log2", "log10",
    "sinh", "cosh", "asin", "acos", "acosh", "atanh",
})  # fmt: skip
"""Primitives that make an infinity or NaN of finite numbers."""

PASSING = frozenset({
    "negative", "add", "subtract", "where", "sum", "cumulative_sum", "reshape", "permute_dims",
    "broadcast_to", "getitem", "scatter_add", "astype", "concat",
})  # fmt: skip
"""Primitives whose slopes are 0, 1 and −1 whatever the values are."""

EXPOSING = frozenset({
    "negative", "add", "subtract", "multiply", "square", "sqrt", "hypot", "log", "log1p", "log2",
    "log10", "sin", "cos", "tan", "asin", "acos", "sinh", "cosh", "asinh", "acosh", "atanh", "abs",
    "sum", "cumulative_sum", "matmul", "reshape", "permute_dims", "broadcast_to", "astype",
    "concat", "scatter_add",
})  # fmt: skip
"""Primitives whose result is not finite where an entry of an operand is not."""

SELECTING = frozenset({"where", "maximum", "minimum", "max", "min", "getitem"})
"""Primitives that pass on some entries of their operands and not others."""


def unbounded(data: Mapping[str, NDArray[Any]]) -> frozenset[str]:
    """Return the names of arrays that hold an infinity or NaN."""
    return frozenset(name for name, x in data.items() if not np.isfinite(x).all())


class Slopes:
    """What is known of the slopes of a graph, wherever it is evaluated.

    Parameters
    ----------
    graph : Graph
        With the loss as its first output.
    unbounded : collection of str
        Names of data that hold infinities or NaN.

    Attributes
    ----------
    active : set of Node
        Floating-point values that depend on a parameter.
    risky : set of Node
        Those at or below which a slope may be infinite or undefined.
    sharp : set of Node
        Those above which one may be: their cotangents need not be finite.
    """

    def __init__(self, graph: Graph, unbounded: Collection[str] = ()) -> None:
        nodes = graph.nodes()
        exposed = _exposed(graph, nodes)
        self.active = set(graph.params.values())
        self.risky: set[Node] = set()
        self._finite = {node for name, node in graph.data.items() if name not in unbounded}
        self._finite |= self.active
        for node in nodes:
            if node.primitive is None:
                continue
            active = [x for x in node.parents if x in self.active]
            if node.dtype.kind != "f" or node in exposed or self._maps_finite(node):
                self._finite.add(node)
            if node.dtype.kind == "f" and active:
                self.active.add(node)
                if not self.risky.isdisjoint(active) or not self.are_finite(node):
                    self.risky.add(node)
        self.sharp: set[Node] = set()
        for node in reversed(nodes):
            if node in self.active and (node in self.sharp or not self.are_finite(node)):
                self.sharp.update(x for x in node.parents if x in self.active)

    def is_finite(self, operand: Any) -> bool:
        """Say whether a value is finite at all finite inputs at which the loss is."""
        if isinstance(operand, Node):
            return operand in self._finite
        return bool(np.isfinite(operand).all())

    def are_finite(self, node: Node) -> bool:
        """Say whether the slopes of a node are finite at all finite inputs at which the loss is."""
        if node.primitive is None or node.primitive.name in PASSING:
            return True
        name = node.primitive.name
        return node in self._finite and (name not in STEEP or _power(node) in ("flat", "growing"))

    def selects(self, node: Node, position: int) -> bool:
        """Say whether entries of an operand can be without effect on a node, whatever they are.

        Besides selections these are factors that depend on no parameter: where such a factor is 0,
        the product is constant.
        """
        assert node.primitive is not None
        name = node.primitive.name
        factor = {"multiply": 1 - position, "matmul": 1 - position, "divide": 0, "pow": 1}.get(name)
        if factor is None or factor == position:
            return name in SELECTING
        other = node.operands[factor]
        if isinstance(other, Node):
            return other not in self.active
        return not np.all(other)

    def traps(self) -> bool:
        """Say whether a slope that may be infinite can meet entries without effect."""
        return any(
            self.selects(node, position) and (operand in self.risky or node in self.sharp)
            for node in self.active
            for position, operand in enumerate(node.operands)
            if isinstance(operand, Node) and operand in self.active
        )

    def _maps_finite(self, node: Node) -> bool:
        """Say whether the value of a node is finite because its operands are."""
        assert node.primitive is not None
        name, operands = node.primitive.name, node.operands
        harmless = name not in UNBOUNDED or _power(node) == "flat"
        if name == "divide" and not isinstance(operands[1], Node):
            harmless = bool(np.all(operands[1]))
        return harmless and all(map(self.is_finite, operands))


def _power(node: Node) -> str:
    """Tell powers apart by their exponent: some are products, some steep at 0, some grow."""
    assert node.primitive is not None
    exponent = node.operands[1] if node.primitive.name == "pow" else None
    if not isinstance(exponent, (int, float)):
        return ""
    if exponent in (0, 1, 2):
        return "flat"
    return "" if 0 < exponent < 1 or math.isnan(exponent) else "growing"


def _exposed(graph: Graph, nodes: list[Node]) -> set[Node]:
    exposed = {x for x in graph.outputs[:1] if isinstance(x, Node)}
    for node in reversed(nodes):
        if node in exposed and node.primitive is not None:
            name = node.primitive.name
            if name in EXPOSING:
                exposed.update(node.parents)
            elif name == "divide" and isinstance(node.operands[0], Node):
                exposed.add(node.operands[0])
    return exposed
