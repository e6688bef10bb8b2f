"""Exponents of growth of gradients and preparation, ours and theirs."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from benchmarks.peers.cases import style as contender_style
from benchmarks.peers.frames import PREPARES
from benchmarks.peers.results import Compared
from benchmarks.peers.sentences import NAMES, PREPARED, SETTING
from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.output.files import RECORDS
from gradmethods.output.items import Table
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.sentences import FITS

CAPTION = Caption(
    "How gradients and their preparation grow with n, ours and theirs",
    f"Of every contender that was measured at four sizes of a family or more. {PREPARED} Where it "
    f"takes less than {PREPARES:g} s everywhere it is left out.",
    (SETTING, FITS),
)


def exponents_table(exponents: pd.DataFrame) -> pd.DataFrame:
    """Write the fitted exponents for readers."""
    rows = [
        {
            "Family": NAMES[row["family"]],
            "Method": contender_style(row["contender"]).label,
            "Of": row["quantity"],
            "Exponent": fmt.exponent(row["exponent"], row["low"], row["high"])
            + ("" if row["settled"] else ", bending"),
            "Fitted sizes": f"n = {fmt.count(row['start'])} – {fmt.count(row['end'])}",
            "Points": fmt.count(row["points"]),
        }
        for row in exponents.to_dict("records")
    ]
    return pd.DataFrame(rows)


def make(run: Compared) -> Iterator[Table]:
    """Yield the table, if a family has sizes enough."""
    if len(run.exponents):
        table = exponents_table(run.exponents)
        yield Table("tab-peers-exponents", CAPTION, run.exponents, table)


EXHIBIT = Exhibit("tables", 35, RECORDS, make)
