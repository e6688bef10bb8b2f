"""A namespace that knows what its payloads were made of, and finds patterns among them."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from gradmethods.engines.graph.complements import Complements
from gradmethods.engines.graph.graph import Node, key
from gradmethods.engines.graph.quotients import MOST_TERMS, QUOTIENTS
from gradmethods.engines.graph.record import Recorder
from gradmethods.xp import Namespace
from gradmethods.xp.primitives import TABLE, Primitive


class Recognising(Namespace):
    """The base of namespaces whose slopes come from other values than those of the loss.

    A payload has a node, and a node one payload: what is computed twice is computed once.
    """

    longest: float = MOST_TERMS
    overflows = False
    """Whether slopes that only overflow would spoil are looked for."""
    inherited = True
    """Whether what is computed of better values has a better value for that."""
    refines = True
    """Whether better values are looked for at all."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew, without payloads."""
        self._recorder = Recorder()
        self._nodes: dict[Any, Node] = {}
        self._payloads: dict[Node, Any] = {}
        self._complements = Complements(self, inherited=self.inherited)

    @abstractmethod
    def compute(
        self, primitive: Primitive, payloads: list[Any], static: dict[str, Any], node: Node
    ) -> Any:
        """Return the payload that `node` describes."""

    @abstractmethod
    def refine(self, payload: Any, better: Any) -> Any:
        """Return the payload of a value for which slopes take a better one."""

    def apply(self, primitive: Primitive, payloads: list[Any], static: dict[str, Any]) -> Any:
        """Apply a primitive, or what stands for it: shape and dtype follow as in a graph."""
        operands = [p if self.is_constant(p) else self._node(p) for p in payloads]
        return self._payloads[self._made(primitive, operands, static)]

    def make(self, which: Primitive | str, *operands: Any, **static: Any) -> Any:
        """Apply a primitive to nodes, each of which has its payload."""
        return self._made(TABLE[which] if isinstance(which, str) else which, list(operands), static)

    def logarithm(self, node: Node) -> Node | None:
        """Return the better value of a logarithm; namespaces may put that off: few are needed."""
        better: Node = self._complements.of(node)
        return None if better is node else better

    def beside(self, x: Node) -> None:
        """Return 1 - x of primitives that no loss names: there are none here."""

    def _made(self, primitive: Primitive, operands: list[Any], static: dict[str, Any]) -> Node:
        node = self._recorder.apply(primitive, operands, static)
        node = self._nodes.setdefault(key(node), node)
        if node not in self._payloads:
            pattern = QUOTIENTS.get(primitive.name)
            found = pattern(self, node, overflows=self.overflows) if pattern else None
            if found is None:
                payloads = [self._payloads.get(x) if isinstance(x, Node) else x for x in operands]
                self._payloads[node] = self.compute(primitive, payloads, static, node)
            else:
                self._payloads[node] = self._payloads[found]
            better = self._complements.note(node) if self.refines else None
            if better is None and self.refines and primitive.name == "log":
                better = self.logarithm(node)
            if better is not None:
                self._payloads[node] = self.refine(self._payloads[node], self._payloads[better])
            self._nodes.setdefault(id(self._payloads[node]), node)
        return node

    def _node(self, payload: Any) -> Node:
        node = self._nodes.get(id(payload))
        if node is None:
            node = self._nodes[id(payload)] = Node(self.shape_of(payload), self.dtype_of(payload))
            self._payloads[node] = payload
        return node
