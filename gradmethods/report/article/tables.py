"""Tables of the article: training from many seeds, and gradients of every method on real data."""

from __future__ import annotations

import pandas as pd

from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.output.items import Folder
from gradmethods.providers.registry import style_of


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
