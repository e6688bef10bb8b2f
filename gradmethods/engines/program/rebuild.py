"""Rebuild a graph from its inputs upwards, each node first offered to a rewrite.

The rewrites themselves are in `simplify`; here equal nodes become one, and operands that were only
repeated to a larger shape become small again.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from gradmethods.engines.graph import Graph, Node, Recorder
from gradmethods.engines.graph.graph import key
from gradmethods.engines.graph.quotients import Operand
from gradmethods.xp.primitives import TABLE, Primitive, elementwise_shape
from gradmethods.xp.primitives.recognised import SIGMOID

BROADCAST, NEGATIVE = TABLE["broadcast_to"], TABLE["negative"]

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

    longest = math.inf

    def __init__(self, graph: Graph, rewrites: Rewrites, kept: frozenset[Node]) -> None:
        self._rewrites = rewrites
        self._recorder = Recorder()
        self._unique: dict[tuple[Any, ...], Node] = {}
        self._new: dict[Node, Operand] = {
            node: node for inputs in (graph.params, graph.data) for node in inputs.values()
        }
        nodes = graph.nodes()
        uses = Counter(parent for node in _users(nodes) for parent in node.parents)
        uses.update(x for x in graph.outputs if isinstance(x, Node))
        self._uses = {node: uses[node] for node in self._new}
        changed: set[Node] = set()
        for node in nodes:
            if node.primitive is not None:
                same = changed.isdisjoint(node.parents)
                new = self._offer(node if same else self._renewed(node), kept=node in kept)
                self._new[node] = new
                if new is not node:
                    changed.add(node)
                if type(new) is Node:
                    self._uses[new] = self._uses.get(new, 0) + uses[node]
        outputs = tuple(self._new[x] if isinstance(x, Node) else x for x in graph.outputs)
        self.graph = Graph(graph.params, graph.data, outputs)

    def became(self, node: Node) -> Operand:
        """Return what took the place of a node of the old graph."""
        return self._new[node]

    def make(self, which: Primitive | str, *operands: Operand, **static: Any) -> Operand:
        """Apply a primitive, simplified."""
        primitive = TABLE[which] if isinstance(which, str) else which
        return self._offer(self._recorder.apply(primitive, list(operands), static))

    def replace(self, node: Node) -> Operand:
        """Return what a rewrite makes of a node, or the one node that is equal to it."""
        assert node.primitive is not None
        rewrite = self._rewrites.get(node.primitive.name)
        replacement = rewrite(self, node) if rewrite else None
        if replacement is not None:
            return replacement
        return self._unique.setdefault(key(node), node)

    def _offer(self, node: Node, *, kept: bool = False) -> Operand:
        """Return what becomes of a node whose operands are new; of kept ones only equal ones."""
        primitive = node.primitive
        assert primitive is not None
        if kept and primitive.name in TABLE:
            return self._unique.setdefault(key(node), node)
        return self.replace(self._narrow(node) if primitive.shape is elementwise_shape else node)

    def _renewed(self, node: Node) -> Node:
        """Apply the primitive of an old node to new operands."""
        primitive = node.primitive
        assert primitive is not None
        operands, alike = [], True
        for operand in node.operands:
            if type(operand) is not Node:
                operands.append(operand)
                continue
            new = self._new[operand]
            operands.append(new)
            if new is not operand:
                alike = alike and _is_like(new, operand)
        if alike:  # so are shape and dtype of the result
            return Node(node.shape, node.dtype, primitive, tuple(operands), node.static)
        return self._recorder.apply(primitive, operands, dict(node.static))

    def used_once(self, node: Node) -> bool:
        """Say whether folding a node into its only use loses nothing."""
        return self._uses.get(node, 0) <= 1

    def _narrow(self, node: Node) -> Node:
        """Let an element-wise function broadcast by itself, where its operands allow."""
        assert node.primitive is not None
        for i, operand in enumerate(node.operands):
            if type(operand) is Node and operand.primitive is not BROADCAST:
                continue
            small = _small(operand)
            if small is operand:
                continue
            operands = [*node.operands[:i], small, *node.operands[i + 1 :]]
            if all(isinstance(x, (int, float)) for x in operands):
                continue
            narrow = self._recorder.apply(node.primitive, operands, dict(node.static))
            if narrow.shape == node.shape and narrow.dtype == node.dtype:
                node = narrow
        return node


def _users(nodes: Sequence[Node]) -> Iterator[Node]:
    """Return the nodes that use their operands; a sigmoid begins with a negation, and shares it."""
    negated: set[Node] = set()
    for node in nodes:
        if node.primitive is NEGATIVE or node.primitive is SIGMOID:
            if negated.issuperset(node.parents):
                continue
            negated.update(node.parents)
        yield node


def _is_like(x: Operand, y: Node) -> bool:
    return type(x) is Node and x.shape == y.shape and x.dtype == y.dtype


def _small(operand: Operand) -> Operand:
    """Undo a repetition: a broadcast, or a constant array of one floating number."""
    if isinstance(operand, Node):
        return operand.operands[0] if operand.primitive is BROADCAST else operand
    if isinstance(operand, np.ndarray) and operand.size and operand.dtype.kind == "f":
        first = operand.flat[0]
        if (operand == first).all() and (np.signbit(operand) == np.signbit(first)).all():
            return float(first)
    return operand
