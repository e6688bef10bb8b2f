"""The order in which a program computes its nodes."""

from __future__ import annotations

from gradmethods.engines.graph import Graph, Node
from gradmethods.engines.graph.graph import topological


def schedule(graph: Graph) -> list[Node]:
    """Order a graph's nodes, operands before their uses, so that values die early.

    Outputs of few steps come first. In backpropagation these are the gradients of the last layers:
    each is finished before the sweep goes on, so that what it read can be overwritten.
    """
    steps: dict[Node, int] = {}
    for node in graph.nodes():
        steps[node] = 1 + max([steps[parent] for parent in node.parents], default=0)
    outputs = [x for x in graph.outputs if isinstance(x, Node)]
    return topological(sorted(outputs, key=lambda node: steps[node]))  # stable
