"""Make equal nodes one, and constants inputs, before a graph is compiled."""

from __future__ import annotations

from operator import is_not
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.engines.graph import Graph, Node

Constants = dict[Node, NDArray[Any]]


def shared(graph: Graph) -> tuple[list[Node], Graph, Constants]:
    """Return the same graph with nodes for its constant arrays, and no two nodes alike.

    Returns
    -------
    nodes : list of Node
        All that the loss depends on, operands before their uses.
    graph : Graph
        The inputs and outputs.
    constants : dict of Node to numpy.ndarray
        Values of the nodes that are neither parameters nor data.
    """
    constants: dict[int, tuple[Node, NDArray[Any]]] = {}
    unique: dict[tuple[Any, ...], Node] = {}
    new: dict[Node, Node] = {}
    order: dict[Node, None] = {}

    def operand(x: Any) -> Any:
        if isinstance(x, Node):
            return new[x]
        if not isinstance(x, np.ndarray):
            return x
        if id(x) not in constants:
            node = Node(x.shape, x.dtype, name="constant")
            constants[id(x)] = node, x
            order[node] = None
        return constants[id(x)][0]

    for node in graph.nodes():
        new[node] = node
        if node.primitive is not None:
            operands = tuple(map(operand, node.operands))
            key = (node.primitive.name, *map(_key, operands), repr(node.static))
            new[node] = unique.setdefault(key, node)
            if new[node] is node and any(map(is_not, operands, node.operands)):
                again = Node(node.shape, node.dtype, node.primitive, operands, node.static)
                new[node] = unique[key] = again
        order[new[node]] = None
    outputs = tuple(map(operand, graph.outputs))
    return list(order), Graph(graph.params, graph.data, outputs), dict(constants.values())


def _key(operand: Any) -> Any:
    # 1, 1.0 and True are equal, and not the same operand.
    return operand if isinstance(operand, Node) else (type(operand), repr(operand))
