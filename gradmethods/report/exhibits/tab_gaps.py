"""Cases that were not measured, and why."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.output.files import RECORDS
from gradmethods.output.items import Table
from gradmethods.providers.registry import style_of
from gradmethods.report import count_frames
from gradmethods.report.cost_frames import folded, gaps_frame
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.recorded import Recorded
from gradmethods.timing.sweeps import letter_of

CAPTION = Caption(
    "Cases that were not measured, and why",
    "A case whose estimate is above the limit, or above what is left of the budget, is not "
    "run, and neither are larger ones of the same method. A refusal of a method is quoted. In "
    "the sweep count-w operations are counted, nothing is timed, and a layer has w units.",
)


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


def make(run: Recorded) -> Iterator[Table]:
    """Yield the table."""
    found = [gaps_frame(run.costs), count_frames.gaps_frame(run.records)]
    gaps = pd.concat(found, ignore_index=True)
    yield Table("tab-gaps", CAPTION, gaps, gaps_table(gaps))


EXHIBIT = Exhibit("gaps", 10, RECORDS, make)
