"""Training by several methods: curves, maps, weights and a table, and how far the methods part."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.output.figures import new_figure
from gradmethods.output.items import Folder
from gradmethods.output.style import RC, THEORY
from gradmethods.providers.registry import style_of
from gradmethods.report.article.maps import animation, is_plane, map_figure, map_frame
from gradmethods.studies.training import Training

DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.6)))
"""Curves that lie on one another stay visible: a wide line below, dashes and dots above it."""

WIDTHS = (3.6, 2.0, 1.4)


def write_training(
    folder: Folder, runs: Sequence[Training], *, animate: bool = False
) -> pd.DataFrame:
    """Write curves, maps, weights and the table of one problem's runs; return the table."""
    first, name = runs[0], runs[0].problem.name
    setting = f"{name}, {first.problem.size:,} parameters, gradient descent with ε = {first.rate:g}"
    data, shown = training_table(runs)
    folder.table(
        f"training-{name}", data, shown,
        Caption(
            f"Training on {name} by method",
            f"{setting}, all methods from one start, an epoch of each in turn. Parts: largest "
            f"difference from {style_of(first.provider).label} of a weight and of the loss, over "
            "all epochs, and the epoch where it is. Epoch: median time of a gradient and a step.",
        ),
    )  # fmt: skip
    folder.figure(
        f"loss-{name}", loss_figure(runs), losses_frame(runs),
        Caption(f"Loss against epoch on {name}", f"{setting}. Curves of several methods lie on "
                "one another; dashes keep them apart."),
    )  # fmt: skip
    if len(runs) > 1:
        parting = parting_frame(runs)
        folder.figure(
            f"parting-{name}", parting_figure(parting, first.provider), parting,
            Caption(
                f"How far the methods part on {name}",
                f"{setting}. Left: largest absolute difference of a weight from that of "
                f"{style_of(first.provider).label}, at each epoch. Right: absolute difference of "
                "the loss. Exact zeros are not drawn. Dashed: the unit round-off of float64.",
            ),
        )  # fmt: skip
    for run in runs:
        _write_weights(folder, run)
    if is_plane(first):
        _write_maps(folder, first, setting, animate=animate)
    return shown


def remarks(runs: Sequence[Training]) -> list[str]:
    """Say what a beginner should not have to find in the curves: a loss that rose."""
    risen = [run for run in runs if not run.losses[-1] <= run.losses[0]]
    return [
        f"The loss rose, from {run.losses[0]:.3g} to {run.losses[-1]:.3g}: steps with ε = "
        f"{run.rate:g} are too long. Try a smaller rate."
        for run in risen[:1]
    ]


def training_table(runs: Sequence[Training]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what each method did and took, in numbers and in words; the first is compared with."""
    first, rows, words = runs[0], [], []
    for run in runs:
        epochs = min(len(run.points), len(first.points))
        weights = apart(run.points[:epochs], first.points[:epochs]).max(axis=1)
        length = min(len(run.losses), len(first.losses))
        losses = apart(run.losses[:length], first.losses[:length])
        w, k = int(weights.argmax()), int(losses.argmax())
        row = {
            "provider": run.provider,
            "epochs": run.epochs,
            "epoch_s": float(np.median(run.seconds)) if run.epochs else np.nan,
            "preparation_s": run.preparation,
            "passes": run.passes,
            "loss": run.losses[-1],
            "accuracy": run.accuracy,
            "weights_part": weights[w],
            "weights_part_at": w * first.every,
            "loss_parts": losses[k],
            "loss_parts_at": k,
            "stopped": run.stopped,
        }
        rows.append(row)
        alone = run is first
        words.append(
            {
                "Method": style_of(run.provider).label,
                "Epochs": fmt.count(run.epochs),
                "Epoch": fmt.time(row["epoch_s"]),
                "Prepare": fmt.time(run.preparation),
                "Passes": fmt.count(run.passes),
                "Loss": f"{row['loss']:.6g}",
                "Accuracy": fmt.NONE if run.accuracy is None else f"{run.accuracy:.1%}",
                "Weights part": "" if alone else f"{weights[w]:.1e} at {w * first.every:,}",
                "Loss parts": "" if alone else f"{losses[k]:.1e} at {k:,}",
                "Stopped": run.stopped,
            }
        )
    shown = pd.DataFrame(words)
    return pd.DataFrame(rows), shown if any(shown["Stopped"]) else shown.drop(columns="Stopped")


def _write_weights(folder: Folder, run: Training) -> None:
    buffer = BytesIO()
    np.savez_compressed(
        buffer, points=run.points, last=run.last, every=run.every, losses=run.losses,
        seconds=run.seconds, names=list(run.problem.structure.shapes),
    )  # fmt: skip
    method = run.provider.replace(":", "-")
    folder.file(
        f"weights/weights-{run.problem.name}-{method}.npz", buffer.getvalue(),
        Caption(
            f"Trajectory on {run.problem.name} by {style_of(run.provider).label}",
            f"NumPy arrays: points, the flat weights after every {_epochs(run.every)} from the "
            "start on; last, those at the end; losses, seconds, and the names of the parameters.",
        ),
    )  # fmt: skip


def _epochs(every: int) -> str:
    return "epoch" if every == 1 else f"{every} epochs"


def _write_maps(folder: Folder, run: Training, setting: str, *, animate: bool) -> None:
    name = run.problem.name
    folder.figure(
        f"map-{name}", map_figure(run), map_frame(run),
        Caption(
            f"P(class 1) over the plane, {name}",
            f"{setting}, by {style_of(run.provider).label}: before training, after {run.epochs:,} "
            "epochs, and with the samples on top. The map covers 1.1 times the range of the data. "
            "The line is where both classes are equally likely; there is none where the whole map "
            "lies on one side.",
        ),
    )  # fmt: skip
    if animate:
        folder.file(
            f"figures/fig-learning-{name}.gif", animation(run),
            Caption(f"The map of {name} while the network learns", f"{setting}. Pictures are "
                    "spaced evenly in the logarithm of the epoch."),
        )  # fmt: skip


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
                # An exact zero has no place on a log axis, and leaves a gap.
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
        # Both panels have one scale, so that weights and loss can be compared.
        low = min(axes.get_ylim()[0] for axes in panels)
        high = max(axes.get_ylim()[1] for axes in panels)
        for axes in panels:
            axes.set_ylim(low / 2, high * 2)
        panels[0].legend()
    return figure
