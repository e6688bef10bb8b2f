"""Theory and the defaults held against the best that was measured: two squares with diagonals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullLocator

from gradmethods.output.caption import Caption
from gradmethods.output.figures import new_figure
from gradmethods.output.files import ACCURACY
from gradmethods.output.items import Drawing
from gradmethods.output.style import RC, THEORY
from gradmethods.providers.registry import style_of, traits
from gradmethods.providers.schemes import subtracts
from gradmethods.report.accuracy_frames import has_theory
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.recorded import Recorded
from gradmethods.report.sentences import STEPS, TRUTH

CAPTION = Caption(
    "Steps in theory and by default against the best",
    "Left: the best step in theory against the best measured; of the complex step the widest "
    "good one. Right: the error at the default step against the least over all steps, with "
    "lines 5 and 30 times above the diagonal. A point per problem, scheme and dtype.",
    (TRUTH, STEPS),
)

FACTORS = (5.0, 30.0)
"""Above the diagonal of the second panel: what a default step may lose, in the median, at worst."""


def best_steps(steps: pd.DataFrame) -> Figure:
    """Plot the best step in theory, and the error at the default step, against the best measured.

    Parameters
    ----------
    steps : pandas.DataFrame
        As from `gradmethods.report.accuracy_frames.steps_frame`.
    """
    figure = new_figure(7.0, 3.7)
    with mpl.rc_context(RC):
        left, right = figure.subplots(1, 2)
        law = steps[has_theory(steps)]
        _scatter(left, law, "best_step", "theory_step")
        _diagonals(left, (1.0,))
        left.set(xlabel="best step measured", ylabel="best step in theory")
        real = steps[(steps["least_error"] > 0) & (steps["default_error"] > 0)]
        real = real[real["scheme"].map(subtracts).astype(bool)]
        _scatter(right, real, "least_error", "default_error")
        _diagonals(right, (1.0, *FACTORS))
        right.set(xlabel="least error over all steps", ylabel="error at the default step")
        _legend(figure, steps)
    return figure


def _scatter(axes: Any, steps: pd.DataFrame, x: str, y: str) -> None:
    ends = steps[[x, y]].to_numpy(float) if len(steps) else np.ones(1)
    limits = (ends.min() / 4, ends.max() * 4)
    axes.set(xscale="log", yscale="log", aspect="equal", adjustable="box")
    axes.set(xlim=limits, ylim=limits)
    for row in steps.to_dict("records"):
        style = style_of(row["provider"])
        hollow = row["dtype"] == "float32"
        axes.plot(
            [row[x]], [row[y]], marker=style.marker, color=style.colour, markersize=4.5,
            markerfacecolor="white" if hollow else style.colour, markeredgewidth=0.8,
            linestyle="none", zorder=3,
        )  # fmt: skip
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(numticks=8))
        axis.set_minor_locator(NullLocator())


def _diagonals(axes: Any, factors: tuple[float, ...]) -> None:
    ends = np.array(axes.get_xlim())
    for factor in factors:
        dash = "-" if factor == 1 else (0, (4, 2))
        axes.plot(ends, factor * ends, color=THEORY, linewidth=0.6, linestyle=dash, zorder=1)
        if factor > 1:
            x = ends[0] * (ends[1] / ends[0]) ** 0.3
            axes.annotate(
                f"× {factor:g}", (x, factor * x), fontsize=6.5, color=THEORY, ha="center",
                va="center", bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
            )  # fmt: skip


def _legend(figure: Figure, steps: pd.DataFrame) -> None:
    handles = []
    for provider in dict.fromkeys(steps["provider"]):
        style, label = style_of(provider), traits(provider).short
        handles.append(
            Line2D([], [], label=label, color=style.colour, marker=style.marker, linestyle="none")
        )
    dots: Any = {"color": "black", "marker": "o", "linestyle": "none"}
    handles += [
        Line2D([], [], label="float64", **dots),
        Line2D([], [], label="float32", markerfacecolor="white", **dots),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=8, handlelength=1)


def make(run: Recorded) -> Iterator[Drawing]:
    """Yield the figure, if steps were swept."""
    if len(run.points):
        caption = run.partly(CAPTION, "atlas", "curves")
        yield Drawing("fig-steps", caption, run.steps, lambda _: best_steps(run.steps))


EXHIBIT = Exhibit("steps", 20, ACCURACY, make)
