"""Plot error against time, a point per provider: the cost of each digit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import matplotlib as mpl

from gradmethods.errors import InvalidOption
from gradmethods.output.figures import new_figure
from gradmethods.output.style import RC, THEORY
from gradmethods.providers.registry import style_of

if TYPE_CHECKING:
    import pandas as pd

FLOOR = 1e-17
"""Where an error of exactly 0 is drawn, as a log axis has no zero."""
MOST_LABELS = 5
"""Number of points up to which each has its label beside it; more points go into a legend."""


def accuracy_cost_plane(title: str, table: pd.DataFrame, ax: Any = None) -> Any:
    """Plot the errors of a comparison's table against its times; `Comparison.plot` calls it."""
    drawn = table[(table["gradient_s"] > 0) & (table["error"] >= 0)]
    if drawn.empty:
        raise InvalidOption(
            "There is no provider to draw that was timed and gave a finite gradient. Compare with "
            "seconds=0.5 or so."
        )
    middle = math.sqrt(drawn["gradient_s"].min() * drawn["gradient_s"].max())
    with mpl.rc_context(RC):
        axes = new_figure(4.6, 3.2).subplots() if ax is None else ax
        for place, (name, row) in enumerate(drawn.sort_values("error").iterrows()):
            style = style_of(str(name))
            error = max(row["error"], FLOOR)
            hollow: Any = {} if row["error"] else {"markerfacecolor": "white"}
            axes.plot(
                [row["gradient_s"]], [error], label=style.label, color=style.colour,
                marker=style.marker, markersize=6, linestyle="none", **hollow,
            )  # fmt: skip
            if len(drawn) > MOST_LABELS:
                continue
            # Labels lean to the middle, and take turns above and below: neighbours stay apart.
            side, turn = (-1, "right") if row["gradient_s"] > middle else (1, "left")
            axes.annotate(
                style.label, (row["gradient_s"], error), xytext=(6 * side, -9 if place % 2 else 4),
                textcoords="offset points", ha=turn, fontsize=7, color=style.colour,
            )  # fmt: skip
        if len(drawn) > MOST_LABELS:
            axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        axes.set(xscale="log", yscale="log", xlabel="time per gradient (s)")
        axes.set_ylabel("error relative to the norm of the gradient")
        axes.set_title(title, loc="left")
        axes.margins(x=0.25, y=0.15)
        if (drawn["error"] == 0).any():
            axes.axhline(FLOOR, color=THEORY, linewidth=0.5, linestyle=":")
            axes.annotate(
                "0: no error", (0.99, FLOOR), xycoords=("axes fraction", "data"), ha="right",
                va="bottom", fontsize=6, color=THEORY,
            )  # fmt: skip
    return axes
