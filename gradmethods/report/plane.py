"""Error against time, a point per provider: what each digit costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl

from gradmethods.report.figures import new_figure
from gradmethods.report.style import RC, THEORY, look

if TYPE_CHECKING:
    from gradmethods.accuracy.compare import Comparison

FLOOR = 1e-17
"""Where an error of exactly 0 is drawn, as a log axis has no zero."""


def accuracy_cost_plane(comparison: Comparison, ax: Any = None) -> Any:
    """Plot a comparison's errors against its times.

    Parameters
    ----------
    comparison : Comparison
        Its table is plotted. Providers that were not timed are left out.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib.axes.Axes
    """
    with mpl.rc_context(RC):
        axes = new_figure(4.6, 3.2).subplots() if ax is None else ax
        for name, row in comparison.table.iterrows():
            if not (row["gradient_s"] > 0 and row["error"] >= 0):
                continue
            style = look(str(name))
            error = max(row["error"], FLOOR)
            hollow: Any = {} if row["error"] else {"markerfacecolor": "white"}
            axes.plot(
                [row["gradient_s"]], [error], label=style.label, color=style.colour,
                marker=style.marker, markersize=6, linestyle="none", **hollow,
            )  # fmt: skip
            axes.annotate(
                style.label, (row["gradient_s"], error), xytext=(6, 3),
                textcoords="offset points", fontsize=7, color=style.colour,
            )  # fmt: skip
        axes.set(xscale="log", yscale="log", xlabel="time per gradient (s)")
        axes.set_ylabel("error relative to the norm of the gradient")
        axes.set_title(f"{comparison.problem.name}, n = {comparison.problem.size:,}", loc="left")
        axes.margins(x=0.25, y=0.12)
        if (comparison.table["error"] == 0).any():
            axes.axhline(FLOOR, color=THEORY, linewidth=0.5, linestyle=":")
            axes.annotate(
                "0: the reference", (0.99, FLOOR), xycoords=("axes fraction", "data"), ha="right",
                va="bottom", fontsize=6, color=THEORY,
            )  # fmt: skip
    return axes
