"""The evidence for each claim: a figure for each that has one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator

from gradmethods.output.caption import Caption
from gradmethods.output.figures import new_figure
from gradmethods.output.files import CLAIMS
from gradmethods.output.items import Drawing
from gradmethods.output.style import RC, THEORY
from gradmethods.providers.registry import style_of
from gradmethods.report.claims_text import number, ordered, sentence
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.panel import ticks
from gradmethods.report.recorded import Recorded


def figure_caption(claim: Mapping[str, Any]) -> Caption:
    """Describe the figure of a claim."""
    text = f"{claim['claim']} ({claim['source']}.) {claim['method']} Verdict: {claim['verdict']}"
    return Caption(f"{claim['id']}: {claim['title']}", f"{text}. {sentence(claim)}")


def points_frame(claim: Mapping[str, Any]) -> pd.DataFrame:
    """Return what a claim's figure shows: one row per point."""
    rows = []
    for place, panel in enumerate(claim["panels"], start=1):
        for series in panel["series"]:
            low, high = series["low"] or (), series["high"] or ()
            for i, (x, y) in enumerate(zip(series["x"], series["y"], strict=True)):
                rows.append(
                    {
                        "panel": place,
                        "series": _label(series),
                        "theory": series["theory"],
                        "x": panel["ticks"][int(x)].replace("\n", " ") if panel["ticks"] else x,
                        "y": number(y),
                        "low": number(low[i]) if i < len(low) else None,
                        "high": number(high[i]) if i < len(high) else None,
                    }
                )
    return pd.DataFrame(rows)


def draw(claim: Mapping[str, Any], size: str = "wide") -> Figure:
    """Draw the panels of a claim side by side, or one below the other in a column."""
    panels = claim["panels"]
    across, down = (len(panels), 1) if size == "wide" else (1, len(panels))
    figure = new_figure(7.0, 3.3) if size == "wide" else new_figure(3.5, 2.9 * down + 0.5)
    with mpl.rc_context(RC):
        grid = figure.subplots(down, across, squeeze=False)
        for axes, panel in zip(grid.flat, panels, strict=True):
            _draw_panel(axes, panel)
        handles: dict[str, Any] = {}
        for axes in grid.flat:
            for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
                handles.setdefault(label, handle)
        if handles:
            figure.legend(
                list(handles.values()), list(handles), loc="outside lower center", handlelength=3,
                ncols=3 if size == "wide" else 2,
            )  # fmt: skip
    return figure


def _draw_panel(axes: Any, panel: Mapping[str, Any]) -> None:
    axes.set(xlabel=panel["x"], ylabel=panel["y"])
    axes.set_xscale("log" if panel["log_x"] else "linear")
    axes.set_yscale("log" if panel["log_y"] else "linear")
    if panel["title"]:
        axes.set_title(panel["title"], loc="left")
    for series in panel["series"]:
        x, y = list(series["x"]), [number(value) for value in series["y"]]
        if series["theory"]:
            axes.plot(x, y, color=THEORY, linewidth=0.6, zorder=1)
            axes.annotate(
                series["name"], (x[-1], y[-1]), xytext=(5, 5), textcoords="offset points",
                fontsize=6.5, color=THEORY, va="center",
            )  # fmt: skip
            continue
        style = style_of(series["provider"] or series["name"])
        plot: dict[str, Any] = style.plot | ({"linestyle": "none"} if panel["ticks"] else {})
        # In a panel with words below, every point has its name there.
        named = len(panel["series"]) == len(panel["ticks"]) and len(x) == 1
        axes.plot(x, y, label="_" if named else _label(series), **plot)
        if series["low"]:
            ends = ([number(value) for value in series[end]] for end in ("low", "high"))
            axes.vlines(x, *ends, color=style.colour, linewidth=3, alpha=0.45)
    if panel["ticks"]:
        axes.xaxis.set_major_locator(FixedLocator(range(len(panel["ticks"]))))
        axes.xaxis.set_major_formatter(FixedFormatter(list(panel["ticks"])))
        axes.margins(x=0.1, y=0.15)
        if len(panel["ticks"]) > 4:
            for word in axes.get_xticklabels():  # each ends below its own tick
                word.set(rotation=30, ha="right", rotation_mode="anchor")
    else:
        axes.margins(x=0.12)
    for axis in (axes.xaxis, axes.yaxis):
        if axis.get_scale() == "log":
            ticks(axis)


def _label(series: Mapping[str, Any]) -> str:
    return series["name"] or style_of(series["provider"]).label


def make(run: Recorded) -> Iterator[Drawing]:
    """Yield the figures."""
    for claim in ordered(run.claims):
        if claim["panels"]:
            name, points = f"fig-{claim['key']}", points_frame(claim)
            alt = f"{claim['id']}: {claim['title']}, {claim['verdict']}. {sentence(claim)}"
            yield Drawing(name, figure_caption(claim), points, partial(draw, claim), alt=alt)


EXHIBIT = Exhibit("claims", 30, CLAIMS, make)
