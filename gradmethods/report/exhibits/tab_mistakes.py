"""How often each planted mistake was caught."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.output.files import ACCURACY
from gradmethods.output.items import Table
from gradmethods.report.accuracy_frames import share
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.recorded import Recorded
from gradmethods.report.sentences import PLANTS

CAPTION = Caption(
    "Planted mistakes caught, by mistake",
    "Of each mistake the gradients rejected, of those planted in each problem. A dash: it "
    "cannot be planted there.",
    (PLANTS,),
)


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
    """Yield the table, if mistakes were planted."""
    if len(run.planted):
        caption = run.partly(CAPTION, "planted", "problems")
        yield Table("tab-mistakes", caption, run.planted, mistakes_table(run.planted))


EXHIBIT = Exhibit("planted", 20, ACCURACY, make)
