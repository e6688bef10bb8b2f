"""How a program spells a primitive: the cheapest NumPy call that does it, writing where told.

Methods and ufuncs with positional arguments are used throughout, because NumPy's convenience
functions in Python cost more than a small array does.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradmethods.engines.graph import Node
from gradmethods.engines.program.pieces import marked
from gradmethods.engines.program.taken_entries import takes_once
from gradmethods.xp.primitives import Hole, Primitive, elementwise_shape, follow
from gradmethods.xp.primitives.decompositions import DIVIDED, OF_REGULAR
from gradmethods.xp.primitives.linear_systems import COFACTORS, INVERSES, OF_FULL_RANK
from gradmethods.xp.primitives.recognised import (
    BESIDE_SIGMOID,
    HEAVISIDE,
    INNER,
    INTO,
    MILLS,
    SATURATED,
    SLOPE_OF_TANH,
    TRIGAMMA,
    steep_slope_of_tanh,
)

Lines = list[str]
Emitter = Callable[[Node, list[str], str, str], Lines]
"""``emit(node, operands, target, out)``: lines that leave the node's value under the name `target`.

`out` names the buffer to write to, and is empty where the value needs memory of its own.
"""


FUNCTIONS: dict[str, Any] = {
    **{p.name: p.numpy for p in (MILLS, TRIGAMMA, HEAVISIDE)},
    INNER.name: INNER.numpy,
    COFACTORS.name: COFACTORS.numpy,
    INVERSES.name: INVERSES.numpy,
    OF_FULL_RANK.name: OF_FULL_RANK.numpy,
    DIVIDED.name: DIVIDED.numpy,
    OF_REGULAR.name: OF_REGULAR.numpy,
    "fmin": np.fmin,
    "steep_slope_of_tanh": steep_slope_of_tanh,
    "add_reduce": np.add.reduce,
    "max_reduce": np.maximum.reduce,
    "min_reduce": np.minimum.reduce,
    "add_accumulate": np.add.accumulate,
    "dot": np.dot,
    "einsum": np.einsum,
    "array": np.array,
    "concatenate": np.concatenate,
    "copyto": np.copyto,
    "Hole": Hole,
    "Ellipsis": Ellipsis,
}
"""What the text of a program may call."""


@follow
def _of_entry(primitive: Primitive) -> None:
    FUNCTIONS[primitive.name] = primitive.numpy


OPERATORS = {"negative": "-", "add": " + ", "subtract": " - ", "multiply": " * ", "divide": " / "}
"""On single numbers Python's operators are several times faster than ufuncs."""

OUTER, LONG_ROW = 2**17, 256
"""Entries from which the product of a column and a row is written without BLAS, and entries of its
rows from which NumPy multiplies them in place: with the small buffers that it has meanwhile."""

UNWRITABLE = frozenset({"astype"})
"""Primitives whose NumPy function cannot write into a given array."""


def takes_out(node: Node) -> bool:
    """Say whether a node's value can be written into a buffer."""
    assert node.primitive is not None
    name = node.primitive.name
    writes = is_elementwise(node) or name in EMITTERS
    if name == "scatter_add" and not takes_once(node):
        return False
    return writes and node.shape != () and not node.primitive.aliases and name not in UNWRITABLE


def is_elementwise(node: Node) -> bool:
    """Say whether each entry depends on the entries at its own place alone."""
    return node.primitive is not None and node.primitive.shape is elementwise_shape


def is_outer(node: Node) -> bool:
    """Say whether a node is a large product of a column and a row."""
    if node.primitive is None or node.primitive.name != "matmul" or len(node.shape) != 2:
        return False
    return np.shape(node.operands[1])[:-1] == (1,) and math.prod(node.shape) >= OUTER


def emit(node: Node, operands: list[str], target: str, out: str) -> Lines:
    """Write the lines for one node."""
    assert node.primitive is not None
    name = node.primitive.name
    emitter = EMITTERS.get(name)
    if emitter is not None:
        return emitter(node, operands, target, out)
    if node.shape == () and name in OPERATORS:
        return [f"{target} = {OPERATORS[name].join(['', *operands][-2:])}"]
    if is_elementwise(node):
        return [f"{target} = {_call(name, *operands, out)}"]
    static = [f"{key}={literal(value)}" for key, value in node.static.items()]
    return [f"{target} = {_call(name, *operands, *static)}"]


def literal(value: Any) -> str:
    """Write a static argument."""
    if isinstance(value, np.dtype):
        return repr(value.str)
    return repr(value)


def _call(function: str, *arguments: str) -> str:
    return f"{function}({', '.join(argument for argument in arguments if argument)})"


def _by_keyword(node: Node, operands: list[str], target: str, out: str) -> Lines:
    # NumPy 2.4 deprecates a third positional argument of some.
    assert node.primitive is not None
    return [f"{target} = {_call(node.primitive.name, *operands, out and f'out={out}')}"]


def _where(node: Node, operands: list[str], target: str, out: str) -> Lines:
    condition, first, second = operands
    if not out:
        return [f"{target} = {_call('where', *operands)}"]
    # NumPy's where cannot write into a buffer; two copies into one can.
    return [
        f"{target} = {out}",
        f"copyto({out}, {second})",
        f"copyto({out}, {first}, where={condition})",
    ]


def _reduce(function: str) -> Emitter:
    def emitter(node: Node, operands: list[str], target: str, out: str) -> Lines:
        axis = node.static["axis"]
        where = repr(axis[0] if len(axis) == 1 else axis)
        arguments = (*operands, where, "None", out or "None", repr(node.static["keepdims"]))
        return [f"{target} = {_call(function, *arguments)}"]

    return emitter


def _cumulative_sum(node: Node, operands: list[str], target: str, out: str) -> Lines:
    axis = repr(node.static["axis"])
    return [f"{target} = {_call('add_accumulate', *operands, axis, 'None', out)}"]


def _matmul(node: Node, operands: list[str], target: str, out: str) -> Lines:
    flat = all(len(np.shape(x)) <= 2 for x in node.operands)
    if is_outer(node):
        # BLAS writes zeros first and adds the products to them: twice through memory.
        if node.shape[-1] >= LONG_ROW:
            return [f"{target} = {_call('multiply', *operands, out)}"]
        column, row = (f"{operand}.reshape(-1)" for operand in operands)
        return [f"{target} = {_call('einsum', repr('i,j->ij'), column, row, out and f'out={out}')}"]
    return [f"{target} = {_call('dot' if flat else 'matmul', *operands, out)}"]


def _reshape(node: Node, operands: list[str], target: str, out: str) -> Lines:
    (operand,) = node.operands
    if len(node.shape) == 2 and 1 in node.shape and operand.shape == node.shape[::-1]:
        return [f"{target} = {operands[0]}.T"]  # a column made a row, in half the time
    return [f"{target} = {operands[0]}.reshape({node.static['shape']!r})"]


def _permute_dims(node: Node, operands: list[str], target: str, out: str) -> Lines:
    axes = node.static["axes"]
    if axes == tuple(reversed(range(len(axes)))):
        return [f"{target} = {operands[0]}.T"]
    return [f"{target} = {operands[0]}.transpose({axes!r})"]


def _getitem(node: Node, operands: list[str], target: str, out: str) -> Lines:
    array, *where = operands
    return [f"{target} = {array}{in_brackets(node.static['index'], where)}"]


def in_brackets(index: tuple[Any, ...], where: list[str]) -> str:
    """Write an index, with the names of the arrays in it."""
    parts = [where[x.position] if isinstance(x, Hole) else _index_text(x) for x in index]
    text = f"[{', '.join(parts) + ',' if parts else '()'}]"
    return text if where else marked(text)


def _into(node: Node, operands: list[str], target: str, out: str) -> Lines:
    x, g, *where = operands
    start = [f"{target} = {out}", f"copyto({target}, {x})"] if out else [f"{target} = array({x})"]
    return [*start, f"{target}{in_brackets(node.static['index'], where)} += {g}"]


def _scatter_add(node: Node, operands: list[str], target: str, out: str) -> Lines:
    index, shape = node.static["index"], node.static["shape"]
    if out:
        part = f"{target}{in_brackets(index, operands[1:])}"
        return [f"{target} = {out}", f"{target}.fill(0)", f"{part} = {operands[0]}"]
    text = ", ".join(repr(part) for part in index) + ("," if index else "")
    known = f"index=({text})"
    known = known if any(isinstance(part, Hole) for part in index) else marked(known)
    return [f"{target} = {_call('scatter_add', *operands, known, f'shape={shape!r}')}"]


def _astype(node: Node, operands: list[str], target: str, out: str) -> Lines:
    return [f"{target} = {_call('astype', *operands, f'dtype={node.dtype.str!r}')}"]


def _concat(node: Node, operands: list[str], target: str, out: str) -> Lines:
    return [
        f"{target} = concatenate(({', '.join(operands)},), {node.static['axis']}, {out or None})"
    ]


# To find an extreme by its place takes a third of the time of finding it by value.


def _beside_sigmoid(node: Node, operands: list[str], target: str, out: str) -> Lines:
    lines = [f"{target} = {_call('multiply', *operands, out)}"]
    if 0 not in node.shape:
        most = f"{target}.item({target}.argmax())" if node.shape else target
        mended = _call("fmin", target, "1.0", out and f"out={out}")
        lines.append(f"if not {most} < 2.0: {target} = {mended}")
    return lines


def _slope_of_tanh(node: Node, operands: list[str], target: str, out: str) -> Lines:
    x, y = operands
    lines = [f"{target} = {_call('subtract', '1.0', _call('square', y, out), out)}"]
    if 0 not in node.shape:
        least = f"{target}.item({target}.argmin())" if node.shape else target
        mended = _call("steep_slope_of_tanh", target, x, out)
        lines.append(f"if not {least} >= {SATURATED!r}: {target} = {mended}")
    return lines


def _index_text(part: Any) -> str:
    if isinstance(part, slice):
        return ":".join("" if p is None else repr(p) for p in (part.start, part.stop, part.step))
    return "..." if part is Ellipsis else repr(part)


EMITTERS: dict[str, Emitter] = {
    "maximum": _by_keyword,
    "minimum": _by_keyword,
    BESIDE_SIGMOID.name: _beside_sigmoid,
    SLOPE_OF_TANH.name: _slope_of_tanh,
    "where": _where,
    "sum": _reduce("add_reduce"),
    "max": _reduce("max_reduce"),
    "min": _reduce("min_reduce"),
    "cumulative_sum": _cumulative_sum,
    "matmul": _matmul,
    "reshape": _reshape,
    "permute_dims": _permute_dims,
    "getitem": _getitem,
    "scatter_add": _scatter_add,
    INTO.name: _into,
    "astype": _astype,
    "concat": _concat,
}
