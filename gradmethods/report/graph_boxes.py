"""The boxes and edges of a drawn graph: texts, sizes, strokes, and badges that number factors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from matplotlib.patches import Circle, FancyBboxPatch, PathPatch, Polygon
from matplotlib.path import Path as Curve

from gradmethods.engines.graph import Node
from gradmethods.engines.graph.names import Names, is_array
from gradmethods.engines.tape import Trace
from gradmethods.output.labels import typeset, width
from gradmethods.output.layout import Point
from gradmethods.output.style import BLACK, BLUE, VERMILLION
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


ARROW = (5.0, 1.9)
"""Points: length, and half the width, of an arrow on a line without width."""

BOX_STYLES: dict[str, dict[str, Any]] = {
    "parameter": {"facecolor": "#FBE3B4", "edgecolor": "#8A5F00", "linewidth": 1.1},
    "data": {"facecolor": "#F2F2F2", "edgecolor": "#555555", "linewidth": 0.8, "linestyle": "--"},
    "constant": {"facecolor": "white", "edgecolor": "#999999", "linewidth": 0.6, "linestyle": ":"},
    "operation": {"facecolor": "white", "edgecolor": "#444444", "linewidth": 0.7},
    "loss": {"facecolor": "#CFE3F2", "edgecolor": BLACK, "linewidth": 1.6},
}


PLAIN: dict[str, Any] = {"color": "#666666", "linewidth": 0.8, "zorder": 1}
COMMON: dict[str, Any] = {"color": VERMILLION, "linewidth": 2.4, "zorder": 2}
ALONE: dict[str, Any] = {
    "color": VERMILLION, "linewidth": 1.4, "zorder": 2, "linestyle": (0, (3, 1.5)),
}  # fmt: skip
"""Edges: of no partial derivative in question, of all of them, of some."""


def draw_edge(axes: Any, route: Sequence[Point], look: dict[str, Any]) -> None:
    """Draw an edge along Bézier pieces, and an arrow at its end."""
    tip, before = route[-1], next(p for p in reversed(route) if p != route[-1])
    length, half = ARROW[0] + look["linewidth"], ARROW[1] + look["linewidth"] / 2
    way = math.hypot(tip[0] - before[0], tip[1] - before[1])
    along = (tip[0] - before[0]) / way, (tip[1] - before[1]) / way
    base = tip[0] - length * along[0], tip[1] - length * along[1]
    aside = -along[1] * half, along[0] * half
    wings = [(base[0] + side * aside[0], base[1] + side * aside[1]) for side in (1, -1)]
    # The line ends within the arrow: its end would blunt the tip.
    line = [*route[:-1], (tip[0] - length / 2 * along[0], tip[1] - length / 2 * along[1])]
    codes = [Curve.MOVETO, *[Curve.CURVE4] * (len(route) - 1)]
    axes.add_patch(PathPatch(Curve(line, codes), fill=False, capstyle="butt", **look))
    arrow = look | {"linewidth": 0, "linestyle": "-"}
    axes.add_patch(Polygon([tip, *wings], closed=True, **arrow))


def middle(route: Sequence[Point]) -> Point:
    """Return the middle of the longest piece of a route."""
    pieces = [route[i : i + 4] for i in range(0, len(route) - 1, 3)]
    a, b, c, d = max(pieces, key=lambda p: math.hypot(p[3][0] - p[0][0], p[3][1] - p[0][1]))
    return (a[0] + 3 * b[0] + 3 * c[0] + d[0]) / 8, (a[1] + 3 * b[1] + 3 * c[1] + d[1]) / 8


def draw_badge(axes: Any, centre: Point, text: str, *, filled: bool, radius: float = 4.6) -> None:
    """Draw a disc with a number in it."""
    face, letters = (VERMILLION, "white") if filled else ("white", BLACK)
    look = {"facecolor": face, "edgecolor": VERMILLION, "linewidth": 1.0, "zorder": 5}
    axes.add_patch(Circle(centre, radius, **look))
    axes.text(
        *centre, text, size=SMALL, weight="bold", color=letters, ha="center",
        va="center_baseline", zorder=6,
    )  # fmt: skip


def draw_node(axes: Any, box: Box, centre: Point) -> None:
    """Draw the box of a node and its texts."""
    (w, h), (x, y) = box.size, centre
    axes.add_patch(
        FancyBboxPatch(
            (x - w / 2, y - h / 2), w, h, boxstyle="round,pad=0,rounding_size=3", zorder=3,
            **BOX_STYLES[box.kind],
        )
    )  # fmt: skip
    top = y + sum(LEADING * line[0][1] for line in box.lines) / 2
    for line in box.lines:
        widths = [width(*part[:2]) for part in line]
        start = x - (sum(widths) + GAP * (len(line) - 1)) / 2
        for (text, size, colour), wide in zip(line, widths, strict=True):
            axes.text(
                start + wide / 2, top - 0.98 * size, text, size=size, color=colour, ha="center",
                va="baseline", zorder=4,
            )  # fmt: skip
            start += wide + GAP
        top -= LEADING * line[0][1]
    if box.badge:
        draw_badge(axes, (x + w / 2, y + h / 2), box.badge, filled=True)
