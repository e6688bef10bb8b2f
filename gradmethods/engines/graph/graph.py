"""The computational graph of a loss: a node per intermediate value, an edge per use.

A graph is data. It can be evaluated by NumPy and counted here; the rooms above differentiate and
compile it. No derivative rule is known in this folder.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from gradmethods.xp.primitives import Primitive

NOTHING: Mapping[str, Any] = {}
"""The arguments of most primitives: one empty dict for all nodes."""


COMMUTATIVE = frozenset({"add", "multiply"})
"""Primitives of two operands whose order does not matter, to the last bit."""


@dataclass(eq=False, slots=True, init=False)
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

    def __init__(  # written out: that of a dataclass would call another function for the parents
        self,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        primitive: Primitive | None = None,
        operands: tuple[Any, ...] = (),
        static: Mapping[str, Any] = NOTHING,
        name: str = "",
    ) -> None:
        self.shape, self.dtype, self.primitive = shape, dtype, primitive
        self.operands, self.static, self.name = operands, static or NOTHING, name
        for x in operands:
            if type(x) is not Node:
                self.parents = tuple([x for x in operands if type(x) is Node])
                break
        else:
            self.parents = operands

    @property
    def operations(self) -> int:
        """Scalar operations that evaluating this node costs."""
        if self.primitive is None:
            return 0
        shapes = [x.shape if isinstance(x, Node) else np.shape(x) for x in self.operands]
        return self.primitive.operations(shapes, self.shape)


Compute = Callable[[Primitive, list[Any], Mapping[str, Any]], Any]
"""Computes a primitive of operands, with its arguments that are not arrays."""


def compute(primitive: Primitive, operands: list[Any], static: Mapping[str, Any]) -> Any:
    """Compute a primitive by NumPy."""
    return primitive.numpy(*operands, **static)


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

    def nodes(self) -> Sequence[Node]:
        """Return all nodes that the outputs depend on, operands before their uses."""
        return self._nodes

    @cached_property
    def _nodes(self) -> tuple[Node, ...]:
        """The nodes, found once: every pass over a graph begins with them."""
        return tuple(topological(x for x in self.outputs if isinstance(x, Node)))

    def operations(self) -> Counter[str]:
        """Count scalar operations by primitive, for one evaluation of all outputs."""
        counts: Counter[str] = Counter()
        for node in self.nodes():
            count = node.operations
            if count and node.primitive is not None:
                counts[node.primitive.name] += count
        return counts

    def evaluate(
        self,
        params: Mapping[str, Any],
        data: Mapping[str, Any],
        compute: Compute = compute,
    ) -> list[Any]:
        """Evaluate the outputs, node by node; what is used no more is dropped.

        A primitive is computed by NumPy, or by what is given as `compute`.
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
                values[node] = compute(node.primitive, operands, node.static)
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
    order: list[Node] = []
    left: set[Node] = set()
    stack = list(roots)[::-1]
    while stack:
        node = stack[-1]
        for parent in node.parents:
            if parent not in left:
                stack.append(parent)
                break
        else:
            stack.pop()
            if node not in left:
                left.add(node)
                order.append(node)
    return order


def key(node: Node) -> tuple[Any, ...]:
    """Return what is the same of two nodes that compute the same of the same operands."""
    assert node.primitive is not None
    name, operands = node.primitive.name, node.operands
    if operands is not node.parents:
        operands = tuple([x if type(x) is Node else _constant_key(x) for x in operands])
    static = repr(sorted(node.static.items())) if node.static else ""
    return (name, frozenset(operands) if name in COMMUTATIVE else operands, static)


def _constant_key(x: Any) -> Hashable:
    if isinstance(x, np.ndarray):
        # Constants are as many as the loss made; their identity is enough where they are large.
        content = x.tobytes() if x.size <= 64 else id(x)
        return x.dtype, x.shape, content
    return type(x), repr(x)
