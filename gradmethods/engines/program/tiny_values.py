"""Tiny values as numbers: a program computes each entry of them by itself, as Python's float.

A call of NumPy takes some 230 nanoseconds for however few entries, a product of two of Python's
numbers 16, and to move entries costs nothing where each has a name. So what has up to four entries
is computed one by one, where enough of it hangs together to pay for the way to arrays and back.
Both compute in double precision, and round the same; functions stay NumPy's.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from gradmethods.engines.graph import Node
from gradmethods.engines.graph.quotients import is_node, is_number
from gradmethods.engines.program.bindings import Bindings
from gradmethods.engines.program.emit import FUNCTIONS, OPERATORS, emit, is_elementwise
from gradmethods.engines.program.pieces import marked
from gradmethods.xp.primitives.recognised import (
    BESIDE_SIGMOID,
    HEAVISIDE,
    INNER,
    INTO,
    SATURATED,
    SLOPE_OF_TANH,
)
from gradmethods.xp.primitives.shapes import Shape

MOST, MOST_GIVEN = 4, 16
"""Entries of a value, and of an input, up to which each is a number of its own."""

LONGEST = 20_000
"""Values of a program up to which entries are computed one by one: that takes longer to prepare."""

NUMBER, FUNCTION, OF_TWO, CALL, KEPT = 18, 140, 1100, 230, 45
"""Nanoseconds of an operator between numbers, of NumPy's functions of one and of two, of a function
of arrays, and of writing a number into an array."""

GAIN = 1500
"""Nanoseconds that must be gained where values hang together."""

MOVING = (
    "reshape", "permute_dims", "broadcast_to", "getitem", "scatter_add", "concat", "where",
    INTO.name,
)  # fmt: skip
ADDING = ("sum", "matmul", INNER.name)
SLOPES = (BESIDE_SIGMOID.name, SLOPE_OF_TANH.name)
CHOICES = {"maximum": (">", "<"), "minimum": ("<", ">")}
WRITTEN = {*OPERATORS, *CHOICES, *SLOPES, HEAVISIDE.name, "square"}
"""Element-wise functions that are written in operators of Python's."""


def numbers(nodes: Sequence[Node], outputs: Sequence[Any]) -> frozenset[Node]:
    """Choose the values whose entries a program computes one by one.

    Parameters
    ----------
    nodes : sequence of Node
        Of a program, in its order.
    outputs : sequence
        What the program returns.
    """
    if len(nodes) > LONGEST:
        return frozenset()
    tiny = {node: node for node in nodes if _can_be(node)}
    first = _joined(tiny)
    gains: defaultdict[Node, float] = defaultdict(float)
    crossing: set[tuple[Node, bool]] = set()
    for node in nodes:
        inside = node in tiny
        if inside:
            gains[first(node)] += _called(node) - _counted(node)
        for x in node.parents:
            if (x in tiny) != inside and (x, inside) not in crossing and _size(x) <= MOST_GIVEN:
                crossing.add((x, inside))
                gains[first(node if inside else x)] -= FUNCTION if inside else KEPT * _size(x)
    for x in outputs[1:]:
        if isinstance(x, Node) and x in tiny and x.shape:
            gains[first(x)] -= CALL
    return frozenset(node for node in tiny if gains[first(node)] > GAIN)


def _joined(tiny: dict[Node, Node]) -> Callable[[Node], Node]:
    """Return what names one node for all that hang together, of which each begins as its own."""

    def first(node: Node) -> Node:
        while tiny[node] is not node:
            tiny[node] = node = tiny[tiny[node]]
        return node

    for node in tiny:
        for x in node.parents:
            if x in tiny:
                tiny[first(x)] = first(node)
    return first


def _size(x: Any) -> int:
    return math.prod(np.shape(x))


def _can_be(node: Node) -> bool:
    """Say whether the entries of a value can be numbers, as far as the value itself goes."""
    primitive = node.primitive
    if primitive is None or node.dtype != np.float64 or not 1 <= math.prod(node.shape) <= MOST:
        return False
    known = [x for x in node.operands if isinstance(x, (Node, np.ndarray))]
    if primitive.name == "where":
        return isinstance(node.operands[0], np.ndarray) and all(map(_fits, known[1:]))
    if primitive.name == "getitem" and len(node.operands) == 1 and isinstance(known[0], Node):
        return True
    if not all(map(_fits, known)):
        return False
    if primitive.name == "pow" and node.shape and not is_number(node.operands[1]):
        return False  # one by one NumPy takes the root of -inf for its power 0.5, which is infinite
    if is_elementwise(node):
        return primitive.name in WRITTEN or isinstance(FUNCTIONS.get(primitive.name), np.ufunc)
    return primitive.name in (MOVING if len(node.shape) > 2 else MOVING + ADDING)


def _fits(x: Any) -> bool:
    given = not isinstance(x, Node) or x.primitive is None
    return bool(x.dtype == np.float64) and 1 <= _size(x) <= (MOST_GIVEN if given else MOST)


def _called(node: Node) -> float:
    """Estimate the nanoseconds of a value if it is computed as an array."""
    assert node.primitive is not None
    name, alone = node.primitive.name, node.shape == ()
    if name in MOVING:
        return KEPT if alone or node.primitive.aliases else 2 * KEPT
    if name in ADDING:
        return 2 * CALL if name != "sum" else 4 * CALL
    if alone:
        return 2 * NUMBER if name in OPERATORS else FUNCTION if len(node.operands) == 1 else OF_TWO
    numbers_too = any(isinstance(x, Node) and x.shape == () for x in node.operands)
    return 2 * CALL if numbers_too or name in SLOPES else CALL


def _counted(node: Node) -> float:
    """Estimate the nanoseconds of a value if its entries are numbers."""
    assert node.primitive is not None
    name = node.primitive.name
    if name in MOVING:
        return 0
    if name == "matmul":
        terms: int = np.shape(node.operands[0])[-1]
        return NUMBER * _size(node) * (2 * terms - 1)
    if name in ADDING:
        return NUMBER * 2 * _size(node.operands[0])
    if name in WRITTEN or _is_power(node):
        return _size(node) * 2 * NUMBER
    return _size(node) * (FUNCTION if len(node.operands) == 1 else OF_TWO)


def _is_power(node: Node) -> bool:
    """Say whether a value is a power whose exponent is a whole number, which is known."""
    return is_node(node, "pow") and is_number(node.operands[1]) and node.operands[1] % 1 == 0


class Numbers:
    """The entries of values that are computed one by one, and the lines that do it.

    Parameters
    ----------
    chosen : set of Node
        Whose entries are numbers.
    names : dict of Node to str
        The names of all other values.
    lines : list of (str, str)
        Of the program, with comments.
    bindings : Bindings
        Of the program.
    """

    def __init__(
        self,
        chosen: frozenset[Node],
        names: dict[Node, str],
        lines: list[tuple[str, str]],
        bindings: Bindings,
    ) -> None:
        self.chosen = chosen
        self._names, self._lines, self._bindings = names, lines, bindings
        self._entries: dict[Node, list[str]] = {}
        self._computed: dict[str, str] = {}

    def write(self, node: Node) -> None:
        """Write a line that computes each entry of a value, in the order of its memory."""
        assert node.primitive is not None
        name, words = node.primitive.name, f"{node.primitive.name} {node.shape}"
        if name == "getitem" and self._is_large(node.operands[0]):
            target = self._names[node] = marked(f"v{len(self._names)}")
            (line,) = emit(node, [self._names[node.operands[0]]], target, "")
            self._lines.append((line, words))
            self.of(node)
            return
        operands = [self.of(x) for x in node.operands]
        start: list[str] = []
        if name in MOVING:
            found = _moved(node, operands)
        elif name == "sum":
            axes = tuple(
                i for i in range(len(node.operands[0].shape)) if i not in node.static["axis"]
            )
            found = [_added(row) for row in _rows(node.operands[0].shape, axes, operands[0])]
        elif name in ADDING:
            found = _products(node, *operands)
        else:
            shapes = [np.shape(x) for x in node.operands]
            spread = [
                x if shape == node.shape else [x[i] for i in _repeated(shape, node.shape)]
                for x, shape in zip(operands, shapes, strict=True)
            ]
            name = "**" if _is_power(node) else name
            found = [self._operation(name, pair, start) for pair in zip(*spread, strict=True)]
        self._entries[node] = [self._named(text, start) for text in found]
        if start:
            self._lines.append(("; ".join(start), words))

    def of(self, operand: Any) -> list[str]:
        """Name the entries of an operand, which is a constant, an array or taken apart already."""
        if not isinstance(operand, Node):
            texts = [repr(float(x)) for x in np.ravel(operand)]
            return [x if x[-1].isdigit() else f"float({x!r})" for x in texts]
        if operand not in self._entries:
            size = math.prod(operand.shape)
            entries = self._entries[operand] = [self._bindings.fresh("e") for _ in range(size)]
            name, all_of_them = self._names[operand], f"{', '.join(entries)},"
            flat = name if len(operand.shape) < 2 else f"{name}.reshape(-1)"
            line = (
                f"{all_of_them} = {flat}.tolist()"
                if operand.shape
                else f"{entries[0]} = float({name})"
            )
            self._lines.append((line, f"entries {operand.shape}"))
        return self._entries[operand]

    def gathered(self, operand: Node) -> str:
        """Write the entries of a value into an array, for those that take it as a whole."""
        if operand not in self._bindings.arrays:
            array = self._bindings.arrays[operand] = np.empty(operand.shape)
            name = self._names[operand] = self._bindings.bind(array)
            places = [", ".join(map(str, place)) or "()" for place in np.ndindex(operand.shape)]
            pairs = zip(places, self._entries[operand], strict=True)
            line = "; ".join(f"{name}[{place}] = {entry}" for place, entry in pairs)
            self._lines.append((line, f"entries {operand.shape}"))
        return self._names[operand]

    def returned(self, output: Node, *, alone: bool) -> str:
        """Write what a program returns: a number, or an array."""
        entries = self._entries[output]
        if alone:
            return entries[0]
        if not output.shape:
            return f"array({entries[0]})"
        shaped = f".reshape({output.shape!r})" if len(output.shape) > 1 else ""
        return f"array(({', '.join(entries)},)){shaped}"

    def _is_large(self, operand: Node) -> bool:
        return operand not in self._entries and (
            _size(operand) > MOST_GIVEN or operand.dtype != np.float64
        )

    def _named(self, text: str, lines: list[str]) -> str:
        """Return the name of what a text computes, which is computed once."""
        if " " not in text and "(" not in text and "-" not in text:
            return text
        name = self._computed.get(text)
        if name is None:
            name = self._computed[text] = self._bindings.fresh("e")
            lines.append(f"{name} = {text}")
            a, _, b = text.partition(" * ")
            if b and " " not in b and " " not in a:
                self._computed[f"{b} * {a}"] = name
        return name

    def _operation(self, name: str, operands: Sequence[str], lines: list[str]) -> str:
        if name in ("square", "multiply"):
            return _product(operands[0], operands[-1])
        if name in OPERATORS:
            return OPERATORS[name].join(["", *operands][-2:])
        if name == "**":
            return " ** ".join(self._named(x, lines) for x in operands)
        if name in CHOICES:
            a, b = operands  # which of 0.0 and -0.0 it is depends on how NumPy was built
            first, second = CHOICES[name]
            otherwise = f"{b} if {a} {second} {b} else float({name}({a}, {b}))"
            return f"{a} if {a} {first} {b} else {otherwise}"
        if name == HEAVISIDE.name:
            x, at_zero = operands
            beside = f"0.0 if {x} < 0.0 else {x}"  # the last is NaN
            return f"1.0 if {x} > 0.0 else {at_zero} if {x} == 0.0 else {beside}"
        if name == BESIDE_SIGMOID.name:
            slope = self._named(_product(*operands), lines)
            return f"{slope} if {slope} < 2.0 else 1.0"
        if name == SLOPE_OF_TANH.name:
            x, y = operands
            slope = self._named(f"1.0 - {self._named(_product(y, y), lines)}", lines)
            steep = f"float(square(divide(1.0, cosh({x}))))"
            return f"{slope} if {slope} >= {SATURATED!r} else {steep}"
        return f"float({name}({', '.join(operands)}))"


def _product(a: str, b: str) -> str:
    return b if a == "1.0" else a if b == "1.0" else f"{a} * {b}"


def _products(node: Node, first: list[str], second: list[str]) -> list[str]:
    """Write the entries of a matrix product, or of a scalar product over all axes."""
    terms = len(first) if is_node(node, INNER.name) else np.shape(node.operands[0])[-1]
    count = len(second) // terms
    rows = [first[i : i + terms] for i in range(0, len(first), terms)]
    columns = [second[i::count] for i in range(count)]
    return [_added(map(_product, row, column)) for row in rows for column in columns]


def _added(terms: Iterable[str]) -> str:
    """Add up as NumPy does, from 0.0 on: a sum of negative zeros is a positive one."""
    return " + ".join(["0.0", *terms])


def _moved(node: Node, operands: list[list[str]]) -> list[str]:
    """Move texts as the primitive moves entries."""
    assert node.primitive is not None
    name, static = node.primitive.name, node.static
    if name == "where":
        shapes = [np.shape(x) for x in node.operands]
        condition = np.broadcast_to(node.operands[0], node.shape).ravel()
        spread = [
            [x[i] for i in _repeated(s, node.shape)] for x, s in zip(operands, shapes, strict=True)
        ]
        return [a if chosen else b for chosen, a, b in zip(condition, *spread[1:], strict=True)]
    if name == "concat":
        places = [
            np.arange(len(x)).reshape(y.shape) for x, y in zip(operands, node.operands, strict=True)
        ]
        starts = np.cumsum([0, *map(len, operands)])
        whole = np.concatenate(
            [x + s for x, s in zip(places, starts, strict=False)], static["axis"]
        )
        flat = [text for x in operands for text in x]
        return [flat[i] for i in whole.ravel()]
    if name in ("scatter_add", INTO.name):
        moved = ["0.0"] * _size(node) if name == "scatter_add" else [*operands[0]]
        part = np.arange(len(moved)).reshape(node.shape)[static["index"]]
        given = _repeated(np.shape(node.operands[-1]), np.shape(part))
        for i, j in zip(np.ravel(part), given, strict=True):
            text = operands[-1][j]
            moved[i] = text if name == "scatter_add" else f"{moved[i]} + {text}"
        return moved
    first = node.operands[0]
    kept = np.arange(_size(first)).reshape(np.shape(first))
    return [operands[0][i] for i in np.ravel(node.primitive.numpy(kept, **static))]


@lru_cache(maxsize=256)
def _repeated(shape: Shape, to: Shape) -> list[int]:
    """Return from which entry each one of a larger shape is repeated."""
    found: list[int] = (
        np.broadcast_to(np.arange(math.prod(shape)).reshape(shape), to).ravel().tolist()
    )
    return found


def _rows(shape: Shape, axes: tuple[int, ...], entries: list[str]) -> list[list[str]]:
    """Return the entries that lie at each place along some axes."""
    others = [i for i in range(len(shape)) if i not in axes]
    places = np.arange(len(entries)).reshape(shape).transpose([*axes, *others])
    kept = math.prod(shape[i] for i in axes)
    return [[entries[i] for i in row] for row in places.reshape(kept, -1)]
