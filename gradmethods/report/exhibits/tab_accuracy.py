"""Every measure of every method's error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.output.files import ACCURACY
from gradmethods.output.items import Table
from gradmethods.providers.registry import style_of
from gradmethods.report.accuracy_frames import WHOLE, ulps_text
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.recorded import Recorded
from gradmethods.report.sentences import BOUND, RELATIVE, TRUTH
from gradmethods.truth.verdict import RIGHT

CAPTION = Caption(
    "Accuracy in detail",
    "Every measure of every method's error, by parameter array and for all together.",
    (TRUTH, RELATIVE, BOUND),
)


def accuracy_table(gradients: pd.DataFrame) -> pd.DataFrame:
    """Write every measure for readers: a row per problem, method and parameter array.

    A bare array is all there is of its problem: it has no row beside that of the whole.
    """
    rows = [
        {
            "Problem": row["problem"],
            "Method": style_of(row["provider"]).label,
            "Array": row["array"],
            "n": fmt.count(row["array_n"]),
            "Error": fmt.error(row["error"]),
            "Bound": fmt.error(row["bound"]),
            "Error ÷ bound": fmt.significant(row["excess"], 2),
            "Worst component": fmt.error(row["worst"]),
            "ULPs median": ulps_text(row["ulps_median"]),
            "99 %": ulps_text(row["ulps_99"]),
            "worst": ulps_text(row["ulps_worst"]),
            "Digits": fmt.NONE if fmt.missing(row["digits"]) else f"{row['digits']:.1f}",
            "1 − cosine": fmt.error(1 - row["cosine"]),
            "Wrong signs": fmt.count(row["wrong_signs"]),
            "Passes": fmt.count(row["forward_passes"]),
            "Unresolved": fmt.count(row["unresolved"]) if row["unresolved"] else fmt.NONE,
            "Verdict": row["verdict"] if isinstance(row["verdict"], str) else "not run",
            "Reason": _reason(row),
        }
        for row in gradients[gradients["array"] != ""].to_dict("records")
    ]
    return pd.DataFrame(rows)


def _reason(row: dict[Any, Any]) -> str:
    given = row["reason"] if isinstance(row["reason"], str) else ""
    return fmt.shortened(given) if given and row["array"] == WHOLE else ""


def make(run: Recorded) -> Iterator[Table]:
    """Yield the table, if gradients were judged."""
    if len(run.gradients):
        shown = accuracy_table(run.gradients)
        gradients = run.gradients[run.gradients["array"] != ""]
        whole = gradients[(gradients["array"] == WHOLE) & gradients["digits"].notna()]
        worst = whole.groupby("provider")["digits"].idxmin()
        matters = gradients.index.isin(worst) | ~gradients["verdict_all"].eq(RIGHT)
        caption = run.partly(CAPTION, "gradient", "gradients")
        yield Table(
            "tab-accuracy", caption, run.gradients, shown, list(matters),
            "of each method the problem with the fewest right digits, and every answer that is "
            "not right",
        )  # fmt: skip


EXHIBIT = Exhibit("accuracy", 50, ACCURACY, make)
