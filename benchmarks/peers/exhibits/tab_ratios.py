"""Ours ÷ theirs: over all sizes, by family and n, and every pair with when preparing it pays."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from benchmarks.peers.cases import METHODS
from benchmarks.peers.cases import style as contender_style
from benchmarks.peers.frames import ENDS, FASTEST, sizes_frame
from benchmarks.peers.results import Compared
from benchmarks.peers.sentences import (
    FAIR,
    INTERVALS,
    NAMES,
    PAIRED,
    PREPARED,
    SETTING,
    problem_cells,
)
from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.output.files import RECORDS
from gradmethods.output.items import Table
from gradmethods.report.exhibit import Exhibit

OVERALL = Caption(
    "Ours ÷ theirs over all sizes",
    f"Geometric mean over the problems of a family that both were measured on, and the worst of "
    f"them. {PAIRED} Interval: percentile bootstrap, rounds resampled at each size. The fastest of "
    "several peers is chosen at each size.",
    (SETTING, FAIR),
)
PAYS = Caption(
    "Ours ÷ theirs, and when preparing pays",
    f"{PAIRED} Pays after: the gradients after which what one prepares has paid beside the other; "
    f"0: cheaper from the start; a dash: never. {PREPARED} {INTERVALS}",
    (SETTING, FAIR),
)


def by_size(method: str) -> Caption:
    """Describe the table of a method."""
    words, _ = FASTEST.get(method, ("", ()))
    fastest = f" The last column is ours ÷ {words}." if words else ""
    return Caption(
        f"Ours ÷ theirs by family and number of parameters: {NAMES[method]}",
        f"{PAIRED}{fastest} {INTERVALS}",
        (SETTING, FAIR),
    )


def overall_table(overall: pd.DataFrame) -> pd.DataFrame:
    """Write ours ÷ theirs over all sizes for readers."""
    rows = [
        {
            "Family": NAMES[row["family"]],
            "Ours": contender_style(row["ours"]).label,
            "Theirs": contender_style(row["theirs"]).label,
            "Problems": fmt.count(row["sizes"]),
            "n": _span(row["n_from"], row["n_to"]),
            "Ours ÷ theirs, geometric mean": fmt.interval(
                row["geometric_mean"], row["low"], row["high"]
            ),
            "At worst": f"{fmt.significant(row['worst'])} ({row['worst_network']})",
        }
        for row in overall.to_dict("records")
    ]
    return pd.DataFrame(rows)


def sizes_table(sizes: pd.DataFrame) -> pd.DataFrame:
    """Write a row for each problem, a column for each peer."""
    peers = [name.removesuffix("_median") for name in map(str, sizes) if name.endswith("_median")]
    rows = [
        {
            **problem_cells(row),
            **{
                contender_style(peer).label: fmt.interval(*(row[f"{peer}_{end}"] for end in ENDS))
                for peer in peers
            },
            "Fastest": fmt.significant(row["fastest"]),
        }
        for row in sizes.to_dict("records")
    ]
    shown = pd.DataFrame(rows)
    return shown if sizes["fastest"].notna().any() else shown.drop(columns="Fastest")


def pays_table(ratios: pd.DataFrame) -> pd.DataFrame:
    """Write ours ÷ theirs for readers: a row per problem and pair."""
    rows = [
        {
            **problem_cells(row),
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


def _span(low: int, high: int) -> str:
    """Write the smallest and the largest size."""
    return fmt.count(low) if low == high else f"{low:,} – {high:,}"


def _count(row: Mapping[Any, Any], who: str) -> str:
    """Write after how many gradients a contender pays, with the ends of the interval."""
    middle, low, high = (row[f"{who}_pays{end}"] for end in ("", "_low", "_high"))
    if not math.isfinite(middle):
        return fmt.NONE
    ends = [f"{end:,.0f}" if math.isfinite(end) else "∞" for end in (low, high)]
    return f"{middle:,.0f}" + ("" if ends[0] == ends[1] else f" [{ends[0]}, {ends[1]}]")


def make(run: Compared) -> Iterator[Table]:
    """Yield the tables."""
    yield Table("tab-peers-overall", OVERALL, run.overall, overall_table(run.overall))
    for method in dict.fromkeys(METHODS.values()):
        sizes = sizes_frame(run.ratios, method)
        if len(sizes):
            yield Table(f"tab-peers-{method}", by_size(method), sizes, sizes_table(sizes))
    yield Table("tab-peers-ratios", PAYS, run.ratios, pays_table(run.ratios))


EXHIBIT = Exhibit("tables", 10, RECORDS, make)
