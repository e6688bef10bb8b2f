"""Ours ÷ theirs over all sizes."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from benchmarks.peers.cases import style as contender_style
from benchmarks.peers.recorded import Compared
from benchmarks.peers.sentences import FAIR, NAMES, PAIRED, SETTING
from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.output.files import RECORDS
from gradmethods.output.items import Table
from gradmethods.report.exhibit import Exhibit

CAPTION = Caption(
    "Ours ÷ theirs over all sizes",
    f"Geometric mean over the networks that both were measured on, and the worst of them. "
    f"{PAIRED} Interval: percentile bootstrap, rounds resampled at each size. The fastest of "
    f"several peers is chosen at each size. {SETTING} {FAIR}",
)


def overall_table(overall: pd.DataFrame) -> pd.DataFrame:
    """Write ours ÷ theirs over all sizes for readers."""
    rows = [
        {
            "Family": NAMES[row["family"]],
            "Ours": contender_style(row["ours"]).label,
            "Theirs": contender_style(row["theirs"]).label,
            "Sizes": fmt.count(row["sizes"]),
            "Ours ÷ theirs, geometric mean": fmt.interval(
                row["geometric_mean"], row["low"], row["high"]
            ),
            "At worst": f"{fmt.significant(row['worst'])} ({row['worst_network']})",
        }
        for row in overall.to_dict("records")
    ]
    return pd.DataFrame(rows)


def make(run: Compared) -> Iterator[Table]:
    """Yield the table."""
    yield Table("tab-peers-overall", CAPTION, run.overall, overall_table(run.overall))


EXHIBIT = Exhibit("tables", 10, RECORDS, make)
