"""Correct digits of every method on every problem."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from gradmethods.output.caption import Caption
from gradmethods.output.files import ACCURACY
from gradmethods.output.items import Table
from gradmethods.report.accuracy_frames import matrix, matrix_frame
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.recorded import Recorded
from gradmethods.report.sentences import BOUND, RELATIVE, TRUTH

CAPTION = Caption(
    "Correct digits of every method on every problem",
    "Correct decimal digits of the whole gradient. A word stands where a method refused, or in "
    "brackets where its error is not within its bound.",
    (TRUTH, RELATIVE, BOUND),
)


def digits_table(gradients: pd.DataFrame) -> pd.DataFrame:
    """Write correct digits as methods × problems; a word where the bound is broken, or nothing."""
    return matrix(gradients, lambda row: f"{row['digits']:.1f}")


def make(run: Recorded) -> Iterator[Table]:
    """Yield the table, if gradients were judged."""
    if len(run.gradients):
        data = matrix_frame(run.gradients, "digits")
        caption = run.partly(CAPTION, "gradient", "gradients")
        yield Table("tab-digits", caption, data, digits_table(run.gradients))


EXHIBIT = Exhibit("accuracy", 20, ACCURACY, make)
