"""The computational graph as a picture: operands above their uses, the loss at the bottom.

At a node stand what it computes, its value after the forward pass and, in blue behind a ∂, its
cotangent after the backward pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from gradmethods.engines.graph import Node
from gradmethods.engines.graph.names import Names
from gradmethods.engines.tape import Trace, count_factors
from gradmethods.errors import BudgetExceeded, InvalidProblem, UnknownName
from gradmethods.output.labels import typeset, width
from gradmethods.output.layout import Layout, graphviz, layered
from gradmethods.output.layout.graphviz import available
from gradmethods.output.style import BLACK, BLUE, RC
from gradmethods.report.graph_boxes import (
    ALONE,
    BOX_STYLES,
    COMMON,
    PLAIN,
    SMALL,
    Boxes,
    Shown,
    collect,
    draw_badge,
    draw_edge,
    draw_node,
    middle,
)

if TYPE_CHECKING:
    from gradmethods.comparison.explain import Explanation

MOST_NODES = 400
"""More cannot be read, whatever the layout."""

MARGIN = 8.0
ROW = 13.0
"""Points: around the picture, and from one row of the legend to the next."""

PAGE = (7.0 * 72, 9.0 * 72)
"""Points. What a graph should fit into without being made smaller, if it can."""

LAYOUTS: dict[str, Callable[..., Layout]] = {"own": layered, "graphviz": graphviz}


def draw_graph(
    trace: Trace,
    *,
    values: bool = True,
    cotangents: bool = True,
    shared: Sequence[str] = (),
    explanation: Explanation | None = None,
    layout: str = "auto",
    left_to_right: bool = False,
) -> Figure:
    """Draw a graph.

    Parameters
    ----------
    trace : Trace
        From `gradmethods.engines.tape.trace`.
    values, cotangents : bool
        Whether to write them at the nodes: a scalar as a number, an array as its least and greatest
        entry.
    shared : sequence of str
        Names of parameters: the factors that all their partial derivatives share are numbered from
        the loss on and drawn thick, those of one alone are dashed.
    explanation : Explanation, optional
        Of the same loss as `trace` recorded it: what was found is numbered at its operation.
    layout : {"auto", "own", "graphviz"}
        Who decides where nodes stand; ``"auto"`` is Graphviz where it is installed.
    left_to_right : bool
        Whether the loss stands at the right, not on top.

    Raises
    ------
    BudgetExceeded
        If the graph has more than `MOST_NODES` nodes.
    InvalidProblem
        If it has none.
    UnknownName
        If there is no such layout or parameter.
    """
    names = Names(trace.graph, trace.names)
    _check(trace, names, shared, layout)
    chosen = layout if layout != "auto" else "graphviz" if available() else "own"
    findings = explanation.findings if explanation else ()
    badges = {
        names.nodes[step]: "+".join(str(k) for k, x in enumerate(findings, 1) if x.step == step)
        for step in {finding.step for finding in findings}
    }
    with mpl.rc_context(RC):
        marks = Marks(trace, shared) if shared else None
        tried = []
        # A chain of nodes is high, a tree is wide: value and cotangent stand where there is room.
        for beside in (False, True) if values and cotangents else (False,):
            drawn = collect(trace, names, Shown(values, cotangents, beside, badges))
            sizes = [box.size for box in drawn.boxes]
            if left_to_right:
                sizes = [(high, wide) for wide, high in sizes]
            placed = LAYOUTS[chosen](sizes, drawn.edges, rise=22.0 if shared else 15.0)
            placed = placed.turned if left_to_right else placed
            tried.append((max(placed.width / PAGE[0], placed.height / PAGE[1]), drawn, placed))
        _, drawn, placed = min(tried, key=lambda found: found[0])
        kinds, loss = {box.kind for box in drawn.boxes}, names.of(trace.graph.outputs[0])
        entries = legend(kinds, loss, values=values, cotangents=cotangents)
        if marks:
            entries += factor_legend(loss, marks.shared, marks.own)
        entries += finding_legend([finding.summary for finding in findings])
        return _paint(drawn, placed, marks, entries)


def _check(trace: Trace, names: Names, shared: Sequence[str], layout: str) -> None:
    """Refuse what cannot be drawn, or not read."""
    if len(names.nodes) > MOST_NODES:
        raise BudgetExceeded(
            f"The graph has {len(names.nodes):,} nodes; up to {MOST_NODES} are drawn, because "
            "nobody could read more. Take a smaller problem, or its graph as text."
        )
    if not names.nodes:
        raise InvalidProblem("The loss is a constant: there is no graph to draw.")
    if layout not in ("auto", *LAYOUTS):
        raise UnknownName.among("layout", layout, ("auto", *LAYOUTS))
    for name in shared:
        if name not in trace.graph.params:
            raise UnknownName.among("parameter", name, trace.graph.params)


class Marks:
    """Which edges belong to the partial derivatives in question, and the numbers of their factors.

    Attributes
    ----------
    common, alone : frozenset of (Node, int)
        Edges on the ways from the loss to all of the parameters, and to some.
    number : dict of (Node, int) to int
        Of the factors, the shared ones first, from the loss on.
    shared : int
        How many all have.
    own : dict of str to int
        By parameter, how many it has besides.
    """

    def __init__(self, trace: Trace, names: Sequence[str]) -> None:
        ways = count_factors(trace.graph, trivial=True)
        self.common = ways.shared(*names)
        self.alone = frozenset().union(*(ways.chains[name] for name in names)) - self.common
        factors = count_factors(trace.graph)
        order = {node: i for i, node in enumerate(reversed(trace.graph.nodes()))}
        counted = frozenset().union(*(factors.chains[name] for name in names))
        ordered = sorted(counted, key=lambda f: (f not in self.common, order[f[0]], f[1]))
        self.number = {factor: i for i, factor in enumerate(ordered, 1)}
        self.shared = len(factors.shared(*names))
        self.own = {name: len(factors.chains[name] - self.common) for name in names}

    def look(self, use: tuple[Node, int]) -> dict[str, Any]:
        """Say how an edge is drawn."""
        return COMMON if use in self.common else ALONE if use in self.alone else PLAIN


def _paint(drawn: Boxes, placed: Layout, marks: Marks | None, entries: Sequence[Entry]) -> Figure:
    inner = max(placed.width, *(entry.width for entry in entries))
    rows = wrap(entries, inner)
    foot = len(rows) * ROW + 8.0
    full = inner + 2 * MARGIN, placed.height + foot + 2 * MARGIN
    figure = Figure(figsize=(full[0] / 72, full[1] / 72))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set(xlim=(0, full[0]), ylim=(0, full[1]))
    axes.set_axis_off()
    left, low = MARGIN + (inner - placed.width) / 2, MARGIN + foot
    for use, route in zip(drawn.uses, placed.routes, strict=True):
        moved = [(x + left, y + low) for x, y in route]
        draw_edge(axes, moved, marks.look(use) if marks else PLAIN)
        if marks and use in marks.number:
            number = str(marks.number[use])
            draw_badge(axes, middle(moved), number, filled=use in marks.common)
    for box, (x, y) in zip(drawn.boxes, placed.centres, strict=True):
        draw_node(axes, box, (x + left, y + low))
    for i, row in enumerate(rows):
        x = MARGIN
        for entry in row:
            entry.draw(axes, x, low - ROW * (i + 1))
            x += entry.width + GAP
    return figure


# -- the legend

GAP = 14.0
"""Points between entries."""


Swatch = Callable[[Any, float, float], None]


@dataclass(frozen=True)
class Entry:
    """One entry of the legend: a swatch and what it means."""

    text: str
    swatch: Swatch

    @property
    def width(self) -> float:
        """Points."""
        return 18.0 + width(self.text, SMALL)

    def draw(self, axes: Any, x: float, y: float) -> None:
        """Draw it, from `x` to the right and around the height `y`."""
        self.swatch(axes, x, y)
        axes.text(x + 18.0, y, self.text, size=SMALL, va="center_baseline", zorder=4)


def legend(kinds: set[str], loss: str, *, values: bool, cotangents: bool) -> list[Entry]:
    """Explain boxes and the numbers in them.

    Parameters
    ----------
    kinds : set of str
        Those of the boxes drawn.
    loss : str
        Its name.
    values, cotangents : bool
        Whether they stand at the nodes.
    """
    entries = [Entry(kind, _box_swatch(kind)) for kind in BOX_STYLES if kind in kinds]
    if values:
        text = "value after the forward pass; of an array: (shape) least … greatest entry"
        entries.append(Entry(text, _sign("0.5", BLACK)))
    if cotangents:
        text = typeset(f"cotangent ∂{loss}/∂(node) after the backward pass")
        entries.append(Entry(text, _sign("∂", BLUE)))
    return entries


def factor_legend(loss: str, common: int, own: Mapping[str, int]) -> list[Entry]:
    """Explain the marks of factors.

    Parameters
    ----------
    loss : str
        Its name.
    common : int
        Factors that all partial derivatives in question share.
    own : dict of str to int
        By parameter, the factors that not all have.
    """
    both = " and ".join(f"∂{loss}/∂{name}" for name in own)
    entries = [Entry(typeset(f"{common} factors that {both} share"), _factor_swatch(filled=True))]
    return entries + [
        Entry(typeset(f"{count} more of ∂{loss}/∂{name}"), _factor_swatch(filled=False))
        for name, count in own.items()
        if count
    ]


def finding_legend(summaries: Sequence[str]) -> list[Entry]:
    """Explain the numbers of what `gm.explain` found."""
    return [Entry(said, _badge_swatch(str(k))) for k, said in enumerate(summaries, 1)]


def _badge_swatch(number: str) -> Swatch:
    def swatch(axes: Any, x: float, y: float) -> None:
        draw_badge(axes, (x + 7, y), number, filled=True)

    return swatch


def _box_swatch(kind: str) -> Swatch:
    def swatch(axes: Any, x: float, y: float) -> None:
        axes.add_patch(
            FancyBboxPatch(
                (x, y - 3.5), 14, 7, boxstyle="round,pad=0,rounding_size=2", **BOX_STYLES[kind]
            )
        )

    return swatch


def _sign(text: str, colour: str) -> Swatch:
    def swatch(axes: Any, x: float, y: float) -> None:
        axes.text(x + 7, y, text, size=SMALL, color=colour, ha="center", va="center_baseline")

    return swatch


def _factor_swatch(*, filled: bool) -> Swatch:
    def swatch(axes: Any, x: float, y: float) -> None:
        axes.plot([x, x + 15], [y, y], **(COMMON if filled else ALONE))
        draw_badge(axes, (x + 7, y), "", filled=filled, radius=3.2)

    return swatch


def wrap(entries: Sequence[Entry], room: float) -> list[list[Entry]]:
    """Put entries into rows of a width."""
    rows: list[list[Entry]] = []
    used = room + 1
    for entry in entries:
        if used + entry.width > room:
            rows.append([])
            used = 0.0
        rows[-1].append(entry)
        used += entry.width + GAP
    return rows
