"""Errors of every method on every problem, held against their bounds."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.output.files import ACCURACY
from gradmethods.output.items import Table
from gradmethods.report.accuracy_frames import matrix, matrix_frame
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.recorded import Recorded
from gradmethods.report.sentences import BOUND, TRUTH

CAPTION = Caption(
    "Errors against their bounds",
    "The largest error ÷ bound of a component: above 1 theory is violated, and the gradient is "
    "wrong.",
    (TRUTH, BOUND),
)


def bounds_table(gradients: pd.DataFrame) -> pd.DataFrame:
    """Write the largest error ÷ bound of a component as methods × problems."""
    return matrix(gradients, lambda row: fmt.significant(row["excess"], 2))


def make(run: Recorded) -> Iterator[Table]:
    """Yield the table, if gradients were judged."""
    if len(run.gradients):
        data = matrix_frame(run.gradients, "excess")
        caption = run.partly(CAPTION, "gradient", "gradients")
        yield Table("tab-bounds", caption, data, bounds_table(run.gradients))


EXHIBIT = Exhibit("accuracy", 40, ACCURACY, make)
