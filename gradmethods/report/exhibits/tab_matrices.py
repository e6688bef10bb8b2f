"""Methods × problems: correct digits, errors in units in the last place, and against bounds."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.output.files import ACCURACY
from gradmethods.output.items import Table
from gradmethods.report.accuracy_frames import WHOLE, matrix, matrix_frame, ulps_text
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.recorded import Recorded
from gradmethods.report.sentences import BOUND, RELATIVE, TRUTH

DIGITS = Caption(
    "Correct digits of every method on every problem",
    "Correct decimal digits of the whole gradient. A word stands where a method refused, or in "
    "brackets where its error is not within its bound.",
    (TRUTH, RELATIVE, BOUND),
)
ULPS = Caption(
    "Errors in units in the last place",
    "Median / worst over all components of the gradient.",
    (TRUTH, RELATIVE),
)
BOUNDS = Caption(
    "Errors against their bounds",
    "The largest error ÷ bound of a component: above 1 theory is violated, and the gradient is "
    "wrong.",
    (TRUTH, BOUND),
)

COLUMNS = ["problem", "provider", "n", "ulps_median", "ulps_99", "ulps_worst"]


def digits_table(gradients: pd.DataFrame) -> pd.DataFrame:
    """Write correct digits; a word where the bound is broken, or nothing is known."""
    return matrix(gradients, lambda row: f"{row['digits']:.1f}")


def make(run: Recorded) -> Iterator[Table]:
    """Yield the tables, if gradients were judged."""
    found = run.gradients
    if not len(found):
        return
    digits, ulps, bounds = (
        run.partly(caption, "gradient", "gradients") for caption in (DIGITS, ULPS, BOUNDS)
    )
    yield Table("tab-digits", digits, matrix_frame(found, "digits"), digits_table(found))
    shown = matrix(
        found, lambda row: f"{ulps_text(row['ulps_median'])} / {ulps_text(row['ulps_worst'])}"
    )
    yield Table("tab-ulps", ulps, found.loc[found["array"] == WHOLE, COLUMNS], shown)
    shown = matrix(found, lambda row: fmt.significant(row["excess"], 2))
    yield Table("tab-bounds", bounds, matrix_frame(found, "excess"), shown)


EXHIBIT = Exhibit("accuracy", 20, ACCURACY, make)
