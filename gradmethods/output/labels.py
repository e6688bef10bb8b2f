"""Texts inside a figure: put where they hide nothing, with names set in italics, and measured."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath
from numpy.typing import ArrayLike, NDArray

SIZE = 6.5
"""Points. The smallest letters of a figure."""

CLEAR = 7.0
"""Points. Farther than this from everything, one place is as good as another."""

PATCH = {"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85}
"""Behind letters, so that no line runs through them. A halo would draw every letter anew."""


@dataclass(frozen=True)
class Place:
    """A place for a text: an anchor in the data, and an offset from it in points."""

    x: float
    y: float
    dx: float = 0.0
    dy: float = 0.0
    ha: str = "left"
    va: str = "center"


class Labels:
    """Texts on log-log axes that keep clear of lines and of each other.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        With their final limits.
    """

    def __init__(self, axes: Any) -> None:
        self.axes = axes
        # Ticks, labels and a legend take about a third of a figure. Exactness is not needed here.
        spec = axes.get_subplotspec()
        rows, columns = (1, 1) if spec is None else spec.get_gridspec().get_geometry()
        self.extent = 72 * np.array(axes.figure.get_size_inches()) * 0.65 / (columns, rows)
        self._taken = np.empty((0, 2))

    def avoid(self, x: ArrayLike, y: ArrayLike, marker: float = 0.0) -> None:
        """Keep clear of a line through these points, and of markers as wide as said, in points."""
        line = self._along(x, y)
        around = marker / 2 * np.array([(1, 0), (-1, 0), (0, 1), (0, -1)])
        marks = (line[: np.size(x), None] + around).reshape(-1, 2)
        self._taken = np.concatenate([self._taken, line, marks])

    def _along(self, x: ArrayLike, y: ArrayLike) -> NDArray[np.float64]:
        """Spread points over a line."""
        corners = self._points(np.asarray(x, dtype=float), np.asarray(y, dtype=float))
        steps = np.linspace(0, 1, 20)[:, None]
        return np.concatenate([corners, *(a + (b - a) * steps for a, b in pairwise(corners))])

    def put(
        self,
        text: str,
        places: Iterable[Place],
        colour: str,
        *,
        least: float = -np.inf,
        others: Iterable[tuple[ArrayLike, ArrayLike]] = (),
    ) -> Any:
        """Write a text at the first clear place, or else at the clearest; None if it has none.

        Parameters
        ----------
        text, places, colour
            What to write, and where it may stand.
        least : float, optional
            Points that must be clear around it; without such a place it is not written.
        others : iterable of (x, y), optional
            Lines of which this text must keep clear, and the next need not.
        """
        taken = np.concatenate([self._taken, *(self._along(*line) for line in others)])
        clearance, best = max(
            ((self._clearance(text, place, taken), place) for place in places),
            key=lambda found: found[0],
        )
        if clearance < least:
            return None
        written = self.axes.annotate(
            text, (best.x, best.y), xytext=(best.dx, best.dy), textcoords="offset points",
            fontsize=SIZE, color=colour, ha=best.ha, va=best.va, bbox=PATCH,
        )  # fmt: skip
        self._taken = np.concatenate([self._taken, self._box(text, best)])
        return written

    def _clearance(self, text: str, place: Place, taken: NDArray[np.float64]) -> float:
        box = self._box(text, place)
        if (box < 0).any() or (box > self.extent).any():
            return -1.0
        if not len(taken):
            return CLEAR
        gaps = box[:, None, :] - taken[None, :, :]
        return float(min(CLEAR, np.sqrt((gaps**2).sum(axis=-1)).min()))

    def _box(self, text: str, place: Place) -> NDArray[np.float64]:
        """Spread points over the box that the text will fill."""
        width, height = 0.6 * SIZE * len(text), SIZE
        anchor = self._points(np.array([place.x]), np.array([place.y]))[0]
        left = anchor[0] + place.dx - {"left": 0.0, "center": width / 2, "right": width}[place.ha]
        low = anchor[1] + place.dy - {"bottom": 0.0, "center": height / 2, "top": height}[place.va]
        xs, ys = np.linspace(left, left + width, 9), np.linspace(low, low + height, 3)
        return np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)

    def _points(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn data into points from the lower left corner of the axes."""
        fractions = [
            np.log(values / low) / np.log(high / low)
            for values, (low, high) in ((x, self.axes.get_xlim()), (y, self.axes.get_ylim()))
        ]
        return np.stack(fractions, axis=-1) * self.extent


_NAME = re.compile(
    r"(?<![A-Za-z0-9_])([A-Za-z\u03b1-\u03c9])(?:_?(\d+)|_([A-Za-z0-9]+))?(?![A-Za-z0-9_(])"
)
"""A letter, which may have an index; not that of a function."""

ROUNDED = 1.05
"""On a screen letters are as wide as whole pixels: that much wider than their outlines."""


def typeset(text: str) -> str:
    """Mark the names in a text for mathtext: single letters, with an index or without.

    Examples
    --------
    >>> typeset("v12 = w_h × x"), typeset("σ(v3)"), typeset("layer_one ≤ 1e−05")
    ('$v_{12}$ = $w_{h}$ × $x$', 'σ($v_{3}$)', 'layer_one ≤ 1e−05')
    """
    return _NAME.sub(_marked, text.replace("$", r"\$"))


def _marked(found: re.Match[str]) -> str:
    letter, index = found[1], found[2] or found[3]
    return f"${letter}_{{{index}}}$" if index else f"${letter}$"


def width(text: str, size: float) -> float:
    """Return how wide a text is, in points, with what rounding to pixels can add."""
    return extent(text, size)[0]


@lru_cache(maxsize=4096)
def extent(text: str, size: float) -> tuple[float, float, float]:
    """Return the width of a text, and its height above and below the base line, in points."""
    if not text.strip():
        return 0.0, 0.0, 0.0
    box = TextPath((0, 0), text, size=size, prop=FontProperties(family="DejaVu Sans")).get_extents()
    return ROUNDED * float(box.x1), float(box.y1), max(0.0, -float(box.y0))
