"""How operations grow with depth and with width: laws of exact counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.output.files import RECORDS
from gradmethods.output.items import Table
from gradmethods.providers.registry import style_of
from gradmethods.report.count_frames import DIRECTIONS, Direction, laws_frame
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.recorded import Recorded
from gradmethods.report.sentences import COUNTED
from gradmethods.timing.fits import FEWEST_POINTS

FITTED = (
    "A polynomial through every count, of the third degree or less and with two counts more than "
    "its degree at least, is called exact. Otherwise its leading coefficient is that of the "
    "polynomial of lowest degree within 3 % of every count, by least squares of relative "
    "deviations, with the 95 % interval of Student's t; or, where there is none, the factor by "
    "which one more layer or unit multiplies the count, fitted on a log axis to the four largest "
    "sizes or more that lie within 10 % of an exponential."
)


CAPTION = Caption(
    "Growth of operations with depth and with width",
    "Scalar operations of the loss and its gradient, while depth d grows at fixed width, and width "
    "w at fixed depth; then the same as a multiple of backprop's, at the smallest and the largest "
    f"size, and how it goes on: to a constant, or as a power, or exponentially. {COUNTED} {FITTED} "
    "Widths start at 2.",
)


def laws_table(laws: pd.DataFrame) -> pd.DataFrame:
    """Write the laws for readers."""
    rows = []
    for row in laws.to_dict("records"):
        direction = DIRECTIONS[row["growing"]]
        rows.append(
            {
                "Growing": row["growing"],
                "Method": style_of(row["provider"]).label,
                "Networks with": direction.where(row["fixed"]),
                "Sizes": fmt.count(row["points"]),
                "Operations": _own(row, direction),
                "÷ backprop's": f"{fmt.significant(row['first'])} – {fmt.significant(row['last'])}",
                "and grows": _growth(row, direction),
            }
        )
    return pd.DataFrame(rows)


def _own(row: Mapping[Any, Any], direction: Direction) -> str:
    if fmt.missing(row["leading"]):
        return "too few sizes" if row["points"] < FEWEST_POINTS else "no clear law"
    if fmt.missing(row["degree"]):
        return _factor(row, "leading", "low", "high", direction)
    number = (
        fmt.significant(row["leading"])
        if row["exact"]
        else fmt.interval(row["leading"], row["low"], row["high"])
    )
    words = f"{number} {_power(direction.letter, int(row['degree']))}".strip()
    return f"{words} + …, exactly" if row["exact"] else f"{words} + …"


def _growth(row: Mapping[Any, Any], direction: Direction) -> str:
    names = ("multiple_leading", "multiple_low", "multiple_high")
    if fmt.missing(row["multiple_leading"]):
        return fmt.NONE
    if fmt.missing(row["multiple_degree"]):
        return f"exponentially, {_factor(row, *names, direction)}"
    middle, low, high = (row[name] for name in names)
    number = fmt.significant(middle) if low == high else fmt.interval(middle, low, high)
    degree = int(row["multiple_degree"])
    if degree == 0:
        return f"to {number}"
    return f"as {number} {_power(direction.letter, degree)}"


def _factor(row: Mapping[Any, Any], *names: Any) -> str:
    *ends, direction = names
    return f"× {fmt.interval(*(row[name] for name in ends))} per {direction.unit}"


def _power(letter: str, degree: int) -> str:
    return "" if degree == 0 else letter + ("", "²", "³")[degree - 1]


def make(run: Recorded) -> Iterator[Table]:
    """Yield the table."""
    laws = laws_frame(run.counts)
    yield Table("tab-laws", CAPTION, laws, laws_table(laws))


EXHIBIT = Exhibit("tables", 50, RECORDS, make)
