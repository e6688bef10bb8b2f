"""Compile a graph into a straight-line NumPy program.

Every node that an output depends on becomes one line, or a few; nothing is looked up, traced,
decided or allocated when the program runs, but for what it returns.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import CodeType
from typing import Any

import numpy as np

from gradmethods.core.naming import brief
from gradmethods.engines.graph import Graph, Node
from gradmethods.engines.graph.graph import topological
from gradmethods.engines.graph.quotients import is_node
from gradmethods.engines.program.arrangement import owner
from gradmethods.engines.program.bindings import Bindings
from gradmethods.engines.program.buffers import LARGE, Recycled, by_parts, is_fixed, plan
from gradmethods.engines.program.emit import (
    FUNCTIONS,
    emit,
    in_brackets,
    is_elementwise,
    is_outer,
    takes_out,
)
from gradmethods.engines.program.pieces import LONG, MARK, in_pieces, marked
from gradmethods.engines.program.tiny_values import Numbers, numbers
from gradmethods.xp.primitives.recognised import INTO


def schedule(graph: Graph) -> list[Node]:
    """Order a graph's nodes, operands before their uses, so that values die early.

    Outputs of few steps come first. In backpropagation these are the gradients of the last layers:
    each is finished before the sweep goes on, so that what it read can be overwritten. Large
    products of vectors come last: until then matrices that the loss has read are still in a cache.
    """
    steps: dict[Node, int] = {}
    for node in graph.nodes():
        steps[node] = 1 + max([steps[parent] for parent in node.parents], default=0)
    outputs = [x for x in graph.outputs if isinstance(x, Node)]
    outputs.sort(key=lambda node: steps[node])  # stable
    large = [node for node in outputs[::-1] if is_outer(node)]
    return topological([*(node for node in outputs if not is_outer(node)), *large])


Function = Callable[[Mapping[str, Any], Mapping[str, Any]], tuple[Any, dict[str, Any]]]

PARTS = ("scatter_add", "concat", INTO.name)
"""Primitives whose operands are written into parts of the result."""

WIDEST = 120
"""Characters of code up to which the comments behind all lines stand in one column."""


@dataclass(frozen=True)
class Program:
    """A compiled graph.

    Attributes
    ----------
    function : callable
        ``function(params, data)`` takes the arrays by name, and returns the value and its
        derivatives by parameter, each in memory of its own. It is not reentrant: it works in
        buffers.
    workspace : int
        Bytes of the buffers.
    graph : Graph
        What was compiled.
    written : callable
        Returns the source.
    """

    function: Function
    workspace: int
    graph: Graph
    written: Callable[[], str]

    @cached_property
    def source(self) -> str:
        """The Python code of the function, a comment per line naming primitive and shape."""
        return self.written()

    @cached_property
    def operations(self) -> int:
        """Scalar operations of one run."""
        return self.graph.operations().total()


def compile_graph(graph: Graph, by: Sequence[str] | None = None) -> Program:
    """Plan the buffers of a value and its derivatives, write the program and compile it.

    Parameters
    ----------
    graph : Graph
        Its outputs are a value, then derivatives.
    by : sequence of str, optional
        The parameter arrays of the derivatives, all by default.
    """
    by = [*graph.params] if by is None else by
    writer = _Writer(graph, by, apart=True)
    function = writer.function()
    if writer.numbers.chosen:
        function = _careful(function, lambda: _Writer(graph, by, apart=False).function())
    workspace = sum(block.nbytes for block in writer.plan.blocks)
    return Program(function, workspace, graph, writer.source)


def _careful(function: Function, otherwise: Callable[[], Function]) -> Function:
    """Run a program in arrays where Python refuses: to divide by 0, or take too large a power."""
    made: list[Function] = []

    def careful(params: Mapping[str, Any], data: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
        try:
            return function(params, data)
        except (ZeroDivisionError, OverflowError):
            if not made:
                made.append(otherwise())
            return made[0](params, data)

    return careful


@lru_cache(maxsize=32)
def _code(source: str) -> CodeType:
    """Compile a text once: for other points and data of the same shapes it is the same."""
    return compile(source, "<gradient program>", "exec")


class _Writer:
    """Names for the values of a graph, and the lines that compute them."""

    def __init__(self, graph: Graph, by: Collection[str], *, apart: bool) -> None:
        self.graph, self.by = graph, by
        nodes = schedule(graph)
        chosen = numbers(nodes, graph.outputs) if apart else frozenset()
        self.plan = plan(nodes, graph.outputs, chosen)
        self.bindings = Bindings(self.plan)
        self.bound, self.legend = self.bindings.bound, self.bindings.legend
        self.lines: list[tuple[str, str]] = []
        self._names: dict[Node, str] = {}
        self._turned: dict[tuple[Any, tuple[int, ...]], str] = {}
        self.numbers = Numbers(chosen, self._names, self.lines, self.bindings)
        used = set(nodes).union(x for x in graph.outputs if isinstance(x, Node))
        for group, inputs in (("params", graph.params), ("data", graph.data)):
            for i, (name, node) in enumerate(inputs.items()):
                if node in used:
                    # Their own names are data, found by position: they never enter the code.
                    self._names[node] = marked(f"{group[0]}{i}")
                    key = self._key(group, i, name)
                    words = f"{brief(name)} {node.shape}".lstrip()
                    self.lines.append((f"{self._names[node]} = {group}[{key}]", words))
        for node in nodes:
            if node.primitive is not None:
                self._write(node)
        self._result = self._return()

    def function(self) -> Function:
        """Compile the program."""
        if len(self.lines) > LONG:
            return in_pieces(self.statements(), self.bound, FUNCTIONS, self.buffered())
        scope = FUNCTIONS | self.bound
        exec(_code(self.source()), scope)  # noqa: S102  # our own text
        function: Function = scope["program"]
        return function

    def source(self) -> str:
        """Return the text of the program."""
        lines = [(code.replace(MARK, ""), words) for code, words in self.lines]
        lengths = (len(code) for code, _ in lines)
        # One long line, as of a thousand operands, must not make every other one as long.
        width = max((length for length in lengths if length <= WIDEST), default=0)
        body = [f"{code:{width}}  # {words}" if words else code for code, words in lines]
        legend = [f"# {name}: {what}".replace(MARK, "") for name, what in self.legend.items()]
        head, last = "def program(params, data):", self._result.replace(MARK, "")
        return "\n    ".join([head, *legend, *body, last]) + "\n"

    def statements(self) -> list[str]:
        """Return the body of the program without comments, with marks."""
        return [*(code for code, _ in self.lines), self._result]

    def buffered(self) -> list[str]:
        """Return the names of values that live in buffers."""
        return [self._names[node].strip(MARK) for node in self.plan.place]

    def _key(self, group: str, position: int, name: str) -> str:
        """Bind the key under which an input comes, or a derivative goes, to a name of our own."""
        key = f"{group}_{position}"
        self.bound[key] = name
        return marked(key)

    def _write(self, node: Node) -> None:
        assert node.primitive is not None
        if node in self.numbers.chosen:
            self.numbers.write(node)
            return
        operands = [self._operand(x, node) for x in node.operands]
        if node.primitive.aliases and self._fixed_view(node, operands):
            return
        out = self._buffer(node)
        if (
            out
            and node.primitive.name in PARTS
            and (node.primitive.name != "concat" or by_parts(node))
        ):
            self._names[node] = out
            self._write_parts(node, operands)
            return
        target = self._names[node] = marked(f"v{len(self._names)}")
        if node in self.plan.copies:
            operands[1] = self._copy(node, operands[1])
        first, *rest = emit(node, operands, target, out or self._recycled(node))
        self.lines.append((first, _words(node)))
        self.lines += [(line, "") for line in rest]

    def _fixed_view(self, node: Node, operands: list[str]) -> bool:
        """Bind a view of what always lies in the same memory: nothing is left to do in a run."""
        array = self.bindings.array(node.operands[0])
        assert node.primitive is not None
        if len(operands) > 1 or not isinstance(array, np.ndarray):
            return False
        view = node.primitive.numpy(array, **node.static)
        if not isinstance(view, np.ndarray) or not np.may_share_memory(view, array):
            return False
        (line,) = emit(node, operands, "", "")
        self.bindings.arrays[node] = view
        self._names[node] = self.bindings.bind(view, line.removeprefix(" = "))
        return True

    def _write_parts(self, node: Node, operands: list[str]) -> None:
        """Write operands into their parts of a buffer; its other entries are right as they are."""
        whole, name = self.bindings.array(node), self._names[node]
        if is_node(node, "concat"):
            axis, start = node.static["axis"], 0
            for x, operand in zip(node.operands, operands, strict=True):
                index = (slice(None),) * axis + (slice(start, start + x.shape[axis]),)
                start += x.shape[axis]
                if is_fixed(x):
                    whole[index] = x
                elif 0 not in x.shape:
                    self._write_part(node, index, " = ", operand, [])
            return
        put = " = "
        if node.primitive is INTO:
            first, *operands = operands
            put = " += "
            if self.plan.place.get(node.operands[0]) != self.plan.place[node]:
                self.lines.append((f"copyto({name}, {first})", _words(node)))
        operand, *where = operands
        self._write_part(node, node.static["index"], put, operand, where)

    def _write_part(
        self, node: Node, index: tuple[Any, ...], put: str, operand: str, where: list[str]
    ) -> None:
        name, words = self._names[node], _words(node)
        part = None if where else self.bindings.array(node)[index]
        if not isinstance(part, np.ndarray):
            code = f"{name}{in_brackets(index, where)}{put}{operand}"
        else:
            view = self.bindings.bind(part, f"{name}{in_brackets(index, [])}")
            code = f"{view}[...] = {operand}" if put == " = " else f"add({view}, {operand}, {view})"
        self.lines.append((code, words))

    def _operand(self, operand: Any, user: Node) -> str:
        if operand.__class__ is Node and operand in self.numbers.chosen:
            self.numbers.gathered(operand)
        if (
            self.plan.order.shapes
            and is_elementwise(user)
            and self.plan.order.opposes(self.bindings.array(operand), user.shape)
        ):
            return self._turn(operand, user)
        if isinstance(operand, Node):
            return self._single(operand, user) or self._names[operand]
        if isinstance(operand, bool) or not isinstance(operand, (int, float)):
            return self.bindings.constant(operand)
        if is_elementwise(user) and user.dtype.kind == "f":
            # Beside arrays NumPy takes an array faster than a number, and a float than an int.
            if user.shape and abs(operand) <= float(np.finfo(user.dtype).max):
                return self.bindings.number(float(operand), user.dtype)
            operand = float(operand)
        return repr(operand) if np.isfinite(operand) else self.bindings.constant(operand)

    def _turn(self, operand: Any, user: Node) -> str:
        """Copy an operand once, so that its longest axis lies innermost."""
        key = (operand if isinstance(operand, Node) else id(operand), user.shape)
        if key not in self._turned:
            copy = self.plan.order.empty(np.shape(operand), operand.dtype, user.shape)
            self._turned[key] = name = self.bindings.bind(copy)
            if isinstance(operand, Node):
                code = f"copyto({name}, {self._names[operand]})"
                self.lines.append((code, f"copy {operand.shape}"))
            else:
                copy[...] = operand
        return self._turned[key]

    def _single(self, operand: Node, user: Node) -> str:
        """Name the one entry of a buffer as a number: beside it NumPy need not broadcast."""
        same = operand.shape == user.shape
        if same or math.prod(operand.shape) != 1 or operand not in self.plan.place:
            return ""
        others = [np.shape(x) for x in user.operands if x is not operand]
        if not is_elementwise(user) or user.shape not in others:
            return ""
        block = self.plan.place[operand]
        name = self.bindings.view(block, ())
        self.legend[name] = f"the entry of {self.bindings.view(block, operand.shape)}"
        return name

    def _buffer(self, node: Node) -> str:
        """Name the view of a block that a node writes to; empty if it makes its own memory."""
        place = self.plan.place.get(node)
        return "" if place is None else self.bindings.view(place, node.shape)

    def _copy(self, node: Node, second: str) -> str:
        """Copy the second operand of a product; name the copy."""
        shape = node.operands[1].shape
        copy = self.bindings.view(self.plan.copies[node], shape)
        self.lines.append((f"copyto({copy}, {second})", f"copy {shape}"))
        return copy

    def _recycled(self, node: Node) -> str:
        """Name the memory of a result that is large, or lies otherwise than what it is made of.

        It is empty where NumPy makes it as fast.
        """
        turned = any(np.shape(x) in self.plan.order.shapes for x in node.operands)
        large = turned or math.prod(node.shape) * node.dtype.itemsize >= LARGE
        if not takes_out(node) or not large:
            return ""
        name = f"r{len(self._names) - 1}"
        self.bound[f"recycled_{name}"] = Recycled(node.shape, node.dtype)
        maker = marked(f"recycled_{name}")
        self.lines.append((f"{marked(name)} = {maker}()", f"memory {node.shape}"))
        return marked(name)

    def _return(self) -> str:
        """Write the last line."""
        value, *derivatives = self._outputs()
        places = {name: i for i, name in enumerate(self.graph.params)}
        gradient = ", ".join(
            f"{self._key('params', places[name], name)}: {text}"
            for name, text in zip(self.by, derivatives, strict=True)
        )
        return f"return {value}, {{{gradient}}}"

    def _outputs(self) -> Iterable[str]:
        """Return memory that nothing else holds: inputs, constants and repeated ones are copied.

        Behind the loss come arrays, also where NumPy would leave a number.
        """
        held: set[Node] = set()
        for place, output in enumerate(self.graph.outputs):
            if not isinstance(output, Node):
                yield f"array({self.bindings.constant(output)})"
                continue
            if output in self.numbers.chosen:
                yield self.numbers.returned(output, alone=not place)
                continue
            source = owner(output)
            fresh = source.primitive is not None and not source.primitive.aliases
            number = place > 0 and not output.shape
            if not fresh or number or source in held or _repeats(output):
                yield f"array({self._names[output]})"
            else:
                held.add(source)
                yield self._names[output]


def _words(node: Node) -> str:
    """Say in a comment what a line computes."""
    assert node.primitive is not None
    return f"{node.primitive.name} {node.shape}"


def _repeats(view: Node) -> bool:
    """Say whether several entries of a view lie in one place."""
    while view.primitive is not None and view.primitive.aliases:
        if view.primitive.name == "broadcast_to":
            return True
        view = view.operands[0]
    return False
