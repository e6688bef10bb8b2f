"""Squared error against cross entropy where a prediction is badly wrong."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from gradmethods.output.caption import Caption
from gradmethods.output.figures import new_figure
from gradmethods.output.items import Folder
from gradmethods.output.style import BLACK, BLUE, RC, THEORY, VERMILLION
from gradmethods.studies.pathologies import recovery

LOSS_STYLES: dict[str, dict[str, Any]] = {
    "squared error": {"color": VERMILLION, "linestyle": "-"},
    "cross entropy": {"color": BLUE, "linestyle": "-"},
    "cross entropy, from logits": {"color": BLACK, "linestyle": (0, (1, 1.6))},
}


def write_wrong(folder: Folder, gradients: pd.DataFrame, training: pd.DataFrame) -> pd.DataFrame:
    """Write squared error against cross entropy; return the table."""
    folder.figure(
        "wrong", wrong_figure(gradients, training), gradients,
        Caption(
            "Squared error against cross entropy",
            "Left: size of ∂L/∂z by backpropagation for one example of class 1, against its logit "
            "z, where y = σ(z). Exact zeros are not drawn; beyond the dashed line the loss is NaN. "
            "Right: one sigmoid unit on two corners "
            "of XOR, trained with ε = 1 from a weight w of the wrong sign: median accuracy over "
            "ten seeds.",
        ),
    )  # fmt: skip
    epochs = recovery(training)
    shown = recovery_table(epochs)
    folder.table(
        "wrong", epochs, shown,
        Caption(
            "Recovery from a badly wrong start",
            "Epochs until one sigmoid unit, started with a weight w of the wrong sign, predicts "
            "95 % of two corners of XOR; ε = 1, ten seeds.",
        ),
    )  # fmt: skip
    return shown


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
    # Curves are named beside themselves: a legend would cover one of them.
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
