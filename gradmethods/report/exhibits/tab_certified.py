"""How well the true gradients are known, and how well they are conditioned."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.output.files import ACCURACY
from gradmethods.output.items import Table
from gradmethods.report.accuracy_frames import WHOLE, dense, size_text
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.recorded import Recorded
from gradmethods.report.sentences import TRUTH

CAPTION = Caption(
    "Certified gradients",
    "How well the truth is known: digits relative to the norm of each parameter array, the "
    "worst of them, and those of the worst component. Condition: by how much computing the "
    "gradient in the problem's own precision can amplify rounding, relative to the norm, and "
    "for the worst component; a component of 1/u has no sure digit. Time is that of the "
    "certification.",
    (TRUTH,),
)


def certified_table(references: pd.DataFrame) -> pd.DataFrame:
    """Write what is certified for readers: a row per problem."""
    rows = [
        {
            "Problem": row["problem"],
            "n": size_text(row),
            "Digits": fmt.count(row["digits"]),
            "Digits, worst component": fmt.count(row["component_digits"]),
            "Bits": fmt.count(row["bits"]),
            "Time": fmt.time(row["seconds"]),
            "Condition": fmt.significant(row["condition"], 2),
            "Condition, worst component": fmt.significant(row["amplification"], 2),
            "Reason": row["reason"] if isinstance(row["reason"], str) else "",
        }
        for row in references[references["array"] == WHOLE].to_dict("records")
    ]
    return dense(pd.DataFrame(rows))


def make(run: Recorded) -> Iterator[Table]:
    """Yield the table, if gradients were judged."""
    if len(run.gradients):
        caption = run.partly(CAPTION, "reference", "problems")
        yield Table("tab-certified", caption, run.references, certified_table(run.references))


EXHIBIT = Exhibit("accuracy", 10, ACCURACY, make)
