"""Rewrite a graph into an equal one that costs less.

Nodes are rebuilt from the inputs upwards; each is first offered to the rewrites of its primitive,
one function each below. Equal nodes become one. A rewrite must be exact in the real numbers, and
must neither lose accuracy nor overflow where the original did not; most are exact in floating point
too.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from gradmethods.graph import Graph, Node, Recorder
from gradmethods.primitives import TABLE, Primitive, elementwise_shape
from gradmethods.tape.patterns import SIGMOID

Operand = Any
"""A node, a constant array, or a Python number."""


def recognise(graph: Graph) -> Graph:
    """Replace what a loss spells out by primitives whose vjp rules are cheaper."""
    return _Rebuild(graph, PATTERNS).graph


def simplify(graph: Graph) -> Graph:
    """Return a graph of the same inputs and outputs that needs no more operations.

    The result is for running: it may hold products with vectors, for which there is no vjp rule.
    """
    return _Rebuild(graph, PATTERNS | REWRITES).graph


class _Rebuild:
    """One pass over a graph: old nodes to new operands, equal ones shared."""

    def __init__(self, graph: Graph, rewrites: Rewrites) -> None:
        self._rewrites = rewrites
        self._recorder = Recorder()
        self._unique: dict[tuple[Any, ...], Node] = {}
        self._new: dict[Node, Operand] = {
            node: node for inputs in (graph.params, graph.data) for node in inputs.values()
        }
        nodes = graph.nodes()
        self._uses = Counter(parent for node in nodes for parent in node.parents)
        self._uses.update(x for x in graph.outputs if isinstance(x, Node))
        for node in nodes:
            if node.primitive is not None:
                operands = [self._new[x] if isinstance(x, Node) else x for x in node.operands]
                new = self.make(node.primitive, *operands, **node.static)
                self._new[node] = new
                if isinstance(new, Node):
                    self._uses[new] += self._uses[node]
        outputs = tuple(self._new[x] if isinstance(x, Node) else x for x in graph.outputs)
        self.graph = Graph(graph.params, graph.data, outputs)

    def make(self, which: Primitive | str, *operands: Operand, **static: Any) -> Operand:
        """Apply a primitive, simplified."""
        primitive = TABLE[which] if isinstance(which, str) else which
        payload = self._recorder.apply(primitive, list(operands), static)
        if primitive.shape is elementwise_shape:
            operands = self._narrow(operands, payload)
        node = Node(payload.shape, payload.dtype, primitive, operands, static)
        return self.replace(node)

    def replace(self, node: Node) -> Operand:
        """Return what a rewrite makes of a node, or the one node that is equal to it."""
        assert node.primitive is not None
        rewrite = self._rewrites.get(node.primitive.name)
        replacement = rewrite(self, node) if rewrite else None
        if replacement is not None:
            return replacement
        return self._unique.setdefault(_key(node), node)

    def used_once(self, node: Node) -> bool:
        """Say whether folding a node into its only use loses nothing."""
        return self._uses[node] <= 1

    def _narrow(self, operands: tuple[Operand, ...], node: Node) -> tuple[Operand, ...]:
        """Let element-wise functions broadcast by themselves, where operands allow."""
        narrow = list(operands)
        for i, operand in enumerate(operands):
            small = operand
            if is_node(operand, "broadcast_to"):
                small = operand.operands[0]
            elif isinstance(operand, np.ndarray) and operand.size and operand.dtype.kind == "f":
                first = operand.flat[0]
                uniform = bool((operand == first).all())
                # A number takes the dtype that it meets; the array had to have that dtype already.
                small = float(first) if uniform and operand.dtype == node.dtype else operand
            shapes = [np.shape(x) for x in (*narrow[:i], small, *narrow[i + 1 :])]
            if np.broadcast_shapes(*shapes) == node.shape and any(
                not isinstance(x, (int, float)) for x in (*narrow[:i], small, *narrow[i + 1 :])
            ):
                narrow[i] = small
        return tuple(narrow)


def is_node(x: Operand, *primitives: str) -> bool:
    """Say whether an operand is the result of one of these primitives."""
    return isinstance(x, Node) and x.primitive is not None and x.primitive.name in primitives


def _is_number(x: Operand) -> bool:
    return isinstance(x, (int, float)) and not isinstance(x, bool)


def _is_power_of_two(x: float) -> bool:
    return math.isfinite(x) and abs(math.frexp(x)[0]) == 0.5


def _key(node: Node) -> tuple[Any, ...]:
    assert node.primitive is not None
    operands = [_operand_key(x) for x in node.operands]
    if node.primitive.name in ("add", "multiply"):
        operands.sort()
    return (node.primitive.name, tuple(operands), repr(sorted(node.static.items())))


def _operand_key(x: Operand) -> str:
    if isinstance(x, Node):
        return f"node {id(x)}"
    if isinstance(x, np.ndarray):
        # Constants are as many as the loss made; their identity is enough where they are large.
        content = x.tobytes().hex() if x.size <= 64 else str(id(x))
        return f"array {x.dtype} {x.shape} {content}"
    return f"{type(x).__name__} {x!r}"


# -- signs: a negation travels towards the outputs until a subtraction or a number absorbs it


def _negative(to: _Rebuild, n: Node) -> Operand | None:
    (x,) = n.operands
    if is_node(x, "negative"):
        return x.operands[0]
    if is_node(x, "subtract"):
        return to.make("subtract", x.operands[1], x.operands[0])
    if is_node(x, "multiply", "divide") and _is_number(x.operands[0]):
        return to.make(x.primitive, -x.operands[0], x.operands[1])
    return -x if isinstance(x, (np.ndarray, int, float)) else None


def _add(to: _Rebuild, n: Node) -> Operand | None:
    a, b = n.operands
    if is_node(b, "negative"):
        return to.make("subtract", a, b.operands[0])
    if is_node(a, "negative"):
        return to.make("subtract", b, a.operands[0])
    return None


def _subtract(to: _Rebuild, n: Node) -> Operand | None:
    a, b = n.operands
    if is_node(b, "negative"):
        return to.make("add", a, b.operands[0])
    if _is_number(b) and b == 0 and a.shape == n.shape and a.dtype == n.dtype:
        return a
    if is_node(a, "negative") and a.shape == n.shape and not _is_number(b):
        return to.make("negative", to.make("add", a.operands[0], b))
    return None


def _multiply(to: _Rebuild, n: Node) -> Operand | None:
    a, b = n.operands
    if _is_number(b):
        return to.make("multiply", b, a) if not _is_number(a) else None
    if _is_number(a) and b.dtype == n.dtype:
        if a == 1:
            return b
        if a == -1:
            return to.make("negative", b)
        if is_node(b, "negative"):
            return to.make("multiply", -a, b.operands[0])
        if is_node(b, "multiply") and _is_number(b.operands[0]):
            number, rest = b.operands
            if _is_power_of_two(a) or _is_power_of_two(number):
                return to.make("multiply", a * number, rest)
    for x, other in ((a, b), (b, a)):
        if is_node(x, "negative") and x.shape == n.shape:
            return to.make("negative", to.make("multiply", x.operands[0], other))
    return None


def _divide(to: _Rebuild, n: Node) -> Operand | None:
    a, b = n.operands
    if _is_number(a) and a == 1 and b.dtype == n.dtype:
        return to.make("reciprocal", b)
    if _is_number(b) and b == 1 and a.dtype == n.dtype:
        return a
    if is_node(a, "negative") and a.shape == n.shape:
        return to.make("negative", to.make("divide", a.operands[0], b))
    return None


def _sum(to: _Rebuild, n: Node) -> Operand | None:
    (x,) = n.operands
    if is_node(x, "negative"):
        return to.make("negative", to.make("sum", x.operands[0], **n.static))
    if all(x.shape[i] == 1 for i in n.static["axis"]) and x.dtype == n.dtype:
        return to.make("reshape", x, shape=n.shape)
    if n.static == {"axis": (0,), "keepdims": False} and len(x.shape) == 2 and x.dtype.kind == "f":
        # Both add row after row; the product with ones does it several times faster.
        ones = np.ones(x.shape[0], x.dtype)
        return to.replace(Node(n.shape, n.dtype, TABLE["matmul"], (ones, x)))
    return None


# -- powers and patterns


def _pow(to: _Rebuild, n: Node) -> Operand | None:
    """Use the functions that NumPy's own ``**`` uses for these exponents."""
    x, exponent = n.operands
    if not _is_number(exponent) or _is_number(x) or x.dtype != n.dtype:
        return None
    faster = {2: "square", -1: "reciprocal", 0.5: "sqrt"}
    if exponent == 1:
        return x
    return to.make(faster[exponent], x) if exponent in faster else None


def _reciprocal(to: _Rebuild, n: Node) -> Operand | None:
    """Recognise the sigmoid, whose derivative follows from its value: y(1 - y)."""
    (sum_,) = n.operands
    if not is_node(sum_, "add") or not to.used_once(sum_):
        return None
    for one, power in (sum_.operands, reversed(sum_.operands)):
        if _is_number(one) and one == 1 and is_node(power, "exp") and to.used_once(power):
            (minus,) = power.operands
            if is_node(minus, "negative") and to.used_once(minus):
                return to.make(SIGMOID, minus.operands[0])
    return None


# -- moving data


def _reshape(to: _Rebuild, n: Node) -> Operand | None:
    (x,) = n.operands
    if x.shape == n.shape:
        return x
    if is_node(x, "reshape"):
        return to.make("reshape", x.operands[0], shape=n.shape)
    if is_node(x, "negative"):
        return to.make("negative", to.make("reshape", x.operands[0], shape=n.shape))
    if is_node(x, "matmul") and to.used_once(x) and len(x.shape) == 2:
        return _matrix_vector(to, x, n)
    return None


def _matrix_vector(to: _Rebuild, product: Node, n: Node) -> Operand | None:
    """Multiply by a vector, where a loss or a rule made a matrix of it and unmade it again."""
    a, b = product.operands
    if len(n.shape) != 1 or len(a.shape) != 2 or len(b.shape) != 2:
        return None
    if product.shape[1] == 1:
        operands = (a, to.make("reshape", b, shape=b.shape[:1]))
    elif product.shape[0] == 1:
        operands = (to.make("reshape", a, shape=a.shape[1:]), b)
    else:
        return None
    return to.replace(Node(n.shape, n.dtype, product.primitive, operands))


def _permute_dims(to: _Rebuild, n: Node) -> Operand | None:
    (x,) = n.operands
    axes: tuple[int, ...] = n.static["axes"]
    if is_node(x, "permute_dims"):
        inner = x.static["axes"]
        return to.make("permute_dims", x.operands[0], axes=tuple(inner[i] for i in axes))
    if axes == tuple(range(len(axes))):
        return x
    if is_node(x, "negative"):
        return to.make("negative", to.make("permute_dims", x.operands[0], axes=axes))
    long = [i for i in axes if x.shape[i] != 1]
    if long == sorted(long):  # only axes of length 1 move
        return to.make("reshape", x, shape=n.shape)
    if is_node(x, "matmul") and to.used_once(x) and axes == (1, 0):
        a, b = x.operands
        if len(a.shape) == len(b.shape) == 2:  # (AB)' = B'A', whose result lies in memory as wanted
            left, right = (to.make("permute_dims", y, axes=(1, 0)) for y in (b, a))
            return to.make("matmul", left, right)
    return None


def _matmul(to: _Rebuild, n: Node) -> Operand | None:
    a, b = n.operands
    for i, x in enumerate(n.operands):
        if is_node(x, "negative") and math.prod(n.shape) <= math.prod(x.shape):
            operands = (*n.operands[:i], x.operands[0], *n.operands[i + 1 :])
            return to.make("negative", to.replace(Node(n.shape, n.dtype, n.primitive, operands)))
    if len(a.shape) > 1 and len(b.shape) > 1 and a.shape[-1] == 1:
        return to.make("multiply", a, b)  # a column times a row: no sum is taken
    return None


Rewrites = dict[str, Callable[[_Rebuild, Node], Operand | None]]

PATTERNS: Rewrites = {
    "divide": _divide,
    "pow": _pow,
    "reciprocal": _reciprocal,
}
REWRITES: Rewrites = {
    "negative": _negative,
    "add": _add,
    "subtract": _subtract,
    "multiply": _multiply,
    "sum": _sum,
    "reshape": _reshape,
    "permute_dims": _permute_dims,
    "matmul": _matmul,
}
