"""What every way to lay out a graph returns."""

from __future__ import annotations

from dataclasses import dataclass

Point = tuple[float, float]
Edge = tuple[int, int]


@dataclass(frozen=True)
class Layout:
    """Places of boxes and edges, in the unit of the boxes' sizes; y grows upwards from 0.

    Attributes
    ----------
    width, height : float
        Of the whole.
    centres : tuple of tuple of float
        Of the boxes, in the order in which their sizes were given.
    routes : tuple of tuple of tuple of float
        A curve for each edge, in the order given, from tail to head: where it starts, then for each
        cubic Bézier piece two control points and its end.
    """

    width: float
    height: float
    centres: tuple[Point, ...]
    routes: tuple[tuple[Point, ...], ...]
