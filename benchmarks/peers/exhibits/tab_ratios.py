"""Ours ÷ theirs at every size."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from benchmarks.peers.cases import style as contender_style
from benchmarks.peers.recorded import Compared
from benchmarks.peers.sentences import FAIR, INTERVALS, PAIRED, SETTING
from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.output.files import RECORDS
from gradmethods.output.items import Table
from gradmethods.report.exhibit import Exhibit

CAPTION = Caption("Ours ÷ theirs at every size", f"{PAIRED} {INTERVALS} {SETTING} {FAIR}")


def ratios_table(ratios: pd.DataFrame) -> pd.DataFrame:
    """Write ours ÷ theirs for readers: a row per network and peer."""
    rows = [
        {
            "Network": row["network"],
            "n": fmt.count(row["n"]),
            "Ours": contender_style(row["ours"]).label,
            "Theirs": contender_style(row["theirs"]).label,
            "Ours ÷ theirs": fmt.interval(row["median"], row["low"], row["high"]),
            "Of the fastest rounds": fmt.significant(row["of_minima"]),
            "Rounds": fmt.count(row["rounds"]),
        }
        for row in ratios.to_dict("records")
    ]
    return pd.DataFrame(rows)


def make(run: Compared) -> Iterator[Table]:
    """Yield the table."""
    yield Table("tab-peers-ratios", CAPTION, run.ratios, ratios_table(run.ratios))


EXHIBIT = Exhibit("tables", 30, RECORDS, make)
