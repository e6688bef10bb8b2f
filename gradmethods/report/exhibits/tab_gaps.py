"""What was not measured, and not judged, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.output.files import ACCURACY, RECORDS
from gradmethods.output.items import Table
from gradmethods.providers.registry import style_of
from gradmethods.report import count_frames
from gradmethods.report.accuracy_frames import gaps_frame as unjudged_frame
from gradmethods.report.cost_frames import folded, gaps_frame
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.recorded import Recorded
from gradmethods.timing.sweeps import letter_of

UNMEASURED = Caption(
    "Cases that were not measured, and why",
    "A case whose estimate is above the limit, or above what is left of the budget, is not "
    "run, and neither are larger ones of the same method. A refusal of a method is quoted. In "
    "the sweep count-w operations are counted, nothing is timed, and a layer has w units.",
)
UNJUDGED = Caption(
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
    """Write the gaps for readers, reasons in full: successive sizes with one reason in one row."""
    rows = []
    for row in folded(gaps).to_dict("records"):
        several, first = row["last"] > row["size"], fmt.count(row["size"])
        letter = letter_of(row["sweep"])
        span = f"≥ {first}" if row["final"] else f"= {first} – {fmt.count(row['last'])}"
        rows.append(
            {
                "Sweep": row["sweep"],
                "Method": style_of(row["provider"]).label,
                "Problem": f"{row['network']} …" if several and letter == "n" else row["network"],
                "Size": f"{letter} {span if several else f'= {first}'}",
                "Kind": fmt.STOPS.get(row["gap"], row["gap"]),
                "Reason": row["reason"],
            }
        )
    return pd.DataFrame(rows)


def unjudged_table(gaps: pd.DataFrame) -> pd.DataFrame:
    """Write what was not judged, with the reasons."""
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
    """Yield the table of costs."""
    found = [gaps_frame(run.costs), count_frames.gaps_frame(run.records)]
    gaps = pd.concat(found, ignore_index=True)
    yield Table("tab-gaps", UNMEASURED, gaps, gaps_table(gaps))


def make_unjudged(run: Recorded) -> Iterator[Table]:
    """Yield the table of accuracy, if gradients were judged and some work left no result."""
    gaps = unjudged_frame(run.accuracy)
    if len(run.gradients) and len(gaps):
        yield Table("tab-accuracy-gaps", UNJUDGED, gaps, unjudged_table(gaps))


MEASURED = Exhibit("gaps", 10, RECORDS, make)
JUDGED = Exhibit("accuracy", 60, ACCURACY, make_unjudged)
