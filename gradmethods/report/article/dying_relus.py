"""Dying ReLUs: the share of dead units against the epoch, for several learning rates."""

from __future__ import annotations

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from gradmethods.output.caption import Caption
from gradmethods.output.figures import new_figure
from gradmethods.output.items import Folder
from gradmethods.output.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, RC, VERMILLION

RATE_COLOURS = (BLACK, BLUE, GREEN, ORANGE, VERMILLION, PURPLE)


def write_dying(folder: Folder, dying: pd.DataFrame) -> pd.DataFrame:
    """Write the share of dead ReLUs over training; return the table."""
    caption = Caption(
        "Dying ReLUs",
        "Share of hidden units that are 0 on every example, against the epoch, for several "
        "learning rates ε: 2-32-32-1 networks of ReLU units on the island, He's weights, gradient "
        "descent. Lines are means over ten seeds, bands reach from the least to the largest value.",
    )
    folder.figure("dying-relus", dying_figure(dying), dying, caption)
    shown = dying_table(dying)
    folder.table(
        "dying-relus", dying.groupby(["rate", "seed"]).last().reset_index(), shown, caption
    )
    return shown


def dying_figure(dying: pd.DataFrame) -> Figure:
    """Plot the share of dead units against the epoch, a line for each learning rate."""
    figure = new_figure(4.8, 3.0)
    with mpl.rc_context(RC):
        axes = figure.subplots()
        for colour, (rate, group) in zip(RATE_COLOURS, dying.groupby("rate"), strict=False):
            spread = group.groupby("epoch")["dead"].agg(["mean", "min", "max"])
            epochs = spread.index.to_numpy()
            axes.plot(epochs, spread["mean"], color=colour, label=f"ε = {rate:g}")
            axes.fill_between(epochs, spread["min"], spread["max"], color=colour, alpha=0.12, lw=0)
        axes.set(xlabel="epoch", ylabel="share of hidden units that are dead", ylim=(-0.02, 1.02))
        axes.set_xscale("symlog", linthresh=1)
        axes.set_xlim(0, float(dying["epoch"].max()))
        axes.set_xticks([0, 1, 10, 100], ["0", "1", "10", "100"])
        handles, labels = axes.get_legend_handles_labels()
        axes.legend(handles[::-1], labels[::-1], loc="upper left")
    return figure


def dying_table(dying: pd.DataFrame) -> pd.DataFrame:
    """Write, for each learning rate, the dead units at the start and at the end, and what came."""
    rows = []
    for rate, group in dying.groupby("rate"):
        last = group.groupby("seed").last()
        first = group.groupby("seed").first()
        rows.append(
            {
                "Rate ε": f"{rate:g}",
                "Dead at the start": f"{first['dead'].mean():.1%}",
                "Dead at the end": f"{last['dead'].mean():.1%}",
                "Least": f"{last['dead'].min():.1%}",
                "Most": f"{last['dead'].max():.1%}",
                "Runs ≥ 95 %": f"{(last['accuracy'] >= 0.95).sum()} of {len(last)}",
            }
        )
    return pd.DataFrame(rows)
