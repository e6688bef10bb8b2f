"""The boxes of a drawn graph: their texts, their sizes, and the edges between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gradmethods.engines.graph import Node
from gradmethods.engines.graph.names import Names, is_array
from gradmethods.engines.tape import Trace
from gradmethods.output.labels import typeset, width
from gradmethods.output.layout import Point
from gradmethods.output.style import BLACK, BLUE
from gradmethods.report.graph_text import kind_of, shape_text, summary

LETTERS, SMALL = 8.0, 6.5
"""Points: what a node computes, and what is said of it."""

LEADING = 1.35
"""Height of a line, in sizes of its letters."""

PAD, GAP = 4.0, 5.0
"""Points: around the texts of a box, and between those on one line."""

FAINT = "#555555"

Part = tuple[str, float, str]
"""A text, its size and its colour."""


@dataclass(frozen=True)
class Box:
    """The texts of a node, in lines of parts that stand beside each other."""

    kind: str
    lines: tuple[tuple[Part, ...], ...]
    badge: str = ""

    @property
    def size(self) -> Point:
        """Width and height in points."""
        widest = max(sum(width(*part[:2]) + GAP for part in line) - GAP for line in self.lines)
        height = sum(LEADING * line[0][1] for line in self.lines)
        return max(widest + 2 * PAD, 24.0), height + 1.2 * PAD


@dataclass(frozen=True)
class Boxes:
    """Boxes and edges in the order in which layouts number them."""

    boxes: list[Box] = field(default_factory=list)
    edges: list[tuple[int, int]] = field(default_factory=list)
    uses: list[tuple[Node, int]] = field(default_factory=list)


@dataclass(frozen=True)
class Shown:
    """What is said at a node."""

    values: bool
    cotangents: bool
    beside: bool
    badges: Mapping[Node, str] = field(default_factory=dict)


def collect(trace: Trace, names: Names, shown: Shown) -> Boxes:
    """Make a box for every node and every constant array, and an edge for every use."""
    drawn = Boxes()
    number: dict[Any, int] = {}
    for node in names.nodes:
        for operand in filter(is_array, node.operands):
            if id(operand) not in number:
                number[id(operand)] = len(drawn.boxes)
                said = [typeset(names.of(operand)), summary(operand, shape=True)]
                drawn.boxes.append(_small(said))
        for position, operand in enumerate(node.operands):
            if is_array(operand) or isinstance(operand, Node):
                key = operand if isinstance(operand, Node) else id(operand)
                drawn.edges.append((number[key], len(drawn.boxes)))
                drawn.uses.append((node, position))
        number[node] = len(drawn.boxes)
        drawn.boxes.append(_box(trace, names, node, shown))
    return drawn


def _small(said: list[str]) -> Box:
    return Box("constant", tuple(((text, SMALL, FAINT),) for text in said))


def _box(trace: Trace, names: Names, node: Node, shown: Shown) -> Box:
    said: list[Part] = []
    if shown.values:
        said.append((summary(trace.forward[node], shape=True), SMALL, BLACK))
    elif node.shape:
        said.append((shape_text(node.shape), SMALL, FAINT))
    if shown.cotangents and node in trace.backward:
        said.append((f"∂ {summary(trace.backward[node])}", SMALL, BLUE))
    lines = [tuple(said)] if shown.beside else [(part,) for part in said]
    formula = typeset(names.line(node)), LETTERS, BLACK
    texts = ((formula,), *filter(None, lines))
    return Box(kind_of(trace.graph, node), texts, shown.badges.get(node, ""))
