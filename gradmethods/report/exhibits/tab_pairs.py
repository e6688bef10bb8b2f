"""Pairs of methods timed side by side, with their verdicts against the noise of the same run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.output.files import RECORDS
from gradmethods.output.items import Table
from gradmethods.providers.registry import style_of
from gradmethods.report.cost_frames import disturbed, noise, noise_frame
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.recorded import Recorded
from gradmethods.report.sentences import INTERVALS, ROUNDS, SETTING
from gradmethods.timing.noise_floor import factor
from gradmethods.timing.pairs import PAIRS, UNDECIDED, verdict

CAPTION = Caption(
    "Pairs of methods: which differences are above the noise",
    "Two methods timed side by side, rounds of the one and of the other in turn. The noise floor "
    "is the largest factor by which an interval of a loss, or of a method prepared twice, timed "
    "against itself in this run reaches from 1. A difference is reported only if the interval of "
    "the ratio holds no ratio within the floor, from 1 ÷ floor to floor, and no difference only if "
    "the whole interval lies within it. Undecided: it reaches across, there is no interval or no "
    "floor, or other processes had the processor nearly all the time. Passes: forward passes that "
    "a gradient takes with its value, of the first and of the second method.",
    (SETTING, ROUNDS, INTERVALS),
)

PART = "part of the floor"
"""In place of a verdict, of a method against itself: what differs there is noise."""


def pairs_frame(records: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """One row per pair in the order of the suite: ratio, interval, noise floor and verdict."""
    records = list(records)
    expected = {pair.key: pair.expected for pair in PAIRS}
    order = {key: rank for rank, key in enumerate(expected)}
    found = [r for r in records if r.get("sweep") == "pair" and r["outcome"] == "measured"]
    floor = _floor(records, found)
    rows = [
        {
            "first": record["provider"],
            "second": record["other_provider"],
            "network": record["network"],
            "n": record["n"],
            "first_passes": record["passes"],
            "second_passes": record["other_passes"],
            "first_s": record["gradient"]["median"],
            "second_s": record["other"]["median"],
            "expected": expected.get(record["key"], ""),
            "ratio": record["ratio"]["median"],
            "ratio_low": record["ratio"]["low"],
            "ratio_high": record["ratio"]["high"],
            "floor": floor,
            "verdict": _verdict(record, floor),
            "rounds": record["rounds"],
            "dropped": record["dropped"],
            "contended": record["contended"],
        }
        for record in sorted(found, key=lambda r: order.get(r["key"], len(order)))
    ]
    columns = [
        "first", "second", "network", "n", "first_passes", "second_passes", "first_s", "second_s",
        "expected", "ratio", "ratio_low", "ratio_high", "floor", "verdict", "rounds", "dropped",
        "contended",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns).astype(
        {"first_passes": "Int64", "second_passes": "Int64", "floor": float}
    )


def _floor(records: list[Mapping[str, Any]], pairs: list[Mapping[str, Any]]) -> float | None:
    """Return the noise floor: of the losses timed against themselves, and of methods too.

    Two programs of one method lie in different places of memory; two calls of a loss do not.
    """
    losses = noise(noise_frame(records))
    if losses is None:
        return None
    alone = [r["ratio"] for r in pairs if _is_twice(r) and not r["contended"]]
    ends = [ratio[end] for ratio in alone for end in ("median", "low", "high")]
    return max(losses, factor(ends) or 1.0)


def _is_twice(record: Mapping[str, Any]) -> bool:
    same: bool = record["provider"] == record["other_provider"]
    return same


def _verdict(record: Mapping[str, Any], floor: float | None) -> str:
    """Judge a pair, where there is something to judge by."""
    low, high = (record["ratio"][end] for end in ("low", "high"))
    # Another process takes turns with the rounds: it can slow one side of all pairs.
    if record["contended"] or floor is None or fmt.missing(low) or fmt.missing(high):
        return UNDECIDED
    if _is_twice(record):
        return PART
    return verdict(low, high, floor)


def pairs_table(pairs: pd.DataFrame) -> pd.DataFrame:
    """Write the pairs for readers."""
    return pd.DataFrame(
        [
            {
                "First": style_of(row["first"]).label,
                "Second": style_of(row["second"]).label,
                "Network": row["network"],
                "First takes": fmt.time(row["first_s"]),
                "Second takes": fmt.time(row["second_s"]),
                "Passes": f"{fmt.count(row['first_passes'])} / {fmt.count(row['second_passes'])}",
                "Expected ratio": row["expected"],
                "First ÷ second": fmt.interval(row["ratio"], row["ratio_low"], row["ratio_high"]),
                "Noise floor": fmt.NONE if fmt.missing(row["floor"]) else f"{row['floor']:.3f}",
                "Verdict": row["verdict"],
                "Note": disturbed(row),
            }
            for row in pairs.to_dict("records")
        ]
    )


def make(run: Recorded) -> Iterator[Table]:
    """Yield the table."""
    pairs = pairs_frame(run.records)
    yield Table("tab-pairs", CAPTION, pairs, pairs_table(pairs))


EXHIBIT = Exhibit("reading", 20, RECORDS, make)
