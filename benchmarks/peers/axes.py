"""Axes of the figures of the comparison: contenders drawn, sizes named, the legend placed."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter

from benchmarks.peers.cases import style as contender_style
from gradmethods.output.figures import SIZES, new_figure
from gradmethods.output.style import RC

WIDTH = 2.4
"""Points: the line of ours. Everybody else's is half of it."""


def new_axes(size: str, label: str) -> tuple[Figure, Any]:
    """Return a figure and its axes, logarithmic in both directions."""
    figure = new_figure(*SIZES[size])
    with mpl.rc_context(RC):
        axes = figure.subplots()
        axes.set(xscale="log", yscale="log", xlabel="number of parameters n", ylabel=label)
    return figure, axes


def draw_contender(
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


def finish(figure: Figure, axes: Any, rows: pd.DataFrame, size: str) -> None:
    """Name every size on the axis, and place the legend."""
    sizes = np.unique(rows["n"].to_numpy(float)).tolist()
    axes.xaxis.set_major_locator(FixedLocator(sizes))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: _short(x)))
    axes.xaxis.set_minor_locator(FixedLocator([]))
    margin = max(sizes[-1] / sizes[0], 10.0) ** 0.06
    axes.set_xlim(sizes[0] / margin, sizes[-1] * margin)
    if size == "wide":
        figure.legend(loc="outside right upper", handlelength=3.4, labelspacing=0.9)
    else:
        figure.legend(loc="outside lower center", handlelength=3.4, ncols=2)


def one_size(rows: pd.DataFrame) -> bool:
    """Tell whether several problems have one number of parameters: nothing grows with it."""
    return len(set(rows["n"])) == 1 < len(set(rows["network"]))


def _short(n: float) -> str:
    """Write a size for an axis.

    Examples
    --------
    >>> _short(13), _short(1185), _short(97651), _short(1005001)
    ('13', '1.19k', '97.7k', '1.01M')
    """
    for unit, scale in (("M", 1e6), ("k", 1e3)):
        if n >= 0.995 * scale:
            return f"{float(f'{n / scale:.3g}'):g}{unit}"
    return f"{n:g}"
