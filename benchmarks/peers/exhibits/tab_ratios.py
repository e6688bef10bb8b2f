"""Ours ÷ theirs at every size."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from benchmarks.peers.cases import style as contender_style
from benchmarks.peers.recorded import Compared
from benchmarks.peers.sentences import FAIR, INTERVALS, PAIRED, SETTING
from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.output.files import RECORDS
from gradmethods.output.items import Table
from gradmethods.report.exhibit import Exhibit

CAPTION = Caption(
    "Ours ÷ theirs at every size",
    f"{PAIRED} Pays after: the gradients after which what one prepares, but for importing its "
    "package, has paid beside the other; 0: cheaper from the start; a dash: never. "
    f"{INTERVALS} {SETTING} {FAIR}",
)


def ratios_table(ratios: pd.DataFrame) -> pd.DataFrame:
    """Write ours ÷ theirs for readers: a row per network and peer."""
    rows = [
        {
            "Problem": row["network"],
            "n": fmt.count(row["n"]),
            "Ours": contender_style(row["ours"]).label,
            "Theirs": contender_style(row["theirs"]).label,
            "Ours ÷ theirs": fmt.interval(row["median"], row["low"], row["high"]),
            "Of the fastest rounds": fmt.significant(row["of_minima"]),
            "Theirs pays after": _count(row, "theirs"),
            "Ours pays after": _count(row, "ours"),
            "Rounds": fmt.count(row["rounds"]),
        }
        for row in ratios.to_dict("records")
    ]
    return pd.DataFrame(rows)


def _count(row: Mapping[Any, Any], who: str) -> str:
    """Write after how many gradients a contender pays, with the ends of the interval."""
    middle, low, high = (row[f"{who}_pays{end}"] for end in ("", "_low", "_high"))
    if not math.isfinite(middle):
        return fmt.NONE
    ends = [f"{end:,.0f}" if math.isfinite(end) else "∞" for end in (low, high)]
    return f"{middle:,.0f}" + ("" if ends[0] == ends[1] else f" [{ends[0]}, {ends[1]}]")


def make(run: Compared) -> Iterator[Table]:
    """Yield the table."""
    yield Table("tab-peers-ratios", CAPTION, run.ratios, ratios_table(run.ratios))


EXHIBIT = Exhibit("tables", 30, RECORDS, make)
