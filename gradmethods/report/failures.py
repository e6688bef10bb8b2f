"""What is written of training that fails: from which seeds, at which depths, rates and losses."""

from __future__ import annotations

import pandas as pd

from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.output.items import Folder
from gradmethods.report import pathologies as plots
from gradmethods.studies.pathologies import recovery

BANDS = "Lines are medians over ten seeds, bands reach from the least to the largest value."


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
            "z, where y = σ(z). Exact zeros are not drawn; beyond the dashed line the loss is NaN. "
            "Right: one sigmoid unit on two corners "
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
