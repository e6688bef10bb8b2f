"""Texts with mathematics in them: names in italics with indices, and how wide they are."""

from __future__ import annotations

import re
from functools import lru_cache

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

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
