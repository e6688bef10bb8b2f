"""What was not judged, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from gradmethods.output.caption import Caption
from gradmethods.output.files import ACCURACY
from gradmethods.output.items import Table
from gradmethods.providers.registry import style_of
from gradmethods.report.accuracy_frames import gaps_frame
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.recorded import Recorded

CAPTION = Caption(
    "What was not judged, and why",
    "Work on accuracy that left no result: what a method or the certification refuses, and "
    "what the time did not allow.",
)


KINDS = {
    "reference": "certified gradient",
    "gradient": "accuracy",
    "planted": "planted mistakes",
    "gallery": "hard case",
    "atlas": "step sizes",
}
"""What records are about, in words."""


def gaps_table(gaps: pd.DataFrame) -> pd.DataFrame:
    """Write what was not done, with the reasons."""
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in gaps.to_dict("records"):
        what = KINDS.get(row["kind"], row["kind"])
        key = (what, row["problem"], row["reason"])
        entry = rows.setdefault(
            key, {"What": what, "Problem": row["problem"], "Of": [], "Reason": row["reason"]}
        )
        parts = [row[name] for name in ("dtype", "scheme") if isinstance(row[name], str)]
        entry["Of"].append(
            style_of(row["provider"]).label if isinstance(row["provider"], str) else " ".join(parts)
        )
    return pd.DataFrame([row | {"Of": ", ".join(filter(None, row["Of"]))} for row in rows.values()])


def make(run: Recorded) -> Iterator[Table]:
    """Yield the table, if gradients were judged and some work left no result."""
    gaps = gaps_frame(run.accuracy)
    if len(run.gradients) and len(gaps):
        yield Table("tab-accuracy-gaps", CAPTION, gaps, gaps_table(gaps))


EXHIBIT = Exhibit("accuracy", 60, ACCURACY, make)
