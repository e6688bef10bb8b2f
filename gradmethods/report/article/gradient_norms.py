"""Vanishing and exploding gradients: their norm in each layer against depth."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from gradmethods.output.caption import Caption
from gradmethods.output.figures import new_figure
from gradmethods.output.items import Folder
from gradmethods.output.style import BLACK, BLUE, ORANGE, RC, VERMILLION

INITIALISATION_STYLES: dict[str, dict[str, Any]] = {
    "standard normal": {"color": VERMILLION, "marker": "o", "linestyle": (0, (5, 1.5))},
    "Xavier": {"color": BLUE, "marker": "v", "linestyle": "-"},
    "He": {"color": ORANGE, "marker": "s", "linestyle": (0, (3, 1, 1, 1))},
    "critical": {"color": BLACK, "marker": "D", "linestyle": "-"},
}


def write_norms(folder: Folder, norms: pd.DataFrame) -> pd.DataFrame:
    """Write the gradient's norm per layer against depth; return the table."""
    caption = Caption(
        "Vanishing and exploding gradients",
        "Frobenius norm of ∂L/∂W by backpropagation, at the start of training, in networks with "
        "hidden layers of 32 units; standard normal inputs, 50 examples, cross entropy from "
        "logits. Standard deviations of weights: 1 (the article's); √(2/(fan-in + fan-out)), "
        "Xavier; √(2/fan-in), He; critical: that of problem mlp, with biases that centre "
        "sigmoids. Lines are medians over ten seeds, bands reach from the least to the largest.",
    )
    folder.figure("gradient-norms", norms_figure(norms), norms, caption)
    shown = norms_table(norms)
    folder.table("gradient-norms", norms, shown, Caption(caption.title, f"{caption.text} Medians."))
    return shown


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
        spread = spread.where(spread > 0)  # An underflowed gradient has no logarithm.
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
