"""The legend of a drawn graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.patches import FancyBboxPatch

from gradmethods.output.labels import typeset, width
from gradmethods.output.style import BLACK, BLUE
from gradmethods.report.graph_boxes import ALONE, BOX_STYLES, COMMON, SMALL, draw_badge

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
