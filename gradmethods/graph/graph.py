"""The computational graph of a loss: a node per intermediate value, an edge per use.

A graph is data. It can be evaluated by NumPy and counted here; the rooms above differentiate and
compile it. No derivative rule is known in this folder.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradmethods.primitives import Primitive


@dataclass(eq=False, slots=True)
class Node:
    """A value in a graph: an input, or a primitive applied to operands; never written to.

    It is not frozen, because to make frozen objects takes twice as long, and recording makes many.

    Attributes
    ----------
    shape, dtype : tuple of int, numpy.dtype
        Of the value.
    primitive : Primitive or None
        None for an input.
    operands : tuple
        Nodes, constant arrays and Python scalars.
    static : dict
        Arguments of the primitive that are not arrays: axes, shapes, indices.
    name : str
        Of an input; empty otherwise.
    parents : tuple of Node
        The operands that are nodes.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    primitive: Primitive | None = None
    operands: tuple[Any, ...] = ()
    static: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    parents: tuple[Node, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.parents = tuple([x for x in self.operands if isinstance(x, Node)])

    @property
    def operations(self) -> int:
        """Scalar operations that evaluating this node costs."""
        if self.primitive is None:
            return 0
        shapes = [x.shape if isinstance(x, Node) else np.shape(x) for x in self.operands]
        return self.primitive.operations(shapes, self.shape)


@dataclass(frozen=True)
class Graph:
    """A graph with named inputs and an ordered list of outputs.

    Attributes
    ----------
    params, data : dict of str to Node
        The inputs.
    outputs : tuple of Node
        The loss alone after recording; the loss and its gradient after a reverse sweep.
    """

    params: Mapping[str, Node]
    data: Mapping[str, Node]
    outputs: tuple[Any, ...]

    def nodes(self) -> list[Node]:
        """Return all nodes that the outputs depend on, operands before their uses."""
        return topological(x for x in self.outputs if isinstance(x, Node))

    def operations(self) -> Counter[str]:
        """Count scalar operations by primitive, for one evaluation of all outputs."""
        counts: Counter[str] = Counter()
        for node in self.nodes():
            if node.primitive is not None and node.operations:
                counts[node.primitive.name] += node.operations
        return counts

    def evaluate(
        self,
        params: Mapping[str, Any],
        data: Mapping[str, Any],
        change: Callable[[Any], Any] = lambda value: value,
    ) -> list[Any]:
        """Evaluate the outputs with NumPy, node by node; what is used no more is dropped.

        A `change` is made to every value on the way.
        """
        values: dict[Node, Any] = {}
        for inputs, given in ((self.params, params), (self.data, data)):
            values |= {node: given[name] for name, node in inputs.items()}
        nodes = self.nodes()
        left = Counter(x for node in nodes for x in node.parents)
        left.update(x for x in self.outputs if isinstance(x, Node))
        for node in nodes:
            if node.primitive is not None:
                operands = [values[x] if isinstance(x, Node) else x for x in node.operands]
                values[node] = change(node.primitive.numpy(*operands, **node.static))
            for x in node.parents:
                left[x] -= 1
                if not left[x]:
                    del values[x]
        return [values[x] if isinstance(x, Node) else x for x in self.outputs]


def topological(roots: Iterable[Node]) -> list[Node]:
    """Order the ancestors of `roots`, and `roots`, so that operands come before their uses.

    The order is the one in which a depth-first walk leaves the nodes: deterministic, and without
    recursion, because graphs are deeper than the interpreter's stack.
    """
    order: dict[Node, None] = {}
    for root in roots:
        stack: list[tuple[Node, bool]] = [(root, False)]
        while stack:
            node, done = stack.pop()
            if node in order:
                continue
            if done:
                order[node] = None
            else:
                stack.append((node, True))
                stack.extend((parent, False) for parent in reversed(node.parents))
    return list(order)


def key(node: Node) -> tuple[Any, ...]:
    """Return what is the same of two nodes that compute the same of the same operands."""
    assert node.primitive is not None
    operands = [_operand_key(x) for x in node.operands]
    if node.primitive.name in ("add", "multiply"):
        operands.sort()
    return (node.primitive.name, tuple(operands), repr(sorted(node.static.items())))


def _operand_key(x: Any) -> str:
    if isinstance(x, Node):
        return f"node {id(x)}"
    if isinstance(x, np.ndarray):
        # Constants are as many as the loss made; their identity is enough where they are large.
        content = x.tobytes().hex() if x.size <= 64 else str(id(x))
        return f"array {x.dtype} {x.shape} {content}"
    return f"{type(x).__name__} {x!r}"
