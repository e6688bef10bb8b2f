"""The ledger of claims: what is said, by whom, and the verdict."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from gradmethods.output.caption import Caption
from gradmethods.output.files import CLAIMS
from gradmethods.output.items import Table
from gradmethods.report.claims_text import VERDICTS, ordered, sentence
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.recorded import Recorded, Records

CAPTION = Caption(
    "The ledger of claims",
    f"What is said about ways to compute a gradient, by whom, and what was found. {VERDICTS}",
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


def make(run: Recorded) -> Iterator[Table]:
    """Yield the table, if claims were examined."""
    claims = ordered(run.claims)
    if claims:
        yield Table("tab-claims", CAPTION, claims_frame(claims), claims_table(claims))


EXHIBIT = Exhibit("claims", 10, CLAIMS, make)
