"""Rebuild a graph from its inputs upwards, each node first offered to a rewrite.

The rewrites themselves are in `simplify`; here equal nodes become one, and operands that were only
repeated to a larger shape become small again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from gradmethods.graph import Graph, Node, Recorder
from gradmethods.graph.graph import key
from gradmethods.graph.quotients import Operand, is_node
from gradmethods.primitives import TABLE, Primitive, elementwise_shape
from gradmethods.tape.patterns import SIGMOID

Rewrites = Mapping[str, Callable[["Rebuild", Node], Operand | None]]
"""By the name of a primitive: what to put in place of a node, or None to leave it."""


class Rebuild:
    """One pass over a graph: old nodes to new operands, equal ones shared.

    Parameters
    ----------
    graph : Graph
        The graph.
    rewrites : mapping of str to callable
        What may become of the nodes.
    kept : set of Node
        Nodes that only rewrites of patterns may touch, which have no function of their own.
    """

    def __init__(self, graph: Graph, rewrites: Rewrites, kept: frozenset[Node]) -> None:
        self._rewrites = rewrites
        self._recorder = Recorder()
        self._unique: dict[tuple[Any, ...], Node] = {}
        self._new: dict[Node, Operand] = {
            node: node for inputs in (graph.params, graph.data) for node in inputs.values()
        }
        nodes = graph.nodes()
        self._uses = Counter(parent for node in _users(nodes) for parent in node.parents)
        self._uses.update(x for x in graph.outputs if isinstance(x, Node))
        for node in nodes:
            if node.primitive is not None:
                operands = [self._new[x] if isinstance(x, Node) else x for x in node.operands]
                make = self._remake if node in kept else self.make
                new = make(node.primitive, *operands, **node.static)
                self._new[node] = new
                if isinstance(new, Node):
                    self._uses[new] += self._uses[node]
        outputs = tuple(self._new[x] if isinstance(x, Node) else x for x in graph.outputs)
        self.graph = Graph(graph.params, graph.data, outputs)

    def make(self, which: Primitive | str, *operands: Operand, **static: Any) -> Operand:
        """Apply a primitive, simplified."""
        primitive = TABLE[which] if isinstance(which, str) else which
        node = self._recorder.apply(primitive, list(operands), static)
        if primitive.shape is elementwise_shape:
            node = self._narrow(node)
        return self.replace(node)

    def _remake(self, primitive: Primitive, *operands: Operand, **static: Any) -> Operand:
        """Apply a primitive as it is."""
        if primitive.name not in TABLE:
            return self.make(primitive, *operands, **static)
        node = self._recorder.apply(primitive, list(operands), static)
        return self._unique.setdefault(key(node), node)

    def replace(self, node: Node) -> Operand:
        """Return what a rewrite makes of a node, or the one node that is equal to it."""
        assert node.primitive is not None
        rewrite = self._rewrites.get(node.primitive.name)
        replacement = rewrite(self, node) if rewrite else None
        if replacement is not None:
            return replacement
        return self._unique.setdefault(key(node), node)

    def used_once(self, node: Node) -> bool:
        """Say whether folding a node into its only use loses nothing."""
        return self._uses[node] <= 1

    def _narrow(self, node: Node) -> Node:
        """Let an element-wise function broadcast by itself, where its operands allow."""
        assert node.primitive is not None
        for i, operand in enumerate(node.operands):
            operands = [*node.operands[:i], _small(operand), *node.operands[i + 1 :]]
            if operands[i] is operand or all(isinstance(x, (int, float)) for x in operands):
                continue
            narrow = self._recorder.apply(node.primitive, operands, dict(node.static))
            if narrow.shape == node.shape and narrow.dtype == node.dtype:
                node = narrow
        return node


def _users(nodes: list[Node]) -> Iterator[Node]:
    """Return the nodes that use their operands; a sigmoid begins with a negation, and shares it."""
    negated: set[Node] = set()
    for node in nodes:
        if is_node(node, "negative", SIGMOID.name):
            if negated.issuperset(node.parents):
                continue
            negated.update(node.parents)
        yield node


def _small(operand: Operand) -> Operand:
    """Undo a repetition: a broadcast, or a constant array of one floating number."""
    if is_node(operand, "broadcast_to"):
        return operand.operands[0]
    if isinstance(operand, np.ndarray) and operand.size and operand.dtype.kind == "f":
        first = operand.flat[0]
        if (operand == first).all() and (np.signbit(operand) == np.signbit(first)).all():
            return float(first)
    return operand
