"""Errors of every method on every problem, in units in the last place."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from gradmethods.output.caption import Caption
from gradmethods.output.files import ACCURACY
from gradmethods.output.items import Table
from gradmethods.report.accuracy_frames import WHOLE, matrix, ulps_text
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.recorded import Recorded
from gradmethods.report.sentences import RELATIVE, TRUTH

CAPTION = Caption(
    "Errors in units in the last place",
    "Median / worst over all components of the gradient.",
    (TRUTH, RELATIVE),
)


COLUMNS = ["problem", "provider", "n", "ulps_median", "ulps_99", "ulps_worst"]


def ulps_table(gradients: pd.DataFrame) -> pd.DataFrame:
    """Write median and worst errors in units in the last place as methods × problems."""
    return matrix(
        gradients, lambda row: f"{ulps_text(row['ulps_median'])} / {ulps_text(row['ulps_worst'])}"
    )


def make(run: Recorded) -> Iterator[Table]:
    """Yield the table, if gradients were judged."""
    if len(run.gradients):
        whole = run.gradients[run.gradients["array"] == WHOLE]
        caption = run.partly(CAPTION, "gradient", "gradients")
        yield Table("tab-ulps", caption, whole[COLUMNS], ulps_table(run.gradients))


EXHIBIT = Exhibit("accuracy", 30, ACCURACY, make)
