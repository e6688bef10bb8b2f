"""Figures of what goes wrong: gradients against depth, dead units, and two losses when wrong."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from gradmethods.output.figures import new_figure
from gradmethods.output.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, RC, THEORY, VERMILLION

INITIALISATION_STYLES: dict[str, dict[str, Any]] = {
    "standard normal": {"color": VERMILLION, "marker": "o", "linestyle": (0, (5, 1.5))},
    "Xavier": {"color": BLUE, "marker": "v", "linestyle": "-"},
    "He": {"color": ORANGE, "marker": "s", "linestyle": (0, (3, 1, 1, 1))},
    "critical": {"color": BLACK, "marker": "D", "linestyle": "-"},
}
LOSS_STYLES: dict[str, dict[str, Any]] = {
    "squared error": {"color": VERMILLION, "linestyle": "-"},
    "cross entropy": {"color": BLUE, "linestyle": "-"},
    "cross entropy, from logits": {"color": BLACK, "linestyle": (0, (1, 1.6))},
}
RATE_COLOURS = (BLACK, BLUE, GREEN, ORANGE, VERMILLION, PURPLE)


def norms_figure(norms: pd.DataFrame) -> Figure:
    """Plot gradient norms: of each layer of the deepest networks, and of the first against depth.

    Lines are medians over seeds, bands reach from the least to the largest.
    """
    activations = list(norms["activation"].unique())
    deepest = int(norms["depth"].max())
    figure = new_figure(7.0, 4.4)
    with mpl.rc_context(RC):
        rows = figure.subplots(2, len(activations), sharex="row", sharey=True, squeeze=False)
        for column, activation in enumerate(activations):
            chosen = norms[norms["activation"] == activation]
            top, bottom = rows[0][column], rows[1][column]
            _lines(top, chosen[chosen["depth"] == deepest], "layer", every=4)
            _lines(bottom, chosen[chosen["layer"] == 1], "depth")
            top.set_title(activation, loc="left")
            top.set_xlabel("layer (1: next to the input)")
            bottom.set(xscale="log", xlabel="hidden layers")
            depths = sorted(norms["depth"].unique())
            bottom.set_xticks(depths, [str(depth) for depth in depths])
            bottom.minorticks_off()
        rows[0][0].set_ylabel(f"‖∂L/∂W‖ of each layer,\n{deepest} hidden layers")
        rows[1][0].set_ylabel("‖∂L/∂W‖ of the first layer")
        handles, labels = rows[0][0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4, handlelength=3)
    return figure


def _lines(axes: Any, norms: pd.DataFrame, against: str, every: int = 1) -> None:
    for initialisation, group in norms.groupby("initialisation", sort=False):
        style = INITIALISATION_STYLES[str(initialisation)]
        spread = group.groupby(against)["norm"].agg(["median", "min", "max"])
        spread = spread.where(spread > 0)  # a gradient that underflowed has no logarithm
        x = spread.index.to_numpy()
        axes.plot(x, spread["median"], label=initialisation, markevery=every, **style)
        axes.fill_between(x, spread["min"], spread["max"], color=style["color"], alpha=0.15, lw=0)
    axes.set_yscale("log")


def norms_table(norms: pd.DataFrame) -> pd.DataFrame:
    """Write median norms of the first layer of shallow and of deep networks, and of their ends."""
    keys = ["activation", "initialisation", "depth", "layer"]
    middle = norms.groupby(keys)["norm"].median()
    least, most = int(norms["depth"].min()), int(norms["depth"].max())
    rows = []
    for activation in norms["activation"].unique():
        for initialisation in norms["initialisation"].unique():
            of = middle[activation, initialisation]
            shallow, deep, last = of[least, 1], of[most, 1], of[most, most + 1]
            rows.append(
                {
                    "Activation": activation,
                    "Initialisation": initialisation,
                    f"First layer, depth {least}": f"{shallow:.1e}",
                    f"First layer, depth {most}": f"{deep:.1e}",
                    f"Last layer, depth {most}": f"{last:.1e}",
                    "Factor per layer of depth": f"{(deep / shallow) ** (1 / (most - least)):.3g}",
                }
            )
    return pd.DataFrame(rows)


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


def wrong_figure(gradients: pd.DataFrame, training: pd.DataFrame) -> Figure:
    """Plot ∂L/∂z against how wrong a prediction is, and training from a badly wrong start."""
    figure = new_figure(7.0, 2.9)
    with mpl.rc_context(RC):
        left, right = figure.subplots(1, 2)
        for name, group in gradients.groupby("loss", sort=False):
            size = abs(group["gradient"])
            left.plot(group["z"], size.where(size > 0), label=name, **LOSS_STYLES[str(name)])
            broken = group[~np.isfinite(group["value"])]
            if len(broken):
                where = float(broken["z"].min())
                left.axvline(where, color=THEORY, linewidth=0.6, linestyle=(0, (4, 2)))
                left.annotate(
                    f"loss NaN from\nz = {where:.3g}:\ny rounds to 1,\n0 · log 0", (where, 0.97),
                    xycoords=("data", "axes fraction"), xytext=(-3, 0),
                    textcoords="offset points", ha="right", va="top", fontsize=6, color=THEORY,
                )  # fmt: skip
        left.set(yscale="log", xlabel="logit z of an example of class 1", ylabel="|∂L/∂z|")
        left.set_title("wrong and sure  ←            →  right and sure", fontsize=7)
        left.legend(loc="lower center")
        _recovering(right, training)
    return figure


def _recovering(axes: Any, training: pd.DataFrame) -> None:
    for (name, weight), group in training.groupby(["loss", "weight"], sort=False):
        middle = group.groupby("epoch")["accuracy"].median()
        style = LOSS_STYLES[str(name)] | {"linestyle": "-", "linewidth": 0.6 + 0.5 * weight}
        axes.plot(middle.index, middle, **style)
        if name == "squared error":
            axes.annotate(
                f"w = {weight:g}", (middle.index[(middle > 0.1).argmax()], 0.1), xytext=(4, 0),
                textcoords="offset points", color=style["color"], fontsize=7,
            )  # fmt: skip
    axes.set_xscale("symlog", linthresh=1)
    axes.set_xlim(0, float(training["epoch"].max()))
    axes.set_xticks([0, 1, 10, 100, 1000], ["0", "1", "10", "100", "1,000"])
    axes.set(xlabel="epoch", ylabel="accuracy", ylim=(-0.02, 1.02))
    axes.set_title("one unit, from a weight w of the wrong sign", fontsize=7)
    # Named where they run: a legend would lie over one curve or another.
    black, red = LOSS_STYLES["cross entropy, from logits"], LOSS_STYLES["squared error"]
    axes.text(0.02, 0.84, "cross\nentropy", color=black["color"], transform=axes.transAxes)
    axes.text(0.6, 0.7, "squared error", color=red["color"], transform=axes.transAxes)


def recovery_table(epochs: pd.DataFrame) -> pd.DataFrame:
    """Write how many epochs each loss took to recover from each start."""
    rows = []
    for (name, weight), group in epochs.groupby(["loss", "weight"], sort=False):
        reached = group["epoch"].dropna()
        rows.append(
            {
                "Loss": name,
                "Wrong weight w": f"{weight:g}",
                "Runs that recover": f"{len(reached)} of {len(group)}",
                "Epochs, median": f"{reached.median():,.0f}" if len(reached) else "–",
                "Least": f"{reached.min():,.0f}" if len(reached) else "–",
                "Most": f"{reached.max():,.0f}" if len(reached) else "–",
            }
        )
    return pd.DataFrame(rows)
