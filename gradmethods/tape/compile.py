"""Compile a graph into a straight-line NumPy program.

Every node that an output depends on becomes one line; nodes that compute the same value become
one; nothing is looked up, traced or decided when the program runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradmethods.graph import Graph, Node
from gradmethods.primitives import TABLE


@dataclass(frozen=True)
class Program:
    """A compiled graph.

    Attributes
    ----------
    function : callable
        ``function(*params, *data)`` returns the tuple of outputs, each memory of its own.
    source : str
        The Python code of the function, a comment per line naming primitive and shape.
    length : int
        Number of lines that compute.
    """

    function: Callable[..., tuple[Any, ...]]
    source: str
    length: int


def compile_graph(graph: Graph) -> Program:
    """Write the graph's program and compile it."""
    writer = _Writer(graph)
    source = writer.source()
    scope = {name: primitive.numpy for name, primitive in TABLE.items()}
    scope |= {"array": np.array, **writer.constants}
    exec(compile(source, "<backprop program>", "exec"), scope)  # noqa: S102  # our own text
    return Program(scope["program"], source, len(writer.lines))


class _Writer:
    """Names for the values of a graph, and the lines that compute them."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.lines: list[str] = []
        self.constants: dict[str, Any] = {}
        self.names: dict[Node, str] = {}
        self._known: dict[tuple[Any, ...], str] = {}
        self._constant_names: dict[tuple[Any, ...], str] = {}
        self.arguments = [
            *self._inputs("p", graph.params.values()),
            *self._inputs("d", graph.data.values()),
        ]
        for node in graph.nodes():
            if node.primitive is not None:
                self._write(node)

    def source(self) -> str:
        outputs = "".join(f"{self._output(x)}, " for x in self.graph.outputs)
        lines = [f"def program({', '.join(self.arguments)}):", *self.lines, f"return {outputs}"]
        return "\n    ".join(lines) + "\n"

    def _inputs(self, prefix: str, nodes: Any) -> list[str]:
        # Names of parameters need not be identifiers; the comments give them.
        named = {node: f"{prefix}{i}" for i, node in enumerate(nodes)}
        self.names |= named
        return list(named.values())

    def _write(self, node: Node) -> None:
        assert node.primitive is not None
        primitive = node.primitive.name
        operands = [self._name(x) for x in node.operands]
        static = [f"{key}={self._literal(value)}" for key, value in node.static.items()]
        call = f"{primitive}({', '.join([*operands, *static])})"
        known = self._known.get(call)
        if known is None:
            known = self._known[call] = f"v{len(self.lines)}"
            self.lines.append(f"{known} = {call}  # {primitive} {node.shape}")
        self.names[node] = known

    def _name(self, operand: Any) -> str:
        if isinstance(operand, Node):
            return self.names[operand]
        return self._literal(operand)

    def _literal(self, value: Any) -> str:
        """Write a value where it reads back exactly; otherwise bind it to a name."""
        if isinstance(value, (bool, int)) or (isinstance(value, float) and np.isfinite(value)):
            return repr(value)
        if isinstance(value, tuple) and all(isinstance(v, int) for v in value):
            return repr(value)
        if isinstance(value, np.ndarray):
            key: tuple[Any, ...] = (value.dtype.str, value.shape, value.tobytes())
        else:
            key = (type(value), repr(value))
        name = self._constant_names.setdefault(key, f"c{len(self._constant_names)}")
        self.constants[name] = value
        return name

    def _output(self, output: Any) -> str:
        """Return memory that nothing else holds: views, inputs and constants are copied."""
        name = self._name(output)
        used = [self._name(x) for x in self.graph.outputs].count(name)
        fresh = isinstance(output, Node) and output.primitive is not None and output.primitive.fresh
        return name if fresh and used == 1 else f"array({name})"
