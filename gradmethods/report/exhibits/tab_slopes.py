"""Exponents of growth, fitted, beside those of theory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.output.files import RECORDS
from gradmethods.output.items import Table
from gradmethods.providers.registry import style_of
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.quantities import WORDS
from gradmethods.report.recorded import Recorded
from gradmethods.report.sentences import FITS
from gradmethods.timing.fits import FEWEST_POINTS
from gradmethods.timing.sweeps import get_sweep

CAPTION = Caption(
    "Exponents of growth",
    "Exponents of n; in the sweep of batches, of the number of examples N; in that of the "
    "recurrent network, of the number of steps T. Theory: finite differences take a number of "
    "passes in proportion to n, backprop a constant number; one pass takes time in proportion to n "
    "(Helmholtz energy: n², its matrix; Gaussian likelihood: n^1.5, its factorisation) once "
    "arithmetic dominates, which small problems do not reach. With N and T the time of everything "
    "grows alike, and no ratio does. Theory is about large sizes: a “no” says only that the sizes "
    "fitted differ from it by more than their scatter. The asymptote begins at the smallest size "
    "from which on one law describes all; where the line still bends it is not reached, and the "
    "exponent is one of transition. A preparation has one only if it grows tenfold along a "
    "line that bends little, or by a law.",
    (FITS,),
)


def slopes_table(slopes: pd.DataFrame) -> pd.DataFrame:
    """Write the fitted exponents for readers."""
    rows = []
    for row in slopes.to_dict("records"):
        inside = row["theory_inside"]
        rows.append(
            {
                "Sweep": row["sweep"],
                "Method": style_of(row["provider"]).label,
                "Quantity": WORDS[row["quantity"]],
                "Exponent": fmt.exponent(row["exponent"], row["low"], row["high"]),
                "Theory": fmt.NONE if fmt.missing(row["theory"]) else f"{row['theory']:g}",
                "Interval holds theory": fmt.NONE
                if fmt.missing(inside)
                else "yes"
                if inside
                else "no",
                "Fitted sizes": fmt.NONE
                if fmt.missing(row["start"])
                else f"{get_sweep(row['sweep']).grows} = {fmt.count(row['start'])} – "
                f"{fmt.count(row['end'])}",
                "Asymptote from": _asymptote(row),
                "Points": fmt.count(row["points"]),
                "Settled": _settled(row["settled"], row["points"]),
            }
        )
    return pd.DataFrame(rows)


def _asymptote(row: Mapping[Any, Any]) -> str:
    """Say from which size on one power law holds, if the sizes reach it."""
    if fmt.missing(row["start"]):
        return fmt.NONE
    letter = get_sweep(row["sweep"]).grows
    return f"{letter} = {fmt.count(row['start'])}" if row["settled"] else "not reached"


def _settled(value: object, points: int) -> str:
    if fmt.missing(value):
        return "too few sizes" if points < FEWEST_POINTS else "no clear law"
    return "yes" if value else "no"


def make(run: Recorded) -> Iterator[Table]:
    """Yield the table."""
    slopes = pd.concat([run.slopes, run.memory_slopes], ignore_index=True)
    yield Table(
        "tab-slopes", CAPTION, slopes, slopes_table(slopes), list(slopes["quantity"] == "ratio"),
        "those of gradient ÷ loss",
    )  # fmt: skip


EXHIBIT = Exhibit("tables", 10, RECORDS, make)
