"""What decides each claim: every criterion, its value and its verdict."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.output.files import CLAIMS
from gradmethods.output.items import Table
from gradmethods.report.claims_text import VERDICTS, found, number, ordered
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.recorded import Recorded, Records

CAPTION = Caption(
    "What decides each claim",
    "Every criterion, the quantity that it looks at, and its value with the interval: 95 % for "
    f"what is fitted or timed, the range for what is counted. {VERDICTS}",
)


def criteria_frame(claims: Records) -> pd.DataFrame:
    """One row per criterion, in full precision."""
    rows = [
        {
            "id": claim["id"],
            "criterion": answer["name"],
            **{name: answer[name] for name in ("rule", "quantity", "exact", "verdict")},
            **{name: number(answer[name]) for name in ("value", "low", "high")},
            "words": answer["words"],
        }
        for claim in claims
        for answer in claim["criteria"]
    ]
    return pd.DataFrame(rows)


def criteria_table(frame: pd.DataFrame) -> pd.DataFrame:
    """Write the criteria for readers."""
    return pd.DataFrame(
        [
            {
                "": row["id"],
                "Criterion": row["criterion"],
                "Text": row["rule"],
                "Quantity": row["quantity"],
                "Found": found(row),
                "Exact": "yes" if row["exact"] else "no",
                "Verdict": row["verdict"],
                "Reason": row["words"] or fmt.NONE,
            }
            for row in frame.to_dict("records")
        ]
    )


def make(run: Recorded) -> Iterator[Table]:
    """Yield the table, if claims were examined."""
    claims = ordered(run.claims)
    if claims:
        frame = criteria_frame(claims)
        yield Table("tab-criteria", CAPTION, frame, criteria_table(frame))


EXHIBIT = Exhibit("claims", 20, CLAIMS, make)
