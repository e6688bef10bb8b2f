"""Against n, a figure for each family: time of a gradient, ours ÷ theirs, and preparation."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter

from benchmarks.peers.cases import FAMILIES, LOSS, METHODS
from benchmarks.peers.cases import style as contender_style
from benchmarks.peers.results import Compared
from benchmarks.peers.sentences import FAIR, INTERVALS, NAMES, PAIRED, PREPARED, SETTING, WHO
from gradmethods.output.caption import Caption
from gradmethods.output.figures import SIZES, new_figure
from gradmethods.output.files import RECORDS
from gradmethods.output.items import Drawing
from gradmethods.output.style import RC, THEORY
from gradmethods.providers import Numerical
from gradmethods.report.exhibit import Exhibit

WIDTH = 2.4
"""Points: the line of ours. Everybody else's is half of it."""

TIME = ["time_median", "time_low", "time_high"]


def caption(family: str, kind: str) -> Caption:
    """Describe a figure of a family: of its times, its ratios, or its preparation."""
    end = f"the number of parameters: {NAMES[family]}"
    if kind == "ratio":
        return Caption(
            f"Time per gradient, ours ÷ theirs, against {end}",
            f"{PAIRED} {WHO[family]} {INTERVALS}",
            (SETTING, FAIR),
        )
    if kind == "prepare":
        return Caption(
            f"Preparation, ours and theirs, against {end}",
            f"Thick lines: ours. {PREPARED} Each was prepared once. {WHO[family]}",
            (SETTING,),
        )
    dotted = (
        "two losses. Times are divided by the number of components."
        if family == Numerical.family
        else "one loss."
    )
    return Caption(
        f"Time per gradient, ours and theirs, against {end}",
        f"Thick lines: ours. Dotted: {dotted} {WHO[family]} {INTERVALS}",
        (SETTING, FAIR),
    )


def draw_times(rows: pd.DataFrame, size: str = "wide") -> Figure:
    """Plot time per gradient against n, ours and theirs; of differences, time per component.

    Parameters
    ----------
    rows : pandas.DataFrame
        Measured rows of one family, as from `benchmarks.peers.frames.times_frame`.
    size : {"wide", "column"}, default "wide"
        A page, with the legend beside, or a column, with the legend below.
    """
    single = rows["family"].iloc[0] == Numerical.family
    figure, axes = _new_axes(size, f"time per {'component of the ' if single else ''}gradient (s)")
    with mpl.rc_context(RC):
        for name, group in rows.groupby("contender", sort=False):
            role, shown = group["role"].iloc[0], group
            if single:
                parts = 0.5 if role == LOSS else group["components"].fillna(group["n"])
                shown = group.assign(**group[TIME].div(parts, axis=0))
            label = "two losses, NumPy" if single and role == LOSS else None
            _draw(axes, str(name), shown, TIME, own=role == "ours", label=label)
        _finish(figure, axes, rows, size)
    return figure


def draw_preparation(rows: pd.DataFrame, size: str = "wide") -> Figure:
    """Plot the time of preparing against n; the arguments are those of `draw_times`."""
    figure, axes = _new_axes(size, "preparation (s)")
    with mpl.rc_context(RC):
        for name, group in rows.groupby("contender", sort=False):
            own = group["role"].iloc[0] == "ours"
            _draw(axes, str(name), group, ["prepared"] * 3, own=own)
        _finish(figure, axes, rows, size)
    return figure


def draw_ratios(rows: pd.DataFrame, size: str = "wide") -> Figure:
    """Plot the time of ours ÷ the time of each peer against n; below 1 ours is faster.

    Parameters
    ----------
    rows : pandas.DataFrame
        Rows of one family and one provider of ours, as from
        `benchmarks.peers.frames.ratios_frame`.
    size : {"wide", "column"}, default "wide"
        As for `draw_times`.
    """
    label = f"time of {contender_style(rows['ours'].iloc[0]).label} ÷ theirs"
    figure, axes = _new_axes(size, label)
    with mpl.rc_context(RC):
        axes.axhline(1.0, color=THEORY, linewidth=0.8, zorder=1)
        for name, group in rows.groupby("theirs", sort=False):
            _draw(axes, str(name), group, ["median", "low", "high"], own=False)
        _finish(figure, axes, rows, size)
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
    return figure


def _new_axes(size: str, label: str) -> tuple[Figure, Any]:
    """Return a figure and its axes, logarithmic in both directions."""
    figure = new_figure(*SIZES[size])
    with mpl.rc_context(RC):
        axes = figure.subplots()
        axes.set(xscale="log", yscale="log", xlabel="number of parameters n", ylabel=label)
    return figure, axes


def _draw(
    axes: Any,
    name: str,
    group: pd.DataFrame,
    columns: list[str],
    *,
    own: bool,
    label: str | None = None,
) -> None:
    """Draw the points of a contender with their intervals, and name it in the legend."""
    style = contender_style(name)
    x, (middle, low, high) = group["n"].to_numpy(float), group[columns].to_numpy(float).T
    axes.plot(
        x, middle, label=label or style.label, **style.plot,
        linewidth=WIDTH if own else WIDTH / 2, zorder=3 if own else 2,
    )  # fmt: skip
    axes.vlines(x, low, high, color=style.colour, linewidth=3, alpha=0.45)


def _finish(figure: Figure, axes: Any, rows: pd.DataFrame, size: str) -> None:
    """Name the sizes on the axis, and place the legend."""
    sizes = np.unique(rows["n"].to_numpy(float)).tolist()
    axes.xaxis.set_major_locator(FixedLocator(sizes))
    named = _apart(sizes, 0.09 if size == "wide" else 0.13)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: short(x) if x in named else ""))
    axes.xaxis.set_minor_locator(FixedLocator([]))
    margin = max(sizes[-1] / sizes[0], 10.0) ** 0.06
    axes.set_xlim(sizes[0] / margin, sizes[-1] * margin)
    if size == "wide":
        figure.legend(loc="outside right upper", handlelength=3.4, labelspacing=0.9)
    else:
        figure.legend(loc="outside lower center", handlelength=3.4, ncols=2)


def _apart(sizes: list[float], share: float) -> list[float]:
    """Return the sizes whose names do not meet: so far apart, as a share of the axis.

    Examples
    --------
    >>> _apart([13.0, 1185.0, 2965.0, 1005001.0], 0.13)
    [13.0, 1185.0, 1005001.0]
    """
    far = max(sizes[-1] / sizes[0], 10.0) ** share
    named = sizes[:1]
    for n in sizes[1:]:
        if n >= far * named[-1]:
            named.append(n)
    return named


def short(n: float) -> str:
    """Write a size for an axis.

    Examples
    --------
    >>> short(13), short(1185), short(97651), short(1005001)
    ('13', '1,185', '97,651', '1.01M')
    """
    return f"{n / 1e6:.3g}M" if n >= 1e6 else f"{n:,.0f}"


def make(run: Compared) -> Iterator[Drawing]:
    """Yield the figures of each family that was measured at more than one size."""
    measured = run.times[run.times["outcome"] == "measured"]
    for family in FAMILIES:
        times = measured[measured["family"] == family]
        ratios = run.ratios[run.ratios["family"] == family]
        sizes, problems = set(times["n"]), set(times["network"])
        if sizes and not len(sizes) == 1 < len(problems):  # else nothing grows with n
            ratios = ratios[ratios["ours"].isin(ratios["ours"].iloc[:1])]
            kinds = {"time": (times, draw_times), "ratio": (ratios, draw_ratios)}
            if METHODS[family] == family != Numerical.family:
                kinds["prepare"] = (times[times["prepared"] > 0], draw_preparation)
            for kind, (rows, draw) in kinds.items():
                if len(rows):
                    name, about = f"fig-peers-{kind}-{family}", caption(family, kind)
                    yield Drawing(name, about, rows, partial(draw, rows), tuple(SIZES))


EXHIBIT = Exhibit("figures", 10, RECORDS, make)
