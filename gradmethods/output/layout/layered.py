"""The layered layout: operands above their uses, the output at the bottom."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from gradmethods.output.layout.coordinates import coordinates
from gradmethods.output.layout.layers import GAP, Edge, Layers, Layout, Point, make_layers
from gradmethods.output.layout.order import reduce_crossings

FAR = 300.0
"""How far aside an edge leads where the distance between layers is doubled."""


def layered(sizes: Sequence[Point], edges: Sequence[Edge], *, rise: float = 20.0) -> Layout:
    """Lay out a graph without cycles in layers.

    Boxes do not overlap, edges lead down, and none runs through a box that it does not belong to:
    within a layer an edge that passes by runs straight down, at a distance from the boxes.

    Parameters
    ----------
    sizes : sequence of tuple of float
        Width and height of each box, operands before their uses.
    edges : sequence of tuple of int
        From operand to use; an edge may stand there twice.
    rise : float
        Least distance between layers; up to twice as much where an edge leads far aside.

    Examples
    --------
    >>> layout = layered([(40, 20), (48, 20)], [(0, 1)])
    >>> layout.centres
    ((24.0, 50.0), (24.0, 10.0))
    """
    layers = make_layers(len(sizes), edges)
    reduce_crossings(layers)
    widths = [width for width, _ in sizes]
    widths += [GAP / 3] * (sum(map(len, layers.rows)) - len(sizes))
    xs = coordinates(layers, widths)
    bands, height = _bands(layers, sizes, xs, rise)
    ys = {
        place: sum(band) / 2 for row, band in zip(layers.rows, bands, strict=True) for place in row
    }
    return Layout(
        max((x + w / 2 for x, w in zip(xs, widths, strict=True)), default=0.0),
        height,
        tuple((xs[node], ys[node]) for node in range(len(sizes))),
        tuple(_routes(layers, sizes, xs, bands)),
    )


def _bands(
    layers: Layers, sizes: Sequence[Point], xs: Sequence[float], rise: float
) -> tuple[list[tuple[float, float]], float]:
    """Return bottom and top of every layer, and the height of all."""
    heights = [
        max((sizes[place][1] for place in row if place < layers.nodes), default=0.0)
        for row in layers.rows
    ]
    row_of = {place: i for i, row in enumerate(layers.rows) for place in row}
    aside = [0.0] * len(heights)  # How far aside an edge goes above each layer, at most.
    for chain in layers.chains:
        for a, b in pairwise(chain):
            aside[row_of[b]] = max(aside[row_of[b]], abs(xs[a] - xs[b]))
    rises = [rise * (1 + min(far / FAR, 1.0)) for far in aside[1:]]
    height = sum(heights) + sum(rises)
    bands, top = [], height
    for own, space in zip(heights, [*rises, 0.0], strict=False):
        bands.append((top - own, top))
        top -= own + space
    return bands, height


def _routes(
    layers: Layers,
    sizes: Sequence[Point],
    xs: Sequence[float],
    bands: Sequence[tuple[float, float]],
) -> list[tuple[Point, ...]]:
    row_of = {place: i for i, row in enumerate(layers.rows) for place in row}
    leaving = _ports(layers, sizes, xs, end=0)
    entering = _ports(layers, sizes, xs, end=-1)
    routes = []
    for edge, chain in enumerate(layers.chains):
        # Corners come in pairs: where an edge leaves a layer, and where it enters the next.
        x = [leaving[edge], *(xs[place] for place in chain[1:-1]), entering[edge]]
        rows = [bands[row_of[place]] for place in chain]
        start, end = _edge_of(sizes, chain[0], rows[0], -1), _edge_of(sizes, chain[-1], rows[-1], 1)
        route: list[Point] = [(x[0], start)]
        for k, (a, b) in enumerate(pairwise(x)):
            last = k == len(x) - 2
            bottom, top = rows[k][0], rows[k + 1][1]
            if route[-1][1] > bottom:  # a box lower than its layer, or a bend: straight down first
                route += _line(route[-1], (a, bottom))
            route += _bow((a, bottom), (b, top))
            if last and end < top:
                route += _line((b, top), (b, end))
        routes.append(tuple(route))
    return routes


def _edge_of(sizes: Sequence[Point], node: int, band: tuple[float, float], side: int) -> float:
    return sum(band) / 2 + side * sizes[node][1] / 2


def _ports(
    layers: Layers, sizes: Sequence[Point], xs: Sequence[float], *, end: int
) -> dict[int, float]:
    """Spread the ends of edges along the side of their box, in the order of where they lead."""
    meeting: dict[int, list[tuple[float, int]]] = {}
    for edge, chain in enumerate(layers.chains):
        towards = chain[1] if end == 0 else chain[-2]
        meeting.setdefault(chain[end], []).append((xs[towards], edge))
    ports = {}
    for node, ends in meeting.items():
        ends.sort()
        # An edge from right above, or to right below, stays straight; the others make room.
        straight = [i for i, (x, _) in enumerate(ends) if abs(x - xs[node]) < 0.5]
        middle = straight[0] if straight else (len(ends) - 1) / 2
        farthest = max(middle, len(ends) - 1 - middle, 0.5)
        step = min(14.0, 0.36 * sizes[node][0] / farthest)
        for i, (_, edge) in enumerate(ends):
            ports[edge] = xs[node] + (i - middle) * step
    return ports


def _line(a: Point, b: Point) -> list[Point]:
    return [a, b, b]


def _bow(a: Point, b: Point) -> list[Point]:
    """Lead from one layer to the next, upright at both ends."""
    middle = (a[1] + b[1]) / 2
    return [(a[0], middle), (b[0], middle), b]
