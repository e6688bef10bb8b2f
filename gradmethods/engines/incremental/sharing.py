"""Make constant arrays of a graph inputs, before it is compiled for perturbations."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.engines.graph import Graph, Node
from gradmethods.engines.program import share

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
    graph = share(graph)
    constants: dict[int, tuple[Node, NDArray[Any]]] = {}
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
        operands = tuple(map(operand, node.operands))
        same = all(x is y for x, y in zip(operands, node.operands, strict=True))
        new[node] = (
            node if same else Node(node.shape, node.dtype, node.primitive, operands, node.static)
        )
        order[new[node]] = None
    outputs = tuple(map(operand, graph.outputs))
    return list(order), Graph(graph.params, graph.data, outputs), dict(constants.values())
