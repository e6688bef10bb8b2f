"""Planted mistakes for readers: how many of them our own check caught, and what it let through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from gradmethods.comparison.kills import COLUMNS, kill_summary
from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.report.accuracy.frames import Records, of_kind

PLANTS = (
    "Each mistake is planted in the true gradient wherever it changes a component by more than its "
    "bound, and judged by the check that users call, `check_gradient`."
)
CAPTIONS: Mapping[str, Caption] = {
    "tab-planted": Caption(
        "Planted mistakes caught, by problem",
        "Wrong gradients rejected, of those planted; the smallest change of one component that was "
        "caught, and the largest that was missed, relative to it; and right gradients, of three "
        "exact methods, that were rejected: false alarms.",
        (PLANTS,),
    ),
    "tab-mistakes": Caption(
        "Planted mistakes caught, by mistake",
        "Of each mistake the gradients rejected, of those planted in each problem. A dash: it "
        "cannot be planted there.",
        (PLANTS,),
    ),
}


def planted_frame(records: Records) -> pd.DataFrame:
    """One row per problem and planted gradient, from `gradmethods.comparison.kills.kill_table`."""
    rows = [row for record in of_kind(records, "planted") for row in record.get("rows") or ()]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    numbers = ["change", "amount"]
    frame[numbers] = frame[numbers].apply(pd.to_numeric).astype(float)
    return frame


def planted_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Write the counts by problem for readers."""
    rows = [
        {
            "Problem": row["problem"],
            "Caught": _of(row["caught"], row["mistakes"]),
            "Rate": fmt.NONE if fmt.missing(row["rate"]) else f"{100 * row['rate']:.0f} %",
            "Smallest caught": fmt.error(row["smallest_caught"]),
            "Largest missed": fmt.error(row["largest_missed"]),
            "Right ones rejected": _of(row["rejected"], row["right"]),
        }
        for row in kill_summary(frame).to_dict("records")
    ]
    return pd.DataFrame(rows)


def mistakes_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Write the counts by mistake for readers: mistakes × problems."""
    wrong = frame[(frame["mistake"] != "") & (frame["outcome"] != "")]
    rows: dict[str, dict[str, Any]] = {}
    for (mistake, problem), group in wrong.groupby(["mistake", "problem"], sort=False):
        caught = int((group["outcome"] == "caught").sum())
        rows.setdefault(mistake, {"Mistake": mistake})[problem] = _of(caught, len(group))
    columns = ["Mistake", *dict.fromkeys(frame["problem"])]
    return pd.DataFrame(list(rows.values()), columns=columns).fillna(fmt.NONE)


def _of(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,}" if whole else fmt.NONE
