"""Figures of training: loss against epoch, and how far trajectories of several methods part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from gradmethods.output.figures import new_figure
from gradmethods.output.style import RC, THEORY
from gradmethods.providers.registry import style_of
from gradmethods.studies.training import Training

DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.6)))
"""Curves that lie on one another stay visible: a wide line below, dashes and dots above it."""

WIDTHS = (3.6, 2.0, 1.4)


def losses_frame(runs: Sequence[Training]) -> pd.DataFrame:
    """Return the loss of each run at every epoch."""
    length = max(len(run.losses) for run in runs)
    frame = pd.DataFrame({"epoch": np.arange(length)})
    for run in runs:
        frame[run.provider] = pd.Series(run.losses)
    return frame


def apart(these: NDArray[Any], others: NDArray[Any]) -> NDArray[Any]:
    """Return how far numbers are apart: two of one infinity, or two NaN, are not.

    Examples
    --------
    >>> apart(np.array([1.0, np.inf, np.nan, 2.0]), np.array([1.5, np.inf, np.nan, np.inf]))
    array([0.5, 0. , 0. , inf])
    """
    with np.errstate(invalid="ignore", over="ignore"):
        distance = abs(these - others)
    alike = (these == others) | (np.isnan(these) & np.isnan(others))
    return np.asarray(np.where(alike, 0.0, distance))


def parting_frame(runs: Sequence[Training]) -> pd.DataFrame:
    """Return how far the runs are from the first one at each epoch that is kept of both.

    Columns: epoch, provider, weights (largest absolute difference of a weight), loss (absolute
    difference).
    """
    first, frames = runs[0], []
    for run in runs[1:]:
        rows = min(len(first.points), len(run.points))
        epochs = np.arange(rows) * first.every
        weights = apart(run.points[:rows], first.points[:rows]).max(axis=1)
        losses = apart(run.losses[epochs], first.losses[epochs])
        frames.append(
            pd.DataFrame(
                {"epoch": epochs, "provider": run.provider, "weights": weights, "loss": losses}
            )
        )
    if not frames:
        return pd.DataFrame(columns=["epoch", "provider", "weights", "loss"])
    return pd.concat(frames, ignore_index=True)


def loss_figure(runs: Sequence[Training]) -> Figure:
    """Plot the loss of each run against the epoch, all from one start."""
    figure = new_figure(4.8, 3.0)
    with mpl.rc_context(RC):
        axes = figure.subplots()
        for place, run in enumerate(runs):
            style = style_of(run.provider)
            axes.plot(
                np.arange(len(run.losses)),
                run.losses,
                label=style.label,
                color=style.colour,
                linestyle=DASHES[place % 3],
                linewidth=WIDTHS[place % 3],
                alpha=0.55 if place == 0 and len(runs) > 1 else 1,
            )
        axes.set(xlabel="epoch", ylabel="loss L", ylim=(0, None))
        axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.margins(x=0.01)
        if len(runs) > 1:
            axes.legend()
    return figure


def parting_figure(frame: pd.DataFrame, first: str) -> Figure:
    """Plot how far the trajectories part: the largest difference of a weight, and of the loss."""
    figure = new_figure(7.0, 2.9)
    with mpl.rc_context(RC):
        panels = figure.subplots(1, 2, sharex=True)
        for axes, column, label in (
            (panels[0], "weights", "largest difference of a weight"),
            (panels[1], "loss", "difference of the loss"),
        ):
            for provider, group in frame.groupby("provider", sort=False):
                style = style_of(str(provider))
                # An exact zero has no place on a log axis: there is a gap.
                drawn = group[column].where(group[column] > 0)
                axes.plot(
                    group["epoch"], drawn, color=style.colour, label=style.label, linewidth=0.9
                )
            axes.axhline(2.0**-53, color=THEORY, linewidth=0.6, linestyle=(0, (4, 2)))
            if column == "weights":
                axes.annotate(
                "unit round-off", (0.99, 2.0**-53), xycoords=("axes fraction", "data"),
                ha="right", va="top", fontsize=6, color=THEORY, xytext=(0, -1.5),
                textcoords="offset points",
            )  # fmt: skip
            axes.set(yscale="log", xlabel="epoch")
            axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
            axes.xaxis.set_major_formatter("{x:,.0f}")
            axes.set_title(f"{label}, from {style_of(first).label}", loc="left")
            axes.margins(x=0.01)
        # Both panels on one scale: weights and loss can be compared.
        low = min(axes.get_ylim()[0] for axes in panels)
        high = max(axes.get_ylim()[1] for axes in panels)
        for axes in panels:
            axes.set_ylim(low / 2, high * 2)
        panels[0].legend()
    return figure
