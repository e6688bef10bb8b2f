"""Time per gradient against n, ours and theirs: a figure for each family."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from benchmarks.peers.axes import draw_contender, finish, new_axes, one_size
from benchmarks.peers.cases import FAMILIES, LOSS
from benchmarks.peers.recorded import Compared
from benchmarks.peers.sentences import FAIR, INTERVALS, NAMES, SETTING, WHO
from gradmethods.output.caption import Caption
from gradmethods.output.figures import SIZES
from gradmethods.output.files import RECORDS
from gradmethods.output.items import Drawing
from gradmethods.output.style import RC
from gradmethods.providers import Numerical
from gradmethods.report.exhibit import Exhibit


def caption(family: str) -> Caption:
    """Describe the figure of a family."""
    dotted = (
        "two losses. Times are divided by the number of components."
        if family == Numerical.family
        else "one loss."
    )
    return Caption(
        f"Time per gradient, ours and theirs, against the number of parameters: {NAMES[family]}",
        f"Thick lines: ours. Dotted: {dotted} {WHO[family]} {SETTING} {FAIR} {INTERVALS}",
    )


def draw(rows: pd.DataFrame, size: str = "wide") -> Figure:
    """Plot time per gradient against n, ours and theirs; of differences, time per component.

    Parameters
    ----------
    rows : pandas.DataFrame
        Measured rows of one family, as from `benchmarks.peers.frames.times_frame`.
    size : {"wide", "column"}, default "wide"
        A page, with the legend beside, or a column, with the legend below.
    """
    single = rows["family"].iloc[0] == Numerical.family
    figure, axes = new_axes(size, f"time per {'component of the ' if single else ''}gradient (s)")
    columns = ["time_median", "time_low", "time_high"]
    with mpl.rc_context(RC):
        for name, group in rows.groupby("contender", sort=False):
            role, shown = group["role"].iloc[0], group
            if single:
                parts = 0.5 if role == LOSS else group["components"].fillna(group["n"])
                shown = group.assign(**group[columns].div(parts, axis=0))
            label = "two losses, NumPy" if single and role == LOSS else None
            draw_contender(axes, str(name), shown, columns, own=role == "ours", label=label)
        finish(figure, axes, rows, size)
    return figure


def make(run: Compared) -> Iterator[Drawing]:
    """Yield a figure for each family that was measured."""
    measured = run.times[run.times["outcome"] == "measured"]
    for family in FAMILIES:
        rows = measured[measured["family"] == family]
        if len(rows) and not one_size(rows):
            name = f"fig-peers-time-{family}"
            yield Drawing(name, caption(family), rows, partial(draw, rows), tuple(SIZES))


EXHIBIT = Exhibit("figures", 10, RECORDS, make)
