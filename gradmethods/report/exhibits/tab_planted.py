"""How many planted mistakes our own check caught, by problem and by mistake."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from gradmethods.comparison.kills import kill_summary
from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.output.files import ACCURACY
from gradmethods.output.items import Table
from gradmethods.report.accuracy_frames import share
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.recorded import Recorded
from gradmethods.report.sentences import PLANTS

BY_PROBLEM = Caption(
    "Planted mistakes caught, by problem",
    "Wrong gradients rejected, of those planted; the smallest change of one component that was "
    "caught, and the largest that was missed, relative to it; and right gradients, of three "
    "exact methods, that were rejected: false alarms.",
    (PLANTS,),
)
BY_MISTAKE = Caption(
    "Planted mistakes caught, by mistake",
    "Of each mistake the gradients rejected, of those planted in each problem. A dash: it "
    "cannot be planted there.",
    (PLANTS,),
)


def planted_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Write the counts by problem for readers."""
    rows = [
        {
            "Problem": row["problem"],
            "Caught": share(row["caught"], row["mistakes"]),
            "Rate": fmt.NONE if fmt.missing(row["rate"]) else f"{100 * row['rate']:.0f} %",
            "Smallest caught": fmt.error(row["smallest_caught"]),
            "Largest missed": fmt.error(row["largest_missed"]),
            "Right ones rejected": share(row["rejected"], row["right"]),
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
        rows.setdefault(mistake, {"Mistake": mistake})[problem] = share(caught, len(group))
    columns = ["Mistake", *dict.fromkeys(frame["problem"])]
    return pd.DataFrame(list(rows.values()), columns=columns).fillna(fmt.NONE)


def make(run: Recorded) -> Iterator[Table]:
    """Yield the tables, if mistakes were planted."""
    if len(run.planted):
        by_problem, by_mistake = (
            run.partly(caption, "planted", "problems") for caption in (BY_PROBLEM, BY_MISTAKE)
        )
        yield Table("tab-planted", by_problem, run.planted, planted_table(run.planted))
        yield Table("tab-mistakes", by_mistake, run.planted, mistakes_table(run.planted))


EXHIBIT = Exhibit("planted", 10, ACCURACY, make)
