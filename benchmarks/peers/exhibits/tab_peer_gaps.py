"""Contenders that were not measured, and why."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from benchmarks.peers.cases import style as contender_style
from benchmarks.peers.recorded import Compared
from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.output.files import RECORDS
from gradmethods.output.items import Table
from gradmethods.report.exhibit import Exhibit

CAPTION = Caption(
    "Contenders that were not measured, and why",
    "A refusal is quoted; a package that is not installed is a gap like any other.",
)


COLUMNS = ["family", "contender", "network", "n", "kind", "reason"]


def gaps_table(gaps: pd.DataFrame) -> pd.DataFrame:
    """Write the gaps for readers, reasons in full."""
    rows = [
        {
            "Network": row["network"],
            "n": fmt.count(row["n"]),
            "Method": contender_style(row["contender"]).label,
            "Kind": fmt.STOPS.get(row["kind"], row["kind"]),
            "Reason": row["reason"],
        }
        for row in gaps.to_dict("records")
    ]
    return pd.DataFrame(rows)


def make(run: Compared) -> Iterator[Table]:
    """Yield the table."""
    gaps = run.times[run.times["outcome"] == "gap"]
    yield Table("tab-peers-gaps", CAPTION, gaps[COLUMNS], gaps_table(gaps))


EXHIBIT = Exhibit("tables", 40, RECORDS, make)
