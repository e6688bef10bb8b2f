"""How figures look: colours, and what a style is. The styles of methods stand on the providers.

The colours are Okabe and Ito's, which colour-blind readers tell apart; markers and lines do the
same for a grey printer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# M. Okabe and K. Ito, Color universal design (2008).
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILLION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"

OLIVE = "#857000"
"""Their yellow, dark enough for lines on white."""
WINE = "#882255"
"""A colour of P. Tol's muted scheme, darker in grey print than all of those above but black."""

THEORY = "#777777"
GRID = "#E4E4E4"


@dataclass(frozen=True)
class Style:
    """How one method is drawn."""

    label: str
    colour: str
    marker: str
    line: Any

    @property
    def plot(self) -> dict[str, Any]:
        """Keyword arguments for matplotlib."""
        return {"color": self.colour, "marker": self.marker, "linestyle": self.line}


_STRANGERS = tuple(
    (colour, marker)
    for marker in ("h", "8", "d", ">")
    for colour in (BLACK, SKY, PURPLE, ORANGE, GREEN)
)

RC: Any = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same letters on every machine
    "font.size": 8,
    "axes.labelsize": 8,
    "axes.titlesize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.5,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.8,
    "legend.frameon": False,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "figure.dpi": 100,
    "savefig.dpi": 300,
    "pdf.fonttype": 42,  # letters stay letters: journals ask for it, and PDF readers can search
    "svg.fonttype": "none",  # to be searched, read aloud, and a quarter of the size
    "mathtext.fontset": "dejavusans",
}


def own_style(name: str, label: str = "") -> Style:
    """Return how something is drawn that says nothing of it: it gets a style of its own.

    The style follows from the name alone, so that it is the same in every figure.
    """
    colour, marker = _STRANGERS[sum(name.encode()) % len(_STRANGERS)]
    return Style(label or name, colour, marker, (0, (4, 2, 1, 2)))
