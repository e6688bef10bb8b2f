"""Time of ours ÷ time of theirs against n: a figure for each family."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from benchmarks.peers.axes import draw_contender, finish, new_axes, one_size
from benchmarks.peers.cases import FAMILIES
from benchmarks.peers.cases import style as contender_style
from benchmarks.peers.recorded import Compared
from benchmarks.peers.sentences import FAIR, INTERVALS, NAMES, PAIRED, SETTING, WHO
from gradmethods.output.caption import Caption
from gradmethods.output.figures import SIZES
from gradmethods.output.files import RECORDS
from gradmethods.output.items import Drawing
from gradmethods.output.style import RC, THEORY
from gradmethods.report.exhibit import Exhibit


def caption(family: str) -> Caption:
    """Describe the figure of a family."""
    return Caption(
        f"Time per gradient, ours ÷ theirs, against the number of parameters: {NAMES[family]}",
        f"{PAIRED} {WHO[family]} {SETTING} {FAIR} {INTERVALS}",
    )


def draw(rows: pd.DataFrame, size: str = "wide") -> Figure:
    """Plot the time of ours ÷ the time of each peer against n; below 1 ours is faster.

    Parameters
    ----------
    rows : pandas.DataFrame
        Rows of one family and one provider of ours, as from
        `benchmarks.peers.frames.ratios_frame`.
    size : {"wide", "column"}, default "wide"
        As for `times`.
    """
    figure, axes = new_axes(size, f"time of {contender_style(rows['ours'].iloc[0]).label} ÷ theirs")
    with mpl.rc_context(RC):
        axes.axhline(1.0, color=THEORY, linewidth=0.8, zorder=1)
        for name, group in rows.groupby("theirs", sort=False):
            draw_contender(axes, str(name), group, ["median", "low", "high"], own=False)
        low, high = axes.get_ylim()
        low, high = min(low, 0.8), max(high, 1.25)
        axes.set_ylim(low, high)
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high / low < 300 else (1,)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.annotate(
            "slower ↑\nfaster ↓", (1, 1), xycoords=("axes fraction", "data"), xytext=(3, 0),
            textcoords="offset points", va="center", fontsize=6.5, color=THEORY, linespacing=1.5,
        )  # fmt: skip
        finish(figure, axes, rows, size)
    return figure


def make(run: Compared) -> Iterator[Drawing]:
    """Yield a figure for each family that was measured, of the provider of the headline."""
    for family in FAMILIES:
        rows = run.ratios[run.ratios["family"] == family]
        if len(rows) and not one_size(rows):
            rows = rows[rows["ours"] == rows["ours"].iloc[0]]
            name = f"fig-peers-ratio-{family}"
            yield Drawing(name, caption(family), rows, partial(draw, rows), tuple(SIZES))


EXHIBIT = Exhibit("figures", 20, RECORDS, make)
