"""What is written of training, and of gradients on real data: figures, tables and their words."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import numpy as np
import pandas as pd

from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.output.items import Folder
from gradmethods.providers.registry import style_of
from gradmethods.report.learning import (
    apart,
    loss_figure,
    losses_frame,
    parting_figure,
    parting_frame,
)
from gradmethods.report.maps import animation, is_plane, map_figure, map_frame
from gradmethods.studies.training import Training


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


def write_real(folder: Folder, table: pd.DataFrame) -> pd.DataFrame:
    """Write the errors of every method on real data; return the table for readers."""
    shown = pd.DataFrame(
        [
            {
                "Problem": row["problem"],
                "n": fmt.count(row["n"]),
                "Method": style_of(row["provider"]).label,
                "Passes": fmt.count(row["passes"]),
                "Error": fmt.error(row["error"]),
                "Worst component": fmt.error(row["worst"]),
                "Along directions": fmt.error(row["slopes"]),
                "Reason": fmt.shortened(row["obstacle"]) if row["obstacle"] else "",
            }
            for row in table.to_dict("records")
        ]
    )
    covered = " ".join(dict.fromkeys(table["coverage"]))
    folder.table(
        "real-gradients", table, shown,
        Caption(
            "Gradients on real data against certified ones",
            "Error: norm of the difference ÷ norm of the truth, over the certified components; "
            "worst component: largest relative difference of one that is not 0; along directions: "
            "the same, root mean square, of the products with random directions. Certified: "
            f"{covered}",
        ),
    )  # fmt: skip
    return shown
