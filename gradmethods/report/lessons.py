"""What is written of training and of what goes wrong in it: figures and tables with their words."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import numpy as np
import pandas as pd

from gradmethods.pathologies import recovery
from gradmethods.report import format as fmt
from gradmethods.report import pathologies as plots
from gradmethods.report.captions import Caption
from gradmethods.report.folder import Folder
from gradmethods.report.learning import loss_figure, losses_frame, parting_figure, parting_frame
from gradmethods.report.maps import animation, is_plane, map_figure, map_frame
from gradmethods.report.style import look
from gradmethods.training import Training

BANDS = "Lines are medians over ten seeds, bands reach from the least to the largest value."


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
            f"difference from {look(first.provider).label} of a weight and of the loss, over all "
            "epochs, and the epoch where it is. Epoch: median time of a gradient and a step.",
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
                f"{look(first.provider).label}, at each epoch. Right: absolute difference of the "
                "loss. Exact zeros are not drawn. Dashed: the unit round-off of float64.",
            ),
        )  # fmt: skip
    for run in runs:
        _write_weights(folder, run)
    if is_plane(first):
        _write_maps(folder, first, setting, animate=animate)
    return shown


def training_table(runs: Sequence[Training]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what each method did and took, in numbers and in words; the first is compared with."""
    first, rows, words = runs[0], [], []
    for run in runs:
        epochs = min(len(run.points), len(first.points))
        weights = abs(run.points[:epochs] - first.points[:epochs]).max(axis=1)
        length = min(len(run.losses), len(first.losses))
        losses = abs(run.losses[:length] - first.losses[:length])
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
                "Method": look(run.provider).label,
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
            f"Trajectory on {run.problem.name} by {look(run.provider).label}",
            f"NumPy arrays: points, the flat weights after every {run.every} epochs from the start "
            "on; last, those at the end; losses, seconds, and the names of the parameters.",
        ),
    )  # fmt: skip


def _write_maps(folder: Folder, run: Training, setting: str, *, animate: bool) -> None:
    name = run.problem.name
    folder.figure(
        f"map-{name}", map_figure(run), map_frame(run),
        Caption(
            f"P(class 1) over the plane, {name}",
            f"{setting}, by {look(run.provider).label}: before training, after {run.epochs:,} "
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


def write_seeds(folder: Folder, study: pd.DataFrame, epochs: int) -> pd.DataFrame:
    """Write how many seeds succeed on each data set, and each run that fails; return the first."""
    rows = []
    for name, group in study.groupby("data", sort=False):
        failed = group[~group["good"]]
        kinds = ", ".join(
            f"{count} {kind}" for kind, count in failed["kind"].value_counts().items()
        )
        rows.append(
            {
                "Data": name,
                "Runs ≥ 95 %": f"{group['good'].sum()} of {len(group)}",
                "Least accuracy": f"{group['accuracy'].min():.1%}",
                "Median": f"{group['accuracy'].median():.1%}",
                "Others": kinds or fmt.NONE,
                "Later ≥ 95 %": f"{(failed['later_accuracy'] >= 0.95).sum()} of {len(failed)}"
                if len(failed)
                else fmt.NONE,
            }
        )
    shown = pd.DataFrame(rows)
    folder.table(
        "seeds", study, shown,
        Caption(
            "Runs from many seeds with the article's settings",
            f"2-3-1 network, standard normal weights, zero biases, ε = 1, {epochs:,} epochs; a "
            "seed decides weights and data. Others, where they stand: moving, the norm of the "
            "gradient is above 0.01; else at a saddle if the Hessian has an eigenvalue below 0, at "
            "a minimum if not. Later: of those, how many have arrived after ten times as many "
            "epochs more.",
        ),
    )  # fmt: skip
    failed = study[~study["good"]]
    if len(failed):
        folder.table("failures", failed, _failures(failed), FAILURES)
    return shown


FAILURES = Caption(
    "Runs that stay below 95 %, looked at",
    "Gradient: its norm at the end. Curvature: least and largest eigenvalue of the Hessian, by "
    "central differences of gradients. Class 0, class 1: share of it that is predicted. Saturated: "
    "share of examples × hidden units within 0.01 of 0 or 1. Alike: largest correlation of two "
    "hidden units; near 1, one is spare. Least effect: smallest standard deviation of what a unit "
    "adds to the logit; near 0, it is spare. Later: after ten times as many epochs more.",
)


def _failures(failed: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "Data": row["data"],
                "Seed": str(row["seed"]),
                "Accuracy": f"{row['accuracy']:.1%}",
                "Loss": f"{row['loss']:.3f}",
                "Stands": row["kind"],
                "Gradient": f"{row['gradient_norm']:.1e}",
                "Curvature": f"{row['least_curvature']:.1e} … {row['largest_curvature']:.1e}",
                "Class 0": f"{row['class_0']:.0%}",
                "Class 1": f"{row['class_1']:.0%}",
                "Saturated": f"{row['saturated']:.0%}",
                "Alike": f"{row['alike']:.2f}",
                "Least effect": f"{row['least_effect']:.2g}",
                "Later": f"{row['later_accuracy']:.1%}, loss {row['later_loss']:.3f}",
            }
            for row in failed.to_dict("records")
        ]
    )


def write_norms(folder: Folder, norms: pd.DataFrame) -> pd.DataFrame:
    """Write the gradient's norm per layer against depth; return the table."""
    caption = Caption(
        "Vanishing and exploding gradients",
        "Frobenius norm of ∂L/∂W by backpropagation, at the start of training, in networks with "
        "hidden layers of 32 units; standard normal inputs, 50 examples, cross entropy from "
        "logits. Standard deviations of weights: 1 (the article's); √(2/(fan-in + fan-out)), "
        "Xavier; √(2/fan-in), He; critical: that of problem mlp, with biases that centre "
        f"sigmoids. {BANDS}",
    )
    folder.figure("gradient-norms", plots.norms_figure(norms), norms, caption)
    shown = plots.norms_table(norms)
    folder.table("gradient-norms", norms, shown, Caption(caption.title, f"{caption.text} Medians."))
    return shown


def write_dying(folder: Folder, dying: pd.DataFrame) -> pd.DataFrame:
    """Write the share of dead ReLUs over training; return the table."""
    caption = Caption(
        "Dying ReLUs",
        "Share of hidden units that are 0 on every example, against the epoch, for several "
        "learning rates ε: 2-32-32-1 networks of ReLU units on the island, He's weights, gradient "
        "descent. Lines are means over ten seeds, bands reach from the least to the largest value.",
    )
    folder.figure("dying-relus", plots.dying_figure(dying), dying, caption)
    shown = plots.dying_table(dying)
    folder.table(
        "dying-relus", dying.groupby(["rate", "seed"]).last().reset_index(), shown, caption
    )
    return shown


def write_wrong(folder: Folder, gradients: pd.DataFrame, training: pd.DataFrame) -> pd.DataFrame:
    """Write squared error against cross entropy; return the table."""
    folder.figure(
        "wrong", plots.wrong_figure(gradients, training), gradients,
        Caption(
            "Squared error against cross entropy",
            "Left: size of ∂L/∂z by backpropagation for one example of class 1, against its logit "
            "z, where y = σ(z). Exact zeros are not drawn. Right: one sigmoid unit on two corners "
            "of XOR, trained with ε = 1 from a weight w of the wrong sign: median accuracy over "
            "ten seeds.",
        ),
    )  # fmt: skip
    epochs = recovery(training)
    shown = plots.recovery_table(epochs)
    folder.table(
        "wrong", epochs, shown,
        Caption(
            "Recovery from a badly wrong start",
            "Epochs until one sigmoid unit, started with a weight w of the wrong sign, predicts "
            "95 % of two corners of XOR; ε = 1, ten seeds.",
        ),
    )  # fmt: skip
    return shown


def write_real(folder: Folder, table: pd.DataFrame) -> pd.DataFrame:
    """Write the errors of every method on real data; return the table for readers."""
    shown = pd.DataFrame(
        [
            {
                "Problem": row["problem"],
                "n": fmt.count(row["n"]),
                "Method": look(row["provider"]).label,
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
