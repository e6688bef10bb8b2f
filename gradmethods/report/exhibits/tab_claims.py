"""The ledger of claims: what is said, by whom, the verdict, and the criteria that decide it."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.output.files import CLAIMS
from gradmethods.output.items import Table
from gradmethods.report.claims_text import VERDICTS, found, number, ordered, sentence
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.recorded import Recorded, Records

LEDGER = Caption(
    "The ledger of claims",
    f"What is said about ways to compute a gradient, by whom, and what was found. {VERDICTS}",
)
CRITERIA = Caption(
    "What decides each claim",
    "Every criterion, the quantity that it looks at, and its value with the interval: 95 % for "
    f"what is fitted or timed, the range for what is counted. {VERDICTS}",
)


def claims_frame(claims: Records) -> pd.DataFrame:
    """One row per claim."""
    names = ["id", "title", "claim", "source", "verdict", "sentence", "history"]
    rows = [{"history": "", **claim, "sentence": sentence(claim)} for claim in claims]
    return pd.DataFrame(rows, columns=names)


def claims_table(claims: Records) -> pd.DataFrame:
    """Write the ledger for readers."""
    return pd.DataFrame(
        [
            {
                "": claim["id"],
                "Verdict": claim["verdict"],
                "Text": claim["claim"],
                "From": claim["source"],
                "What stands and what fails": " ".join(
                    filter(None, [sentence(claim), claim.get("history", "")])
                ),
            }
            for claim in claims
        ]
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
    """Yield the tables, if claims were examined."""
    claims = ordered(run.claims)
    if claims:
        yield Table("tab-claims", LEDGER, claims_frame(claims), claims_table(claims))
        frame = criteria_frame(claims)
        yield Table("tab-criteria", CRITERIA, frame, criteria_table(frame))


EXHIBIT = Exhibit("claims", 10, CLAIMS, make)
