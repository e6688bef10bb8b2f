"""The strokes of a drawn graph: boxes, edges with their arrows, and badges that number factors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.patches import Circle, FancyBboxPatch, PathPatch, Polygon
from matplotlib.path import Path as Curve

from gradmethods.output.labels import width
from gradmethods.output.layout import Point
from gradmethods.output.style import BLACK, VERMILLION
from gradmethods.report.graph_boxes import GAP, LEADING, SMALL, Box

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
