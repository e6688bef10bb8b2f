"""How many planted mistakes our own check caught, problem by problem."""

from __future__ import annotations

from collections.abc import Iterator

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

CAPTION = Caption(
    "Planted mistakes caught, by problem",
    "Wrong gradients rejected, of those planted; the smallest change of one component that was "
    "caught, and the largest that was missed, relative to it; and right gradients, of three "
    "exact methods, that were rejected: false alarms.",
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


def make(run: Recorded) -> Iterator[Table]:
    """Yield the table, if mistakes were planted."""
    if len(run.planted):
        caption = run.partly(CAPTION, "planted", "problems")
        yield Table("tab-planted", caption, run.planted, planted_table(run.planted))


EXHIBIT = Exhibit("planted", 10, ACCURACY, make)
