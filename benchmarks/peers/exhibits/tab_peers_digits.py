"""Digits of every method over the catalogue, the hard cases, and its package's checker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from benchmarks.peers.cases import style as contender_style
from benchmarks.peers.digits import CATALOGUE, HARD, RIGHT_ONES, checker_of, plants_frame
from benchmarks.peers.results import Compared
from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.output.files import ACCURACY
from gradmethods.output.items import Table
from gradmethods.report.accuracy_frames import share
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.exhibits.tab_hard_cases import DIGITAL
from gradmethods.report.sentences import HARD_TRUTH
from gradmethods.studies.accuracy.hard_cases import INACCURATE, NOT_FINITE, NUMBER, REFUSED, RIGHT

CAPTION = Caption(
    "Digits of ours and of other packages",
    "Of the problems of the catalogue: gradients given; correct digits of the worst parameter "
    "array against certified truth, on the worst problem and in the median. Of the hard cases, how "
    "many are right, inaccurate, wrong in silence (without a digit, zero, or not zero, and not "
    "marked by the method), NaN or infinite, answered where no gradient exists, and refused. Of "
    "planted mistakes: how many the package's checker of gradients rejects, with its documented "
    f"tolerances, and how many right gradients. {HARD_TRUTH}",
)


def summary(frame: pd.DataFrame, planted: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each method: what it gave on the catalogue, on hard cases, on plants."""
    rows = []
    for provider, group in frame.groupby("provider", sort=False):
        easy, hard = (group[group["block"] == block] for block in (CATALOGUE, HARD))
        digits = easy.loc[easy["outcome"].isin(DIGITAL), "digits"]
        counts = hard["outcome"].value_counts()
        answered = ~hard["outcome"].isin([RIGHT, INACCURATE, NOT_FINITE, REFUSED, NUMBER])
        mine = planted[planted["checker"] == checker_of(str(provider))]
        right = mine["kind"] == RIGHT_ONES
        rows.append(
            {
                "provider": provider,
                "problems": len(easy),
                "answered": int((easy["outcome"] != REFUSED).sum()),
                "fewest_digits": digits.min(),
                "median_digits": digits.median(),
                "hard_cases": len(hard),
                "right": int(counts.get(RIGHT, 0)),
                "inaccurate": int(counts.get(INACCURATE, 0)),
                "wrong": int((answered & (hard["marked"] == 0)).sum()),
                "marked": int((answered & (hard["marked"] > 0)).sum()),
                "not_finite": int(counts.get(NOT_FINITE, 0)),
                "number": int(counts.get(NUMBER, 0)),
                "refused": int(counts.get(REFUSED, 0)),
                "checker": checker_of(str(provider)),
                "caught": int(mine.loc[~right, "rejected"].sum()),
                "mistakes": int(mine.loc[~right, "given"].sum()),
                "rejected": int(mine.loc[right, "rejected"].sum()),
                "right_given": int(mine.loc[right, "given"].sum()),
            }
        )
    return pd.DataFrame(rows)


def digits_table(data: pd.DataFrame) -> pd.DataFrame:
    """Write the counts for readers."""
    return pd.DataFrame([_shown(row) for row in data.to_dict("records")])


def _shown(row: dict[Any, Any]) -> dict[str, str]:
    digits = {name: row[f"{name}_digits"] for name in ("fewest", "median")}
    return {
        "Method": contender_style(row["provider"]).label,
        "Catalogue": share(row["answered"], row["problems"]),
        **{
            f"Digits, {name}": fmt.NONE if fmt.missing(found) else f"{found:.1f}"
            for name, found in digits.items()
        },
        "Hard: right": share(row["right"], row["hard_cases"]),
        **{
            name.capitalize().replace("_", " "): fmt.count(row[name])
            for name in ("inaccurate", "wrong", "marked", "not_finite", "number", "refused")
        },
        "Mistakes caught": share(row["caught"], row["mistakes"]),
        "Right ones rejected": share(row["rejected"], row["right_given"]),
    }


def make(run: Compared) -> Iterator[Table]:
    """Yield the table, if digits were counted."""
    if len(run.digits):
        data = summary(run.digits, plants_frame(run.planted))
        yield Table("tab-peers-digits", CAPTION, data, digits_table(data))


EXHIBIT = Exhibit("tables", 5, ACCURACY, make)
