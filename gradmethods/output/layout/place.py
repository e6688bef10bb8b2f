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

    @property
    def turned(self) -> Layout:
        """The same from left to right: what was on top stands at the right.

        Examples
        --------
        >>> Layout(2.0, 1.0, ((0.5, 0.25),), ()).turned.centres
        ((0.25, 1.5),)
        """
        return Layout(
            self.height,
            self.width,
            tuple(map(self._turn, self.centres)),
            tuple(tuple(map(self._turn, route)) for route in self.routes),
        )

    def _turn(self, point: Point) -> Point:
        x, y = point
        return y, self.width - x
